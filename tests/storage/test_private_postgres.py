"""The tests' own PostgreSQL gives databases that know nothing of each other."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.private_postgres import PrivatePostgres


@pytest.fixture(scope="module")
def server() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as running:
        yield running


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_copy_begins_with_its_templates_rows_and_goes_its_own_way(server: PrivatePostgres) -> None:
    template = server.create_database()
    execute(template, "CREATE TABLE kept AS SELECT 7 AS number")
    copy = server.create_database(template=template)
    execute(copy, "UPDATE kept SET number = 8")
    assert execute(template, "SELECT number FROM kept") == [(7,)]
    assert execute(copy, "SELECT number FROM kept") == [(8,)]


def test_a_dropped_database_is_gone_even_while_somebody_is_connected(server: PrivatePostgres) -> None:
    url = server.create_database()
    with psycopg.connect(url):
        server.drop_database(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        execute(url, "SELECT 1")
