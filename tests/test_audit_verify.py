"""`python main.py audit verify`, as an operator runs it: beside the running database, as a program of its own."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from actions import audit
from domain.access import Viewer
from storage.session import transaction
from tests.conftest import SECRET, World

ROOT = Path(__file__).parent.parent
Verify = Callable[..., Awaitable[tuple[int | None, str]]]


@pytest.fixture
def verify(database: str, tmp_path: Path) -> Verify:
    """Runs the command with these arguments; returns its status and what it said."""
    (tmp_path / "secret").write_text(SECRET.hex())
    (tmp_path / "secret").chmod(0o600)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PITPILOT_", "NICEGUI_"))}
    environment = kept | {"PITPILOT_DATA": str(tmp_path), "PITPILOT_DATABASE_URL": database, "COLUMNS": "200"}

    async def run(*arguments: str, **more: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "main.py", "audit", "verify", *arguments, cwd=ROOT, env=environment | more,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    return run


def last_line(said: str) -> str:
    """What the command itself says; a library may have warned before."""
    return said.strip().splitlines()[-1]


async def record(by: Viewer, count: int) -> None:
    for i in range(count):
        async with transaction(by.tenant_id) as tx:
            await audit.record(
                tx,
                tenant_id=by.tenant_id,
                by=by,
                intent="change_limits",
                kind="limits",
                object_id="1",
                object_name="Pit 1",
                before={"i": i},
                after={"i": i + 1},
            )


async def test_it_names_each_tenants_head_and_the_first_broken_row(world: World, database: str, verify: Verify) -> None:
    await record(world.here.owner, 5)
    await record(world.there.owner, 2)
    (status, said), (refused, why) = await asyncio.gather(verify(), verify("--tenant", "Nobody"))
    assert status == 0, said
    assert f"Workshop here ({world.here.tenant_id}): whole, 5 rows; head " in said
    assert f"Workshop there ({world.there.tenant_id}): whole, 2 rows; head " in said
    assert (refused, last_line(why)) == (1, "There is no tenant Nobody.")

    async with await psycopg.AsyncConnection.connect(database) as connection:
        await connection.execute("DELETE FROM audit WHERE n = 3 AND tenant_id = %s", [world.here.tenant_id])
    (status, said), (whole, _) = await asyncio.gather(
        verify("--tenant", str(world.here.tenant_id)), verify("--tenant", "Workshop there")
    )
    assert (status, whole) == (1, 0)
    assert last_line(said) == f"Workshop here ({world.here.tenant_id}): BROKEN. Row 3 is missing (removed)."


async def test_without_an_installation_it_says_so_and_makes_none(verify: Verify, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    status, said = await verify(PITPILOT_DATA=str(elsewhere))
    assert (status, last_line(said)) == (1, f"{elsewhere}: PitPilot has never run with this data folder.")
    assert not elsewhere.exists()
