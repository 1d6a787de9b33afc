"""Looking at a camera: what a ticket opens, and what ends it.

Every request shows a ticket. That its holder may still look is known for a few seconds at most; an announcement that
touches the holder, the camera or the job makes it be asked anew at once, and whoever may look no more is cut off at the
gateway. Whoever stops renewing tickets is cut off too.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog

from actions import video
from actions.announce import Announcement, Topic, listen
from actions.cameras.pace import Pace
from actions.cameras.tickets import Denied, Looker, holder_of, judge
from domain.cameras.words import CameraRefusal
from domain.video import HlsFile, HlsMoment, VideoRefusal, WhepAnswer
from storage import video_views
from storage.session import EVERY_TENANT, transaction

JUDGED_FOR_S = 5.0
RENEWED_WITHIN_S = 150.0
SWEEP_EVERY_S = 2.0
NOTED_EVERY_S = 30.0
LOOKERS_MAX = 2_000
SESSIONS_MAX = 6
"""Of one who looks at one camera, in several tabs; the oldest ends."""
TOUCHING = frozenset({Topic.PERSON, Topic.TENANT, Topic.CAMERA, Topic.JOB})
_offers = Pace(burst=6, every_s=2.0)
_files = Pace(burst=120, every_s=0.04)
_stills = Pace(burst=30, every_s=0.5)

log = structlog.get_logger(__name__)
Answer = Denied | CameraRefusal | VideoRefusal


@dataclass(slots=True)
class _Open:
    """Somebody who looks, in this process. Moments by the monotonic clock."""

    looker: Looker
    hears: bool
    judged_s: float
    asked_s: float
    sessions: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """The oldest first."""
    view_id: UUID | None = None


class Viewing:
    """Those who look, in this process. `run` must be kept running."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._touched: set[str] = set()
        self._wake = asyncio.Event()
        self._noted_s = 0.0

    async def whep(self, token: str, camera_id: UUID, sdp: str) -> Answer | WhepAnswer:
        """Begins a WebRTC session for the ticket's holder."""
        opened = await self._admit(token, camera_id, _offers)
        if not isinstance(opened, _Open):
            return opened
        answer = await video.gateway().whep_offer(camera_id, opened.looker.id, sdp, hears=opened.hears)
        if isinstance(answer, WhepAnswer):
            if self._open.get(opened.looker.id) is not opened:  # cut off meanwhile
                await video.gateway().whep_end(answer.session_id)
                return CameraRefusal.TOKEN_WRONG
            opened.sessions[answer.session_id] = None
            if len(opened.sessions) > SESSIONS_MAX:
                await video.gateway().whep_end(opened.sessions.popitem(last=False)[0])
            await self._note(opened)
        return answer

    async def whep_patch(self, token: str, camera_id: UUID, session_id: str, fragment: str) -> Answer | None:
        opened = await self._own(token, camera_id, session_id)
        return await video.gateway().whep_patch(session_id, fragment) if isinstance(opened, _Open) else opened

    async def whep_end(self, token: str, camera_id: UUID, session_id: str) -> Answer | None:
        opened = await self._own(token, camera_id, session_id)
        if not isinstance(opened, _Open):
            return opened
        opened.sessions.pop(session_id, None)
        await video.gateway().whep_end(session_id)
        return None

    async def hls(self, token: str, camera_id: UUID, name: str, wait_for: HlsMoment | None) -> Answer | HlsFile:
        """A file of the camera's stream."""
        opened = await self._admit(token, camera_id, _files)
        if not isinstance(opened, _Open):
            return opened
        file = await video.gateway().hls(camera_id, opened.looker.id, name, wait_for, hears=opened.hears)
        if isinstance(file, HlsFile):
            await self._note(opened)
        return file

    async def still(self, token: str, camera_id: UUID) -> Answer | bytes:
        """A picture of this moment."""
        opened = await self._admit(token, camera_id, _stills)
        return await video.gateway().still(camera_id) if isinstance(opened, _Open) else opened

    async def run(self) -> None:
        """Cuts off whoever may look no more."""
        end = listen(self._on)
        try:
            while True:
                try:
                    await asyncio.wait_for(self._wake.wait(), SWEEP_EVERY_S)
                except TimeoutError:
                    await self.sweep()
                self._wake.clear()
                touched, self._touched = self._touched, set()
                await self._judge([self._open[id_] for id_ in touched if id_ in self._open])
        finally:
            end()

    async def sweep(self) -> None:
        """What nobody announces: privacy hours that begin, sessions that end by the clock, pages that went away."""
        now_s = time.monotonic()
        for opened in list(self._open.values()):
            if now_s - opened.asked_s > RENEWED_WITHIN_S:
                await self._end(opened)
        await self._judge([o for o in self._open.values() if now_s - o.judged_s > JUDGED_FOR_S])
        if now_s - self._noted_s > NOTED_EVERY_S:
            self._noted_s = now_s
            await _keep_noted(o.view_id for o in self._open.values() if o.view_id)

    def looks(self, looker_id: str) -> bool:
        return looker_id in self._open

    def renewed(self, looker: Looker) -> None:
        """Somebody who looks has taken another ticket."""
        if opened := self._open.get(looker.id):
            opened.asked_s = time.monotonic()

    def _on(self, heard: Announcement) -> None:
        """Whoever might be meant is asked about; that costs a query each, and seldom hits many."""
        if heard.topic in TOUCHING:
            self._touched |= {id_ for id_, o in self._open.items() if o.looker.tenant_id == heard.tenant_id}
            if self._touched:
                self._wake.set()

    async def _admit(self, token: str, camera_id: UUID, pace: Pace) -> Answer | _Open:
        now, now_s = datetime.now(UTC), time.monotonic()
        looker = holder_of(token, camera_id, now)
        if looker is None:
            return CameraRefusal.TOKEN_WRONG
        if later := pace.ask(looker.id):
            return later
        opened = self._open.get(looker.id)
        if opened is None or now_s - opened.judged_s > JUDGED_FOR_S or looker.id in self._touched:
            denied, hears = await judge(looker, now)
            if denied is not None:
                if opened is not None:
                    await self._end(opened)
                return denied
            opened = self._open.get(looker.id)
            if opened is None:
                if len(self._open) >= LOOKERS_MAX:
                    return VideoRefusal.BUSY
                opened = self._open[looker.id] = _Open(looker, hears, now_s, now_s)
            opened.hears, opened.judged_s = hears, max(opened.judged_s, now_s)
        opened.asked_s = now_s
        return opened

    async def _own(self, token: str, camera_id: UUID, session_id: str) -> Answer | _Open:
        """Whoever looks, if this session is theirs."""
        looker = holder_of(token, camera_id, datetime.now(UTC))
        opened = self._open.get(looker.id) if looker else None
        if looker is None:
            return CameraRefusal.TOKEN_WRONG
        return opened if opened and session_id in opened.sessions else VideoRefusal.UNKNOWN_SESSION

    async def _judge(self, some: list[_Open]) -> None:
        now = datetime.now(UTC)
        for opened in some:
            began_s = time.monotonic()
            denied, opened.hears = await judge(opened.looker, now)
            if denied is not None:
                await self._end(opened)
                log.info("looking ended", camera=str(opened.looker.camera_id), why=str(denied))
            else:
                opened.judged_s = began_s

    async def _end(self, opened: _Open) -> None:
        self._open.pop(opened.looker.id, None)
        await video.gateway().end_viewer(opened.looker.id)
        if opened.view_id:
            await _keep_noted([opened.view_id])

    async def _note(self, opened: _Open) -> None:
        """Writes down, once, that somebody began to look."""
        if opened.view_id is None:
            looker = opened.looker
            async with transaction(EVERY_TENANT) as tx:
                opened.view_id = await video_views.begin(
                    tx, looker.tenant_id, looker.camera_id, looker.session_id, looker.job_id, datetime.now(UTC)
                )


async def _keep_noted(view_ids: Iterable[UUID]) -> None:
    ids = list(view_ids)
    if ids:
        async with transaction(EVERY_TENANT) as tx:
            await video_views.go_on(tx, ids, datetime.now(UTC))
