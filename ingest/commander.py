"""The way of a command: row → claimed → MQTT `/cmd` → the device's `/ack` → its effect in `/state`.

What is true stands in the rows (actions/command_progress.py); here is only when to look. A command is sent again, with
the same id, until it is answered or expires, and at once to a device that has connected again. Any number of processes
may run this beside each other: each claims what it sends, and two that hear the same answer find the same row.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from actions import command_progress
from actions.announce import Announcement, Topic, listen
from actions.command_progress import Settings
from actions.device_settings import ask_again
from actions.directory import Known
from actions.readings import Rejection
from domain.commands import Command, Report
from domain.readings import Reject
from ingest import wire
from ingest.sender import Sender

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0  # commands run out of time, and are due again, by the clock
LACKING_EVERY_S = 5.0  # a device that was away may be back, and still lack its settings
ANSWERS_MAX = 1_000  # waiting to be stored; a device that is not heard is asked again


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Answer:
    device_id: str
    tenant_id: UUID
    ack: wire.Ack
    payload: bytes


class Commander:
    """Sends what is due (`send_for_ever`) and takes what devices say of it (`listen_for_ever`). A listener of
    `ingest.words`. `lost_answers` counts what there was no room for.
    """

    def __init__(
        self, sender: Sender, reject: Callable[[Rejection], None], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.lost_answers = 0
        self._sender, self._reject, self._clock = sender, reject, clock
        self._back: set[str] = set()
        self._to_send = asyncio.Event()
        self._answers: deque[_Answer] = deque()
        self._states: dict[str, tuple[UUID, wire.State]] = {}
        self._to_store = asyncio.Event()
        self._awaited: set[str] = set()
        self._pumps: set[str] = set()
        self._settings: dict[str, tuple[dict[str, object] | None, int | None]] = {}
        self.close = listen(self._on)

    def is_back(self, known: Known) -> None:
        self._back.add(known.device_id)
        self._to_send.set()

    def says(self, known: Known, state: wire.State) -> None:
        """Keeps a state that may change something: of a device with an open command, or with settings that are news."""
        if isinstance(state, wire.PumpState):
            self._pumps.add(known.device_id)
        if known.device_id in self._awaited or self._is_news(known.device_id, state):
            self._states[known.device_id] = (known.tenant_id, state)
            self._to_store.set()

    def answers(self, known: Known, ack: wire.Ack, payload: bytes) -> None:
        """Keeps an answer. A pump's controller answers grants and stops too (ingest/pumps.py): while no command to it
        is open, what it says is about those.
        """
        if known.device_id in self._pumps and known.device_id not in self._awaited:
            return
        if len(self._answers) >= ANSWERS_MAX:
            self.lost_answers += 1
            return
        self._answers.append(_Answer(known.device_id, known.tenant_id, ack, payload))
        self._to_store.set()

    async def command_for(self, device_id: str) -> Command | None:
        """What is due for a device that asks by itself, over HTTP."""
        if device_id not in self._awaited:
            return None
        return await command_progress.hand_out(device_id, self._clock())

    def tells(self, known: Known, event: wire.Event) -> None:
        """Nothing that happens by itself concerns a command."""

    async def send_for_ever(self) -> None:
        """Sends and lets expire what is due. Raises what breaks the database's connection: the supervisor starts it
        again, and what was claimed meanwhile is due again a little later.
        """
        loop = asyncio.get_running_loop()
        look_for_lacking_s = loop.time()
        while True:
            self._to_send.clear()
            if loop.time() >= look_for_lacking_s:
                await ask_again(self._clock())
                look_for_lacking_s = loop.time() + LACKING_EVERY_S
            back, self._back = self._back, set()
            self._awaited = await command_progress.waiting_devices()
            if self._awaited and self._sender.connected:
                await self._send(back)
            await command_progress.expire(self._clock())
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._to_send.wait()
            except TimeoutError:
                continue

    async def _send(self, back: set[str]) -> None:
        now = self._clock()
        claimed = await command_progress.claim(now, back)
        arrived = await asyncio.gather(*(self._publish(command, now) for command in claimed))
        failed = {command.id for command, ok in zip(claimed, arrived, strict=True) if not ok}
        if failed:
            await command_progress.give_back(failed, self._clock())
        for command in claimed:
            if command.id not in failed:
                await command_progress.sent(command.device_id, command.id, self._clock())

    async def _publish(self, command: Command, now: datetime) -> bool:
        topic = wire.topic(str(command.tenant_id), command.device_id, "cmd")
        left_s = int((command.expires_at - now).total_seconds())
        return await self._sender.publish(topic, wire.cmd(command), expires_s=left_s)

    async def listen_for_ever(self) -> None:
        """Stores answers and effects. What the database could not take stays here until it can."""
        self._settings = dict(await command_progress.known_settings())
        while True:
            await self._to_store.wait()
            self._to_store.clear()
            try:
                await self._store()
            except BaseException:
                self._to_store.set()
                raise

    async def _store(self) -> None:
        while self._answers:
            answer = self._answers[0]
            await self._store_answer(answer)
            self._answers.popleft()
        for device_id, (tenant_id, state) in list(self._states.items()):
            await self._store_state(device_id, tenant_id, state)
            if self._states[device_id][1] is state:  # else there is news already
                del self._states[device_id]

    async def _store_answer(self, answer: _Answer) -> None:
        ack = answer.ack
        known = await command_progress.answered(answer.device_id, ack.id, ack.ok, ack.reason, self._clock())
        if not known and answer.device_id not in self._pumps:
            detail = f"an answer to {ack.id}"
            self._reject(Rejection(answer.device_id, answer.tenant_id, Reject.UNKNOWN_COMMAND, detail, answer.payload))

    async def _store_state(self, device_id: str, tenant_id: UUID, state: wire.State) -> None:
        said = None
        if self._is_news(device_id, state) and state.settings is not None:
            said = Settings(state.settings, state.settings_version)
        report = Report(state.boot_id, state.fw, state.settings_version)
        await command_progress.reported(device_id, tenant_id, report, said, self._clock())
        if said is not None:
            self._settings[device_id] = (dict(said.settings), said.version)

    def _is_news(self, device_id: str, state: wire.State) -> bool:
        if state.settings is None:
            return False
        return self._settings.get(device_id) != (state.settings, state.settings_version)

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic is Topic.COMMAND:
            self._awaited.add(announcement.id)
            self._to_send.set()
