"""Integrations on the owner's pages: a sensor of another make is mapped by what it says; logins; Home Assistant."""

from datetime import timedelta
from uuid import UUID

import pytest
from nicegui import ui
from sqlalchemy import text

from actions import foreign_sensors
from actions.foreign_sensors import Mapping
from actions.home_assistant import is_home_assistant_on
from domain.foreign import Rule
from domain.readings import Metric
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.device_parts import now, open_keys
from tests.ui.conftest import Visitor
from tests.ui.doors import fill, find, one, press, record_ways, see, until
from ui.components.copy_link import CopySecret
from ui.components.field import Field

TOPIC = "tele/hall/SENSOR"
MESSAGE = '{"Time":"%s","AM2301":{"Temperature":24.6,"Humidity":52.1},"TempUnit":"C"}'


@pytest.fixture(autouse=True)
def _keys() -> None:
    open_keys()


async def said(tenant_id: UUID, topic: str = TOPIC, payload: str | None = None) -> None:
    """As if the consumer had heard it this moment."""
    body = MESSAGE % now().isoformat() if payload is None else payload
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "INSERT INTO foreign_message VALUES (:t, :topic, :at, :body)"
                " ON CONFLICT (tenant_id, topic) DO UPDATE SET at = :at, payload = :body"
            ),
            {"t": tenant_id, "topic": topic, "at": now() - timedelta(seconds=2), "body": body},
        )


async def test_a_sensor_is_mapped_by_what_it_says(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/integrations")
    await see(visitor, "0 sensors of other makes", "No sensors of other makes yet")
    await said(world.here.tenant_id)
    await visitor.user.open("/integrations")
    await see(visitor, "Heard, but not read yet", TOPIC)
    await visitor.user.open(f"/integrations/new?topic={TOPIC.replace('/', '%2F')}")
    await see(visitor, "Say beside where the values stand.", "AM2301.Temperature")
    await press(visitor, "Fill in what fits")
    await see(visitor, "Readable", "24.6\u00a0°C", "52\u00a0%")
    await press(visitor, "Save")
    await see(visitor, "Enter a name.")
    await fill(visitor, "Name", "Hall")
    ways = record_ways(monkeypatch)
    await press(visitor, "Save")
    await until(lambda: bool(ways))
    found = await foreign_sensors.sensors_of(world.here.owner)
    assert not isinstance(found, Refusal)
    assert [(s.name, s.pit_id, s.topic, s.time_path, len(s.rules)) for s in found] == [
        ("Hall", world.here.pit_id, TOPIC, "Time", 2)
    ]
    assert ways == [f"/integrations/{found[0].device_id}"]


async def test_what_is_wrong_is_said_at_its_field_and_brought_into_sight(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(Field, "focus", lambda field: seen.append(field.input.props["aria-label"]))
    taken = Mapping(TOPIC, (Rule(Metric.T_C, "x", "°C"),))
    await foreign_sensors.add_sensor("Hall", None, taken, world.here.owner, now())
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/integrations/new")
    await see(visitor, "Nothing heard on this topic yet")
    await fill(visitor, "Name", "Door")
    await fill(visitor, "Topic", "tele/+/SENSOR")
    await fill(visitor, "Temperature", "a..b")
    await press(visitor, "Save")
    await see(visitor, "Enter one topic, without + and #.", "Write it like AM2301.Temperature")
    assert seen == ["Topic"]
    await fill(visitor, "Topic", TOPIC)
    await fill(visitor, "Temperature", "")
    await press(visitor, "Save")
    await see(visitor, "Say where at least one value stands.")
    await fill(visitor, "Temperature", "AM2301.Temperature")
    await press(visitor, "Save")
    await see(visitor, "Another sensor reads this topic already.")


async def test_the_preview_says_what_would_be_refused(world: World, visitor: Visitor) -> None:
    mapping = Mapping(TOPIC, (Rule(Metric.T_C, "t", "°F"),))
    device_id = await foreign_sensors.add_sensor("Hall", None, mapping, world.here.owner, now())
    await said(world.here.tenant_id, payload='{"t": 76.28}')
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/integrations/{device_id}")
    await see(visitor, "Readable", "24.6\u00a0°C")
    await said(world.here.tenant_id, payload='{"t": "warm"}')
    await see(visitor, "Refused", "t is no number")
    await said(world.here.tenant_id, payload='{"t": 900}')
    await see(visitor, "Outside the sensor's range")
    await said(world.here.tenant_id, payload='{"t": 80}')
    (await find(visitor, ui.select, "Unit of Temperature")).value = "°C"
    await see(visitor, "80.0\u00a0°C")
    await press(visitor, "Save")
    await see(visitor, "The next message is read this way.")
    assert await one("SELECT rules #>> '{0,unit}' FROM foreign_sensor") == "°C"


async def test_a_login_is_shown_once_and_ended(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/integrations")
    await press(visitor, "Make login")
    await see(visitor, "Keep these now")
    with visitor.user:
        shown = [field.text for field in sorted(visitor.user.find(kind=CopySecret).elements, key=lambda e: e.id)]
    assert shown[0].startswith("pt-") and len(shown[1]) == 32
    await press(visitor, "I have kept them")
    await see(visitor, shown[0])
    await press(visitor, "End login")
    await see(visitor, "End this login?")
    await press(visitor, "End login")
    await until(lambda: _no_login())
    await visitor.user.should_not_see(shown[1])


async def _no_login() -> bool:
    return await one("SELECT count(*) FROM broker_login") == 0


async def test_home_assistant_is_switched_on_and_taken_back(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/integrations")
    await see(visitor, "Devices are not announced")
    await press(visitor, "Switch on")
    await see(visitor, "Home Assistant finds your devices now.", "Devices are announced")
    assert await is_home_assistant_on(world.here.owner)
    await press(visitor, "Undo")
    await see(visitor, "Your devices are taken back there.")
    assert not await is_home_assistant_on(world.here.owner)


async def test_a_sensor_has_a_device_page_like_any_other(world: World, visitor: Visitor) -> None:
    mapping = Mapping(TOPIC, (Rule(Metric.T_C, "t", "°C"),))
    device_id = await foreign_sensors.add_sensor("Hall sensor", world.here.pit_id, mapping, world.here.owner, now())
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/devices")
    await see(visitor, "Hall sensor", "no data")
    await visitor.user.open(f"/devices/{device_id}")
    await see(visitor, "Hall sensor", "It speaks by your own login at the broker.", "Remove")
    for said_of_ours in ("Claim code", "Restart", "Comes in by password."):
        await visitor.user.should_not_see(said_of_ours)


async def test_what_is_not_a_sensor_here_says_so(world: World, visitor: Visitor) -> None:
    mapping = Mapping(TOPIC, (Rule(Metric.T_C, "t", "°C"),))
    theirs = await foreign_sensors.add_sensor("Theirs", None, mapping, world.there.owner, now())
    await visitor.sign_in_as(world.here.owner)
    for device_id in (theirs, world.here.device_id, "pp-nobody"):
        await visitor.user.open(f"/integrations/{device_id}")
        await see(visitor, "There is no such sensor")
