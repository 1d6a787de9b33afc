"""`python main.py audit …`: whether the audit trail is still what was written."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import typer

from actions.audit import Verdict, verify
from domain.audit import Break
from settings import Settings
from tools.database import NoDatabase, opened

commands = typer.Typer(no_args_is_help=True, help="The audit trail: who changed what.")

_MEANS = {
    Break.CHANGED: "does not say what it said when it was written",
    Break.REPLACED: "is not the one that was written: what follows was chained to another",
    Break.REMOVED: "is missing",
    Break.INSERTED: "was put in later",
}


@commands.callback()
def _trail() -> None:
    """The audit trail: who changed what."""


@commands.command("verify")
def verify_trail(
    context: typer.Context,
    tenant: Annotated[str, typer.Option(help="Id or name of one tenant; without it, all are checked.")] = "",
) -> None:
    """Follows each tenant's chain of hashes and names the first broken row. Ends with status 1 if there is one.

    Note down what is printed: whoever can write any row could also write a whole new chain, and only a head that was
    kept elsewhere shows that.
    """
    try:
        raise typer.Exit(asyncio.run(_verify(context.obj(), tenant)))
    except NoDatabase as error:
        sys.exit(str(error))


async def _verify(settings: Settings, tenant: str) -> int:
    seen = broken = 0
    async with opened(settings):
        async for verdict in _wanted(tenant):
            seen += 1
            broken += verdict.fault is not None
            print(sentence(verdict), flush=True)
    if not seen:
        print(f"There is no tenant {tenant}." if tenant else "There is no tenant yet.")
    return 1 if broken or (tenant and not seen) else 0


async def _wanted(tenant: str) -> AsyncIterator[Verdict]:
    try:
        wanted = UUID(tenant) if tenant else None
    except ValueError:
        wanted = None
    async for verdict in verify(wanted):
        if wanted or not tenant or verdict.tenant_name == tenant:
            yield verdict


def sentence(verdict: Verdict) -> str:
    """One line: the tenant, and that its trail is whole, or its first broken row."""
    name = f"{verdict.tenant_name} ({verdict.tenant_id})"
    if verdict.fault is not None:
        return f"{name}: BROKEN. Row {verdict.fault.n} {_MEANS[verdict.fault.kind]} ({verdict.fault.kind})."
    if not verdict.head.n:
        return f"{name}: whole, no rows yet."
    return f"{name}: whole, {verdict.head.n} rows; head {verdict.head.hash.hex()}"
