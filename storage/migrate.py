"""Brings a database to this program's version: roles, then migrations, one process at a time."""

import asyncio
import time
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.rows import TupleRow
from sqlalchemy import create_engine

from storage.secret import derive
from storage.session import Urls

MIGRATIONS = Path(__file__).parent.parent / "migrations"
MIGRATION_LOCK = 7_401_001  # advisory lock: any number that nothing else here uses
SERVER_VERSION_MIN = 160_000
COMES_UP_WITHIN_S = 60.0
LOOKS_EVERY_S = 0.2
COMING_UP = ("is starting up", "is not yet accepting connections", "in recovery mode")
OWNER = "pitpilot_owner"
_ROLES = ("pitpilot_app", "pitpilot_worker")


class DatabaseTooOld(Exception):
    """The server is older than PostgreSQL 16."""


async def make_owned_database(superuser_url: str, name: str, secret: bytes) -> str:
    """Makes, in a cluster of our own, the owner's role and its database if they are missing; returns its address."""
    return await asyncio.to_thread(make_owned_database_now, superuser_url, name, secret)


def make_owned_database_now(superuser_url: str, name: str, secret: bytes) -> str:
    """The same for callers without an event loop."""
    password = derive(secret, OWNER)
    with psycopg.connect(superuser_url, autocommit=True, connect_timeout=10) as connection:
        _make_role(connection, OWNER, password, "CREATEROLE")
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
            )
    return urlunsplit(urlsplit(_as_role(superuser_url, OWNER, password))._replace(path="/" + name))


async def prepare(owner_url: str, secret: bytes) -> Urls:
    """Makes the two roles and runs what migrations are missing; returns the roles' addresses.

    The roles' passwords are derived from `secret`, so that every process with the same secret can connect.

    Raises:
        DatabaseTooOld: the server is older than PostgreSQL 16.
    """
    return await asyncio.to_thread(_prepare, owner_url, secret)


def connected(url: str) -> psycopg.Connection[TupleRow]:
    """A connection; of a server that says of itself that it is on its way up, as after a crash, as soon as it is."""
    until = time.monotonic() + COMES_UP_WITHIN_S
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=10)
        except psycopg.OperationalError as error:
            if not any(word in str(error) for word in COMING_UP) or time.monotonic() > until:
                raise
        time.sleep(LOOKS_EVERY_S)


def _prepare(owner_url: str, secret: bytes) -> Urls:
    passwords = {role: derive(secret, role) for role in _ROLES}
    with connected(owner_url) as connection:
        if connection.info.server_version < SERVER_VERSION_MIN:
            raise DatabaseTooOld(f"PostgreSQL 16 or newer is needed, found {connection.info.server_version // 10_000}")
        connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))  # ends with the connection
        for role, password in passwords.items():
            _make_role(connection, role, password)
        engine = create_engine("postgresql+psycopg" + owner_url.removeprefix("postgresql").removeprefix("postgres"))
        try:
            with engine.connect() as migrating:
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS))
                config.attributes["connection"] = migrating
                command.upgrade(config, "head")
                migrating.commit()
        finally:
            engine.dispose()
    return roles_urls(owner_url, secret)


def newest() -> str:
    """The version that this program's migrations lead to."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def roles_urls(database_url: str, secret: bytes) -> Urls:
    """Addresses of the two roles in a database that is prepared already."""
    return Urls(*(_as_role(database_url, role, derive(secret, role)) for role in _ROLES))


def _make_role(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str, right: str = "") -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    statement = sql.SQL("{} ROLE {} LOGIN NOINHERIT {} PASSWORD {}").format(
        sql.SQL("ALTER" if exists else "CREATE"), sql.Identifier(role), sql.SQL(right), sql.Literal(password)
    )
    connection.execute(statement)


def _as_role(owner_url: str, role: str, password: str) -> str:
    parts = urlsplit(owner_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(scheme="postgresql", netloc=f"{role}:{quote(password)}@{place}"))
