"""`python main.py reset-password LOGIN`: the way in for whoever lost the password and has nobody to ask."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from actions.people.resets import make_reset_link_as_operator
from domain.refusals import Refusal
from settings import Settings
from tools.database import NoDatabase, opened


def reset_password(
    context: typer.Context, login: Annotated[str, typer.Argument(help="The name that the person signs in with.")]
) -> None:
    """Prints a link by which somebody sets a new password. It works once, for a day; earlier ones stop working."""
    settings: Settings = context.obj()
    try:
        print(asyncio.run(_link(settings, login)))
    except NoDatabase as error:
        sys.exit(str(error))


async def _link(settings: Settings, login: str) -> str:
    async with opened(settings):
        answer = await make_reset_link_as_operator(login, datetime.now(UTC))
    if isinstance(answer, Refusal):
        sys.exit(f"Nobody signs in as {login}.")
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}/reset/{answer.token}\nIt works once, until {answer.expires_at:%Y-%m-%d %H:%M} UTC."
