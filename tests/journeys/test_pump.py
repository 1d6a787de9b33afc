"""Two members in two browsers, one motor with the real firmware: start, wait, power cut, and ledgers that add up.

The first one's turn lasts some seconds, so that the test does; PITPILOT_TURN_S=720 lets it last its twelve minutes.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from actions.pumps import motors, wallets
from domain.wallet import TransferKind, Wallet
from storage.pump_history import statement
from storage.session import EVERY_TENANT, transaction
from tests.ingest.pump_site import GRID, LIMITS, OPTO, QUICK, RELAY
from tests.journeys.house import House
from tests.journeys.program import PASSWORD, give_password
from tests.pump_parts import BEGAN, Coop, assert_books_balance, balance, make_coop
from tools.virtual_board import Board, write_keys

FIRST_S, SECOND_S = int(os.environ.get("PITPILOT_TURN_S", "30")), 30
PATIENCE_MS = 60_000 + FIRST_S * 1_000


@pytest.fixture
async def coop(opened: House) -> Coop:
    """Two members with seconds instead of minutes, and a pump whose turns may be that short."""
    found = await make_coop(f"coop{next(opened.count)}", members=2, minutes=0)
    assert isinstance(await motors.change_limits(dict(LIMITS), found.owner), dict)
    for member, seconds in zip(found.members, (FIRST_S, SECOND_S), strict=True):
        assert isinstance(await wallets.recharge(member.person_id, seconds, found.owner, BEGAN, key=uuid4()), Wallet)
    async with transaction(EVERY_TENANT) as tx:
        await give_password(tx, found.tenant_id)
    await opened.introduce(found.tenant_id)
    return found


@pytest.fixture
async def board(coop: Coop, opened: House, tmp_path: Path) -> AsyncIterator[Board]:
    """The motor's controller, powered, with mains on its input."""
    flash = tmp_path / "flash"
    identity = {"kind": "pump", "tenant": str(coop.tenant_id), "device": coop.device_id, "password": "any"}
    server = {"host": "127.0.0.1", "port": opened.program.broker_port, "tls": False}
    write_keys(flash, {"identity": identity, "server": server, "settings": QUICK, "settings_v": 1})
    found = Board(flash)
    await found.power_on()
    yield found
    await found.power_off()


async def at_the_pump(browser: Browser, url: str, login: str) -> Page:
    """A telephone of somebody who has just signed in: it shows the pump."""
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{url}/sign-in")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url(f"{url}/my-pump")
    return page


def as_words(seconds: int) -> str:
    return f"{seconds // 60}\u00a0min" if seconds % 60 == 0 else f"{seconds}"


async def says(page: Page, word: str) -> None:
    await expect(page.locator(".my-pump .chip").first).to_contain_text(word, timeout=PATIENCE_MS)


async def adds_up(coop: Coop, n: int, charged_s: int) -> None:
    """A member's statement begins with nothing, explains every second, and ends with the balance."""
    async with transaction(coop.tenant_id) as tx:
        today = datetime.now(UTC).date()
        said = await statement(tx, coop.members[n].person_id, BEGAN.date(), today + timedelta(days=1))
    assert said is not None
    changes = {line.kind: line.change_s for line in said.lines}
    assert sum(line.change_s for line in said.lines) == said.closing_s - said.opening_s
    assert (said.opening_s, changes[TransferKind.CAPTURE]) == (0, -charged_s)
    assert said.closing_s == (await balance(coop.members[n]))[0]


async def test_one_runs_one_waits_power_goes_and_comes_and_both_ledgers_add_up(
    opened: House, board: Board, coop: Coop, browser: Browser
) -> None:
    url = opened.program.url
    first, second = [await at_the_pump(browser, url, f"p{n}@{coop.device_id.removeprefix('pump-')}") for n in (1, 2)]
    await first.get_by_role("button", name=f"Start {as_words(FIRST_S)}").click(timeout=PATIENCE_MS)
    await says(first, "RUNNING")
    assert board.is_on(RELAY)
    assert board.is_on(OPTO)
    await second.get_by_role("button", name="Get in line").click(timeout=PATIENCE_MS)
    await says(second, "WAITING #1")
    await expect(second.locator(".queue")).to_contain_text(f"{coop.members[0].name}, running")

    board.set_pin(GRID, 0)
    await says(first, "HOLD")
    await expect(first.locator(".my-pump")).to_contain_text("You are not charged.")
    await expect(first.locator(".my-pump")).to_contain_text("No power since")
    await expect(second.locator(".my-pump")).to_contain_text(f"{coop.members[0].name}, on hold", timeout=PATIENCE_MS)
    await expect(second.locator(".my-pump")).to_contain_text("No power since", timeout=PATIENCE_MS)
    assert not board.is_on(RELAY)

    board.set_pin(GRID, 1)
    await says(first, "RUNNING")
    await says(second, "RUNNING")
    await says(first, "OFF")
    await asyncio.sleep(1.5)  # whole seconds are charged: there shall be one
    await second.get_by_role("button", name="Stop").click()
    await says(second, "OFF")
    await expect(first.locator(".ring .face .num")).to_have_text("0", timeout=PATIENCE_MS)
    assert await balance(coop.members[0]) == (0, 0)
    await first.goto(f"{url}/my-ledger")
    await expect(first.locator(".ledger")).to_contain_text("All minutes of the turn used")
    await expect(first.locator(".ledger .kv").last).to_contain_text("0")
    left_s, held_s = await balance(coop.members[1])
    assert 0 < left_s < SECOND_S
    assert held_s == 0
    await second.goto(f"{url}/my-ledger")
    for said in ("Stopped by hand", f"{SECOND_S - left_s}", f"{left_s}"):
        await expect(second.locator(".ledger")).to_contain_text(said)
    await adds_up(coop, 0, charged_s=FIRST_S)
    await adds_up(coop, 1, charged_s=SECOND_S - left_s)
    await assert_books_balance()
