"""The world of the model: two controllers, their networks, one server, and what may go wrong in it.

What becomes of a part is worked out once and remembered.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from uuid import UUID

from domain.pump import charging
from tools.pump_model import device as devices
from tools.pump_model import network as networks
from tools.pump_model import server
from tools.pump_model.device import FENCE_FLOOR, Device, Grant, State, Stop
from tools.pump_model.network import Network
from tools.pump_model.parts import Bill, Facts, Parts, Reaction, World
from tools.pump_model.server import Sent
from tools.pump_model.setting import NAMES, Faults, Setting


class Model:
    """The successors of every world of a setting, and what is wrong with a world."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._parts = Parts()
        self._broken: dict[int, str] = {}
        for name in (
            "_hear", "_pass", "_stop", "_restart", "_live", "_receive", "_reboot", "_switch", "_lower", "_send",
            "_tidy", "_view", "_bills", "_facts", "_under_way",
        ):  # fmt: skip
            setattr(self, name, cache(getattr(self, name)))  # each is a pure function of numbers and small values

    def starts(self) -> list[World]:
        """One for each moment of the slow clock's pattern."""
        number = self._parts.number
        begun = server.begin(NAMES, self.setting.line, silence_counts=self.setting.silence_counts)
        self._backups = tuple(map(number, server.backups(begun)))
        group = number(begun)
        device, network = number(Device()), number(Network())
        phases = range(len(self.setting.slow))
        return [World(group, device, device, network, network, self.setting.faults, phase) for phase in phases]

    def successors(self, world: World) -> Iterator[tuple[str, World]]:
        now, first, second, to_first, to_second, faults, phase = world
        yield "tick", self._tick(world)
        for n, network in ((0, to_first), (1, to_second)):
            states, commands = self._under_way(network)
            for state in states:
                reaction = self._hear(now, n, state)
                yield (
                    f"{NAMES[n]} says {state}",
                    self._told(reaction, first, second, to_first, to_second, faults, phase),
                )
            for command in commands:
                one, two = (
                    (self._receive(first, command), second) if n == 0 else (first, self._receive(second, command))
                )
                after = self._tidied(now, one, two, to_first, to_second, faults, phase)
                yield f"{NAMES[n]} gets {command}", after
        if any(faults[1:]) or any(faults.reboots) or not self._parts.part(first).grid:
            yield from self._faults(world)

    def fault_of(self, world: World) -> str | None:
        facts = self._facts(world.first), self._facts(world.second)
        if facts[0].on and facts[1].on:
            return "two motors are ON"
        if facts[0].fault or facts[1].fault:
            return facts[0].fault or facts[1].fault
        if world.server in self._broken and not self.setting.only_physical:
            return self._broken[world.server]
        if self.setting.restores:
            return None
        for bill in self._bills(world.server):
            device = facts[bill.device]
            if bill.charged > device.totals.get(bill.run, 0):
                return "a run is charged more than its motor was ON"
            others = sum(ticks for boot, ticks in bill.boots if boot != device.boot)
            if others + device.ran.get(bill.run, 0) > bill.amount:
                return "a motor is ON for longer than what is left of its run"
        return None

    def _tick(self, world: World) -> World:
        now, first, second, to_first, to_second, faults, phase = world
        first, to_first, boot = self._live(first, to_first, self.setting.slow[phase])
        second, to_second, other_boot = self._live(second, to_second, True)
        phase = (phase + 1) % len(self.setting.slow)
        return self._told(self._pass(now, boot, other_boot), first, second, to_first, to_second, faults, phase)

    def _faults(self, world: World) -> Iterator[tuple[str, World]]:
        now, first, second, to_first, to_second, faults, phase = world
        networks_ = (to_first, to_second)
        if faults.reboots[0]:
            left = faults._replace(reboots=(faults.reboots[0] - 1, faults.reboots[1]))
            yield "A reboots", self._tidied(now, self._reboot(first), second, *networks_, left, phase)
        if faults.reboots[1]:
            left = faults._replace(reboots=(faults.reboots[0], faults.reboots[1] - 1))
            yield "B reboots", self._tidied(now, first, self._reboot(second), *networks_, left, phase)
        has_grid = self._parts.part(first).grid
        if faults.cuts or not has_grid:
            left = faults._replace(cuts=faults.cuts - has_grid)
            yield "A's grid switches", self._tidied(now, self._switch(first), second, *networks_, left, phase)
        if faults.restarts:
            left = faults._replace(restarts=faults.restarts - 1)
            for jump_ms in self.setting.jumps_ms:
                reaction = self._restart(now, jump_ms)
                after = self._told(reaction, first, second, *networks_, left, phase)
                yield f"the server starts, {jump_ms} ms ahead", after
            if self.setting.restores:
                yield from self._restored(world, left)
        if faults.stops and (stopped := self._stop(now)) is not None:
            left = faults._replace(stops=faults.stops - 1)
            yield "the member stops", self._told(stopped, first, second, *networks_, left, phase)

    def _restored(self, world: World, left: Faults) -> Iterator[tuple[str, World]]:
        """A new server process with an old backup, whose fences may be lower."""
        _, first, second, to_first, to_second, _, phase = world
        for n, backup in enumerate(self._backups):
            reaction = self._restart(backup, 0)
            for by in (0, 1):
                one, two, to_one, to_two = (self._lower(part, -by) for part in (first, second, to_first, to_second))
                after = self._told(reaction, one, two, to_one, to_two, left, phase)
                yield f"the server starts with backup {n}, {by} fences lower", after

    def _told(
        self, reaction: Reaction, first: int, second: int, to_first: int, to_second: int, faults: Faults, phase: int
    ) -> World:
        """The world after a step of the server: its fences are raised, its messages are under way."""
        now, messages, (by, other_by) = reaction
        if by:
            first, to_first = self._lower(first, by), self._lower(to_first, by)
        if other_by:
            second, to_second = self._lower(second, other_by), self._lower(to_second, other_by)
        for n, message in messages:
            if n == 0:
                to_first = self._send(to_first, message)
            else:
                to_second = self._send(to_second, message)
        return self._tidied(now, first, second, to_first, to_second, faults, phase)

    def _tidied(
        self, now: int, first: int, second: int, to_first: int, to_second: int, faults: Faults, phase: int
    ) -> World:
        to_first = self._tidy(to_first, first, *self._view(now, 0))
        to_second = self._tidy(to_second, second, *self._view(now, 1))
        return World(now, first, second, to_first, to_second, faults, phase)

    # What becomes of a part: remembered, so these may take their time

    def _hear(self, now: int, n: int, state: State) -> Reaction:
        return self._reaction(server.hear(self._parts.part(now), n, state))

    def _pass(self, now: int, boot: int, other_boot: int) -> Reaction:
        return self._reaction(server.tick(self._parts.part(now), (boot, other_boot)))

    def _stop(self, now: int) -> Reaction | None:
        sent = server.stop(self._parts.part(now), UUID(int=1))
        return None if sent is None else self._reaction(sent)

    def _restart(self, now: int, jump_ms: int) -> Reaction:
        return self._reaction(server.restart(self._parts.part(now), jump_ms))

    def _reaction(self, sent: Sent) -> Reaction:
        number = self._parts.number(sent.group)
        if sent.fault is not None:
            self._broken[number] = sent.fault
        return number, sent.messages, sent.raised

    def _live(self, device: int, network: int, passes: bool) -> tuple[int, int, int]:
        """A tick of a device and of its network; also the boot in which it numbered a new state."""
        rules, capacity = self.setting.rules, self.setting.capacity
        after, state = devices.publish(devices.tick(self._parts.part(device), rules, passes), rules)
        aged = networks.aged(self._parts.part(network), after.boot, capacity)
        return self._parts.number(after), self._parts.number(networks.sent(aged, state, capacity)), after.boot

    def _receive(self, device: int, command: Grant | Stop) -> int:
        return self._parts.number(devices.receive(self._parts.part(device), command, self.setting.rules))

    def _reboot(self, device: int) -> int:
        return self._parts.number(devices.reboot(self._parts.part(device), self.setting.rules))

    def _switch(self, device: int) -> int:
        part: Device = self._parts.part(device)
        return self._parts.number(devices.look(replace(part, grid=not part.grid), self.setting.rules))

    def _lower(self, number: int, by: int) -> int:
        part: Device | Network = self._parts.part(number)
        if isinstance(part, Network):
            return self._parts.number(networks.lowered(part, by))
        return self._parts.number(replace(part, fence=max(FENCE_FLOOR, part.fence - by)))

    def _send(self, network: int, message: Grant | Stop) -> int:
        return self._parts.number(networks.sent(self._parts.part(network), message, self.setting.capacity))

    def _under_way(self, network: int) -> tuple[tuple[State, ...], tuple[Grant | Stop, ...]]:
        part: Network = self._parts.part(network)
        return tuple(state for _, state in part.states), tuple(command for _, command in part.commands)

    def _view(self, now: int, n: int) -> tuple[int, int, bool]:
        """What decides which messages still matter: the newest state's boot and number, and whether OFF is news."""
        group = self._parts.part(now)
        motor = group.motors[n]
        matters = (
            server.is_wanted(group, motor.device_id) or motor.stopping or motor.motor_on or motor.alarm is not None
        )
        return motor.boot_id, motor.seq, matters

    def _tidy(self, network: int, device: int, boot: int, seq: int, matters: bool) -> int:
        tidied = networks.without_dead(
            self._parts.part(network), self._parts.part(device), self.setting.rules, (boot, seq), off_is_news=matters
        )
        return self._parts.number(tidied)

    def _bills(self, now: int) -> tuple[Bill, ...]:
        group = self._parts.part(now)
        return tuple(
            Bill(
                run.id.int,
                NAMES.index(run.device_id),
                run.amount_s,
                -(-charging.confirmed_ms(run) // server.TICK_MS),
                tuple((boot.boot_id, (boot.on_ms - boot.given_ms) // server.TICK_MS) for boot in run.confirmed),
            )
            for run in group.active
        )

    def _facts(self, device: int) -> Facts:
        part: Device = self._parts.part(device)
        totals, fault = dict(part.total), None
        lost = (part.boot - 1) * devices.TTL
        if part.relit_by_old:
            fault = "a motor was switched ON by a grant from before its latest OFF"
        elif part.on and not part.grid:
            fault = "a motor is ON without the local permission"
        elif not self.setting.restores and any(
            ticks > self.setting.line[run - 1][1] + lost for run, ticks in totals.items()
        ):
            fault = "a motor was ON for longer than its run may cost, and reboots explain"
        return Facts(part.boot, part.on, totals, dict(part.ran), fault)
