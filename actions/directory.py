"""What ingest must know of each device and pit for every message, kept in memory: tenant, pit, limits, boots.

Read whole at start and after a lost connection, read again device by device when an announcement says so. A device's
tenant comes from here, never from its payload.
"""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import text

from actions.announce import Announcement, Topic, listen
from actions.limits import resolved_limits
from domain.limits import Level, Limits
from domain.readings import METRICS, Metric
from storage.session import EVERY_TENANT, transaction

log = structlog.get_logger(__name__)
BOOTS_KEPT = 8  # anchors of a device that are worth keeping in memory


@dataclass(slots=True)
class Known:
    """A registered device. One that was revoked counts as switched off, for the moments until the broker knows it too.
    `anchors_us`: when each known boot began, microseconds since 1970 UTC.
    """

    device_id: str
    tenant_id: UUID
    tenant_topic: str
    pit_id: UUID | None
    enabled: bool
    anchors_us: dict[int, int] = field(default_factory=dict)

    def remember(self, boot_id: int, anchor_us: int) -> None:
        while len(self.anchors_us) >= BOOTS_KEPT:
            del self.anchors_us[next(iter(self.anchors_us))]
        self.anchors_us[boot_id] = anchor_us


@dataclass(frozen=True, slots=True)
class PitRules:
    """A pit's limits. `quiet` holds, for each metric that has limits, (index in METRICS, lowest, highest) of values
    that can change nothing as long as the rule is quiet.
    """

    limits: dict[Metric, Limits]
    quiet: tuple[tuple[int, float, float], ...]

    @classmethod
    def of(cls, limits: dict[Metric, Limits]) -> "PitRules":
        bounds = []
        for i, metric in enumerate(METRICS):
            if metric in limits:
                low, high = limits[metric].range_of(Level.WARNING)
                critical_low, critical_high = limits[metric].range_of(Level.CRITICAL)
                lows = [v for v in (low, critical_low) if v is not None]
                highs = [v for v in (high, critical_high) if v is not None]
                bounds.append((i, max(lows, default=float("-inf")), min(highs, default=float("inf"))))
        return cls(limits, tuple(bounds))


class Directory:
    """All devices and pits' rules. One instance a process, filled by `load`."""

    def __init__(self) -> None:
        self.devices: dict[str, Known] = {}
        self.rules: dict[UUID, PitRules] = {}
        self._stale: set[Announcement] = set()
        self._wake = asyncio.Event()
        self._unlisten = listen(self._on)

    def close(self) -> None:
        self._unlisten()

    async def load(self) -> None:
        """Reads everything; keeps the anchors that are known."""
        await self._load_devices(None)
        await self._load_rules(None)

    async def keep_fresh(self) -> None:
        """Reads again what announcements name, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            stale, self._stale = self._stale, set()
            try:
                await self._read_again(stale)
            except BaseException:  # the supervisor starts this again; what was announced must not be forgotten
                self._stale |= stale
                self._wake.set()
                raise

    async def _read_again(self, stale: set[Announcement]) -> None:
        if rules := {a.tenant_id for a in stale if a.topic in (Topic.LIMITS, Topic.PIT)}:
            await self._load_rules(rules)
        if devices := {a.tenant_id for a in stale if a.topic is Topic.DEVICE}:
            await self._load_devices(devices)  # whoever is heard from now on is judged by rules

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic in (Topic.DEVICE, Topic.LIMITS, Topic.PIT):
            self._stale.add(announcement)
            self._wake.set()

    async def _load_devices(self, tenants: set[UUID] | None) -> None:
        async with transaction(EVERY_TENANT) as tx:
            rows = await tx.execute(
                text(
                    "SELECT id, tenant_id, pit_id, enabled AND revoked_at IS NULL FROM device"
                    " WHERE (CAST(:tenants AS uuid[]) IS NULL OR tenant_id = ANY(:tenants))"
                ),
                {"tenants": None if tenants is None else list(tenants)},
            )
            found = {
                id_: Known(id_, tenant_id, str(tenant_id), pit_id, enabled)
                for id_, tenant_id, pit_id, enabled in rows.all()
            }
        for id_, known in found.items():
            if id_ in self.devices:
                known.anchors_us = self.devices[id_].anchors_us
        kept = {} if tenants is None else {i: k for i, k in self.devices.items() if k.tenant_id not in tenants}
        self.devices = kept | found

    async def _load_rules(self, tenants: set[UUID] | None) -> None:
        async with transaction(EVERY_TENANT) as tx:
            found = {pit_id: PitRules.of(limits) for pit_id, limits in (await resolved_limits(tx, tenants)).items()}
        self.rules = found if tenants is None else self.rules | found
