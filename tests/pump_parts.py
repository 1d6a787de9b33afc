"""A cooperative with a pump for tests: members with minutes, a motor, a leader whose time the test moves, and what it
sends.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from actions.pumps import asking, devices, lead, motors, wallets
from actions.pumps.lead import Lead, Message
from domain.access import Role, Viewer
from domain.pump.effects import SendGrant, SendStop
from domain.pump.state import Report, Run
from domain.pump.words import RunState
from domain.wallet import Wallet
from storage.session import EVERY_TENANT, transaction
from storage.tables import Device, Membership, Person, Tenant
from tools.simulate.controller import Controller

BEGAN = datetime(2026, 3, 1, 6, tzinfo=UTC)
SPEAKS_EVERY_MS = 5_000


@dataclass(frozen=True)
class Coop:
    """A tenant with one motor, an owner and members."""

    tenant_id: UUID
    device_id: str
    owner: Viewer
    members: list[Viewer]


class Played(Controller):
    """A controller with an exact clock that knows when it is to speak: every 5 s, and when something has changed."""

    def __init__(self, device_id: str, tenant_id: UUID, now_ms: int, off_time_ms: int = 0) -> None:
        super().__init__(device_id, 1.0, off_time_ms)
        self.tenant_id = tenant_id
        self._said: tuple[object, ...] = ()
        self._spoke_at_ms = now_ms - SPEAKS_EVERY_MS
        self.boot(now_ms)

    def wants_to_speak(self, now_ms: int) -> bool:
        self.guard(now_ms)
        return now_ms - self._spoke_at_ms >= SPEAKS_EVERY_MS or self._says() != self._said

    def speak(self, now_ms: int) -> Report:
        report = self.state(now_ms)
        self._said, self._spoke_at_ms = self._says(), now_ms
        return report

    def _says(self) -> tuple[object, ...]:
        return (self.measured_on, self.run_id, self.grid, self.ready, self.fault, self.fence, self.boot_id)


@dataclass
class Hall:
    """Where motors stand: the leader of this process, its time, and the controllers, which hear it without delay."""

    lead: Lead | None = None
    now_ms: int = 0
    controllers: dict[str, Played] = field(default_factory=dict)
    wall_ahead: timedelta = timedelta()
    sent: list[Message] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)
    """Devices that nothing reaches, and that reach nobody."""

    @property
    def now(self) -> datetime:
        """By the wall's clock, which nobody can trust."""
        return BEGAN + timedelta(milliseconds=self.now_ms) + self.wall_ahead

    async def open(self) -> Lead:
        """A process comes to lead; what an older one knew is in the database only."""
        self.lead = await devices.take_lead(
            self._send, lambda _: None, self.now, monotonic_s=lambda: self.now_ms / 1000
        )
        return self.lead

    def close(self) -> None:
        if self.lead is not None:
            lead.resign(self.lead)

    def controller(self, coop: Coop, device_id: str = "", off_time_ms: int = 0) -> Played:
        """The controller of a motor, in the hall from now on."""
        device_id = device_id or coop.device_id
        found = self.controllers.get(device_id)
        if found is None:
            found = self.controllers[device_id] = Played(device_id, coop.tenant_id, self.now_ms, off_time_ms)
        return found

    async def report(self, controller: Played) -> Any:
        if controller.device_id in self.deaf:
            return None
        report = controller.speak(self.now_ms)
        return await devices.reported(controller.tenant_id, controller.device_id, report, self.now)

    async def run_for(self, seconds: float, step_ms: int = 1_000) -> None:
        """Lets time pass: devices report every 5 s and at once when something changed, the ticker looks."""
        until_ms = self.now_ms + int(seconds * 1000)
        while self.now_ms < until_ms:
            self.now_ms = min(self.now_ms + step_ms, until_ms)
            await self.settle()

    async def settle(self) -> None:
        """Everything that is due at this moment, until nothing is."""
        for _ in range(20):
            quiet = True
            for controller in list(self.controllers.values()):
                if controller.wants_to_speak(self.now_ms) and controller.device_id not in self.deaf:
                    await self.report(controller)
                    quiet = False
            if await devices.tick_due(self.now) == 0:
                quiet = False
            if quiet:
                return

    def grants(self, device_id: str) -> list[SendGrant]:
        return [m for m in self.sent if isinstance(m, SendGrant) and m.device_id == device_id]

    def stops(self, device_id: str) -> list[SendStop]:
        return [m for m in self.sent if isinstance(m, SendStop) and m.device_id == device_id]

    def _send(self, tenant_id: UUID, messages: Iterable[Message]) -> None:
        for message in messages:
            self.sent.append(message)
            controller = self.controllers.get(message.device_id)
            if controller is not None and message.device_id not in self.deaf:
                assert controller.tenant_id == tenant_id
                controller.receive(message, self.now_ms)


async def make_coop(name: str, members: int = 2, minutes: int = 60) -> Coop:
    """A cooperative whose members hold so many minutes. Its limits are the defaults."""
    async with transaction(EVERY_TENANT) as tx:
        tenant = Tenant(name=f"Coop {name}", has_workshop=False, has_pump=True)
        people = [
            Person(login=f"p{n}@{name}", name=f"Person {n} {name}", password_hash="!") for n in range(members + 1)
        ]
        tx.add_all([tenant, *people])
        await tx.flush()
        roles = [Role.OWNER] + [Role.MEMBER] * members
        tx.add_all(
            Membership(tenant_id=tenant.id, person_id=person.id, role=role)
            for person, role in zip(people, roles, strict=True)
        )
        device = Device(id=f"pump-{name}", tenant_id=tenant.id, kind="pump", name=f"Motor {name}")
        tx.add(device)
        await tx.flush()
        await motors.ensure(tx, tenant.id, device.id, BEGAN)
    owner, *others = (
        Viewer(person.id, person.name, tenant.id, role) for person, role in zip(people, roles, strict=True)
    )
    coop = Coop(tenant.id, device.id, owner, others)
    for member in others if minutes else []:
        assert isinstance(await wallets.recharge(member.person_id, minutes * 60, owner, BEGAN, key=uuid4()), Wallet)
    return coop


async def add_motor(coop: Coop, device_id: str) -> None:
    """Another motor in the group of the first."""
    async with transaction(EVERY_TENANT) as tx:
        tx.add(Device(id=device_id, tenant_id=coop.tenant_id, kind="pump", name=f"Motor {device_id}"))
        await tx.flush()
        await motors.ensure(tx, coop.tenant_id, device_id, BEGAN)


async def press_start(hall: Hall, coop: Coop, member: Viewer, minutes: int = 10, **more: Any) -> Run:
    answer = await asking.start(coop.device_id, minutes * 60, member, hall.now, key=more.pop("key", uuid4()), **more)
    assert isinstance(answer, Run), answer
    return answer


async def state_of(run: Run | UUID) -> RunState:
    id_ = run.id if isinstance(run, Run) else run
    [(state,)] = await fetch("SELECT state FROM run WHERE id = :id", id=id_)
    return RunState(state)


async def balance(member: Viewer) -> tuple[int, int]:
    """(available, held) seconds."""
    [(available, held)] = await fetch(
        "SELECT available_s, held_s FROM wallet WHERE member_id = :id", id=member.person_id
    )
    return available, held


async def fetch(statement: str, **bound: Any) -> list[tuple[Any, ...]]:
    async with transaction(EVERY_TENANT) as tx:
        return [tuple(row) for row in (await tx.execute(text(statement), bound)).all()]


async def assert_books_balance() -> None:
    """Every wallet is what its transfers say, every hold is that of an open run, and both sides of all add up."""
    for tenant_id, member_id, available_s, held_s in await fetch(
        "SELECT tenant_id, member_id, available_s, held_s FROM wallet"
    ):
        bound = {"t": tenant_id, "m": member_id}
        moved = await fetch(
            "SELECT debit, credit, seconds FROM transfer WHERE tenant_id = :t AND member_id = :m", **bound
        )
        sums = {
            account: sum(s * ((c == account) - (d == account)) for d, c, s in moved)
            for account in ("available", "held")
        }
        assert (sums["available"], sums["held"]) == (available_s, held_s)
        [(held_by_runs,)] = await fetch(
            "SELECT coalesce(sum(held_s), 0)::bigint FROM run WHERE tenant_id = :t AND member_id = :m",
            **bound,
        )  # fmt: skip
        assert held_by_runs == held_s
    assert (
        await fetch(
            "SELECT id FROM run WHERE ended_at IS NOT NULL AND state IN ('completed', 'failed')"
            " AND captured_s * 1000 > used_ms"
        )
        == []
    )
