"""The watcher: whether each camera is there, a still every few minutes for the board and every minute of a job.

A camera that somebody watches is judged by its picture; one that nobody watches by one question in RTSP, and by each
still. Any number of processes may watch: each camera is taken by one at a time.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from actions import silent, video
from actions.announce import Announcement, Topic, announce
from actions.cameras import reach
from actions.cameras.knock import knock
from actions.cameras.sources import Sources
from actions.cameras.stills import keep_still
from domain.cameras.address import AddressFault
from domain.video import CameraState, CameraStatus, VideoRefusal
from storage import camera_states, cameras
from storage.cameras import Connected
from storage.session import EVERY_TENANT, transaction

CHECK_EVERY = timedelta(seconds=8)
STEP_EVERY_S = 2.0
SILENT_AFTER = timedelta(seconds=30)  # a camera that only begins anew is back by then
LAPSE_EVERY = timedelta(minutes=1)
AT_ONCE = 24
FETCHING_AT_ONCE = 4
OF_THE_GATEWAY = frozenset({VideoRefusal.OFF, VideoRefusal.GATEWAY_DOWN, VideoRefusal.BUSY, VideoRefusal.NOT_SUPPORTED})
"""Nothing of these says anything about the camera."""
log = structlog.get_logger(__name__)


class Watcher:
    """`run` must be kept running, in a process with a gateway."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._fetching = asyncio.Semaphore(FETCHING_AT_ONCE)

    async def run(self) -> None:
        while True:
            await self.step(datetime.now(UTC))
            await asyncio.sleep(STEP_EVERY_S)

    async def step(self, now: datetime) -> None:
        """Looks after the cameras that are due, then raises and clears alerts."""
        async with transaction(EVERY_TENANT) as tx:
            taken = set(await camera_states.take_due(tx, now, CHECK_EVERY, AT_ONCE))
            due = [each for each in await cameras.connected(tx) if each.row.id in taken] if taken else []
        status = await video.gateway().status() if due else {}
        await asyncio.gather(*(self._look_after(each, status, now) for each in due))
        await step_alerts(now)

    async def _look_after(self, camera: Connected, status: Mapping[UUID, CameraStatus], now: datetime) -> None:
        fault = await self._fault_of(camera, status.get(camera.row.id))
        seen = False
        if fault is None and camera.row.watched.closed(now) is None:
            seen, fault = await self._take_stills(camera, now)
        if fault in OF_THE_GATEWAY:
            return
        async with transaction(EVERY_TENANT) as tx:
            if fault is None:
                is_live = camera.row.id in status and status[camera.row.id].state is CameraState.LIVE
                await camera_states.say_well(tx, camera.row.id, now, seen=seen or is_live)
            else:
                await camera_states.say_failing(tx, camera.row.id, now, fault)

    async def _fault_of(self, camera: Connected, status: CameraStatus | None) -> VideoRefusal | None:
        """By the picture, if it is being fetched; else by a knock."""
        if (fault := self._sources.faults.get(camera.row.id)) is not None:
            return fault
        if status is not None and status.state is CameraState.LIVE:
            return None
        if status is not None and status.state is CameraState.FROZEN:
            return status.reason or VideoRefusal.FROZEN
        address = camera.row.settings.address
        number = await reach.number_of(address.host)
        return VideoRefusal.UNREACHABLE if isinstance(number, AddressFault) else await knock(address, number)

    async def _take_stills(self, camera: Connected, now: datetime) -> tuple[bool, VideoRefusal | None]:
        """One picture for the board and for the job, if either is due. Returns whether one came, or why none did."""
        row = camera.row
        for_board = row.still_at is None or now - row.still_at >= timedelta(minutes=row.settings.still_every_min)
        for_job = camera.job_id is not None and row.settings.timelapse
        for_job = for_job and (camera.lapse_at is None or now - camera.lapse_at >= LAPSE_EVERY)
        # A camera that failed to give one is asked again with every check: it is failing until it gives one.
        if not (for_board or for_job or _owes_picture(row.reason)):
            return False, None
        async with self._fetching:
            picture = await video.gateway().still(row.id)
        if isinstance(picture, VideoRefusal):
            return False, picture
        if for_board or for_job:
            job_id = camera.job_id if for_job else None
            await keep_still(row.tenant_id, row.id, job_id, picture, now, for_board=for_board)
        return True, None


def _owes_picture(reason: str) -> bool:
    """It answers, but what was wrong with it shows in a picture only."""
    return reason not in ("", VideoRefusal.UNREACHABLE, VideoRefusal.TIMED_OUT)


async def step_alerts(now: datetime) -> tuple[int, int]:
    """Raises an alert for each pit with a camera that fails for too long, clears those of pits where all are back."""
    async with transaction(EVERY_TENANT) as tx:
        for alert_id, tenant_id, pit_id in await camera_states.name_anew(tx, now - SILENT_AFTER):
            await announce(tx, Announcement(Topic.ALERT, tenant_id, pit_id, str(alert_id)))
        raised = await camera_states.raise_alerts(tx, now, now - SILENT_AFTER)
        for alert_id, tenant_id, pit_id in raised:
            await silent.tell(tx, alert_id, tenant_id, pit_id, "raised", now)
        cleared = await camera_states.clear_alerts(tx, now)
        for alert_id, tenant_id, pit_id in cleared:
            await silent.tell(tx, alert_id, tenant_id, pit_id, "resolved", now)
    return len(raised), len(cleared)
