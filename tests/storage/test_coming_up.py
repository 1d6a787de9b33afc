"""A start beside a database server that is on its way up after a crash waits for it, and for nothing else."""

from typing import Any

import psycopg
import pytest

from storage import migrate
from tests.private_postgres import PrivatePostgres

COMING_UP = "connection failed: FATAL:  the database system is starting up"
REFUSED = "connection failed: Connection refused"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server answers to the next ones who connect, before it lets anybody in."""
    answers, connect = list[str](), psycopg.connect

    def answer(*args: Any, **options: Any) -> Any:
        if answers:
            raise psycopg.OperationalError(answers.pop(0))
        return connect(*args, **options)

    monkeypatch.setattr(psycopg, "connect", answer)
    monkeypatch.setattr(migrate, "LOOKS_EVERY_S", 0.01)
    return answers


def test_a_server_on_its_way_up_is_waited_for(postgres: PrivatePostgres, said: list[str]) -> None:
    said += [COMING_UP, COMING_UP]
    address = postgres.address
    with migrate.connected(address.url("postgres", address.superuser, address.password)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert said == []


def test_a_server_that_is_not_there_is_said_at_once(said: list[str]) -> None:
    said += [REFUSED, COMING_UP]
    with pytest.raises(psycopg.OperationalError, match="refused"):
        migrate.connected("postgresql://nobody@127.0.0.1:1/none")
    assert said == [COMING_UP]


def test_a_server_that_never_comes_up_is_given_up(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "COMES_UP_WITHIN_S", 0.0)
    said += [COMING_UP] * 100
    with pytest.raises(psycopg.OperationalError, match="starting up"):
        migrate.connected("postgresql://nobody@127.0.0.1:1/none")
    assert said
