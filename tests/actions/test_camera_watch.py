"""The watcher: who is silent for 30 s raises the alert, who is back clears it; stills come, and go after their days."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from actions.cameras import reach, stills
from actions.cameras.keeping import add, enable
from actions.cameras.sources import Sources
from actions.cameras.watch import CHECK_EVERY, Watcher
from domain.cameras.address import CameraAddress
from domain.cameras.makes import Make
from domain.cameras.privacy import WEEK, PrivacyHours
from domain.cameras.words import CameraRefusal
from domain.video import CameraState, VideoRefusal
from storage import still_files
from storage.cameras import CameraSettings
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop, World
from tests.video_parts import JPEG, ScriptedGateway, gateway

__all__ = ["gateway"]
NOW = datetime.now(UTC).replace(microsecond=0)


class DoorBell:
    """A real RTSP door: answers OPTIONS, as a camera does that nobody watches, until it is closed."""

    async def open(self, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"OPTIONS rtsp://") and b"Authorization" not in asked
        writer.write(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")
        writer.close()


@pytest.fixture
async def bell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[DoorBell, int]]:
    monkeypatch.setattr(reach._allowed, "loopback", True)
    still_files.open(tmp_path / "stills")
    bell = DoorBell()
    yield bell, await bell.open()
    await bell.close()


async def camera_at(shop: Workshop, port: int, privacy: PrivacyHours | None = None, name: str = "Lift") -> UUID:
    said = CameraSettings(shop.pit_id, name, Make.OTHER, CameraAddress("127.0.0.1", port), privacy=privacy)
    camera_id = await add(said, shop.owner, NOW)
    assert isinstance(camera_id, UUID)
    return camera_id


async def alerts() -> list[tuple[UUID, bool]]:
    """Pit, and whether it is over."""
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(
            text("SELECT pit_id, resolved_at IS NOT NULL FROM alert WHERE rule = 'camera' ORDER BY raised_at")
        )
        return [(row[0], row[1]) for row in rows.all()]


async def steps(watcher: Watcher, since: datetime, seconds: int) -> datetime:
    """Time passes, as the watcher sees it."""
    now = since
    while now < since + timedelta(seconds=seconds):
        now += CHECK_EVERY
        await watcher.step(now)
    return now


async def test_a_camera_that_nobody_watches_and_that_is_gone_raises_the_alert_and_its_return_clears_it(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int]
) -> None:
    door, port = bell
    await camera_at(world.here, port)
    watcher = Watcher(Sources())
    now = await steps(watcher, NOW, 60)
    assert await alerts() == []
    await door.close()
    now = await steps(watcher, now, 24)
    assert await alerts() == []
    now = await steps(watcher, now, 24)
    assert await alerts() == [(world.here.pit_id, False)]
    now = await steps(watcher, now, 24)
    assert await alerts() == [(world.here.pit_id, False)]
    await door.open(port)
    await steps(watcher, now, 8)
    assert await alerts() == [(world.here.pit_id, True)]
    async with transaction(EVERY_TENANT) as tx:
        events = (await tx.execute(text("SELECT kind FROM alert_event ORDER BY id"))).scalars().all()
    assert events == ["raised", "resolved"]


async def test_a_frozen_picture_counts_as_gone_and_a_gateway_that_is_down_says_nothing(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int]
) -> None:
    camera_id = await camera_at(world.here, bell[1])
    watcher = Watcher(Sources())
    gateway.says = VideoRefusal.GATEWAY_DOWN
    now = await steps(watcher, NOW, 60)
    assert await alerts() == []
    gateway.says = None
    gateway.goes(camera_id, CameraState.FROZEN, VideoRefusal.FROZEN)
    now = await steps(watcher, now, 48)
    assert await alerts() == [(world.here.pit_id, False)]
    gateway.goes(camera_id, CameraState.LIVE)
    now = await steps(watcher, now, 8)
    assert await alerts() == [(world.here.pit_id, True)]


async def test_the_alert_names_the_cameras_that_fail_at_the_moment(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int]
) -> None:
    lift, door = await camera_at(world.here, bell[1]), await camera_at(world.here, bell[1], name="Door")
    watcher = Watcher(Sources())

    async def named() -> str:
        async with transaction(EVERY_TENANT) as tx:
            return str(await tx.scalar(text("SELECT detail FROM alert WHERE rule = 'camera' AND resolved_at IS NULL")))

    gateway.goes(lift, CameraState.FROZEN, VideoRefusal.FROZEN)
    now = await steps(watcher, NOW, 48)
    assert await named() == "Lift"
    gateway.goes(door, CameraState.FROZEN, VideoRefusal.FROZEN)
    now = await steps(watcher, now, 48)
    assert await named() == "Door, Lift" and len(await alerts()) == 1
    gateway.goes(lift, CameraState.LIVE)
    await steps(watcher, now, 8)
    assert await named() == "Door"


async def test_a_password_that_is_wrong_shows_with_the_next_still_and_stays_until_one_comes(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int]
) -> None:
    await camera_at(world.here, bell[1])
    watcher = Watcher(Sources())
    gateway.says = VideoRefusal.WRONG_PASSWORD
    now = await steps(watcher, NOW, 48)
    assert await alerts() == [(world.here.pit_id, False)]
    gateway.says = None
    await steps(watcher, now, 8)
    assert await alerts() == [(world.here.pit_id, True)]


async def test_a_camera_that_is_switched_off_is_nobodys_alert(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int]
) -> None:
    camera_id = await camera_at(world.here, bell[1])
    await bell[0].close()
    watcher = Watcher(Sources())
    now = await steps(watcher, NOW, 48)
    assert await alerts() == [(world.here.pit_id, False)]
    await enable(camera_id, False, world.here.owner, now)
    await watcher.step(now)
    assert await alerts() == [(world.here.pit_id, True)]


async def test_stills_come_every_few_minutes_and_not_in_privacy_hours(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int]
) -> None:
    camera_id = await camera_at(world.here, bell[1])
    private_id = await camera_at(world.here, bell[1], PrivacyHours(WEEK, 0, 1440))
    await steps(Watcher(Sources()), NOW, 11 * 60)
    async with transaction(EVERY_TENANT) as tx:
        rows = (await tx.execute(text("SELECT camera_id, count(*) FROM camera_still GROUP BY 1"))).all()
    assert [tuple(row) for row in rows] == [(camera_id, 3)]  # at 0, 5 and 10 min
    found = await stills.board_still(world.here.owner, camera_id, NOW)
    assert isinstance(found, tuple) and found[1] == JPEG
    assert not isinstance(await stills.board_still(world.here.owner, private_id, NOW), tuple)


async def test_stills_are_forgotten_after_their_days_with_their_files(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int], tmp_path: Path
) -> None:
    camera_id = await camera_at(world.here, bell[1])
    for days_ago, picture in ((8, b"old"), (8, b"both"), (1, b"both"), (1, b"new")):
        await stills.keep_still(
            world.here.tenant_id, camera_id, None, picture, NOW - timedelta(days=days_ago), for_board=True
        )
    assert await stills.sweep(NOW) == 1
    left = {path.read_bytes() for path in (tmp_path / "stills").rglob("*") if path.is_file()}
    assert left == {b"both", b"new"}
    assert await stills.board_still(world.here.staff, camera_id, NOW) != CameraRefusal.NO_STILL


async def test_two_watchers_never_look_after_the_same_camera_at_once(
    world: World, gateway: ScriptedGateway, bell: tuple[DoorBell, int]
) -> None:
    await camera_at(world.here, bell[1])
    watchers = [Watcher(Sources()) for _ in range(3)]
    await asyncio.gather(*(watcher.step(NOW) for watcher in watchers))
    async with transaction(EVERY_TENANT) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM camera_still")) == 1
