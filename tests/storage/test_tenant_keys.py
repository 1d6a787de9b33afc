"""A row refers to rows of its own tenant only: the database refuses everything else, whoever writes it."""

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.conftest import World
from tests.storage.catalogue import OF_TENANTS

OF_NO_TENANT = ("tenant", "person", "channel", "firmware_release", "rollout")
"""People and their ways to be reached belong to themselves, firmware to the platform, for everybody's devices."""

_LOOSE = f"""
    SELECT c.relname || ': ' || pg_get_constraintdef(f.oid) FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
    JOIN pg_class o ON o.oid = f.confrelid
    WHERE f.contype = 'f' AND {OF_TENANTS.replace("rel", "c.rel")} AND o.relname <> ALL(%s)
        AND NOT EXISTS (SELECT 1 FROM unnest(f.conkey) k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k
            WHERE a.attname = 'tenant_id')
    ORDER BY 1"""


async def test_every_key_of_a_tenants_row_leads_to_the_same_tenant(superuser: psycopg.AsyncConnection[Any]) -> None:
    cursor = await superuser.execute(_LOOSE, [list(OF_NO_TENANT)])
    loose = [name for (name,) in await cursor.fetchall()]
    assert not loose, "\n".join(loose)


MIXED = {
    "a device in a pit": "UPDATE device SET pit_id = %(pit)s WHERE id = 'pp-here'",
    "a film profile of a pit": "INSERT INTO film_profile VALUES (%(new)s, %(there)s, 'x');"
    " UPDATE pit SET film_profile_id = %(new)s WHERE tenant_id = %(here)s",
    "an alert of a pit": "INSERT INTO alert (id, tenant_id, pit_id, rule, level, flapping, raised_at, changed_at, note)"
    " VALUES (%(new)s, %(here)s, %(pit)s, 't_c', 1, false, now(), now(), '')",
    "an alert of a device": "INSERT INTO alert (id, tenant_id, device_id, rule, level, flapping, raised_at, changed_at,"
    " note) VALUES (%(new)s, %(here)s, 'pp-there', 'silent', 1, false, now(), now(), '')",
    "limits of a pit": "INSERT INTO limits (id, tenant_id, origin, place_id, metric)"
    " VALUES (%(new)s, %(here)s, 'pit', %(pit)s, 't_c')",
    "presence of a device": "INSERT INTO device_presence (device_id, tenant_id, heard_at, online)"
    " VALUES ('pp-there', %(here)s, now(), true)",
    "a rule's state in a pit": "INSERT INTO rule_state (pit_id, metric, tenant_id, level, unknown, quiet)"
    " VALUES (%(pit)s, 't_c', %(here)s, 0, false, true)",
    "a claim of a device": "INSERT INTO device_claim (id, tenant_id, device_id, code_hash, created_at, expires_at)"
    " VALUES (%(new)s, %(here)s, 'pp-there', 'x', now(), now())",
}


@pytest.mark.parametrize("statement", MIXED.values(), ids=MIXED.keys())
async def test_no_row_mixes_two_tenants(world: World, superuser: psycopg.AsyncConnection[Any], statement: str) -> None:
    bound = {
        "new": "00000000-0000-4000-8000-000000000001",
        "here": world.here.tenant_id,
        "there": world.there.tenant_id,
        "pit": world.there.pit_id,
    }
    with pytest.raises(errors.ForeignKeyViolation):
        for part in statement.split(";"):
            await superuser.execute(part, bound)


async def test_limits_of_a_whole_tenant_are_its_own(world: World, superuser: psycopg.AsyncConnection[Any]) -> None:
    with pytest.raises(errors.CheckViolation):
        await superuser.execute(
            "INSERT INTO limits (id, tenant_id, origin, place_id, metric)"
            " VALUES (gen_random_uuid(), %s, 'tenant', %s, 't_c')",
            [world.here.tenant_id, world.there.tenant_id],
        )


async def test_a_session_takes_its_tokens_along_to_another_tenant(
    world: World, superuser: psycopg.AsyncConnection[Any]
) -> None:
    bound = {
        "here": world.here.tenant_id,
        "there": world.there.tenant_id,
        "owner": world.here.owner.person_id,
        "id": "00000000-0000-4000-8000-000000000001",
    }
    for statement in (
        "INSERT INTO web_session (id, token_hash, person_id, tenant_id, created_at, used_at, expires_at, address,"
        " agent) VALUES (%(id)s, 'x', %(owner)s, %(here)s, now(), now(), now(), '', '')",
        "INSERT INTO refresh_token (id, session_id, tenant_id, token_hash, created_at, expires_at)"
        " VALUES (%(id)s, %(id)s, %(here)s, 'x', now(), now())",
        "UPDATE web_session SET tenant_id = %(there)s",
    ):
        await superuser.execute(statement, bound)
    cursor = await superuser.execute("SELECT tenant_id FROM refresh_token")
    assert await cursor.fetchall() == [(world.there.tenant_id,)]
