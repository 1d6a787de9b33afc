"""What owners do with cameras, and what becomes of passwords."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from actions.cameras import keeping, reach, trying
from actions.cameras.keeping import add, camera_of, cameras_of, change, enable, remove
from actions.cameras.sources import Sources
from actions.cameras.trying import Failed, try_camera
from domain.cameras.address import AddressFault, CameraAddress
from domain.cameras.makes import Make
from domain.cameras.privacy import HoursFault, PrivacyHours
from domain.cameras.watching import Watcher
from domain.cameras.words import CameraRefusal
from domain.refusals import Refusal, TryLater
from domain.video import Probe, VideoRefusal
from storage.cameras import CameraSettings
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop, World
from tests.video_parts import JPEG, ScriptedGateway, gateway

__all__ = ["gateway"]
NOW = datetime.now(UTC)
SECRET = "s3cret-of-the-camera"
FOUND = Probe("h264", 1280, 720, 25.0, JPEG)


def settings(shop: Workshop, path: str = "/live") -> CameraSettings:
    address = CameraAddress("192.0.2.64", 554, path, "admin", SECRET)
    return CameraSettings(shop.pit_id, "Over the lift", Make.HIKVISION, address)


async def added(shop: Workshop) -> UUID:
    camera_id = await add(settings(shop), shop.owner, NOW)
    assert isinstance(camera_id, UUID), camera_id
    return camera_id


async def test_a_password_is_sealed_and_comes_out_at_the_gateway_alone(world: World, gateway: ScriptedGateway) -> None:
    camera_id = await added(world.here)
    row = await camera_of(world.here.owner, camera_id)
    assert not isinstance(row, Refusal) and SECRET not in repr(row) and row.settings.address.password == ""
    async with transaction(EVERY_TENANT) as tx:
        stored = (await tx.execute(text("SELECT c.*, a.after FROM camera c, audit a"))).one()
    assert SECRET.encode() not in bytes(stored.password_sealed) and SECRET not in repr(stored)
    await Sources().refresh()
    assert [source.rtsp_url for source in gateway.sources] == [f"rtsp://admin:{SECRET}@192.0.2.64:554/live"]
    assert SECRET not in repr(gateway.sources)


async def test_a_stored_password_goes_nowhere_that_it_was_not_typed_for(world: World, gateway: ScriptedGateway) -> None:
    camera_id, said = await added(world.here), settings(world.here)
    gateway.probes["/live"] = FOUND
    elsewhere = replace(said, address=replace(said.address, host="192.0.2.99", password=""))
    for moved in (elsewhere, replace(said, address=replace(said.address, port=8554)),
                  replace(said, address=replace(said.address, username="root"))):  # fmt: skip
        assert await change(camera_id, moved, world.here.owner, NOW, keep_password=True) is CameraRefusal.PASSWORD_AGAIN
        assert await try_camera(moved, world.here.owner, camera_id, keep_password=True) is CameraRefusal.PASSWORD_AGAIN
    assert gateway.asked == []
    renamed = replace(said, name="At the door", address=replace(said.address, password=""))
    assert await change(camera_id, renamed, world.here.owner, NOW, keep_password=True) is None
    assert await try_camera(renamed, world.here.owner, camera_id, keep_password=True) == FOUND
    assert gateway.asked == [f"rtsp://admin:{SECRET}@192.0.2.64:554/live"]


async def test_a_test_says_what_is_wrong_and_where_a_picture_is(world: World, gateway: ScriptedGateway) -> None:
    gateway.probes["/Streaming/Channels/102"] = FOUND
    said = settings(world.here, "/wrong")
    assert await try_camera(said, world.here.owner) == Failed(VideoRefusal.NO_VIDEO, "/Streaming/Channels/102")
    gateway.probes["/wrong"] = VideoRefusal.WRONG_PASSWORD
    assert await try_camera(said, world.here.owner) == Failed(VideoRefusal.WRONG_PASSWORD)
    for _ in range(10):
        answer = await try_camera(said, world.here.owner)
    assert isinstance(answer, TryLater)
    trying._pace.__init__(6, 5.0)  # type: ignore[misc]  # the next test begins afresh


async def test_only_owners_manage_and_only_their_own(world: World, gateway: ScriptedGateway) -> None:
    camera_id, here, there = await added(world.here), world.here, world.there
    assert await add(settings(here), here.staff, NOW) is Refusal.NOT_ALLOWED
    assert await add(settings(there), here.owner, NOW) is Refusal.NOT_FOUND
    assert await change(camera_id, settings(there), there.owner, NOW, keep_password=False) is Refusal.NOT_FOUND
    assert await enable(camera_id, False, there.owner, NOW) is Refusal.NOT_FOUND
    assert await remove(camera_id, there.owner, NOW) is Refusal.NOT_FOUND
    assert await try_camera(settings(there), there.owner, camera_id, keep_password=True) is Refusal.NOT_FOUND
    assert await camera_of(there.owner, camera_id) is Refusal.NOT_FOUND
    assert await cameras_of(there.owner) == []


async def test_staff_know_of_those_cameras_that_they_may_look_at(world: World) -> None:
    said = replace(settings(world.here), watchers=frozenset({Watcher.CUSTOMER}))
    camera_id = await add(said, world.here.owner, NOW)
    assert isinstance(camera_id, UUID)
    assert await cameras_of(world.here.staff) == []
    assert await camera_of(world.here.staff, camera_id) is Refusal.NOT_FOUND
    assert len(await cameras_of(world.here.owner)) == 1


@pytest.mark.parametrize(
    ("change_", "fault"),
    [
        ({"name": " "}, Refusal.EMPTY),
        ({"name": "x" * 61}, Refusal.TOO_LONG),
        ({"privacy": PrivacyHours(frozenset(), 0, 60)}, HoursFault.NO_DAY),
        ({"still_every_min": 0}, CameraRefusal.OUT_OF_RANGE),
        ({"keep_stills_days": 91}, CameraRefusal.OUT_OF_RANGE),
        ({"address": CameraAddress("127.0.0.1")}, AddressFault.OURSELVES),
        ({"address": CameraAddress("localhost")}, AddressFault.OURSELVES),
        ({"address": CameraAddress("192.0.2.1", username="x" * 65)}, CameraRefusal.LOGIN_TOO_LONG),
        ({"address": CameraAddress("192.0.2.1", username="x\r\ny")}, AddressFault.CHARACTERS),
    ],
)
async def test_what_can_not_be_kept(world: World, change_: dict[str, object], fault: object) -> None:
    assert await add(replace(settings(world.here), **change_), world.here.owner, NOW) is fault  # type: ignore[arg-type]


async def test_a_name_that_leads_to_this_computer_later_on_is_not_asked(
    world: World, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a name server that answers differently the second time."""
    camera_id = await added(world.here)
    said = replace(settings(world.here), address=CameraAddress("localhost", password="x"))
    monkeypatch.setattr(reach._allowed, "loopback", True)
    assert await change(camera_id, said, world.here.owner, NOW, keep_password=False) is None
    monkeypatch.setattr(reach._allowed, "loopback", False)
    sources = Sources()
    await sources.refresh()
    assert gateway.sources == [] and sources.faults == {camera_id: VideoRefusal.BAD_ADDRESS}


async def test_removing_forgets_how_it_was_reached(world: World, gateway: ScriptedGateway) -> None:
    camera_id = await added(world.here)
    assert await enable(camera_id, True, world.here.owner, NOW) is Refusal.ALREADY_SO
    assert await remove(camera_id, world.here.owner, NOW) is None
    assert await remove(camera_id, world.here.owner, NOW) is Refusal.NOT_FOUND
    async with transaction(EVERY_TENANT) as tx:
        row = (await tx.execute(text("SELECT host, path, username, password_sealed FROM camera"))).one()
        deeds = (await tx.execute(text("SELECT intent FROM audit ORDER BY n"))).scalars().all()
    assert tuple(row) == ("", "", "", None)
    assert deeds == ["add_camera", "remove_camera"]
    await Sources().refresh()
    assert gateway.sources == []


async def test_a_workshop_keeps_so_many_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "CAMERAS_MAX", 1)
    await added(world.here)
    assert await add(settings(world.here), world.here.owner, NOW) is CameraRefusal.TOO_MANY
    assert await change(uuid4(), settings(world.here), world.here.owner, NOW, keep_password=True) is Refusal.NOT_FOUND
