"""What a tenant's own programs may say and hear at a real Mosquitto with the files that PitPilot writes for it."""

import contextlib

import aiomqtt
import pytest

from ingest.broker_acl import DeviceLogin, Login, TenantLogin, acl_file, password_file
from tests.ingest.test_mosquitto_acl import (
    OTHER_SHOP,
    SERVER,
    SHOP,
    TENANTS,
    Rights,
    connected,
    heard_until,
    mosquitto,
    rights,
)
from tests.private_mosquitto import PrivateMosquitto

__all__ = ["mosquitto", "rights"]

READER, SENSORS = "pt-reader", "pt-sensors"


@pytest.fixture
def with_programs(rights: Rights) -> Rights:
    """Beside the devices: a program that reads the first shop's devices, and one that speaks for its sensors."""
    server = Login(SERVER, rights._hash(SERVER))
    logins: list[DeviceLogin] = [DeviceLogin(name, rights._hash(name), shop) for name, shop in TENANTS.items()]
    for name, speaks in ((READER, False), (SENSORS, True)):
        logins.append(TenantLogin(name, rights._hash(name), SHOP, speaks))
    (rights.folder / "passwords").write_text(password_file(server, logins))
    (rights.folder / "acl").write_text(acl_file(server, logins))
    return rights


async def test_a_reading_program_hears_its_own_shop_whatever_it_subscribes_to(
    with_programs: Rights, mosquitto: PrivateMosquitto
) -> None:
    own = [
        f"v1/{SHOP}/pit-1/avail", f"v1/{SHOP}/pit-2/state", f"v1/{SHOP}/pit-2/telemetry",
        f"homeassistant/sensor/{SHOP}/pit-1_t_c/config",
    ]  # fmt: skip
    others = [
        f"v1/{SHOP}/pit-1/cmd", f"v1/{SHOP}/pit-1/got", f"v1/{OTHER_SHOP}/pit-3/telemetry", f"foreign/{SHOP}/x",
        f"homeassistant/sensor/{OTHER_SHOP}/pit-3_t_c/config", "homeassistant/status",
    ]  # fmt: skip
    async with (
        connected(mosquitto, with_programs, READER) as reader,
        connected(mosquitto, with_programs, SERVER) as server,
    ):
        await reader.subscribe([("#", 1), ("v1/+/+/telemetry", 1), ("homeassistant/#", 1)])
        for topic in [*others, *own]:
            await server.publish(topic, "said", qos=1)
        heard = await heard_until(reader, own[-1])
    assert set(heard) == set(own)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        (READER, ["homeassistant/status"]),
        (SENSORS, [f"foreign/{SHOP}/tele/hall/SENSOR", f"foreign/{SHOP}/zigbee2mqtt/door"]),
    ],
)
async def test_a_tenants_program_is_heard_where_it_may_speak_and_nowhere_else(
    with_programs: Rights, mosquitto: PrivateMosquitto, name: str, allowed: list[str]
) -> None:
    denied = [
        f"v1/{SHOP}/pit-1/telemetry", f"v1/{SHOP}/pit-1/cmd", f"foreign/{OTHER_SHOP}/tele/x",
        f"homeassistant/sensor/{SHOP}/pit-1_t_c/config", "foreign/x",
    ]  # fmt: skip
    async with connected(mosquitto, with_programs, SERVER) as server:
        await server.subscribe([("v1/#", 1), ("homeassistant/#", 1), ("foreign/#", 1)])
        for topic in [*denied, *allowed]:
            async with connected(mosquitto, with_programs, name) as program:
                with contextlib.suppress(aiomqtt.MqttError):  # some versions close the connection after a denied one
                    await program.publish(topic, "said", qos=1)
        assert await heard_until(server, allowed[-1]) == allowed
