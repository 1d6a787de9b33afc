"""The demo: three tenants that see nothing of each other, a past that joins the live curves, and devices that go on."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiomqtt
import pytest
from sqlalchemy import text

from actions import keys
from actions.passports import check
from actions.people import SignedIn, sign_in
from domain.limits import DEFAULTS, FILM_PROFILES, Level, Limits, Origin, resolve
from domain.passport import Verdict
from domain.readings import METRICS, Metric
from ingest.broker_address import BrokerAddress
from storage import history, migrate, photo_files, queries, session
from storage.session import EVERY_TENANT, transaction
from tests.conftest import SECRET
from tests.private_mosquitto import PrivateMosquitto
from tests.private_postgres import PrivatePostgres
from tests.pump_parts import assert_books_balance, fetch
from tests.virtual.climate import DAY_S, Room, climate
from tests.virtual.script import ROLES
from tools.demo import Demo, DemoRefused, seed
from tools.demo_cast import BOTH, CAST, COOPERATIVE, PLATFORM, WORKSHOP, PitPart, TenantPart
from tools.demo_files import FLEET
from tools.demo_passports import LATELY

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo's files."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def template(postgres: PrivatePostgres, template: str, data: Path) -> Iterator[str]:
    """In this module, each test's database is a copy of one that holds the demo."""
    url = postgres.create_database(template)

    async def fill() -> None:
        session.open(migrate.roles_urls(url, SECRET), pool_size=2)
        keys.open(SECRET)
        photo_files.open(data / "photos")
        try:
            await seed(NOW, data)
        finally:
            await session.close()

    asyncio.run(fill())
    yield url
    postgres.drop_database(url)


@pytest.fixture
async def demo(database: str, data: Path) -> Demo:
    """The demo as a later start finds it."""
    return await seed(NOW + timedelta(minutes=1), data)


async def tenant_of(name: str) -> UUID:
    async with transaction(EVERY_TENANT) as tx:
        return UUID(
            str((await tx.execute(text("SELECT id FROM tenant WHERE name = :name"), {"name": name})).scalar_one())
        )


async def pit_of(tenant_id: UUID, name: str) -> UUID:
    async with transaction(tenant_id) as tx:
        return next(pit.id for pit in await queries.pits(tx) if pit.name == name)


async def fingerprint() -> dict[str, str]:
    """What every table holds."""
    names = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname <> 'alembic_version' ORDER BY 1"
    )
    digest = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    async with transaction(EVERY_TENANT) as tx:
        tables = (await tx.execute(text(names))).scalars().all()
        return {table: (await tx.execute(text(digest.format(table)))).scalar_one() for table in tables}


async def test_everybody_signs_in_with_the_password_that_was_shown(demo: Demo) -> None:
    people = [(part.name, person.login, person.role) for part in CAST for person in part.people]
    assert [(login.tenant, login.login, login.role) for login in demo.logins] == people
    assert len({login.password for login in demo.logins}) == len(people)
    for login in demo.logins:
        signed_in = await sign_in(login.login, login.password, "test", "test", NOW)
        assert isinstance(signed_in, SignedIn)
        assert signed_in.viewer.role == login.role
        assert login.password not in repr(demo)


@pytest.mark.parametrize("own", CAST, ids=lambda part: part.name)
async def test_each_tenant_sees_its_own_pits_and_devices_and_nothing_else(demo: Demo, own: TenantPart) -> None:
    tenant_id = await tenant_of(own.name)
    async with transaction(tenant_id) as tx:
        assert [pit.name for pit in await queries.pits(tx)] == [pit.name for pit in own.pits]
        names = {f"PP-{device.serial}" for pit in own.pits for device in pit.devices}
        names |= {motor.name for motor in own.motors}
        assert {device.name for device in await queries.devices(tx, NOW)} == names
        for table in ("alert", "reading", "reading_1m", "reading_1h", "reading_1d", "film_profile", "limits"):
            tenants = await tx.execute(text(f"SELECT DISTINCT tenant_id FROM {table}"))
            assert {*tenants.scalars()} <= ({tenant_id} if own.has_workshop else set()), table


async def test_the_cooperative_has_a_pump_only_and_the_third_tenant_both(demo: Demo) -> None:
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(text("SELECT name, has_workshop, has_pump FROM tenant"))
        assert {tuple(row) for row in rows.all()} == {
            (WORKSHOP.name, True, False),
            (COOPERATIVE.name, False, True),
            (BOTH.name, True, True),
            (PLATFORM.name, False, False),
        }


async def test_the_cooperatives_motors_stand_by_turns_and_its_members_have_what_they_bought(demo: Demo) -> None:
    assert await fetch("SELECT count(*), count(DISTINCT group_id) FROM motor") == [(len(COOPERATIVE.motors), 1)]
    bought = {person.name: person.minutes * 60 for person in COOPERATIVE.people if person.minutes}
    wallets = await fetch("SELECT p.name, w.available_s FROM wallet w JOIN person p ON p.id = w.member_id")
    assert {str(name): int(available_s) for name, available_s in wallets} == bought
    assert {kind for (kind,) in await fetch("SELECT kind FROM transfer")} == {"recharge"}
    await assert_books_balance()


async def test_a_later_start_changes_nothing_and_shows_the_same_logins(demo: Demo, data: Path) -> None:
    before, fleet = await fingerprint(), (data / FLEET).read_bytes()
    assert await seed(NOW + timedelta(hours=1), data) == demo
    assert await fingerprint() == before
    assert (data / FLEET).read_bytes() == fleet


async def test_a_demo_whose_files_are_gone_is_refused_and_left_as_it_is(database: str, tmp_path: Path) -> None:
    before = await fingerprint()
    with pytest.raises(DemoRefused, match="passwords can't be read"):
        await seed(NOW, tmp_path)
    assert await fingerprint() == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("window", "resolution", "points"),
    [
        (timedelta(hours=2), "raw", 1_300),
        (timedelta(hours=24), "1m", 1_430),
        (timedelta(days=2), "10m", 280),
        (timedelta(days=29), "1h", 690),
        (timedelta(days=29), "1d", 28),
    ],
)
@pytest.mark.parametrize("metric", [Metric.T_C, Metric.PM25])
async def test_every_window_of_a_chart_is_filled(
    demo: Demo, window: timedelta, resolution: str, points: int, metric: Metric
) -> None:
    tenant_id = await tenant_of(WORKSHOP.name)
    pit_id = await pit_of(tenant_id, "Pit 1")  # two devices, each with some of the metrics
    async with transaction(tenant_id) as tx:
        series = await history.history(tx, pit_id, NOW - window, NOW, history.BY_NAME[resolution], (metric,))
    assert len(series[metric].at_ms) >= points
    assert max(series[metric].high) < 30
    assert all(low <= mean <= high for low, mean, high in zip(*series_parts(series[metric]), strict=True))


def series_parts(series: history.Series) -> tuple[list[float], list[float], list[float]]:
    return series.low, series.mean, series.high


async def test_the_past_ends_where_the_live_curve_goes_on(demo: Demo) -> None:
    part = WORKSHOP.pits[4]
    tenant_id = await tenant_of(WORKSHOP.name)
    pit_id = await pit_of(tenant_id, part.name)
    async with transaction(tenant_id) as tx:
        columns = ", ".join(METRICS)
        statement = f"SELECT at, {columns} FROM reading WHERE pit_id = :pit ORDER BY at DESC LIMIT 1"
        at, *values = (await tx.execute(text(statement), {"pit": pit_id})).one()
    assert NOW - at <= timedelta(seconds=10)
    assert values == pytest.approx(climate(Room(part.seed), at.timestamp()), rel=1e-6)


async def test_the_roll_up_goes_on_from_the_last_whole_minute(demo: Demo) -> None:
    async with transaction(EVERY_TENANT) as tx:
        until = (await tx.execute(text("SELECT until FROM rollup_progress"))).scalar_one()
        late = (await tx.execute(text("SELECT count(*) FROM rollup_late"))).scalar_one()
    assert NOW - timedelta(minutes=2) <= until <= NOW
    assert late == 0


async def test_the_inbox_holds_a_month_of_resolved_alerts_of_which_staff_noted_many(demo: Demo) -> None:
    async with transaction(await tenant_of(WORKSHOP.name)) as tx:
        alerts, total = await queries.alerts(tx, queries.AlertFilter(state="resolved"), 0, 100)
    assert 5 <= total <= 80
    noted = [alert for alert in alerts if alert.note]
    assert {alert.acknowledged_by for alert in noted} == {"Farida", "Sunil"}
    assert len(noted) < total
    assert all(alert.resolved_at and alert.resolved_at > (alert.acknowledged_at or alert.raised_at) for alert in alerts)


async def test_at_once_one_pit_is_too_humid_and_one_is_silent_and_nothing_else_is_wrong(demo: Demo) -> None:
    async with transaction(EVERY_TENANT) as tx:
        alerts = await queries.open_alerts(tx, NOW)
    assert {(alert.pit_name, alert.rule, alert.level) for alert in alerts} == {
        ("Pit 3", "rh_pct", Level.WARNING),
        ("Pit 6", "silent", Level.WARNING),
    }


def calm_pits() -> list[PitPart]:
    roles = [(pit, {device.role for device in pit.devices}) for part in CAST for pit in part.pits]
    return [pit for pit, of_pit in roles if not of_pit & {"dusty", "humid"}]


@pytest.mark.parametrize("pit", calm_pits(), ids=lambda pit: pit.name)
def test_calm_pits_stay_within_the_limits_of_their_film_on_every_day_of_the_year(pit: PitPart) -> None:
    film = FILM_PROFILES[pit.film] if pit.film else {}
    places = {m: {Origin.FILM: film.get(m, Limits()), Origin.DEFAULT: DEFAULTS[m]} for m in DEFAULTS}
    limits = {metric: resolve(said)[0] for metric, said in places.items()}
    room, begin_s = Room(pit.seed), int(NOW.timestamp())
    for at_s in range(begin_s, begin_s + 365 * DAY_S, 7_001):
        air = climate(room, at_s)
        assert {m: limits[m].level_of(air[METRICS.index(m)]) for m in limits} == dict.fromkeys(limits, Level.OK)


async def test_the_fleet_connects_with_the_demos_passwords_and_leaves_when_stopped(demo: Demo) -> None:
    users = demo.broker_users()
    assert len(users) == sum(len(part.motors) + sum(len(pit.devices) for pit in part.pits) for part in CAST)
    roles = [(device.serial, ROLES[device.role].runs) for part in CAST for pit in part.pits for device in pit.devices]
    running = {serial for serial, runs in roles if runs} | {motor.serial for motor in COOPERATIVE.motors}
    with PrivateMosquitto() as mosquitto:
        async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client, asyncio.timeout(60):
            await client.subscribe("v1/+/+/avail", qos=1)
            stop = await demo.run_fleet(lambda name: BrokerAddress("127.0.0.1", mosquitto.port, name, users[name]))
            assert await serials_that_say(client, b"online", len(running)) == running
            await stop()
            assert await serials_that_say(client, b"offline", len(running)) == running


async def serials_that_say(client: aiomqtt.Client, word: bytes, count: int) -> set[str]:
    said: set[str] = set()
    while len(said) < count:
        message = await anext(client.messages)
        assert message.payload == word
        said.add(str(message.topic).split("/")[2].split("-")[1])
    return said


async def test_every_job_has_a_link_that_works_as_long_as_the_products_would(demo: Demo) -> None:
    [(without, ended_late)] = await fetch(
        "SELECT count(*) FILTER (WHERE l.id IS NULL), count(*) FILTER (WHERE l.expires_at > j.ended_at + interval"
        " '30 days') FROM job j LEFT JOIN tracking_link l ON l.tenant_id = j.tenant_id AND l.job_id = j.id"
    )
    assert (without, ended_late) == (0, 0)


async def test_every_car_that_went_home_lately_has_a_genuine_passport_of_its_day_with_its_air(demo: Demo) -> None:
    since = NOW - LATELY
    complete = await fetch("SELECT id, completed_at FROM job WHERE completed_at > :since", since=since)
    issued = await fetch("SELECT job_id, issued_at FROM passport WHERE revoked_at IS NULL")
    assert len(complete) > 12 and sorted(issued) == sorted(complete)
    [(least_measured,)] = await fetch(
        "SELECT min((record->>'minutes_measured')::numeric / (record->>'minutes')::numeric) FROM passport"
    )
    assert least_measured > 0.9
    [(some_id,)] = await fetch("SELECT id FROM passport ORDER BY issued_at LIMIT 1")
    assert (await check(some_id)).verdict is Verdict.GENUINE
