"""A motor's controller from its box to its second update, with everything that the product consists of: two browsers,
the program with its own broker, and the firmware that devices come with, in the real interpreter.
"""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from actions.passwords import hashed
from actions.pumps import wallets
from domain.access import Role, Viewer
from domain.wallet import Wallet
from storage.session import EVERY_TENANT, transaction
from storage.tables import Membership, Person, Tenant
from tests.firmware.conftest import shipped
from tests.firmware.test_box_to_life import free_port, page_at
from tests.firmware.test_updates import KEY, Builds, builds
from tests.ingest.pump_site import OPTO, QUICK, RELAY
from tests.journeys.program import PASSWORD, started
from tests.pump_parts import BEGAN, assert_books_balance, balance, fetch
from tests.release_parts import public_hex
from tools import firmware
from tools.virtual_board import Board, write_keys

__all__ = ["builds", "shipped"]

NAME = "Motor 1"
PATIENCE_MS = 60_000
OWNER, MEMBER, ROOT = "owner@village", "member@village", "root@platform"
DESK, PHONE = (1440, 900), (390, 844)


@dataclass(frozen=True)
class Village:
    """The running product with people in it and no device yet; `board` is a controller in its box."""

    url: str
    board: Board
    portal: str
    member: Viewer
    builds: Builds

    async def page(self, browser: Browser, login: str, size: tuple[int, int] = DESK) -> Page:
        """A browser of somebody who has just signed in."""
        context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
        page = await context.new_page()
        await page.goto(f"{self.url}/sign-in")
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    async def claim(self, code: str) -> None:
        """What the installer does on the controller's own page."""
        networks = re.findall('<option value="([^"]+)">', await page_at(self.portal))
        form = {"ssid": networks[0], "password": "water for all", "server": self.url, "code": code}
        async with httpx.AsyncClient() as client:
            assert (await client.post(f"{self.portal}/join", data=form)).status_code == 200

    def is_on(self) -> tuple[bool, bool]:
        """Both outputs, as measured at the pins."""
        return self.board.is_on(RELAY), self.board.is_on(OPTO)

    def bundle(self, version: str, *, bad: bool = False) -> bytes:
        """A signed release for pumps. A bad one starts, but no broker lets it in; it notices in seconds."""
        changed = {
            "trial": _source("trial").replace("WITHIN_MS = 300_000", "WITHIN_MS = 3_000"),
            "mqtt_packets": _source("mqtt_packets").replace("bytes((4, flags))", "bytes((99, flags))"),
        }
        return self.builds.bundle(version, kind="pump", key=KEY, **(changed if bad else {}))


def _source(name: str) -> str:
    """Of a module of the firmware's core."""
    return (firmware.SOURCE / "core" / f"{name}.py").read_text(encoding="utf-8")


async def make_people() -> Viewer:
    """A cooperative without a motor, its owner and one member with ten minutes, and who runs the platform."""
    async with transaction(EVERY_TENANT) as tx:
        coop = Tenant(name="Village", has_workshop=False, has_pump=True)
        platform = Tenant(name="Platform", has_workshop=False, is_platform=True)
        hash_ = await hashed(PASSWORD)
        people = [Person(login=login, name=login.title(), password_hash=hash_) for login in (OWNER, MEMBER, ROOT)]
        tx.add_all([coop, platform, *people])
        await tx.flush()
        places = ((coop, Role.OWNER), (coop, Role.MEMBER), (platform, Role.SUPER_ADMIN))
        tx.add_all(
            Membership(tenant_id=tenant.id, person_id=person.id, role=role)
            for person, (tenant, role) in zip(people, places, strict=True)
        )
    owner, member, _root = (
        Viewer(person.id, person.name, tenant.id, role) for person, (tenant, role) in zip(people, places, strict=True)
    )
    assert isinstance(await wallets.recharge(member.person_id, 600, owner, BEGAN, key=uuid4()), Wallet)
    return member


@pytest.fixture
async def village(database: str, tmp_path: Path, builds: Builds) -> AsyncIterator[Village]:
    member = await make_people()
    ports = [free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)]
    flash = tmp_path / "flash"
    shutil.copytree(builds.first, flash / "a")
    write_keys(flash, {"setup_ports": ports, "settings": QUICK})
    async with (
        started(database, tmp_path, mqtt_url="", release_key=public_hex(KEY)) as running,
        Board(flash, program=builds.program) as board,
    ):
        yield Village(running.url, board, f"http://127.0.0.1:{ports[0]}", member, builds)


async def register(page: Page, url: str) -> str:
    """Registers the motor's controller on the page; returns the claim code that it shows."""
    await page.goto(f"{url}/devices")
    await page.get_by_role("button", name="Register device").click()
    dialog = page.locator(".dialog")
    await dialog.get_by_label("Name").fill(NAME)
    await dialog.get_by_role("button", name="Register").click()
    return await page.locator(".dialog .code").inner_text(timeout=PATIENCE_MS)


async def upload(page: Page, url: str, bundle: bytes, version: str) -> None:
    """Takes a release in, on the platform's page."""
    await page.goto(f"{url}/releases")
    await page.get_by_role("button", name="Upload release").click()
    file = {"name": f"pump-{version}.bundle", "mimeType": "application/octet-stream", "buffer": bundle}
    await page.locator(".dialog input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await page.get_by_role("link", name=re.compile(f"Pump.*{version}")).first.click(timeout=PATIENCE_MS)


async def roll_out(page: Page) -> None:
    """To everybody, on the page of the release that is open."""
    await page.get_by_role("button", name="Roll out").click()
    dialog = page.locator(".dialog")
    await dialog.get_by_label("Share of their devices").fill("100")
    await dialog.get_by_role("button", name="Roll out").click()
    await expect(page.get_by_text("The roll-out goes to 1 device.")).to_be_visible(timeout=PATIENCE_MS)


async def take_a_turn(village: Village, phone: Page) -> None:
    """Start, measured ON; stop, measured OFF."""
    chip = phone.locator(".my-pump .chip").first
    await phone.get_by_role("button", name=re.compile("^Start")).click(timeout=PATIENCE_MS)
    await expect(chip).to_contain_text("RUNNING", timeout=PATIENCE_MS)
    assert village.is_on() == (True, True)
    await asyncio.sleep(2)  # of water
    await phone.get_by_role("button", name="Stop").click()
    await expect(chip).to_contain_text("OFF", timeout=PATIENCE_MS)
    assert village.is_on() == (False, False)


async def test_a_controller_is_claimed_runs_a_turn_is_updated_and_goes_back_from_a_bad_update(
    village: Village, browser: Browser
) -> None:
    owner = await village.page(browser, OWNER)
    await village.claim(await register(owner, village.url))
    dialog = owner.locator(".dialog")
    await expect(dialog).to_contain_text(f"{NAME} is in", timeout=PATIENCE_MS)
    await dialog.get_by_role("button", name="Done").click()
    await owner.get_by_text(NAME).first.click()
    await expect(owner.locator("body")).to_contain_text("1.0.0", timeout=PATIENCE_MS)

    await take_a_turn(village, await village.page(browser, MEMBER, PHONE))
    available, held = await balance(village.member)
    assert (500 < available < 600, held) == (True, 0), "what was used is paid, and no more is held"
    await assert_books_balance()

    root = await village.page(browser, ROOT)
    await upload(root, village.url, village.bundle("1.1.0"), "1.1.0")
    await roll_out(root)
    told = owner.locator(".told")
    await expect(told.filter(has_text="Update to 1.1.0")).to_contain_text("runs it since", timeout=PATIENCE_MS)

    await upload(root, village.url, village.bundle("1.2.0", bad=True), "1.2.0")
    await expect(owner.locator("body")).to_contain_text("It runs 1.1.0.", timeout=PATIENCE_MS)
    await owner.get_by_role("button", name="Update").click()
    await dialog.get_by_role("button", name="Update").click()
    bad = told.filter(has_text="Update to 1.2.0")
    await expect(bad).to_contain_text("The new firmware failed its test, so it went back", timeout=PATIENCE_MS)
    await expect(owner.locator("body")).to_contain_text("It runs 1.1.0.", timeout=PATIENCE_MS)
    assert village.is_on() == (False, False)
    assert await fetch("SELECT reason, count FROM rejection_count") == [], "all that it ever said was understood"
