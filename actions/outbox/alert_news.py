"""Who is told of which alert: compares what each alert is with what was told of it, and puts the difference into the
outbox. One message a raising and person: what was over before anybody looked is never told, what comes and goes is told
a few times in a while and then only if it stays, and what is silenced waits for the silence's end.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.outbox.putting import Notice, Receiver, put_for_channel
from domain.access import MAY, Intent, Role
from domain.alerts import FLAP_WINDOW, FLAPS_MAX
from domain.limits import Level
from domain.notify import News, NotifyPrefs, NotifySettings
from storage.session import EVERY_TENANT, transaction

LOOK_EVERY_S = 1.0
AT_ONCE = 100

_NOT_SILENCED = """
    NOT EXISTS (SELECT 1 FROM alert_silence s WHERE s.pit_id = a.pit_id AND s.ended_at IS NULL AND s.until > :now
        AND (s.rule IS NULL OR s.rule = a.rule))"""

_ALERT = """
    SELECT a.id, a.tenant_id, a.rule, a.level, a.value, a.limit_value, a.flapping, a.raised_at, a.resolved_at,
        a.told_level, a.told_at, a.detail, coalesce(p.name, '') AS pit, coalesce(d.name, '') AS device, t.zone, t.notify
    FROM alert a JOIN tenant t ON t.id = a.tenant_id LEFT JOIN pit p ON p.id = a.pit_id
    LEFT JOIN device d ON d.id = a.device_id"""

# Of one rule no more than so many are told in a while: the next one is told when it is still open after that.
_UNTOLD = f"""{_ALERT}
    WHERE ((a.resolved_at IS NULL AND a.level > a.told_level AND {_NOT_SILENCED}
            AND (a.told_level > 0 OR (SELECT count(*) FROM alert b WHERE b.rule = a.rule AND b.told_at > :damped
                AND b.device_id IS NOT DISTINCT FROM a.device_id
                AND (b.pit_id = a.pit_id OR a.pit_id IS NULL AND b.device_id = a.device_id)) < :flaps))
        OR (a.resolved_at IS NOT NULL AND NOT a.told_over))
    ORDER BY a.raised_at LIMIT :most FOR UPDATE OF a SKIP LOCKED"""

_UNACKNOWLEDGED = f"""{_ALERT}
    WHERE a.resolved_at IS NULL AND a.acknowledged_at IS NULL AND a.escalated_at IS NULL AND a.told_at IS NOT NULL
        AND a.level = :critical AND a.told_level = :critical AND {_NOT_SILENCED}
    ORDER BY a.told_at LIMIT :most FOR UPDATE OF a SKIP LOCKED"""

_PEOPLE = """
    SELECT m.tenant_id, p.id, p.language, m.notify, c.id AS channel, c.way, c.shown FROM membership m
    JOIN tenant t ON t.id = m.tenant_id AND t.status = 'active' JOIN person p ON p.id = m.person_id
    JOIN channel c ON c.person_id = p.id AND c.verified_at IS NOT NULL
    WHERE m.tenant_id = ANY(:tenants) AND m.role = ANY(:roles) AND m.suspended_at IS NULL AND p.suspended_at IS NULL
    ORDER BY p.id, c.created_at"""

_WERE_TOLD = """
    SELECT about, channel_id FROM message WHERE tenant_id = ANY(:tenants) AND about = ANY(:abouts)
        AND channel_id IS NOT NULL AND attempts > 0 AND status <> 'withdrawn'"""

People = Mapping[UUID, Sequence[Row[Any]]]
"""Those of each tenant who may do something, with their wishes, one row for each verified channel."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class AlertNews:
    """Any number of processes may each run one."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self.put = 0
        """Messages put since the start."""
        self._clock = clock

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            if await self.round() < AT_ONCE:
                await asyncio.sleep(LOOK_EVERY_S)

    async def round(self) -> int:
        """Puts what is to be told now; returns how many alerts there was something of."""
        now = self._clock()
        return await self._tell(now) + await self._call_owners(now)

    async def _tell(self, now: datetime) -> int:
        bound = {"now": now, "damped": now - FLAP_WINDOW, "flaps": FLAPS_MAX, "most": AT_ONCE}
        async with transaction(EVERY_TENANT) as tx:
            alerts = (await tx.execute(text(_UNTOLD), bound)).all()
            people = await _people(tx, alerts, Intent.SEE_ALERTS)
            over = [alert for alert in alerts if alert.resolved_at is not None]
            told = await _told(tx, over)
            for alert in over:  # what still waits about it is withdrawn by the sender
                to = [person for person in people[alert.tenant_id] if person.channel in told[_about(alert)]]
                await self._put(tx, alert, News.OVER, to, now)
            untold = [alert for alert in alerts if alert.resolved_at is None]
            for alert in untold:
                news = News.WORSE if alert.told_level else News.RAISED
                await self._put(tx, alert, news, people[alert.tenant_id], now)
            await _note(tx, "told_over = true", over, now)
            await _note(tx, "told_level = level, told_at = :now", untold, now)
        return len(alerts)

    async def _call_owners(self, now: datetime) -> int:
        """Tells owners of critical alerts that nobody acknowledged in time, each once."""
        bound = {"now": now, "critical": int(Level.CRITICAL), "most": AT_ONCE}
        async with transaction(EVERY_TENANT) as tx:
            alerts = [
                alert
                for alert in (await tx.execute(text(_UNACKNOWLEDGED), bound)).all()
                if NotifySettings.of(alert.notify).is_overdue(alert.told_at, now)
            ]
            owners = await _people(tx, alerts, Intent.CHANGE_NOTIFICATIONS)
            for alert in alerts:
                await self._put(tx, alert, News.UNACKNOWLEDGED, owners[alert.tenant_id], now)
            await _note(tx, "escalated_at = :now", alerts, now)
        return len(alerts)

    async def _put(
        self, tx: AsyncSession, alert: Row[Any], news: News, people: Sequence[Row[Any]], now: datetime
    ) -> None:
        level, notice = Level(alert.level), _notice(alert, news)
        for person in people:
            at = NotifyPrefs.of(person.notify).when(news, level, now, ZoneInfo(alert.zone))
            if at is None:
                continue
            to = Receiver(person.id, person.channel, person.way, person.shown, person.language)
            dedupe = f"{_about(alert)}:{news}:{alert.level}"
            added = await put_for_channel(tx, alert.tenant_id, notice, to, dedupe, now, at)
            self.put += added is not None


def _notice(alert: Row[Any], news: News) -> Notice:
    facts = {
        "rule": alert.rule, "level": alert.level, "value": alert.value, "limit": alert.limit_value,
        "flapping": alert.flapping, "detail": alert.detail, "pit": alert.pit, "device": alert.device,
        "raised_at": alert.raised_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "told_at": alert.told_at.isoformat() if alert.told_at else None, "path": f"/alerts/{alert.id}",
    }  # fmt: skip
    return Notice(news, facts, about=_about(alert))


def _about(alert: Row[Any]) -> str:
    return f"alert:{alert.id}"


async def _people(tx: AsyncSession, alerts: Iterable[Row[Any]], intent: Intent) -> People:
    """Those of these alerts' tenants who may do this."""
    people: dict[UUID, list[Row[Any]]] = {alert.tenant_id: [] for alert in alerts}
    if people:
        roles = [role.value for role in Role if intent in MAY[role]]
        for person in (await tx.execute(text(_PEOPLE), {"tenants": list(people), "roles": roles})).all():
            people[person.tenant_id].append(person)
    return people


async def _told(tx: AsyncSession, alerts: Iterable[Row[Any]]) -> Mapping[str, set[UUID]]:
    """The channels to which each of these alerts was told."""
    told: dict[str, set[UUID]] = {_about(alert): set() for alert in alerts}
    tenants = list({alert.tenant_id for alert in alerts if alert.told_at is not None})
    if tenants:
        rows = await tx.execute(text(_WERE_TOLD), {"tenants": tenants, "abouts": list(told)})
        for about, channel_id in rows.all():
            told[about].add(channel_id)
    return told


async def _note(tx: AsyncSession, what: str, alerts: Sequence[Row[Any]], now: datetime) -> None:
    """Remembers what was done about these alerts."""
    if alerts:
        bound = {"ids": [alert.id for alert in alerts]} | ({"now": now} if ":now" in what else {})
        await tx.execute(text(f"UPDATE alert SET {what} WHERE id = ANY(:ids)"), bound)
