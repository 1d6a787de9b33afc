"""A guard with pins of its own and a clock that a test moves: no interpreter, no hardware, no waiting."""

from typing import Any

from tests.firmware.by_path import pure

ticks, guard_module, settings_module = pure("core.ticks"), pure("core.guard"), pure("core.settings")
BOOT = 7
PERIOD_MS = guard_module.PERIOD_MS


class FakePin:
    """Both an output and an input. `stuck` is a level that it has whatever drives it."""

    def __init__(self, level: bool = False) -> None:
        self.level = level
        self.stuck: bool | None = None

    def set(self, is_on: bool) -> None:
        self.level = is_on

    def is_on(self) -> bool:
        return self.level if self.stuck is None else self.stuck

    is_yes = is_on


class FakeWatchdog:
    def __init__(self) -> None:
        self.limits_ms: list[int] = []
        self.fed = 0

    def expect(self, within_ms: int) -> None:
        self.limits_ms.append(within_ms)

    def feed(self) -> None:
        self.fed += 1


class Motor:
    """A guarded motor: grid and ready given, the server heard, rests over unless a test asks for them."""

    def __init__(self, *, start: int = 0, feedback: bool = False, grid_failed: bool = False, **settings: Any) -> None:
        self.at = start
        self.link_is_up = True
        self.relay, self.opto, self.grid, self.ready = FakePin(), FakePin(), FakePin(True), FakePin(True)
        self.feedback = FakePin() if feedback else None
        self.watchdog = FakeWatchdog()
        limits = {name: default for name, (default, _, _) in settings_module.PUMP.items()}
        limits |= {"thresholds": {}, "min_off_ms": 0, "grid_delay_min_ms": 0, "grid_delay_max_ms": 0} | settings
        self.guard = guard_module.Guard(
            self,
            guard_module.Wiring(self.relay, self.opto, self.grid, self.ready, self.feedback),
            self.watchdog,
            BOOT,
            limits,
            lambda: self.link_is_up,
            lambda low, high: high,
            grid_failed,
        )
        self.seq = 0
        self.grants = 0
        self.tick()

    def now(self) -> int:
        """This is the guard's clock, too."""
        return int(ticks.wrap(self.at))

    @property
    def is_on(self) -> bool:
        return self.relay.level and self.opto.level

    def tick(self, ms: int = PERIOD_MS) -> None:
        """Lets time pass, a period of the guard at a time."""
        while ms > 0:
            self.at += min(ms, PERIOD_MS)
            ms -= PERIOD_MS
            self.guard.step(self.now())

    def state(self) -> dict[str, Any]:
        """A state that is sent now."""
        self.seq += 1
        said: dict[str, Any] = self.guard.state(self.seq)
        return said

    def grant(self, state: dict[str, Any] | None = None, **changes: Any) -> Any:
        """Answers a state, by default one that is sent now; returns why it was refused, or None."""
        echoed = state or self.state()
        self.grants += 1
        message = {
            "id": f"g{self.grants}",
            "run_id": "r1",
            "fence": echoed["fence"],
            "echo": {"boot_id": BOOT, "seq": echoed["seq"]},
            "ttl_ms": 15_000,
            "budget_ms": 600_000,
        }
        return self.guard.grant({**message, **changes}, False)

    def run_for(self, ms: int) -> None:
        """Lets time pass while the server answers a state every five seconds."""
        while ms > 0:
            self.grant()
            self.tick(min(ms, 5_000))
            ms -= 5_000
