"""Rows of RFID cards, and what a tap at a motor's reader needs to know."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump.limits import LeaseTerms
from domain.pump.state import Run
from domain.pump.words import Mode
from storage.pump_group import RUN_COLUMNS, limits_of, run_of

UID = re.compile("[0-9A-F]{8,20}")


@dataclass(frozen=True, slots=True)
class Reader:
    """A motor's card reader when a card is held to it. The motor's row is locked."""

    mode: Mode
    event_boot_id: int
    event_seq: int
    member_id: UUID | None
    """Whose card it is."""
    available_s: int
    longest_s: int
    here: Run | None
    """The run that this motor works on."""
    own: Run | None
    """The open run of the card's member."""

    def is_news(self, boot_id: int, seq: int) -> bool:
        return (boot_id, seq) > (self.event_boot_id, self.event_seq)


_READER = """
    SELECT m.mode, m.event_boot_id, m.event_seq, c.member_id, coalesce(w.available_s, 0), coalesce(s.limits, '{}')
    FROM motor m LEFT JOIN card c ON c.tenant_id = m.tenant_id AND c.uid = :uid
    LEFT JOIN wallet w ON w.tenant_id = m.tenant_id AND w.member_id = c.member_id
    LEFT JOIN pump_settings s ON s.tenant_id = m.tenant_id
    WHERE m.tenant_id = :tenant AND m.device_id = :device FOR UPDATE OF m"""
_HERE = f"""
    SELECT {", ".join(RUN_COLUMNS)} FROM run WHERE tenant_id = :tenant AND ended_at IS NULL
        AND device_id = :device AND state IN ('starting', 'running', 'hold') ORDER BY has_slot DESC, ticket LIMIT 1"""
_OWN = (
    f"SELECT {', '.join(RUN_COLUMNS)} FROM run WHERE tenant_id = :tenant AND member_id = :member AND ended_at IS NULL"
)


async def lock_reader(tx: AsyncSession, tenant_id: UUID, device_id: str, uid: str) -> Reader | None:
    """What a tap of this card at this motor meets. None: the tenant has no such motor."""
    bound = {"tenant": tenant_id, "device": device_id, "uid": uid}
    row = (await tx.execute(text(_READER), bound)).first()
    if row is None:
        return None
    mode, boot_id, seq, member_id, available_s, said = row
    here = (await tx.execute(text(_HERE), bound)).first()
    own = (await tx.execute(text(_OWN), {"tenant": tenant_id, "member": member_id})).first()
    longest_s = limits_of(said, LeaseTerms()).longest_run_s
    return Reader(
        Mode(mode), boot_id, seq, member_id, available_s, longest_s, run_of(here) if here else None,
        run_of(own) if own else None,
    )  # fmt: skip


async def settle(tx: AsyncSession, device_id: str, boot_id: int, seq: int) -> None:
    """Says that everything up to this event is done."""
    await tx.execute(
        text(
            "UPDATE motor SET event_boot_id = :boot, event_seq = :seq"
            " WHERE device_id = :device AND (event_boot_id, event_seq) < (:boot, :seq)"
        ),
        {"device": device_id, "boot": boot_id, "seq": seq},
    )


async def count_unknown(tx: AsyncSession, tenant_id: UUID, uid: str, device_id: str, now: datetime) -> None:
    await tx.execute(
        text(
            "INSERT INTO unknown_card AS u (tenant_id, uid, device_id, count, first_at, last_at)"
            " VALUES (:tenant, :uid, :device, 1, :now, :now) ON CONFLICT (tenant_id, uid)"
            " DO UPDATE SET count = u.count + 1, last_at = excluded.last_at, device_id = excluded.device_id"
        ),
        {"tenant": tenant_id, "uid": uid, "device": device_id, "now": now},
    )


async def note_seen(tx: AsyncSession, tenant_id: UUID, uid: str, now: datetime) -> None:
    await tx.execute(
        text("UPDATE card SET seen_at = :now WHERE tenant_id = :tenant AND uid = :uid"),
        {"tenant": tenant_id, "uid": uid, "now": now},
    )


async def add(
    tx: AsyncSession, tenant_id: UUID, uid: str, member_id: UUID, label: str, by: UUID, now: datetime
) -> bool:
    """Registers a card, which is unknown no more. False: it is somebody's."""
    added = await tx.execute(
        text(
            "INSERT INTO card (tenant_id, uid, member_id, label, created_at, created_by)"
            " VALUES (:tenant, :uid, :member, :label, :now, :by) ON CONFLICT DO NOTHING RETURNING uid"
        ),
        {"tenant": tenant_id, "uid": uid, "member": member_id, "label": label, "now": now, "by": by},
    )
    if added.first() is None:
        return False
    await tx.execute(
        text("DELETE FROM unknown_card WHERE tenant_id = :tenant AND uid = :uid"), {"tenant": tenant_id, "uid": uid}
    )
    return True


async def remove(tx: AsyncSession, tenant_id: UUID, uid: str) -> UUID | None:
    """Removes a card; returns whose it was."""
    found = await tx.execute(
        text("DELETE FROM card WHERE tenant_id = :tenant AND uid = :uid RETURNING member_id"),
        {"tenant": tenant_id, "uid": uid},
    )
    return found.scalar_one_or_none()
