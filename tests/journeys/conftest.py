"""The whole product as a process, in front of a real Chromium."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.journeys.house import House, running_house
from tests.journeys.program import Installation, Product, started
from tests.private_postgres import PrivatePostgres
from tools.chromium import launched


@pytest.fixture(scope="session")
def house(postgres: PrivatePostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = postgres.create_database(template)
    with running_house(database, tmp_path_factory.mktemp("house")) as started:
        yield started
    postgres.drop_database(database)


@pytest.fixture
async def opened(house: House) -> AsyncIterator[House]:
    async with house.opened():
        yield house


@pytest.fixture
async def product(opened: House) -> Product:
    return await opened.product()


@pytest.fixture
async def installation(database: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """The program on an empty database."""
    async with started(database, tmp_path) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launched() as chromium:
        yield chromium
