"""Notices to customers: with consent alone, once each, in their language, by a gateway or by mail, on real servers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from apprise.plugins.clickatell import NotifyClickatell
from apprise.plugins.msg91 import NotifyMSG91
from apprise.plugins.twilio import NotifyTwilio
from apprise.plugins.vonage import NotifyVonage
from apprise.plugins.whatsapp import NotifyWhatsApp

from actions.customers.consent import record_consent
from actions.customers.late import tell_late
from actions.customers.send_link import send_link
from actions.customers.settings import CustomerNotices, Gateway, notices_of, set_notices
from actions.jobs import links
from actions.jobs.create import Created, create
from actions.jobs.details import change_customer
from actions.outbox import ways
from actions.outbox.sender import Sender
from domain.access import Viewer
from domain.customer_news import CustomerNews
from domain.jobs.words import Event
from domain.refusals import Refusal, TryLater
from domain.ways import Way
from storage import job_timeline
from storage.job_intake import NewCustomer
from storage.session import transaction
from tests.actions.posting import BASE, Clock, mail_offer, stand
from tests.actions.senders import execute, fetch
from tests.actions.test_jobs import CHECKED, NOW, STAGES, asks, moved, ready, start
from tests.conftest import World
from tests.post_office import mail_server, web_server
from ui.notices import worded

ALL = frozenset(CustomerNews)


@pytest.fixture(autouse=True)
def no_offer() -> Iterator[None]:
    yield
    ways.open(ways.Offer())


async def taken_in(
    world: World, language: str = "en", *, agrees: bool = True, mail: str = "", planned_at: datetime | None = None
) -> Created:
    customer = NewCustomer("Meera Nair", "098765 43210", mail, language, agrees)
    new = replace(ready(world.here), customer=customer, planned_at=planned_at)
    made = await create(new, world.here.owner, NOW, key=uuid4())
    assert isinstance(made, Created), made
    return made


async def carried_through(job: Created, by: Viewer) -> None:
    version = (await moved(job.job_id, start(), by)).version
    for stage in STAGES:
        version = (await moved(job.job_id, asks(Event.FINISH_STAGE, version, stage=stage), by)).version
    version = (await moved(job.job_id, asks(Event.SUBMIT, version), by)).version
    version = (await moved(job.job_id, asks(Event.PASS, version, checked=CHECKED), by)).version
    await moved(job.job_id, asks(Event.DELIVER, version), by)


async def test_each_chosen_notice_comes_once_by_mail_in_the_customers_language(world: World) -> None:
    with mail_server() as box:
        ways.open(mail_offer(box))
        wanted = CustomerNotices(ALL - {CustomerNews.CHECK})
        assert await set_notices(world.here.owner, wanted, NOW) is None
        job = await taken_in(world, "hi", mail="meera@example.org")
        await carried_through(job, world.here.staff)
        clock = Clock(NOW)
        sender = Sender(worded, clock)
        await sender.round()
        clock.go_on(minutes=1)
        await sender.round()
        texts = [box.text(n) for n in range(len(box.mails))]
        assert len(texts) == 4 and all("Skoda Octavia" in subject for subject in box.subjects)
        assert sum(f"{BASE}/t/{job.token}" in text for text in texts) == 4
        assert any("तैयार" in text for text in texts) and f"{BASE}/t/{job.token}/notices" in texts[0]
    async with transaction(world.here.tenant_id) as tx:
        seen = await job_timeline.happenings(tx, world.here.tenant_id, job.job_id)
    told = {"customer_received", "customer_started", "customer_ready", "customer_delivered"}
    assert {each.kind for each in seen if each.source == "message"} == told
    kept = await fetch("SELECT string_agg(m::text, '') FROM message m")
    assert job.token not in kept[0][0] and "meera@example.org" not in kept[0][0]


async def test_a_gateway_takes_the_number_and_its_address_is_the_workshops_secret(world: World) -> None:
    with web_server() as hook:
        ways.open(ways.Offer(None, BASE, private_hosts=True))
        address = hook.url + "/send?key=very-secret&to={phone}"
        typed = Gateway(Way.WEBHOOK, address)
        settled = CustomerNotices(ALL, gateway_way=Way.WEBHOOK)
        assert await set_notices(world.here.owner, settled, NOW, gateway_typed=typed) is None
        await taken_in(world)
        sender = Sender(worded, Clock(NOW))
        assert await sender.round() == 1
        [(path, _, body)] = hook.calls
        assert "Skoda Octavia" in body["text"] and "to=919876543210" in path
    [(shown, stored)] = await fetch("SELECT shown, (SELECT n::text FROM customer_notices n) FROM message")
    assert shown == "…3210" and "very-secret" not in stored
    kept = await notices_of(world.here.owner)
    assert isinstance(kept, CustomerNotices) and kept.gateway_way is Way.WEBHOOK
    assert (
        await set_notices(world.here.owner, CustomerNotices(ALL, gateway_way=Way.SMS), NOW) is Refusal.ADDRESS_UNUSABLE
    )
    assert await set_notices(world.here.staff, settled, NOW) is Refusal.NOT_ALLOWED
    assert await set_notices(world.here.owner, CustomerNotices(ALL), NOW) is None
    assert await fetch("SELECT gateway_sealed FROM customer_notices") == [(None,)]


GATEWAYS: dict[str, tuple[Way, str, type, str, Callable[[Any], tuple[str, str]]]] = {
    "MSG91": (
        Way.SMS, "msg91://flow7@key5ecret/{phone}", NotifyMSG91, "notify_url",
        lambda said: (said["recipients"][0]["mobiles"], said["recipients"][0]["body"]),
    ),
    "Twilio": (
        Way.SMS, "twilio://AC0123456789abcdef:key5ecret@+15005550006/{phone}", NotifyTwilio, "notify_sms_url",
        lambda said: (said["To"], said["Body"]),
    ),
    "Vonage": (
        Way.SMS, "vonage://abc:key5ecret@15005550006/{phone}", NotifyVonage, "notify_url",
        lambda said: (said["to"], said["text"]),
    ),
    "Clickatell": (
        Way.SMS, "clickatell://key5ecret/{phone}", NotifyClickatell, "notify_url",
        lambda said: (said["to"], said["content"]),
    ),
    "WhatsApp": (
        Way.WHATSAPP, "whatsapp://key5ecret@10987654321/{phone}", NotifyWhatsApp, "notify_url",
        lambda said: (said["to"], said["text"]["body"]),
    ),
    "WhatsApp by a template": (
        Way.WHATSAPP, "whatsapp://car_news:key5ecret@10987654321/{phone}?lang=bn&:body=1", NotifyWhatsApp, "notify_url",
        lambda said: (said["to"], said["template"]["components"][0]["parameters"][0]["text"]),
    ),
}  # fmt: skip
"""By name: way, address, which program of Apprise speaks to it, where that keeps the address, number and text in it."""


@pytest.mark.parametrize(("way", "address", "program", "where", "told"), GATEWAYS.values(), ids=GATEWAYS)
async def test_a_gateway_is_told_by_its_own_interface_and_again_after_it_refused(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    way: Way,
    address: str,
    program: type,
    where: str,
    told: Callable[[Any], tuple[str, str]],
) -> None:
    ways.open(ways.Offer(None, BASE))
    settled, typed = CustomerNotices(ALL, gateway_way=way), Gateway(way, address)
    assert await set_notices(world.here.owner, settled, NOW, gateway_typed=typed) is None
    job, clock = await taken_in(world, "bn"), Clock(NOW)
    sender = Sender(worded, clock)
    with web_server() as hook:
        monkeypatch.setattr(program, where, f"{hook.url}/send")
        hook.status = 503
        await sender.round()
        assert await stand() == [("customer_received", "failed", 1)]
        hook.status = 200
        clock.go_on(minutes=30)
        await sender.round()
    assert await stand() == [("customer_received", "sent", 2)]
    for _path, _headers, said in hook.calls:
        number, text = told(said)
        assert number.lstrip("+") == "919876543210" and "Skoda Octavia" in text and f"{BASE}/t/{job.token}" in text
    [(kept,)] = await fetch("SELECT string_agg(m::text, '') FROM message m")
    assert len(hook.calls) == 2 and "key5ecret" not in kept and job.token not in kept and "9876543210" not in kept


async def test_nobody_is_told_without_consent_and_withdrawing_it_takes_back_what_waits(world: World) -> None:
    with mail_server() as box:
        ways.open(mail_offer(box))
        await taken_in(world, agrees=False, mail="meera@example.org")
        assert await stand() == []
        job = await taken_in(world, mail="other@example.org")
        assert await stand() == []  # the same customer, who did not agree, came again
        assert await record_consent(job.job_id, True, world.here.staff, NOW) is None
        assert await record_consent(job.job_id, True, world.here.staff, NOW) is Refusal.ALREADY_SO
        assert await record_consent(job.job_id, True, world.there.staff, NOW) is Refusal.NOT_FOUND
        await execute("UPDATE job SET promised_at = :at WHERE id = :id", at=NOW - timedelta(minutes=1), id=job.job_id)
        assert await tell_late(NOW) == 1 and await tell_late(NOW) == 0
        assert await record_consent(job.job_id, False, world.here.staff, NOW) is None
        assert await stand() == [("customer_late", "withdrawn", 0)]
    trail = await fetch("SELECT intent, person_name FROM audit WHERE kind = 'customer' ORDER BY n")
    assert trail == [("agree_to_notices", "Staff Here"), ("withdraw_from_notices", "Staff Here")]


async def test_consent_that_is_corrected_with_the_customer_goes_the_same_way(world: World) -> None:
    with mail_server() as box:
        ways.open(mail_offer(box))
        job, by = await taken_in(world, mail="meera@example.org"), world.here.staff
        assert [status for _, status, _ in await stand()] == ["waiting"]
        no = NewCustomer("Meera Nair", "098765 43210", "meera@example.org", "en", False)
        assert await change_customer(job.job_id, no, by, NOW) is None
        assert [status for _, status, _ in await stand()] == ["withdrawn"]
        assert await change_customer(job.job_id, no, by, NOW) is Refusal.ALREADY_SO
        assert await change_customer(job.job_id, replace(no, name="M. Nair", agrees_to_notices=True), by, NOW) is None
    trail = await fetch("SELECT intent, kind FROM audit WHERE intent <> 'create_job' ORDER BY n")
    assert trail[-3:] == [
        ("withdraw_from_notices", "customer"), ("agree_to_notices", "customer"), ("change_customer", "job"),
    ]  # fmt: skip
    assert await fetch("SELECT name, notices_agreed_at FROM customer") == [("M. Nair", NOW)]


async def test_who_agrees_no_longer_gets_nothing_even_if_it_was_changed_elsewhere(world: World) -> None:
    with mail_server() as box:
        ways.open(mail_offer(box))
        await taken_in(world, mail="meera@example.org")
        await execute("UPDATE customer SET notices_agreed_at = NULL")
        await Sender(worded, Clock(NOW)).round()
        assert box.mails == [] and [status for _, status, _ in await stand()] == ["withdrawn"]


async def test_the_link_is_sent_once_more_on_request_and_not_too_often(world: World) -> None:
    with mail_server() as box:
        ways.open(mail_offer(box))
        job, by = await taken_in(world, agrees=False, mail="meera@example.org"), world.here.staff
        assert await send_link(job.job_id, by, NOW) is None
        assert isinstance(await send_link(job.job_id, by, NOW + timedelta(seconds=5)), TryLater)
        assert await send_link(job.job_id, world.there.staff, NOW) is Refusal.NOT_FOUND
        await Sender(worded, Clock(NOW)).round()
        assert f"{BASE}/t/{job.token}" in box.text()
        await links.revoke(job.job_id, by, NOW)
        assert await send_link(job.job_id, by, NOW + timedelta(hours=1)) is Refusal.LINK_UNKNOWN
    unreachable = await taken_in(world, agrees=False)
    ways.open(ways.Offer())
    assert await send_link(unreachable.job_id, by, NOW) is Refusal.ADDRESS_UNUSABLE


async def test_a_booking_is_told_as_one_and_is_never_late_before_its_car_has_come(world: World) -> None:
    with mail_server() as box:
        ways.open(mail_offer(box))
        day = NOW + timedelta(days=3)
        booked = await taken_in(world, mail="meera@example.org", planned_at=day)
        await Sender(worded, Clock(NOW)).round()
        assert "is booked in for" in box.text() and "We have your" not in box.text()
        broken = "UPDATE job SET promised_at = :at WHERE id = :id"
        await execute(broken, at=NOW - timedelta(minutes=1), id=booked.job_id)
        assert await tell_late(NOW) == 0
        await moved(booked.job_id, start(), world.here.staff)
        assert await tell_late(NOW) == 1
