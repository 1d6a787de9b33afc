"""Firmware on the platform's pages: a bundle is uploaded, rolled out, watched, stopped; and who runs what."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from nicegui import ui
from nicegui.elements.upload_files import SmallFileUpload

from actions import rollouts
from actions.rollouts import NewRollout, Started
from domain.access import Viewer
from domain.refusals import Refusal
from tests.actions.test_releases import runs, taken
from tests.actions.test_rollouts import answers, fleet, sent_ids, step
from tests.conftest import World
from tests.device_parts import now, open_keys
from tests.release_parts import bundle, trust
from tests.ui.conftest import Visitor
from tests.ui.doors import fill, find, make_super_admin, one, press, see, until
from ui.pages.platform.release import REFRESH_S


@pytest.fixture
async def root(world: World, visitor: Visitor, tmp_path: Path) -> Viewer:
    """Somebody who runs the platform, signed in."""
    open_keys()
    trust(tmp_path)
    viewer = await make_super_admin()
    await visitor.sign_in_as(viewer)
    return viewer


async def drop(visitor: Visitor, name: str, data: bytes) -> None:
    """Drops a file onto the open dialog."""
    upload = await find(visitor, ui.upload)
    await upload.handle_uploads([SmallFileUpload(name, "application/octet-stream", data)])


async def test_a_bundle_is_refused_with_the_reason_and_then_taken(visitor: Visitor, root: Viewer) -> None:
    await visitor.user.open("/releases")
    await see(visitor, "No release yet")
    await press(visitor, "Upload release")
    await see(visitor, "Upload a release")
    await drop(visitor, "pit.bundle", bundle()[:-4])
    await see(visitor, "This file was not taken", "A part is missing.")
    await drop(visitor, "pit.zip", b"PK")
    await see(visitor, "This is no firmware bundle.")
    await fill(visitor, "What is new", "Faster reconnect")
    await drop(visitor, "pit.bundle", bundle())
    await see(visitor, "The release was taken.", "Pit node 1.4.0")
    assert await one("SELECT note FROM firmware_release") == "Faster reconnect"


async def test_the_list_says_who_runs_what(world: World, visitor: Visitor, root: Viewer) -> None:
    await runs(world.here.device_id, world.here.tenant_id, "1.3.0")
    await taken(root)
    await visitor.user.open("/releases")
    await see(visitor, "2 devices: 1 version", "Pit node 1.3.0", "Pit node, not said yet")


async def test_a_release_is_rolled_out_and_stops_by_itself(world: World, visitor: Visitor, root: Viewer) -> None:
    release_id = await taken(root)
    await fleet(world.here, 2)
    await visitor.user.open(f"/releases/{release_id}")
    await see(visitor, "Not rolled out yet")
    await press(visitor, "Roll out")
    await see(visitor, "Roll out Pit node 1.4.0")
    share = await find(visitor, ui.number, "Share of their devices")
    share.value = 0
    await press(visitor, "Roll out")
    await see(visitor, "Enter a whole number from 1 to 100.")
    share.value = 100
    (await find(visitor, ui.number, "Stop after more failures than")).value = 0
    await press(visitor, "Roll out")
    await see(visitor, "The roll-out goes to 2 devices.", "2 waiting")
    found = await rollouts.rollouts_of(root, release_id)
    assert not isinstance(found, Refusal)
    rollout = Started(found[0].id, 2)
    await step(rollout)
    await see(visitor, "2 being updated")
    await answers((await sent_ids())[0], "refused", "no_space")
    await step(rollout)
    await see(visitor, "Stopped by itself", "No room for it")
    await press(visitor, "Resume")
    await see(visitor, "Under way")
    await press(visitor, "Cancel roll-out")
    await see(visitor, "Devices that wait stay on what they run.")
    await press(visitor, "Cancel roll-out")
    await see(visitor, "Cancelled")


async def test_a_release_is_withdrawn_and_put_back(world: World, visitor: Visitor, root: Viewer) -> None:
    release_id = await taken(root)
    await fleet(world.here, 1)
    started = await rollouts.start(root, NewRollout(release_id, None, 100, 1, 0), now())
    assert isinstance(started, Started)
    await visitor.user.open(f"/releases/{release_id}")
    await press(visitor, "Withdraw")
    await see(visitor, "You can put it back into use.")
    await press(visitor, "Withdraw")
    await see(visitor, "A roll-out of it is not over.")
    await press(visitor, "Cancel roll-out")
    await see(visitor, "Cancel this roll-out?")
    await press(visitor, "Cancel roll-out")
    await see(visitor, "1 left out")
    await press(visitor, "Withdraw")
    await see(visitor, "You can put it back into use.")
    await press(visitor, "Withdraw")
    await see(visitor, "It is withdrawn.", "Withdrawn")
    await press(visitor, "Put back into use")
    await see(visitor, "It is in use again.")
    assert await one("SELECT withdrawn_at IS NULL FROM firmware_release") is True


async def test_a_beta_release_asks_for_names(world: World, visitor: Visitor, root: Viewer) -> None:
    release_id = await taken(root, "1.5.0-beta.1", channel="beta")
    await fleet(world.here, 1)
    await visitor.user.open(f"/releases/{release_id}")
    await press(visitor, "Roll out")
    await see(visitor, "A beta release goes to those you name.")
    await press(visitor, "Roll out")
    await see(visitor, "Choose at least one.")
    (await find(visitor, ui.select, "Tenants")).value = [str(world.here.tenant_id)]
    (await find(visitor, ui.number, "Share of their devices")).value = 100
    await press(visitor, "Roll out")
    await see(visitor, "The roll-out goes to 1 device.")


async def test_a_release_that_is_not_there_says_so(visitor: Visitor, root: Viewer) -> None:
    for release in (uuid4(), "nonsense"):
        await visitor.user.open(f"/releases/{release}")
        await see(visitor, "There is no such release")


async def test_an_owner_sees_that_there_is_newer_firmware_and_asks_for_it(
    world: World, visitor: Visitor, root: Viewer
) -> None:
    shop = world.here
    await taken(root)
    await runs(shop.device_id, shop.tenant_id, "1.3.0")
    await visitor.sign_in_as(shop.staff)
    await visitor.user.open(f"/devices/{shop.device_id}")
    await see(visitor, "Newer firmware", "Version 1.4.0")
    await visitor.user.should_not_see(kind=ui.button, content="Update")
    await visitor.sign_in_as(shop.owner)
    await visitor.user.open(f"/devices/{shop.device_id}")
    await press(visitor, "Update")
    await see(visitor, "Update PP-HERE to 1.4.0?")
    await press(visitor, "Update")
    await until(_asked)
    await press(visitor, "Update")
    await see(visitor, "Update PP-HERE to 1.4.0?")
    await press(visitor, "Update")
    await see(visitor, "Such a command is on its way already.")


async def _asked() -> bool:
    return await sent_ids() == ["pp-here"]


async def test_a_question_stays_while_devices_go_on_and_the_page_reads_again(
    world: World, visitor: Visitor, root: Viewer
) -> None:
    release_id = await taken(root)
    devices = await fleet(world.here, 3)
    rollout = await rollouts.start(root, NewRollout(release_id, None, 100, 3, 0), now())
    assert isinstance(rollout, Started)
    await visitor.user.open(f"/releases/{release_id}")
    await see(visitor, "3 waiting")
    await press(visitor, "Cancel roll-out")
    await see(visitor, "Devices that wait stay on what they run.")
    await step(rollout)
    await runs(devices[0], world.here.tenant_id, "1.3.0")
    await asyncio.sleep(REFRESH_S + 0.5)
    await see(visitor, "Devices that wait stay on what they run.", "3 waiting")
    await press(visitor, "Go on")
    await see(visitor, "3 being updated")
