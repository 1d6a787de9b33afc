"""Bare connections to the database of a test, as each of the roles."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from storage import migrate
from tests.conftest import SECRET


@pytest.fixture
async def superuser(database: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        yield connection


@pytest.fixture
async def app(database: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A bare connection of the web's role: no transaction() has named a tenant."""
    url = migrate.roles_urls(database, SECRET).app
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def worker(database: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    url = migrate.roles_urls(database, SECRET).worker
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection
