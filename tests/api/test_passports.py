"""What anybody hears of a passport by its number: the signed record that its public page shows. That nothing is heard
of an altered one: tests/ui/test_passport_pages.py.
"""

from actions.passports import make_next
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


async def test_whoever_has_the_number_reads_the_signed_record_and_nothing_about_people_or_the_workshops_things(
    world: World, doors: Doors
) -> None:
    job_id = await completed(world)
    assert await make_next(NOW)
    row = await passport_of(world, job_id)
    answer = await doors.nobody.get(f"/api/v1/passports/{row.id}")
    said, text = answer.json(), answer.text
    assert said.keys() == SHOWN
    assert (said["verdict"], said["record"]) == ("genuine", row.record)
    here = world.here
    ids = (here.tenant_id, row.job_id, here.pit_id, here.device_id, here.owner.person_id, here.staff.person_id)
    assert [private for private in (*PRIVATE, *map(str, ids)) if private in text] == []
