"""Jobs: how long the database takes for each list that pages show, when a workshop has had a hundred thousand.

One workshop has them all: three years, 12 people, 40 open ones, and as many cars in the past as such a workshop sees.
Every list is read by the function that pages and API call, with row-level security, as the web's role; its plan is
shown beside its time.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from domain.jobs.words import State
from storage import job_choices, job_known, job_timeline, jobs, migrate, session, work
from storage.jobs import After, Sort
from storage.session import transaction
from tools.bench.found import Found, say
from tools.bench.rig import Rig
from tools.bench.world import make_world

JOBS, PEOPLE, OPEN, CARS = 100_000, 12, 40, 40_000
TRIES = 5
KEYS = ("jobs.list_100k_sql_ms",)

_SEED = (
    "INSERT INTO person (id, login, name, password_hash, language, theme, created_at) SELECT md5('person' || n)::uuid,"
    " 'p' || n, 'Person ' || n, '!', 'en', 'system', now() FROM generate_series(1, {people}) n",
    "INSERT INTO membership (tenant_id, person_id, role, created_at) SELECT %(tenant)s, md5('person' || n)::uuid,"
    " 'staff', now() FROM generate_series(1, {people}) n",
    "INSERT INTO customer (id, tenant_id, name, phone, mail, language, created_at) SELECT md5('customer' || n)::uuid,"
    " %(tenant)s, 'Customer ' || n, '+91 9' || lpad((n * 7919 %% 1000000000)::text, 9, '0'), '', 'en', now()"
    " FROM generate_series(1, {cars}) n",
    "INSERT INTO vehicle (id, tenant_id, customer_id, plate, vin, make, model, colour, class, created_at)"
    " SELECT md5('vehicle' || n)::uuid, %(tenant)s, md5('customer' || n)::uuid, 'MH ' || 10 + n %% 40 || ' '"
    " || chr(65 + n %% 26) || chr(65 + n / 26 %% 26) || ' ' || lpad((n * 17 %% 10000)::text, 4, '0'),"
    " upper(substr(md5('vin' || n), 1, 17)), 'Tata', 'Nexon', 'blue', 'suv', now() FROM generate_series(1, {cars}) n",
    "INSERT INTO job (id, tenant_id, vehicle_id, vehicle_class, work_type, state, pit_id, median_min, promised_min,"
    " worked_min, received_at, planned_at, promised_at, started_at, completed_at, ended_at, working_since)"
    " SELECT md5('job' || n)::uuid, %(tenant)s, md5('vehicle' || 1 + n %% {cars})::uuid, 'suv', 'full_ppf', s.state,"
    " (%(pits)s::uuid[])[1 + n %% 6], 360, 450, 300 + n %% 90, t.at, t.at, t.at + interval '7 hours',"
    " CASE WHEN s.state NOT IN ('received', 'cancelled') THEN t.at END,"
    " CASE WHEN s.state IN ('complete', 'delivered') THEN t.at + interval '6 hours' END,"
    " CASE WHEN s.state IN ('delivered', 'cancelled') THEN t.at + interval '7 hours' END, NULL"
    " FROM generate_series(1, {jobs}) n, LATERAL (SELECT now() - n * interval '15 minutes 46 seconds' AS at) t,"
    " LATERAL (SELECT CASE WHEN n <= {open} / 2 THEN 'received' WHEN n <= {open} THEN 'complete'"
    " WHEN n %% 50 = 0 THEN 'cancelled' ELSE 'delivered' END AS state) s",
    "INSERT INTO job_staff (tenant_id, job_id, person_id, received_at) SELECT tenant_id, id,"
    " md5('person' || 1 + (row_number() OVER ()) %% ({people} - 1))::uuid, received_at FROM job",
    "INSERT INTO job_staff (tenant_id, job_id, person_id, received_at) SELECT tenant_id, id,"
    " md5('person{people}')::uuid, received_at FROM job ORDER BY received_at LIMIT 20",  # somebody who left long ago
    "INSERT INTO job_event (tenant_id, job_id, at, kind, state) SELECT tenant_id, id, received_at, 'create_job',"
    " 'received' FROM job",
)


@dataclass
class Watched:
    """A transaction that remembers its last statement, so that its plan can be shown."""

    inner: Any
    said: tuple[str, dict[str, Any]] = ("", {})

    async def execute(self, statement: Any, bound: dict[str, Any]) -> Any:
        self.said = (str(statement), bound)
        return await self.inner.execute(statement, bound)


Read = Callable[[Any, UUID], Awaitable[Any]]


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("jobs")
    world = await make_world(database.superuser_url, tenants=2, pits=6, last_hour=False)
    shop = world.workshops[0]
    await asyncio.to_thread(_seed, database.superuser_url, shop.tenant_id, list(shop.pit_ids))
    say(f"jobs: {JOBS:,} are seeded")
    session.open(migrate.roles_urls(database.owner_url, database.secret), pool_size=2)
    try:
        took = {name: await _read(name, read, shop.tenant_id, found) for name, read in lists().items()}
    finally:
        await session.close()
    found.put_all({f"jobs.list_100k_sql_ms.{name}": ms for name, ms in took.items()})
    found.put("jobs.list_100k_sql_ms", max(took.values()))


def lists() -> dict[str, Read]:
    """Every list with jobs in it, by a name."""
    now = datetime.now(UTC)
    busy, gone = _id("person3"), _id(f"person{PEOPLE}")
    deep = After(now - timedelta(days=900), _id("job1"))
    monday = now - timedelta(days=400)
    return {
        "first_page": lambda tx, of: jobs.page(tx, of),
        "page_deep": lambda tx, of: jobs.page(tx, of, after=deep),
        "by_plan_deep": lambda tx, of: jobs.page(tx, of, sort=Sort.PLANNED, after=deep),
        "state_delivered": lambda tx, of: jobs.page(tx, of, state=State.DELIVERED, after=deep),
        "state_cancelled": lambda tx, of: jobs.page(tx, of, state=State.CANCELLED),
        "state_rare": lambda tx, of: jobs.page(tx, of, state=State.ON_HOLD),
        "state_by_plan": lambda tx, of: jobs.page(tx, of, state=State.RECEIVED, sort=Sort.PLANNED),
        "dates": lambda tx, of: jobs.page(tx, of, since=monday, until=monday + timedelta(days=7)),
        "my_jobs": lambda tx, of: jobs.page(tx, of, staff=busy),
        "my_jobs_deep": lambda tx, of: jobs.page(tx, of, staff=busy, after=deep),
        "my_jobs_received": lambda tx, of: jobs.page(tx, of, staff=busy, state=State.RECEIVED),
        "jobs_of_somebody_gone": lambda tx, of: jobs.page(tx, of, staff=gone),
        "plate_begins": lambda tx, of: jobs.search(tx, of, "MH 12"),
        "plate_ends": lambda tx, of: jobs.search(tx, of, "0017"),
        "phone_ends": lambda tx, of: jobs.search(tx, of, "919"),
        "vin": lambda tx, of: jobs.search(tx, of, "A1B"),
        "nothing_found": lambda tx, of: jobs.search(tx, of, "ZZZZ"),
        "known_by_phone": lambda tx, of: job_known.find(tx, of, "9000007919"),
        "board": lambda tx, of: jobs.board(tx, of),
        "calendar_week": lambda tx, of: jobs.calendar(tx, of, now - timedelta(days=3), now + timedelta(days=4)),
        "calendar_long_ago": lambda tx, of: jobs.calendar(tx, of, monday, monday + timedelta(days=7)),
        "tablet": lambda tx, of: work.today(tx, of, busy, now - timedelta(hours=12), now + timedelta(hours=12)),
        "crew": lambda tx, of: job_choices.crew(tx, of),
        "pits": lambda tx, of: job_choices.places(tx, of),
        "one_job": lambda tx, of: job_timeline.happenings(tx, of, _id("job50000")),
    }


async def _read(name: str, read: Read, tenant_id: UUID, found: Found) -> float:
    """Milliseconds, the median of some tries; says the plan."""
    took_ms = []
    async with transaction(tenant_id) as tx:
        watched = Watched(tx)
        for _ in range(TRIES):
            began_s = time.perf_counter()
            await read(watched, tenant_id)
            took_ms.append((time.perf_counter() - began_s) * 1_000)
        statement, bound = watched.said
        rows = await tx.execute(text(f"EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) {statement}"), bound)
        plan = [row[0] for row in rows.all()]
    say(f"jobs: {name} {median(took_ms):.1f} ms\n    " + "\n    ".join(plan))
    found.put(f"jobs.plan.{name}", "; ".join(line.strip() for line in plan if " on " in line or "Scan" in line))
    return median(took_ms)


def _seed(superuser_url: str, tenant_id: UUID, pits: list[UUID]) -> None:
    numbers = {"people": PEOPLE, "cars": CARS, "jobs": JOBS, "open": OPEN}
    with psycopg.connect(superuser_url) as connection:
        for statement in _SEED:
            connection.execute(statement.format(**numbers), {"tenant": tenant_id, "pits": pits})
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) job, job_staff, job_event, vehicle, customer, membership, person")


def _id(name: str) -> UUID:
    """As the seed makes ids out of names."""
    return UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest())
