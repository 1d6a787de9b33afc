"""Who was heard when: kept in memory with each message, written every few seconds in one statement."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from actions.directory import Known
from ingest.wire import State
from storage.session import EVERY_TENANT, transaction

WRITE_EVERY_S = 3.0


@dataclass(slots=True)
class Seen:
    """What a device last said of itself; `heard_us` is the server's clock, microseconds since 1970 UTC."""

    tenant_id: UUID
    heard_us: int
    online: bool = True
    boot_id: int | None = None
    firmware: str | None = None
    address: str | None = None
    rssi_dbm: int | None = None
    up_s: int | None = None
    clock_off_ms: int | None = None


class Presence:
    """What was heard since the last write."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}
        self._unwritten: set[str] = set()
        self._words: dict[str, bool] = {}
        """What the broker says of devices that were not heard since the start: online or not, but not since when."""

    def heard(self, known: Known, at_us: int) -> Seen:
        seen = self.seen.get(known.device_id)
        if seen is None:
            seen = self.seen[known.device_id] = Seen(known.tenant_id, at_us)
        seen.heard_us, seen.online = at_us, True
        self._unwritten.add(known.device_id)
        return seen

    def says(self, known: Known, state: State, at_us: int) -> None:
        """Takes a state message."""
        seen = self.heard(known, at_us)
        seen.boot_id, seen.up_s = state.boot_id, state.up_s
        seen.firmware = _printable(state.fw, 40) or seen.firmware
        seen.address = _printable(state.ip, 45) or seen.address
        seen.rssi_dbm = state.rssi
        seen.clock_off_ms = None if state.ts is None else state.ts - at_us // 1_000

    def avail(self, known: Known, online: bool, at_us: int, *, retained: bool) -> None:
        """Takes the word of a device or its last will. A retained one is of unknown age: it tells nothing of when."""
        if online and not retained:
            self.heard(known, at_us)
        elif known.device_id in self.seen:
            self.seen[known.device_id].online = online
            self._unwritten.add(known.device_id)
        else:
            self._words[known.device_id] = online

    async def write_for_ever(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await self.write()

    async def write(self) -> None:
        names, self._unwritten = sorted(self._unwritten), set()
        words, self._words = self._words, {}
        if not names and not words:
            return
        try:
            async with transaction(EVERY_TENANT) as tx:
                if words:  # before what was heard since
                    said = {"ids": sorted(words), "online": [words[name] for name in sorted(words)]}
                    await tx.execute(text(_SAY), said)
                if names:
                    await tx.execute(text(_UPSERT), _columns(names, self.seen))
        except BaseException:
            self._unwritten |= set(names)
            self._words = words | self._words
            raise


_SAY = """
    UPDATE device_presence p SET online = x.online
    FROM unnest(CAST(:ids AS text[]), CAST(:online AS bool[])) AS x(id, online)
    WHERE p.device_id = x.id AND p.online <> x.online"""

_UPSERT = """
    INSERT INTO device_presence AS p
        (device_id, tenant_id, heard_at, online, boot_id, firmware, address, rssi_dbm, up_s, clock_off_ms)
    SELECT x.* FROM unnest(CAST(:ids AS text[]), CAST(:tenants AS uuid[]), CAST(:heard AS timestamptz[]),
        CAST(:online AS bool[]), CAST(:boots AS int[]), CAST(:firmware AS text[]), CAST(:addresses AS text[]),
        CAST(:rssi AS int[]), CAST(:up AS bigint[]), CAST(:off AS bigint[])) AS x(id, tenant_id, heard_at, online,
        boot_id, firmware, address, rssi_dbm, up_s, clock_off_ms) JOIN device d ON d.id = x.id
    ON CONFLICT (device_id) DO UPDATE SET heard_at = greatest(p.heard_at, excluded.heard_at),
        online = excluded.online, boot_id = coalesce(excluded.boot_id, p.boot_id),
        firmware = coalesce(excluded.firmware, p.firmware), address = coalesce(excluded.address, p.address),
        rssi_dbm = coalesce(excluded.rssi_dbm, p.rssi_dbm), up_s = coalesce(excluded.up_s, p.up_s),
        clock_off_ms = coalesce(excluded.clock_off_ms, p.clock_off_ms)"""


def _printable(said: str | None, chars_max: int) -> str | None:
    return "".join(c for c in said if c.isprintable())[:chars_max] if said else None


def _columns(names: list[str], seen: dict[str, Seen]) -> dict[str, list[object]]:
    rows = [seen[name] for name in names]
    return {
        "ids": list(names),
        "tenants": [r.tenant_id for r in rows],
        "heard": [datetime.fromtimestamp(r.heard_us / 1e6, UTC) for r in rows],
        "online": [r.online for r in rows],
        "boots": [r.boot_id for r in rows],
        "firmware": [r.firmware for r in rows],
        "addresses": [r.address for r in rows],
        "rssi": [r.rssi_dbm for r in rows],
        "up": [r.up_s for r in rows],
        "off": [r.clock_off_ms for r in rows],
    }
