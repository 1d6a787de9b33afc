"""What waits for a subscriber is bounded, and what gave way is counted."""

from actions.live import LiveEvent
from api.mailbox import ALERTS_WAITING_MAX, READINGS_WAITING_MAX, Mailbox
from tests.conftest import World


async def test_a_full_mailbox_keeps_the_newest_readings_and_every_alert(world: World) -> None:
    shop, mailbox = world.here, Mailbox()
    mailbox.put(LiveEvent("alert", shop.tenant_id, shop.pit_id, {}))
    for n in range(READINGS_WAITING_MAX * 2):
        mailbox.put(LiveEvent("reading", shop.tenant_id, shop.pit_id, n))
    missed, events = await mailbox.take()
    assert missed == READINGS_WAITING_MAX
    assert [event.kind for event in events].count("alert") == 1
    assert events[-1].body == READINGS_WAITING_MAX * 2 - 1


async def test_a_flood_of_alerts_is_bounded_too(world: World) -> None:
    shop, mailbox = world.here, Mailbox()
    for n in range(ALERTS_WAITING_MAX + 2):
        mailbox.put(LiveEvent("alert", shop.tenant_id, shop.pit_id, {"alert_id": str(n)}))
    missed, events = await mailbox.take()
    assert (missed, len(events), events[0].body) == (2, ALERTS_WAITING_MAX, {"alert_id": "2"})
