"""What each role sees and can do on the workshop's pages, through NiceGUI's simulated user on a real database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from nicegui import ui
from sqlalchemy import text

from actions.live import hub
from domain.limits import Level
from domain.readings import Reading
from storage.session import EVERY_TENANT, transaction
from storage.tables import Alert
from tests.conftest import Workshop, World
from tests.ui.conftest import Visitor
from ui import guard

NOW = datetime.now(UTC)
PATIENCE = 600  # tries 0.1 s apart, for what goes through the database


def measure(shop: Workshop, t_c: float = 24.6, pm25: float = 8.2, at: datetime | None = None) -> None:
    """Puts a fresh reading of the first pit into the hub."""
    at_us = round((at or datetime.now(UTC)).timestamp() * 1e6)
    hub.put(
        [
            Reading(
                shop.tenant_id, shop.pit_id, shop.device_id, 1, at_us, at_us, (t_c, 52.0, None, None, pm25, None, None)
            )
        ]
    )


async def raise_alert(shop: Workshop, level: Level = Level.CRITICAL) -> Alert:
    alert = Alert(
        tenant_id=shop.tenant_id, pit_id=shop.pit_id, rule="pm25", level=level, value=41.8, limit_value=35.4,
        raised_at=datetime.now(UTC) - timedelta(minutes=6), changed_at=datetime.now(UTC) - timedelta(minutes=6),
    )  # fmt: skip
    async with transaction(EVERY_TENANT) as tx:
        tx.add(alert)
    return alert


async def test_the_overview_says_how_many_pits_are_in_which_state(world: World, visitor: Visitor) -> None:
    measure(world.here)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/")
    await visitor.user.should_see("2 pits: 1 in spec, 1 unknown")
    await visitor.user.should_see("Pit 1 here")
    await visitor.user.should_not_see("Pit 1 there")


async def test_an_open_alert_stands_on_the_overview_and_is_acknowledged_with_a_note(
    world: World, visitor: Visitor
) -> None:
    alert = await raise_alert(world.here)
    await visitor.sign_in_as(world.here.staff)
    visitor.user.http_client.headers["Referer"] = "http://test/work"  # else staff are led there
    await visitor.user.open("/")
    await visitor.user.should_see("Pit 1 here: PM2.5 41.8\u00a0µg/m³")
    visitor.press("Acknowledge")
    await visitor.user.should_see("Acknowledge this alert?")
    visitor.user.find(kind=ui.input).type("Filter changed")
    visitor.press("Acknowledge")
    await visitor.user.should_see("Everybody sees your note")
    async with transaction(EVERY_TENANT) as tx:
        row = (await tx.execute(text("SELECT note, acknowledged_by FROM alert WHERE id = :id"), {"id": alert.id})).one()
    assert tuple(row) == ("Filter changed", world.here.staff.person_id)


async def test_the_pit_of_another_workshop_does_not_exist(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    for pit in (world.there.pit_id, uuid4(), "nonsense"):
        await visitor.user.open(f"/pits/{pit}")
        await visitor.user.should_see("There is no such pit")


async def test_the_pit_page_shows_limits_with_their_origin_and_the_device(world: World, visitor: Visitor) -> None:
    measure(world.here)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/pits/{world.here.pit_id}")
    for said in ("Climate", "15–35", "default", "Node PP-HERE", "Never heard", "Silence"):
        await visitor.user.should_see(said)


async def test_the_owner_changes_a_limit_and_a_wrong_one_is_said_beside_its_field(
    world: World, visitor: Visitor
) -> None:
    measure(world.here)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/pits/{world.here.pit_id}")
    visitor.press("Change")
    await visitor.user.should_see("Warning above", retries=PATIENCE)
    with visitor.user:
        fields = sorted(visitor.user.find(kind=ui.number).elements, key=lambda e: e.id)
    fields[1].value = 10
    visitor.press("Save limits")
    await visitor.user.should_see("Must be above the lower limit.", retries=PATIENCE)
    fields[1].value = 28
    visitor.press("Save limits")
    await visitor.user.should_not_see("Warning above", retries=PATIENCE)
    async with transaction(EVERY_TENANT) as tx:
        high = (await tx.execute(text("SELECT warning_high FROM limits"))).scalar_one()
    assert high == 28


async def test_staff_sees_limits_but_can_not_change_or_silence(world: World, visitor: Visitor) -> None:
    measure(world.here)
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open(f"/pits/{world.here.pit_id}")
    await visitor.user.should_see("15–35")
    await visitor.user.should_not_see("Silence")
    await visitor.user.should_not_see("Change")


async def test_the_inbox_filters_and_says_when_all_is_well(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/alerts")
    await visitor.user.should_see("All is well")
    alert = await raise_alert(world.here)
    await raise_alert(world.there)
    await visitor.user.open("/alerts")
    await visitor.user.should_see("1 open alert")
    await visitor.user.open(f"/alerts/{alert.id}")
    await visitor.user.should_see("41.8\u00a0µg/m³")


async def test_the_device_page_shows_what_was_refused_and_why(world: World, visitor: Visitor) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("INSERT INTO rejection_count VALUES ('pp-here', 'implausible', :day, :tenant, 1234)"),
            {"day": NOW.date(), "tenant": world.here.tenant_id},
        )
        await tx.execute(
            text(
                "INSERT INTO rejection_sample (tenant_id, device_id, at, reason, detail, payload)"
                " VALUES (:tenant, 'pp-here', :now, 'implausible', 'seq 7', '<b>{\"t_c\"\\:1e308}')"
            ),
            {"tenant": world.here.tenant_id, "now": NOW},
        )
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/devices/pp-here")
    await visitor.user.should_see("Outside the sensor")
    await visitor.user.should_see("1,234")
    await visitor.user.should_see("&lt;b&gt;")
    await visitor.user.open("/devices/pp-there")
    await visitor.user.should_see("There is no such device")


async def test_a_pump_tenant_is_told_that_it_has_no_pits(world: World, visitor: Visitor) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE tenant SET has_workshop = false"))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/")
    await visitor.user.should_see("No workshop here")


async def test_pages_speak_the_persons_language(world: World, visitor: Visitor) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE person SET language = 'hi'"))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/alerts")
    await visitor.user.should_not_see("All is well")


async def test_signing_out_ends_the_session(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    token = visitor.user.http_client.cookies.get(guard.COOKIE)
    await visitor.user.http_client.post("/sign-out")
    visitor.user.http_client.cookies.set(guard.COOKIE, token or "")
    response = await visitor.user.http_client.get("/")
    assert response.status_code == 303
