"""Past cuts of the power: written in the step that hears of them, read for the estimate of a wait."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump.power_cuts import CutBegan, CutEnded, CutNews
from domain.pump.power_habits import LEARNED_FROM, Habits, PastCut, learn

_BEGIN = """
    INSERT INTO power_cut (tenant_id, group_id, device_id, began_at) VALUES (:tenant, :group, :device, :at)
    ON CONFLICT DO NOTHING"""
_END = """
    UPDATE power_cut SET ended_at = greatest(CAST(:at AS timestamptz), began_at)
    WHERE tenant_id = :tenant AND ended_at IS NULL
        AND (device_id = :device OR CAST(:device AS text) IS NULL AND device_id IS NULL AND group_id = :group)"""
_DARK = """
    INSERT INTO power_cut (tenant_id, group_id, device_id, began_at, ended_at)
    SELECT tenant_id, group_id, device_id, least(heard_at, :at), :at FROM motor
    WHERE device_id = :device AND heard_at IS NOT NULL"""

# One that lasts counts only while its controller may still tell of its end.
_PAST = """
    SELECT c.began_at, c.ended_at FROM power_cut c LEFT JOIN device d ON d.id = c.device_id
    WHERE c.began_at >= :since AND (c.ended_at IS NOT NULL OR d.id IS NULL OR d.enabled AND d.removed_at IS NULL)
    ORDER BY c.began_at LIMIT :most"""
PAST_MAX = 10_000


async def save(tx: AsyncSession, tenant_id: UUID, group_id: UUID, told: Iterable[CutNews], at: datetime) -> None:
    """Comes before the motors are saved: when a controller was heard last says when its power went."""
    for each in told:
        statement = _BEGIN if isinstance(each, CutBegan) else _END if isinstance(each, CutEnded) else _DARK
        bound = {"tenant": tenant_id, "group": group_id, "device": each.device_id, "at": at}
        await tx.execute(text(statement), bound)


async def habits(tx: AsyncSession, local: datetime) -> Habits | None:
    """What the tenant's past cuts tell; None: too few days are known."""
    known_since = (await tx.execute(text("SELECT min(created_at) FROM interlock_group"))).scalar_one()
    if known_since is None:
        return None
    bound = {"since": local - 2 * LEARNED_FROM, "most": PAST_MAX}
    rows = await tx.execute(text(_PAST), bound)
    zone = local.tzinfo
    cuts = [PastCut(began.astimezone(zone), ended and ended.astimezone(zone)) for began, ended in rows.all()]
    return learn(cuts, known_since.astimezone(zone), local)


async def open_since(tx: AsyncSession) -> dict[UUID, dict[str | None, datetime]]:
    """Cuts of now: since when, by group and device (None: the whole grid)."""
    rows = await tx.execute(text("SELECT group_id, device_id, began_at FROM power_cut WHERE ended_at IS NULL"))
    found: dict[UUID, dict[str | None, datetime]] = {}
    for group_id, device_id, began_at in rows.all():
        found.setdefault(group_id, {})[device_id] = began_at
    return found
