"""Readings through time: daily partitions made ahead, roll-ups of a minute, an hour and a day, and retention.

A roll-up is always computed again from the finer one below it, so that running a step twice changes nothing and a
late reading only needs its hour to be computed again.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.readings import AGE_MAX_S, METRICS

DAYS_AHEAD = 7
DAYS_BACK = AGE_MAX_S // 86_400
MINUTES_KEPT_DAYS = 180
HOURS_KEPT_DAYS = 1_100
GRACE = timedelta(seconds=20)  # a minute is rolled up once its readings have had time to arrive
LATE_AFTER_S = 120  # an older reading marks its hour as late …
OVERLAP = timedelta(seconds=LATE_AFTER_S + 60)  # … a younger one is covered, because these minutes are computed again
LATE_HOURS_MAX = 500  # of late hours rolled up in one go


async def make_partitions(tx: AsyncSession, now: datetime) -> int:
    """Makes the daily partitions from as far back as a reading may be to a week ahead; returns how many were new."""
    first, last = (now - timedelta(days=DAYS_BACK)).date(), (now + timedelta(days=DAYS_AHEAD)).date()
    made = await tx.execute(text("SELECT make_reading_partitions(:first, :last)"), {"first": first, "last": last})
    return int(made.scalar_one())


async def forget(tx: AsyncSession, now: datetime) -> None:
    """Applies retention: whole partitions when the longest tenant's time is over, rows of the others before that."""
    longest = (await tx.execute(text("SELECT coalesce(max(raw_days), 30) FROM tenant"))).scalar_one()
    await tx.execute(
        text("SELECT drop_reading_partitions(:before)"), {"before": (now - timedelta(days=longest)).date()}
    )
    await tx.execute(
        text(
            "DELETE FROM reading r USING tenant t WHERE t.id = r.tenant_id AND t.raw_days < :longest"
            " AND r.at < :now - make_interval(days => t.raw_days)"
        ),
        {"longest": longest, "now": now},
    )
    for table, days in (("reading_1m", MINUTES_KEPT_DAYS), ("reading_1h", HOURS_KEPT_DAYS)):
        await tx.execute(text(f"DELETE FROM {table} WHERE at < :before"), {"before": now - timedelta(days=days)})


async def roll_up(tx: AsyncSession, now: datetime) -> int:
    """Rolls up what is complete since the last time, and the hours that late readings touched.

    Returns the number of minutes written. Called by one process at a time (the row lock on progress sees to it).
    """
    until = _floor(now - GRACE, timedelta(minutes=1))
    await tx.execute(
        text("INSERT INTO rollup_progress (step, until) VALUES ('minute', :start) ON CONFLICT DO NOTHING"),
        {"start": _floor(now - timedelta(days=DAYS_BACK), timedelta(hours=1))},
    )
    since = (await tx.execute(text("SELECT until FROM rollup_progress WHERE step = 'minute' FOR UPDATE"))).scalar_one()
    if until <= since:
        return await _late(tx, since)
    since -= OVERLAP
    minutes = await _write(tx, "reading", "reading_1m", "minute", since, until)
    await _write(tx, "reading_1m", "reading_1h", "hour", _floor(since, timedelta(hours=1)), until)
    await _write(tx, "reading_1h", "reading_1d", "day", _floor(since, timedelta(days=1)), until)
    await tx.execute(text("UPDATE rollup_progress SET until = :until WHERE step = 'minute'"), {"until": until})
    return minutes + await _late(tx, until)


async def _late(tx: AsyncSession, until: datetime) -> int:
    rows = (
        await tx.execute(
            text(
                "DELETE FROM rollup_late WHERE (pit_id, hour) IN (SELECT pit_id, hour FROM rollup_late WHERE hour < "
                ":until ORDER BY hour LIMIT :most) RETURNING pit_id, hour"
            ),
            {"until": until, "most": LATE_HOURS_MAX},
        )
    ).all()
    minutes = 0
    for pit_id, hour in rows:
        end, day = min(hour + timedelta(hours=1), until), _floor(hour, timedelta(days=1))
        minutes += await _write(tx, "reading", "reading_1m", "minute", hour, end, pit_id)
        await _write(tx, "reading_1m", "reading_1h", "hour", hour, end, pit_id)
        await _write(tx, "reading_1h", "reading_1d", "day", day, min(day + timedelta(days=1), until), pit_id)
    return minutes


async def _write(
    tx: AsyncSession, source: str, target: str, unit: str, since: datetime, until: datetime, pit_id: object = None
) -> int:
    raw = source == "reading"
    where = "at >= :since AND at < :until AND pit_id IS NOT NULL" + (" AND pit_id = :pit_id" if pit_id else "")
    columns = [f"{m}_{part}" for m in METRICS for part in ("min", "max", "mean", "count")]
    values = ", ".join(_of_raw(m) if raw else _of_rollup(m) for m in METRICS)
    statement = f"""
        INSERT INTO {target} (tenant_id, pit_id, at, readings, {", ".join(columns)})
        SELECT tenant_id, pit_id, date_trunc('{unit}', at, 'UTC'), {"count(*)" if raw else "sum(readings)"}, {values}
        FROM {source} WHERE {where} GROUP BY 1, 2, 3
        ON CONFLICT (pit_id, at) DO UPDATE SET readings = excluded.readings,
            {", ".join(f"{column} = excluded.{column}" for column in columns)}"""  # names are ours
    result = await tx.execute(text(statement), {"since": since, "until": until, "pit_id": pit_id})
    return int(result.rowcount)  # type: ignore[attr-defined]  # an INSERT's cursor result has it


def _of_raw(m: str) -> str:
    return f"min({m}), max({m}), avg({m}), count({m})"


def _of_rollup(m: str) -> str:
    mean = f"sum({m}_mean::float8 * {m}_count) / nullif(sum({m}_count), 0)"
    return f"min({m}_min), max({m}_max), {mean}, coalesce(sum({m}_count), 0)"


def _floor(at: datetime, step: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return at - (at - epoch) % step
