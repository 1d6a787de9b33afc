"""The owner's cameras, the wall, and the picture on a pit's page."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from nicegui import ElementFilter, ui

from actions.cameras import discovery
from actions.cameras.keeping import camera_of
from domain.jobs.words import Event
from domain.refusals import Refusal
from domain.video import CameraState, CameraStatus, Probe, VideoRefusal
from tests.conftest import World
from tests.ui.camera_parts import camera_in
from tests.ui.conftest import Visitor
from tests.ui.doors import choose, execute, fill, find, one, press, record_ways, see, until
from tests.ui.test_tracking_pages import made, moved
from tests.video_parts import JPEG, ScriptedGateway, gateway
from ui.components.player import CameraPlayer
from ui.components.work_tablet import WorkTablet

__all__ = ["gateway"]
FOUND = Probe("h264", 1280, 720, 25.0, JPEG)


async def test_the_owner_tests_a_camera_takes_the_path_that_has_a_picture_and_saves_it(
    world: World, visitor: Visitor, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/cameras")
    await see(visitor, "No cameras yet")
    await visitor.user.open("/cameras/new")
    ways = record_ways(monkeypatch)
    await press(visitor, "Save")
    await see(visitor, "Enter a name.", "address, such as 192.168.1.64.")
    await fill(visitor, "Name", "Over the lift")
    await fill(visitor, "Address", "rtsp://viewer:s3cret@192.0.2.64:8554/wrong")
    await press(visitor, "Test")
    gateway.probes["/Streaming/Channels/101"] = FOUND
    await see(visitor, "The camera answers, but has no picture at this path.")
    assert [(await find(visitor, ui.input, label)).value for label in ("Address", "Path", "User name")] == [
        "192.0.2.64:8554", "/wrong", "viewer",
    ]  # fmt: skip
    await press(visitor, "Test")
    await see(visitor, "There is a picture at /Streaming/Channels/101.")
    await press(visitor, "Use this path")
    await press(visitor, "Test")
    await see(visitor, "Picture received", "H.264, 1280 × 720, 25 a second")
    await press(visitor, "Save")
    await until(lambda: ways == ["/cameras"])
    assert await one("SELECT host || ':' || port || path || ' ' || username FROM camera") == (
        "192.0.2.64:8554/Streaming/Channels/101 viewer"
    )


async def test_a_changed_camera_keeps_its_password_and_never_shows_it(
    world: World, visitor: Visitor, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera_id = await camera_in(world.here)
    await visitor.sign_in_as(world.here.owner)
    answer = await visitor.user.http_client.get(f"/cameras/{camera_id}")
    assert "192.0.2.64" in answer.text and "s3cret" not in answer.text
    await visitor.user.open(f"/cameras/{camera_id}")
    ways = record_ways(monkeypatch)
    await fill(visitor, "Address", "192.0.2.99")
    await press(visitor, "Save")
    await see(visitor, "Type the password again: it goes to another place or name now.")
    await fill(visitor, "Address", "192.0.2.64")
    await fill(visitor, "Name", "At the door")
    await press(visitor, "Save")
    await until(lambda: ways == ["/cameras"])
    row = await camera_of(world.here.owner, camera_id)
    assert not isinstance(row, Refusal) and row.settings.name == "At the door"


async def test_the_list_says_how_each_camera_is_and_switches_it(
    world: World, visitor: Visitor, gateway: ScriptedGateway
) -> None:
    camera_id = await camera_in(world.here)
    gateway.goes(camera_id, CameraState.LIVE)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/cameras")
    await see(visitor, "1 camera", "Over the lift", "Live", "H.264, 1280 × 720, 25 a second")
    await press(visitor, "Switch off")
    await see(visitor, "Switched off", "Over the lift is switched off. Nobody sees it.")
    assert await one("SELECT enabled FROM camera") is False


async def test_what_no_browser_plays_is_not_called_ready(
    world: World, visitor: Visitor, gateway: ScriptedGateway
) -> None:
    camera_id = await camera_in(world.here)
    gateway.states[camera_id] = CameraStatus(CameraState.FAILED, VideoRefusal.WRONG_CODEC, "hevc", 1280, 720)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/cameras")
    await see(visitor, "Not playable", "Ask the owner to allow converting.")
    await visitor.user.open("/wall")
    await see(visitor, "Not playable")


async def test_the_search_shows_who_answers_and_leads_to_the_form(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [(["http://192.0.2.7/onvif"], ["onvif://www.onvif.org/name/%3Cb%3ECam"]), (["http://127.0.0.1/x"], [])]
    monkeypatch.setattr(discovery, "_ask_the_lan", lambda: answers)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/cameras")
    await press(visitor, "Search the network")
    await see(visitor, "&lt;b&gt;Cam", "192.0.2.7")
    await visitor.user.should_not_see("127.0.0.1")
    await visitor.user.open("/cameras/new?host=192.0.2.7&make=onvif")
    assert (await find(visitor, ui.input, "Address")).value == "192.0.2.7"


async def test_a_pit_shows_its_picture_to_whoever_may_look(
    world: World, visitor: Visitor, gateway: ScriptedGateway
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/pits/{world.here.pit_id}")
    await see(visitor, "Add a camera")
    camera_id = await camera_in(world.here, frozenset())
    await visitor.user.open(f"/pits/{world.here.pit_id}")
    assert (await find(visitor, CameraPlayer)).props["camera"] == str(camera_id)
    await visitor.sign_in_as(world.here.staff)
    for path in (f"/pits/{world.here.pit_id}", "/wall"):
        answer = await visitor.user.http_client.get(path)
        assert answer.status_code == 200 and str(camera_id) not in answer.text
    await visitor.user.open("/wall")
    await see(visitor, "No cameras to see")


async def test_the_wall_shows_every_pits_cameras_and_what_is_wrong(world: World, visitor: Visitor) -> None:
    await camera_in(world.here)
    await execute(
        "INSERT INTO camera_state (camera_id, tenant_id, checked_at, failing_since, reason)"
        " SELECT id, tenant_id, now(), now() - interval '5 min', :reason FROM camera",
        reason=VideoRefusal.UNREACHABLE,
    )
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/wall")
    await see(visitor, "1 camera", "Pit 1 here", "No picture 5")


async def test_an_alert_names_the_camera(world: World, visitor: Visitor) -> None:
    await execute(
        "INSERT INTO alert (id, tenant_id, pit_id, rule, level, flapping, raised_at, changed_at, note, detail)"
        " SELECT gen_random_uuid(), tenant_id, id, 'camera', 1, false, now(), now(), '', 'Over the lift' FROM pit"
        " WHERE id = :pit",
        pit=world.here.pit_id,
    )
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/pits/{world.here.pit_id}")
    await see(visitor, "No picture from Over the lift since", "Over the lift sends no picture")


async def test_the_tablet_shows_the_picture_of_the_pit_that_is_looked_at(
    world: World, visitor: Visitor, gateway: ScriptedGateway
) -> None:
    camera_id = await camera_in(world.here)
    await camera_in(replace(world.here, pit_id=world.here.other_pit_id), frozenset())
    await camera_in(world.there)
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/work")
    assert players(visitor) == []
    await choose(visitor, WorkTablet, "pit", str(world.here.pit_id))
    await until(lambda: players(visitor) == [str(camera_id)])
    [playing] = shown(visitor)
    await choose(visitor, WorkTablet, "pit", str(world.here.pit_id))
    await choose(visitor, WorkTablet, "pit", "no pit")
    await until(lambda: players(visitor) == [])
    assert playing.is_deleted
    for pit_id in (world.there.pit_id, world.here.other_pit_id):  # another workshop's; one that staff may not look at
        await choose(visitor, WorkTablet, "pit", str(pit_id))
        await asyncio.sleep(0.1)
        assert players(visitor) == []
    await choose(visitor, WorkTablet, "pit", str(world.here.pit_id))
    await until(lambda: players(visitor) == [str(camera_id)])


async def test_a_jobs_page_shows_the_picture_while_the_car_stands_in_the_pit(
    world: World, visitor: Visitor, gateway: ScriptedGateway
) -> None:
    camera_id = await camera_in(world.here)
    job = await made(world.here)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/jobs/{job.job_id}")
    assert players(visitor) == []
    await moved(world.here, job.job_id, Event.START, 0, datetime.now(UTC))
    await visitor.user.open(f"/jobs/{job.job_id}")
    assert players(visitor) == [str(camera_id)]


def shown(visitor: Visitor) -> list[CameraPlayer]:
    with visitor.user:
        return list(ElementFilter(kind=CameraPlayer))


def players(visitor: Visitor) -> list[str]:
    return [player.props["camera"] for player in shown(visitor)]
