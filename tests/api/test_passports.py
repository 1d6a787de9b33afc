"""What anybody hears of a passport by its number: what its public page shows; of one that was altered not even that."""

from typing import Any

from actions.passports import make_next
from storage.passports import PassportRow
from tests.actions.senders import execute
from tests.actions.test_jobs import NOW
from tests.actions.test_passports import completed, passport_of
from tests.api.doors import Doors
from tests.conftest import World

SHOWN = {
    "id", "verdict", "issued_at", "revoked_at", "revoked_why", "replaced_by", "page", "pdf", "record", "signature",
    "public_key",
}  # fmt: skip
PRIVATE = ("Meera", "98765", "AB 1234")
"""The customer, their telephone, their whole plate."""


async def issued(world: World) -> PassportRow:
    job_id = await completed(world)
    assert await make_next(NOW)
    return await passport_of(world, job_id)


async def check(doors: Doors, row: PassportRow) -> tuple[dict[str, Any], str]:
    answer = await doors.nobody.get(f"/api/v1/passports/{row.id}")
    assert answer.status_code == 200
    return answer.json(), answer.text


async def test_whoever_has_the_number_reads_the_signed_record_and_nothing_about_people_or_the_workshops_things(
    world: World, doors: Doors
) -> None:
    row = await issued(world)
    said, text = await check(doors, row)
    assert said.keys() == SHOWN
    assert (said["verdict"], said["record"]) == ("genuine", row.record)
    here = world.here
    ids = (here.tenant_id, row.job_id, here.pit_id, here.device_id, here.owner.person_id, here.staff.person_id)
    assert [private for private in (*PRIVATE, *map(str, ids)) if private in text] == []


async def test_a_record_that_does_not_fit_its_signature_is_not_told_to_anybody(world: World, doors: Doors) -> None:
    row = await issued(world)
    await execute("UPDATE passport SET record = record || CAST(:said AS jsonb)", said='{"workshop": "Mallory"}')
    said, text = await check(doors, row)
    assert said["verdict"] == "changed"
    assert [said[field] for field in ("record", "signature", "public_key", "pdf")] == [None] * 4
    by_owner = await doors.owner.get(f"/api/v1/jobs/{row.job_id}/passport")
    assert by_owner.json() == said and "Mallory" not in text
