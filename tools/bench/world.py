"""The installation under test: 20 workshops with 50 pits and devices each, their last hour, and signed-in owners."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID, uuid5

import psycopg

from domain.access import Role
from domain.readings import METRICS

TENANTS = 20
PITS = 50
SPACE = UUID("5d0f7e3e-52a4-4c0e-9d7a-0d7c2b1f8a10")  # names below it get their ids by UUID 5
MEASURED = {"t_c": (24.0, 3.0), "rh_pct": (50.0, 6.0), "pm25": (5.0, 2.0), "pm10": (24.0, 8.0)}  # mean, swing


@dataclass(frozen=True)
class Workshop:
    """A tenant with its pits, a device in each, and the token of its owner's session."""

    tenant_id: UUID
    pit_ids: tuple[UUID, ...]
    device_ids: tuple[str, ...]
    token: str

    def name(self, pit: int) -> str:
        """ "tenant/device" of a pit's device, as topics have it."""
        return f"{self.tenant_id}/{self.device_ids[pit]}"


@dataclass(frozen=True)
class World:
    """All workshops."""

    workshops: tuple[Workshop, ...]

    @property
    def names(self) -> list[str]:
        """ "tenant/device" of all, one of each workshop in turn, as the load sends them."""
        return [workshop.name(pit) for pit in range(len(self.workshops[0].pit_ids)) for workshop in self.workshops]

    @property
    def tokens(self) -> list[str]:
        return [workshop.token for workshop in self.workshops]


async def make_world(superuser_url: str, tenants: int = TENANTS, pits: int = PITS, *, last_hour: bool = True) -> World:
    """Fills a migrated database. Limits raise at once, so that a benchmark of seconds sees alerts fire and clear.

    Args:
        last_hour: with the roll-ups of every pit's last hour, which pages show as trends.
    """
    return await asyncio.to_thread(_make, superuser_url, tenants, pits, last_hour)


def _make(superuser_url: str, tenants: int, pits: int, last_hour: bool) -> World:
    workshops = tuple(_workshop(number, pits) for number in range(tenants))
    with psycopg.connect(superuser_url) as connection:
        for number, workshop in enumerate(workshops):
            _insert(connection, number, workshop)
        if last_hour:
            connection.execute(_LAST_HOUR)
            connection.execute(
                "INSERT INTO rollup_progress (step, until) VALUES ('minute', date_trunc('minute', now()))"
            )
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) reading_1m, device, pit, limits")
    return World(workshops)


def _workshop(number: int, pits: int) -> Workshop:
    return Workshop(
        uuid5(SPACE, f"tenant {number}"),
        tuple(uuid5(SPACE, f"pit {number} {pit}") for pit in range(pits)),
        tuple(f"bench-{number:03}-{pit:03}" for pit in range(pits)),
        secrets.token_urlsafe(32),
    )


def _insert(connection: psycopg.Connection, number: int, shop: Workshop) -> None:
    places = list(range(1, len(shop.pit_ids) + 1))
    owner_id = uuid5(SPACE, f"owner {number}")
    said = {
        "tenant": shop.tenant_id, "owner": owner_id, "name": f"Workshop {number + 1}", "login": f"owner@{number}",
        "role": Role.OWNER, "pits": list(shop.pit_ids), "devices": list(shop.device_ids), "places": places,
        "hash": hashlib.sha256(shop.token.encode()).digest(),
    }  # fmt: skip
    for statement in _WORKSHOP:
        connection.execute(statement, said)


_WORKSHOP = (
    "INSERT INTO tenant (id, name, zone, language, has_workshop, has_pump, raw_days, created_at)"
    " VALUES (%(tenant)s, %(name)s, 'Asia/Kolkata', 'en', true, false, 400, now())",
    "INSERT INTO person (id, login, name, password_hash, language, theme, created_at)"
    " VALUES (%(owner)s, %(login)s, 'Owner', '!', 'en', 'system', now())",
    "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (%(tenant)s, %(owner)s, %(role)s, now())",
    "INSERT INTO web_session (id, token_hash, person_id, tenant_id, created_at, used_at, expires_at, address, agent)"
    " VALUES (gen_random_uuid(), %(hash)s, %(owner)s, %(tenant)s, now(), now(), now() + interval '1 day', '', '')",
    "INSERT INTO pit (id, tenant_id, name, position, created_at) SELECT id, %(tenant)s, 'Pit ' || place, place, now()"
    " FROM unnest(%(pits)s::uuid[], %(places)s::int[]) AS x(id, place)",
    "INSERT INTO device (id, tenant_id, pit_id, kind, name, enabled, created_at)"
    " SELECT id, %(tenant)s, pit, 'pit', upper(id), true, now()"
    " FROM unnest(%(devices)s::text[], %(pits)s::uuid[]) AS x(id, pit)",
    "INSERT INTO limits (id, tenant_id, origin, place_id, metric, raise_after_s, clear_after_s)"
    " SELECT gen_random_uuid(), %(tenant)s, 'tenant', %(tenant)s, metric, 0, 0"
    " FROM unnest(ARRAY['t_c', 'rh_pct', 'pm25', 'pm10']) metric",
)


def rollup_columns() -> str:
    """The columns of a roll-up's metrics, in the order of `rollup_values`."""
    return ", ".join(f"{m}_{part}" for m in METRICS for part in ("min", "max", "mean", "count"))


def rollup_values(readings: str) -> str:
    """SQL for believable values at the moment `at`: a daily curve for what is measured, NULL for the rest.

    Args:
        readings: SQL for how many readings the bucket holds.
    """
    values = []
    for metric in METRICS:
        if metric in MEASURED:
            mean, swing = MEASURED[metric]
            curve = f"({mean} + {swing} * sin(extract(epoch FROM at) / 13751))::real"
            values.append(f"{curve} - 0.5, {curve} + 0.5, {curve}, {readings}")
        else:
            values.append("NULL, NULL, NULL, 0")
    return ", ".join(values)


_LAST_HOUR = f"""
    INSERT INTO reading_1m (tenant_id, pit_id, at, readings, {rollup_columns()})
    SELECT tenant_id, pit.id, at, 12, {rollup_values("12")} FROM pit,
        generate_series(date_trunc('minute', now()) - interval '1 hour', date_trunc('minute', now())
            - interval '1 minute', interval '1 minute') AS at"""
