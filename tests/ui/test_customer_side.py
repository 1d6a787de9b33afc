"""What an owner does for a job's customer: the link and the passport on the job's page, and the messages' settings."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui

from actions import passports
from actions.customers.settings import CustomerNotices, Gateway, notices_of, set_notices
from actions.jobs import links
from actions.jobs.links import ShownLink
from domain.access import Viewer
from domain.customer_news import CustomerNews
from domain.ways import Way
from storage.passports import PassportRow
from tests.actions.test_passports import completed
from tests.conftest import World
from tests.ui.conftest import Visitor
from tests.ui.doors import fill, find, one, press, see, until
from tests.ui.job_parts import made_now
from ui.components.copy_link import CopyLink

NOW = datetime.now(UTC)


async def link_of(job_id: UUID, by: Viewer) -> str:
    """The token of the link that works; empty: none does."""
    answer = await links.shown(job_id, by, datetime.now(UTC))
    return answer.token if isinstance(answer, ShownLink) else ""


async def at_a_job(visitor: Visitor, world: World) -> UUID:
    job_id = await made_now(world.here.owner)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/jobs/{job_id}")
    await see(visitor, "Works until")
    return job_id


async def test_the_customers_link_is_shown_replaced_and_ended(visitor: Visitor, world: World) -> None:
    job_id, by = await at_a_job(visitor, world), world.here.owner
    first = await link_of(job_id, by)
    await press(visitor, "QR code")
    await see(visitor, "Give it to the customer alone.")
    assert (await find(visitor, CopyLink)).props["text"].endswith(f"/t/{first}")
    await press(visitor, "Done")
    await press(visitor, "Replace")
    await see(visitor, "stops working at once")
    assert await link_of(job_id, by) == first  # nothing before it is meant
    await press(visitor, "Replace link")

    async def is_another() -> bool:
        return await link_of(job_id, by) not in ("", first)

    await until(is_another)
    await press(visitor, "Done")
    await press(visitor, "End")
    await press(visitor, "End link")
    await see(visitor, "No link works: it was ended, or its time is over.")
    assert await link_of(job_id, by) == ""
    await press(visitor, "Make link")

    async def is_there() -> bool:
        return await link_of(job_id, by) != ""

    await until(is_there)


async def test_the_link_is_sent_if_anything_reaches_the_customer_and_consent_is_noted(
    visitor: Visitor, world: World
) -> None:
    job_id = await at_a_job(visitor, world)
    await press(visitor, "Send")
    await see(visitor, "Nothing reaches this customer")
    typed = Gateway(Way.SMS, "msg91://flow@abcd1234/{phone}")
    settled = CustomerNotices(frozenset(), gateway_way=Way.SMS)
    assert await set_notices(world.here.owner, settled, NOW, gateway_typed=typed) is None
    await press(visitor, "Send")
    await see(visitor, "The link is on its way.")
    assert await one("SELECT string_agg(reason || ' ' || way || ' ' || shown, '') FROM message") == (
        "customer_link sms …3210"
    )
    await press(visitor, "Send")
    await see(visitor, "Too many tries.")
    await press(visitor, "Customer agrees to messages")
    await see(visitor, "Agreed")
    agreed = "SELECT notices_agreed_at IS NOT NULL FROM customer c JOIN vehicle v ON v.customer_id = c.id"
    agreed += " JOIN job j ON j.vehicle_id = v.id WHERE j.id = :id"
    assert await one(agreed, id=job_id)
    await press(visitor, "Customer wants no messages")
    await see(visitor, "Not agreed")
    assert not await one(agreed, id=job_id)


async def test_the_sheet_to_print_bears_the_link_and_is_the_workshops_alone(visitor: Visitor, world: World) -> None:
    job_id = await at_a_job(visitor, world)
    sheet = await visitor.user.http_client.get(f"/jobs/{job_id}/link-sheet")
    assert sheet.status_code == 200 and "<svg" in sheet.text and "MH 12 AB 1234" in sheet.text
    assert "Meera" not in sheet.text and "noindex" in sheet.headers["x-robots-tag"]
    await visitor.sign_in_as(world.there.owner)
    assert (await visitor.user.http_client.get(f"/jobs/{job_id}/link-sheet")).status_code == 404


async def test_a_passport_is_revoked_with_a_reason_and_issued_again(visitor: Visitor, world: World) -> None:
    job_id = await completed(world)
    assert await passports.make_next(NOW)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/jobs/{job_id}")
    await see(visitor, "Environment passport", "Genuine")
    await press(visitor, "Revoke")
    await see(visitor, "Its public page says from now on")
    await press(visitor, "Revoke")  # the dialog's: without a reason nothing happens
    await see(visitor, "Enter a reason.")
    await fill(visitor, "Reason", "wrong roll")
    (await find(visitor, ui.checkbox)).value = False
    await press(visitor, "Revoke")
    await see(visitor, "Revoked", "wrong roll", "Environment passport issued", "Environment passport revoked")
    await press(visitor, "Issue again")
    await see(visitor, "It is being made.")
    assert await passports.make_next(datetime.now(UTC))
    fresh = await passports.of_job(job_id, world.here.owner)
    assert isinstance(fresh, PassportRow) and fresh.revoked_at is None


async def test_messages_to_customers_and_their_gateway_are_settled(visitor: Visitor, world: World) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/customer-messages")
    await see(visitor, "Only customers who agreed get messages", "Not at all: mail is not set up here")
    (await find(visitor, ui.select, "Gateway")).value = Way.SMS.value
    await fill(visitor, "Address of the gateway", "msg91://flow@key/919876543210")
    await press(visitor, "Save")
    await see(visitor, "Enter an address such as msg91://template@key/{phone}, with {phone} once.")
    await fill(visitor, "Country code", "0")
    await fill(visitor, "Address of the gateway", "msg91://flow@abcd1234/{phone}")
    await press(visitor, "Save")
    await see(visitor, "Enter one to three digits, such as 91.")
    await fill(visitor, "Country code", "880")
    await fill(visitor, "Telephone of the workshop", "+880 2 5550 1234")
    with visitor.user:
        started = next(b for b in visitor.user.find(kind=ui.checkbox).elements if b.text == "Work begun")
        started.value = True
    await press(visitor, "Save")
    await see(visitor, "Saved.", "Now msg91 …1234. Leave it empty to keep it.")
    kept = await notices_of(world.here.owner)
    assert isinstance(kept, CustomerNotices) and CustomerNews.STARTED in kept.wanted
    assert (kept.gateway_way, kept.country_code, kept.contact_phone) == (Way.SMS, "880", "+880 2 5550 1234")
    assert await one("SELECT count(*) FROM audit WHERE intent = 'change_customer_notices'") == 1
