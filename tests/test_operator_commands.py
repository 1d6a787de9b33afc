"""`python main.py check` and `reset-password`, as an operator runs them: beside the database, each a program."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from actions.people.resets import ResetView, reset_of
from tests.actions.accounts import trail
from tests.conftest import SECRET, World
from tests.post_office import mail_server
from tests.private_mosquitto import PrivateMosquitto

ROOT = Path(__file__).parent.parent
Command = Callable[..., Awaitable[tuple[int | None, str]]]


@pytest.fixture
def command(database: str, tmp_path: Path) -> Command:
    """Runs main.py with these arguments and settings; returns its status and what it said."""
    (tmp_path / "secret").write_text(SECRET.hex())
    (tmp_path / "secret").chmod(0o600)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PITPILOT_", "NICEGUI_"))}
    environment = kept | {"PITPILOT_DATA": str(tmp_path), "PITPILOT_DATABASE_URL": database, "COLUMNS": "200"}

    async def run(*arguments: str, **settings: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "main.py", *arguments, cwd=ROOT, env=environment | settings,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    return run


async def test_a_link_for_a_new_password_is_printed_and_works(world: World, command: Command) -> None:
    (status, said), (refused, why) = await asyncio.gather(
        command("reset-password", "OWNER@here", PITPILOT_PUBLIC_URL="https://pits.example.com"),
        command("reset-password", "nobody@here"),
    )
    assert status == 0, said
    found = re.search(r"https://pits\.example\.com/reset/(\S+)", said)
    assert found, said
    view = await reset_of(found[1], datetime.now(UTC))
    assert isinstance(view, ResetView) and view.login == "owner@here"
    assert await trail(world.here) == ["make_reset_link"]
    assert refused == 1 and "Nobody signs in as nobody@here." in why


async def test_a_whole_installation_is_found_well(world: World, command: Command) -> None:
    with mail_server() as box, PrivateMosquitto() as broker:
        status, said = await command(
            "check",
            PITPILOT_MQTT_URL=f"mqtt://server:any@127.0.0.1:{broker.port}",
            PITPILOT_MAIL_URL=f"smtp://127.0.0.1:{box.port}?tls=off",
            PITPILOT_MAIL_FROM="pits@example.com",
            PITPILOT_PUBLIC_URL="https://pits.example.com",
        )
    lines = [line for line in said.splitlines() if line.startswith(("ok", "WRONG"))]
    assert len(lines) == 6 and all(line.startswith("ok") for line in lines), said
    assert status == 0


async def test_what_is_wrong_is_named_part_by_part(world: World, command: Command, database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '0001'")
    status, said = await command(
        "check",
        PITPILOT_MQTT_URL="mqtt://server:any@127.0.0.1:1",
        PITPILOT_MAIL_URL="smtp://127.0.0.1:1?tls=off",
        PITPILOT_MAIL_FROM="pits@example.com",
        PITPILOT_PUBLIC_URL="https://pits.example.com",
    )
    assert status == 1
    assert "WRONG  database: it is at version 0001" in said
    assert "WRONG  broker: 127.0.0.1:1 does not let PitPilot in" in said
    assert "WRONG  mail: 127.0.0.1:1 does not let PitPilot in" in said
    assert "ok     data folder" in said


async def test_a_database_that_is_away_and_settings_that_are_wrong_are_said(command: Command) -> None:
    (away, said), (wrong, why) = await asyncio.gather(
        command("check", PITPILOT_DATABASE_URL="postgresql://owner:x@127.0.0.1:1/pitpilot"),
        command("check", PITPILOT_MAIL_URL="https://mail.example.com", PITPILOT_MAIL_FROM="pits@example.com"),
    )
    assert away == 1 and "WRONG  database" in said
    assert wrong == 1 and "PITPILOT_MAIL_URL: must look like smtps://" in why


async def test_before_the_first_start_nothing_is_wrong(command: Command, tmp_path: Path) -> None:
    status, said = await command("check", PITPILOT_DATA=str(tmp_path / "fresh"), PITPILOT_DATABASE_URL="")
    assert status == 0, said
    assert "is made at the first start" in said
    assert not (tmp_path / "fresh").exists()
