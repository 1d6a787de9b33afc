"""What the program's two roles may do in the database at most, whatever a bug makes them try."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.private_postgres import PrivatePostgres
from tests.storage.catalogue import ALL_TABLES, OF_TENANTS, SEEN_BY_APP, names

ROLES = ("pitpilot_app", "pitpilot_worker")


@pytest.fixture(scope="module")
def database(postgres: PrivatePostgres, template: str) -> Iterator[str]:
    """One for all tests here: none of them can change anything."""
    url = postgres.create_database(template)
    yield url
    postgres.drop_database(url)


async def test_every_table_enforces_its_policies_on_everybody(superuser: psycopg.AsyncConnection[Any]) -> None:
    assert len(await names(superuser, ALL_TABLES)) > 20
    assert await names(superuser, f"{ALL_TABLES} AND NOT (relrowsecurity AND relforcerowsecurity)") == []


async def test_every_table_has_one_policy_for_each_role(superuser: psycopg.AsyncConnection[Any]) -> None:
    for table in await names(superuser, OF_TENANTS):
        cursor = await superuser.execute("SELECT policyname, roles FROM pg_policies WHERE tablename = %s", [table])
        assert sorted(await cursor.fetchall()) == [("tenant", ["pitpilot_app"]), ("worker", ["pitpilot_worker"])], table


async def test_partitions_are_reached_through_their_table_only(superuser: psycopg.AsyncConnection[Any]) -> None:
    partitions = await names(superuser, f"{ALL_TABLES} AND relispartition")
    assert len(partitions) >= 15
    await expect_no_rights(superuser, partitions)


async def test_nobody_but_the_owner_touches_the_migrations_own_table(superuser: psycopg.AsyncConnection[Any]) -> None:
    await expect_no_rights(superuser, ["alembic_version"])


async def expect_no_rights(superuser: psycopg.AsyncConnection[Any], tables: list[str]) -> None:
    for role in ROLES:
        cursor = await superuser.execute(
            "SELECT t FROM unnest(%s::text[]) t, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',"
            " 'REFERENCES', 'TRIGGER']) r WHERE has_table_privilege(%s, t, r)",
            [tables, role],
        )
        assert await cursor.fetchall() == []


@pytest.mark.parametrize("role", ROLES)
async def test_the_programs_roles_are_nobody_special(superuser: psycopg.AsyncConnection[Any], role: str) -> None:
    cursor = await superuser.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit FROM pg_roles"
        " WHERE rolname = %s",
        [role],
    )
    assert await cursor.fetchone() == (False,) * 6
    assert await names(superuser, f"relowner = '{role}'::regrole") == []
    cursor = await superuser.execute("SELECT 1 FROM pg_auth_members WHERE member = %s::regrole", [role])
    assert await cursor.fetchone() is None
    cursor = await superuser.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [role])
    assert await cursor.fetchone() == (False,)


async def test_no_hash_of_a_password_or_token_and_no_sealed_secret_can_be_read_by_the_web(
    superuser: psycopg.AsyncConnection[Any],
) -> None:
    cursor = await superuser.execute(
        f"SELECT relname, attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE {OF_TENANTS}"
        " AND attname ~ '_(hash|sealed|secret)$' AND has_column_privilege('pitpilot_app', c.oid, attnum, 'SELECT')"
    )
    assert await cursor.fetchall() == []


async def test_what_only_the_system_needs_is_none_of_the_webs_business(
    superuser: psycopg.AsyncConnection[Any],
) -> None:
    unseen = set(await names(superuser, OF_TENANTS)) - set(await names(superuser, SEEN_BY_APP))
    assert unseen >= {
        "oidc_identity",
        "password_reset",
        "recovery_code",
        "refresh_token",
        "rollup_late",
        "rollup_progress",
        "throttle",
    }


FORBIDDEN_TO_APP = [
    "SELECT password_hash FROM person",
    "SELECT token_hash FROM web_session",
    "SELECT * FROM web_session",
    "UPDATE web_session SET ended_at = NULL",
    "SELECT * FROM person",
    "UPDATE person SET name = 'x'",
    "UPDATE tenant SET name = 'x'",
    "UPDATE membership SET role = 'owner'",
    "INSERT INTO reading SELECT * FROM reading",
    "DELETE FROM reading",
    "UPDATE alert_event SET note = 'x'",
    "DELETE FROM alert_event",
    "UPDATE audit SET person_name = 'x'",
    "DELETE FROM audit",
    "TRUNCATE alert",
    "SELECT make_reading_partitions(current_date, current_date)",
    "SELECT drop_reading_partitions(current_date)",
    "ALTER TABLE alert DISABLE ROW LEVEL SECURITY",
    "DROP POLICY tenant ON alert",
    "CREATE TABLE mine (x int)",
    "SET ROLE pitpilot_worker",
    "SET ROLE pitpilot_owner",
]


@pytest.mark.parametrize("statement", FORBIDDEN_TO_APP)
async def test_the_webs_role_may_not(database: str, app: psycopg.AsyncConnection[Any], statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        await app.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alert_event SET note = 'x'",
        "DELETE FROM alert_event",
        "UPDATE audit SET person_name = 'x'",
        "DELETE FROM audit",
        "DELETE FROM audit_head",
        "TRUNCATE alert_event",
        "DROP TABLE alert_event",
        "ALTER TABLE alert_event DISABLE ROW LEVEL SECURITY",
        "SET ROLE pitpilot_owner",
        "CREATE TABLE mine (x int)",
    ],
)
async def test_the_worker_may_add_to_what_happened_but_not_rewrite_it(
    database: str, worker: psycopg.AsyncConnection[Any], statement: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        await worker.execute(statement)
