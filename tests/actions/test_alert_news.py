"""Alerts reach people: once a raising, after quiet hours, never when silenced, and owners when nobody acknowledges."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from actions.alerts import acknowledge, end_silence, silence
from actions.outbox import alert_news, sender
from actions.outbox.alert_news import AlertNews
from actions.outbox.sender import Sender
from actions.outbox.settings import set_settings
from domain.alerts import FLAP_WINDOW, FLAPS_MAX
from domain.limits import Level
from domain.notify import NotifySettings
from domain.ways import Way
from storage.session import EVERY_TENANT, transaction
from storage.tables import Alert, AlertSilence
from tests.actions.posting import Clock, give_channel, plain_words, stand, wish
from tests.actions.senders import execute, fetch
from tests.conftest import Workshop, World


async def raise_alert(shop: Workshop, clock: Clock, level: Level = Level.CRITICAL, rule: str = "pm25") -> UUID:
    alert = Alert(
        id=uuid4(),
        tenant_id=shop.tenant_id,
        pit_id=shop.pit_id,
        rule=rule,
        level=level,
        value=41.8,
        limit_value=35.4,
        raised_at=clock(),
        changed_at=clock(),
    )
    async with transaction(EVERY_TENANT) as tx:
        tx.add(alert)
    return alert.id


async def resolve(alert_id: UUID, clock: Clock) -> None:
    await execute("UPDATE alert SET resolved_at = :now WHERE id = :id", now=clock(), id=alert_id)


async def reachable(world: World) -> Workshop:
    """The workshop, whose owner and staff each have a channel; that of others too."""
    for shop in (world.here, world.there):
        for viewer in (shop.owner, shop.staff):
            await give_channel(viewer, Way.MAIL, f"{viewer.name.replace(' ', '.')}@example.com")
    return world.here


async def told() -> list[tuple[str, str]]:
    """Who was told what, in order."""
    rows = await fetch(
        "SELECT p.name, m.reason FROM message m JOIN person p ON p.id = m.person_id ORDER BY m.created_at, p.name"
    )
    return [(name, reason) for name, reason in rows]


EVERYBODY = ["Owner Here", "Staff Here"]


async def test_everybody_who_wants_it_is_told_once_a_raising(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    news = AlertNews(clock)
    await raise_alert(shop, clock)
    assert (await news.round(), await news.round()) == (1, 0)
    assert await told() == [(name, "alert_raised") for name in EVERYBODY]
    assert news.put == 2


async def test_two_that_look_at_once_tell_it_once(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    await raise_alert(shop, clock)
    await asyncio.gather(AlertNews(clock).round(), AlertNews(clock).round())
    assert await told() == [(name, "alert_raised") for name in EVERYBODY]


async def test_a_warning_reaches_only_who_wants_every_alert_and_all_when_it_gets_worse(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    await wish(shop.staff, '{"alerts": "all"}')
    alert_id = await raise_alert(shop, clock, Level.WARNING)
    news = AlertNews(clock)
    await news.round()
    assert await told() == [("Staff Here", "alert_raised")]
    clock.go_on(minutes=1)
    await execute("UPDATE alert SET level = 2 WHERE id = :id", id=alert_id)
    await news.round()
    await execute("UPDATE alert SET level = 1 WHERE id = :id", id=alert_id)
    await news.round()
    await execute("UPDATE alert SET level = 2 WHERE id = :id", id=alert_id)
    await news.round()
    assert (await told())[1:] == [(name, "alert_worse") for name in EVERYBODY]


async def test_the_end_is_told_to_whom_the_beginning_was_sent(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    await wish(shop.owner, '{"over": false}')
    news, alert_id = AlertNews(clock), await raise_alert(shop, clock)
    await news.round()
    await execute("UPDATE message SET status = 'sent', attempts = 1")
    clock.go_on(minutes=9)
    await resolve(alert_id, clock)
    await news.round()
    await news.round()
    assert (await told())[2:] == [("Staff Here", "alert_over")]


async def test_what_was_over_before_anybody_looked_is_never_told(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    await resolve(await raise_alert(shop, clock), clock)
    await AlertNews(clock).round()
    assert await told() == []


@pytest.mark.parametrize(
    "settled", ["resolved_at = raised_at", "acknowledged_at = raised_at, acknowledged_by = CAST(:by AS uuid)"]
)
async def test_what_is_settled_before_it_was_sent_is_withdrawn(world: World, settled: str) -> None:
    shop, clock = await reachable(world), Clock()
    news, alert_id = AlertNews(clock), await raise_alert(shop, clock)
    await news.round()
    statement = f"UPDATE alert SET {settled} WHERE id = :id AND CAST(:by AS uuid) IS NOT NULL"
    await execute(statement, id=alert_id, by=shop.owner.person_id)
    await news.round()
    await Sender(plain_words, clock).round()
    assert await stand() == [("alert_raised", "withdrawn", 1)] * 2


async def test_quiet_hours_hold_a_message_until_they_end(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    now = clock().astimezone(ZoneInfo("Asia/Kolkata"))
    begin, end = (now - timedelta(hours=1)).strftime("%H:%M"), (now + timedelta(hours=1)).strftime("%H:%M")
    await wish(shop.owner, f'{{"quiet": ["{begin}", "{end}"], "critical_wakes": false}}')
    await raise_alert(shop, clock)
    await AlertNews(clock).round()
    rows = await fetch("SELECT p.name, m.next_try_at FROM message m JOIN person p ON p.id = m.person_id")
    when = dict(rows)
    assert when["Staff Here"] == clock()
    assert timedelta(minutes=59) <= when["Owner Here"] - clock() <= timedelta(hours=1)


async def test_a_silence_calls_nobody_until_it_ends(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    made = await silence(shop.pit_id, "pm25", clock() + timedelta(hours=1), "sanding", shop.owner, clock())
    assert isinstance(made, AlertSilence)
    await raise_alert(shop, clock)
    await raise_alert(shop, clock, rule="t_c")
    news = AlertNews(clock)
    await news.round()
    assert {row[0] for row in await fetch("SELECT facts->>'rule' FROM message")} == {"t_c"}
    await end_silence(made.id, shop.owner, clock())
    await news.round()
    assert {row[0] for row in await fetch("SELECT facts->>'rule' FROM message")} == {"t_c", "pm25"}


async def test_what_comes_and_goes_is_told_a_few_times_and_then_only_if_it_stays(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    news = AlertNews(clock)
    for _ in range(10):
        alert_id = await raise_alert(shop, clock)
        await news.round()
        clock.go_on(seconds=30)
        await resolve(alert_id, clock)
        await news.round()
    assert len(await told()) == 2 * FLAPS_MAX
    await raise_alert(shop, clock)
    assert await news.round() == 0
    clock.go_on(seconds=FLAP_WINDOW.total_seconds())
    assert await news.round() == 1
    assert len(await told()) == 2 * FLAPS_MAX + 2


async def test_owners_are_called_once_if_nobody_acknowledges_in_time(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    await wish(shop.owner, '{"alerts": "none"}')
    await set_settings(shop.owner, NotifySettings(10), clock())
    await raise_alert(shop, clock)
    news = AlertNews(clock)
    await news.round()
    clock.go_on(minutes=9)
    await news.round()
    assert await told() == [("Staff Here", "alert_raised")]
    clock.go_on(minutes=1)
    await news.round()
    clock.go_on(minutes=60)
    await news.round()
    assert (await told())[1:] == [("Owner Here", "alert_unacknowledged")]


async def test_owners_are_not_called_about_what_somebody_acknowledged(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    alert_id, news = await raise_alert(shop, clock), AlertNews(clock)
    await news.round()
    assert isinstance(await acknowledge(alert_id, "on it", shop.staff, clock()), Alert)
    clock.go_on(hours=2)
    await news.round()
    assert {reason for _, reason in await told()} == {"alert_raised"}


async def test_a_suspended_tenant_is_told_nothing(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    await execute("UPDATE tenant SET status = 'suspended' WHERE id = :id", id=shop.tenant_id)
    await raise_alert(shop, clock)
    await AlertNews(clock).round()
    assert await told() == []


async def test_looking_costs_no_walk_through_all_alerts_and_messages(world: World) -> None:
    shop, clock = world.here, Clock()
    async with transaction(EVERY_TENANT) as tx:
        bound = {"tenant": shop.tenant_id, "pit": shop.pit_id, "now": clock()}
        await tx.execute(
            text(
                "INSERT INTO alert (id, tenant_id, pit_id, rule, level, flapping, raised_at, changed_at, resolved_at,"
                " note, told_level, told_over) SELECT gen_random_uuid(), :tenant, :pit, 't_c', 1, false, :now, :now,"
                " :now, '', 1, true FROM generate_series(1, 20000)"
            ),
            bound,
        )
        await tx.execute(
            text(
                "INSERT INTO message (id, tenant_id, dedupe, way, shown, language, reason, facts, status, created_at,"
                " next_try_at) SELECT gen_random_uuid(), :tenant, n, 'mail', '', 'en', 'x', '{}', 'sent', :now, :now"
                " FROM generate_series(1, 20000) n"
            ),
            {"tenant": shop.tenant_id, "now": clock()},
        )
    looks = {
        "alert_untold": (alert_news._UNTOLD, {"damped": clock(), "flaps": 3, "now": clock(), "most": 100}),
        "alert_unacknowledged": (alert_news._UNACKNOWLEDGED, {"critical": 2, "now": clock(), "most": 100}),
        "message_due": (sender._LEASE, {"now": clock(), "most": 4, "leased": clock()}),
    }
    for index, (statement, bound) in looks.items():
        async with transaction(EVERY_TENANT) as tx:
            plan = "\n".join((await tx.execute(text(f"EXPLAIN {statement}"), bound)).scalars())
        assert index in plan, plan


async def test_suspended_people_and_other_tenants_are_told_nothing(world: World) -> None:
    shop, clock = await reachable(world), Clock()
    await execute(
        "UPDATE membership SET suspended_at = :now WHERE person_id = :id", now=clock(), id=shop.staff.person_id
    )
    await raise_alert(shop, clock)
    await AlertNews(clock).round()
    assert await told() == [("Owner Here", "alert_raised")]
    await execute("UPDATE person SET suspended_at = :now WHERE id = :id", now=clock(), id=shop.owner.person_id)
    await Sender(plain_words, clock).round()
    assert await stand() == [("alert_raised", "withdrawn", 1)]
