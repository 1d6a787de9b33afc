"""Fixtures that every kind of test shares: a private PostgreSQL, a fresh migrated database, and a small world in it."""

import asyncio
import gc
from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import expect

from actions import keys, passwords
from actions.people import throttle
from domain.access import Role, Viewer
from storage import migrate, partitions, photo_files, session
from storage.session import EVERY_TENANT, transaction
from storage.tables import Device, Membership, Person, Pit, Tenant
from tests.private_postgres import PrivatePostgres

# A busy machine is no error: without this an example that takes more than 200 ms fails its test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
expect.set_options(timeout=60_000)  # ms; nor is a browser that waits for a busy server

WAITING = {"firmware", "ingest"}  # folders of tests that wait for devices and brokers
SECRET = b"a secret of tests, 32 bytes long"


@pytest.hookimpl(tryfirst=True)  # before xdist asks for the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is long is begun first, so that no worker is left with it in the end, and what mostly waits is spread over
    the rest. One worker has all tests that share what was made for a module, or the house of journeys. Who watches
    a browser in real time gets a second look, which the last line counts as "rerun"; nobody else does.
    """
    if hasattr(config, "workerinput"):  # one process alone would make what a module shares again and again
        items[:] = _spread(items)
    items.sort(key=lambda item: item.get_closest_marker("long") is None and "journeys" not in item.path.parts)
    for item in items:
        if "browser" in _fixtures_of(item):
            item.add_marker(pytest.mark.flaky(reruns=1))
        shared = [name for name, found in _fixtures_of(item).items() if found[-1].scope == "module" or name == "house"]
        if shared:
            item.add_marker(pytest.mark.xdist_group("house" if "house" in shared else item.path.stem))


def _spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Both kinds in their order, each as dense in every part of the list as in the whole."""
    placed = []
    for kind in (True, False):
        own = [item for item in items if bool(WAITING & {*item.path.parts}) is kind]
        placed += [(n / len(own), item) for n, item in enumerate(own)]
    return [item for _, item in sorted(placed, key=itemgetter(0))]


def _fixtures_of(item: pytest.Item) -> Mapping[str, Sequence[pytest.FixtureDef[Any]]]:
    return item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Sees that groups are kept together: with some versions of pytest, xdist lets them fall apart without a word."""
    if session.config.getoption("loadgroup", False):
        apart = [
            item.nodeid for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
        ]
        if apart:
            raise pytest.UsageError(f"pytest-xdist doesn't keep groups together: {apart[0]}")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Takes all that is imported out of the collector's sight: it is run before and after each test of a page, and took
    half of such a test's time.
    """
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """One server for the whole run."""
    with PrivatePostgres() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: PrivatePostgres) -> str:
    """A migrated database that nobody is connected to, to be copied."""
    address = postgres.address
    superuser_url = address.url("postgres", address.superuser, address.password)
    owner_url = migrate.make_owned_database_now(superuser_url, "template_of_tests", SECRET)
    asyncio.run(_migrate(owner_url))
    return owner_url


async def _migrate(owner_url: str) -> None:
    session.open(await migrate.prepare(owner_url, SECRET), pool_size=2)
    async with transaction(EVERY_TENANT) as tx:
        await partitions.make_partitions(tx, datetime.now(UTC))
    await session.close()


@pytest.fixture
async def database(postgres: PrivatePostgres, template: str, tmp_path: Path) -> AsyncIterator[str]:
    """A fresh database, opened through both doors, and a place for photos; yields the superuser's address of it."""
    url = await asyncio.to_thread(postgres.create_database, template, "test")
    session.open(migrate.roles_urls(url, SECRET), pool_size=4)
    keys.open(SECRET)
    photo_files.open(tmp_path / "photos")
    yield url
    try:
        await session.close()
    finally:  # the next one has the same name
        await asyncio.to_thread(postgres.drop_database, url)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same kinds of password hashes at the least cost that they allow."""
    cheap = passwords._context.copy(argon2__time_cost=1, argon2__memory_cost=8, argon2__parallelism=1)
    monkeypatch.setattr(passwords, "_context", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("nobody"))
    monkeypatch.setattr(throttle, "REFUSED_AFTER_S", 0.0)


@dataclass(frozen=True)
class Workshop:
    """A tenant with two pits, a device in the first, an owner and a member of the staff."""

    tenant_id: UUID
    pit_id: UUID
    other_pit_id: UUID
    device_id: str
    owner: Viewer
    staff: Viewer


@dataclass(frozen=True)
class World:
    """Two workshops that must never see each other."""

    here: Workshop
    there: Workshop


@pytest.fixture
async def world(database: str) -> World:
    return World(await make_workshop("here"), await make_workshop("there"))


async def make_workshop(name: str, zone: str = "Asia/Kolkata") -> Workshop:
    """Fills the database with one workshop; logins are `owner@name` and `staff@name` (without usable passwords)."""
    async with transaction(EVERY_TENANT) as tx:
        tenant = Tenant(name=f"Workshop {name}", zone=zone)
        tx.add(tenant)
        await tx.flush()
        pits = [Pit(tenant_id=tenant.id, name=f"Pit {n} {name}", position=n) for n in (1, 2)]
        people = [
            Person(login=f"{role}@{name}", name=f"{role} {name}".title(), password_hash="!")
            for role in (Role.OWNER, Role.STAFF)
        ]
        tx.add_all([*pits, *people])
        await tx.flush()
        tx.add_all(
            Membership(tenant_id=tenant.id, person_id=person.id, role=role)
            for person, role in zip(people, (Role.OWNER, Role.STAFF), strict=True)
        )
        device = Device(id=f"pp-{name}", tenant_id=tenant.id, pit_id=pits[0].id, name=f"PP-{name}".upper())
        tx.add(device)
    owner, staff = (
        Viewer(person.id, person.name, tenant.id, role)
        for person, role in zip(people, (Role.OWNER, Role.STAFF), strict=True)
    )
    return Workshop(tenant.id, pits[0].id, pits[1].id, device.id, owner, staff)
