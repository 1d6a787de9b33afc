"""What a tenant may set about its pumps, with defaults; and the lease, which only the platform sets."""

from dataclasses import dataclass, field

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How long a grant lasts, and how much longer the server must take it to last. Not a tenant's setting."""

    ttl_ms: int = 15_000
    """By the device's clock, from the sending of the state that the grant answers."""
    drift_permille: int = 10
    """How much slower than ours the device's clock may be. A quartz is within 0.1 ‰; ten is for the worst heat."""
    margin_ms: int = 4_000
    """At least watchdog (3 s, the most that firmware/core/settings.py allows) + contactor release (0.1 s) + guard
    period (0.02 s) of the device."""

    @property
    def whole_ms(self) -> int:
        """From granting until the motor is surely OFF, by the server's clock."""
        return self.slowed_ms(self.ttl_ms) + self.margin_ms

    def slowed_ms(self, device_ms: int) -> int:
        """How long `device_ms` by the slowest device clock may take by ours (rounded up)."""
        return -(-device_ms * (1000 + self.drift_permille) // 1000)


@dataclass(frozen=True, slots=True)
class PumpLimits:
    """A tenant's settings. `_s` are what people ask for, `_ms` what clocks measure."""

    minimum_run_s: int = 300
    longest_run_s: int = 12 * 3600
    """Also with its extensions."""
    line_max: int = 500
    """People in one group's line."""
    wait_limit_ms: int = 24 * HOUR_MS
    """In line for longer than this, without counting cuts of the grid: EXPIRED."""
    start_timeout_ms: int = 15_000
    """To be measured ON, after the device's minimum off-time; and how long a running motor may be measured OFF."""
    off_time_max_ms: int = 15 * MINUTE_MS
    """The longest that a device's minimum off-time is waited for."""
    silent_after_ms: int = 15_000
    stable_for_ms: int = 10_000
    """So long must grid, readiness and connection be good again before a motor starts."""
    restart_spread_ms: int = 20_000
    """After a power cut motors start again at different moments within this time."""
    slot_kept_ms: int = 120_000
    """After this a run on HOLD by its own device's trouble gives the slot to others."""
    own_hold_limit_ms: int = 30 * MINUTE_MS
    grid_hold_limit_ms: int = 12 * HOUR_MS
    settle_within_ms: int = 2 * MINUTE_MS
    """After the motor is surely OFF: how long the last measured seconds are waited for."""
    stop_repeat_ms: int = 1_000
    lease: LeaseTerms = field(default_factory=LeaseTerms)


DEFAULTS = PumpLimits()
