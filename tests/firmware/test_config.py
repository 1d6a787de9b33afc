"""The configuration: the wiring of the product as default, every value checked, every complaint in words."""

from typing import Any

import pytest

from tests.firmware.by_path import pure

config = pure("core.config")

IDENTITY = {"kind": "pump", "tenant": "acme", "device": "pump-1", "password": "secret"}
SERVER = {"host": "broker.local", "port": 8883, "ca": "ca.pem", "url": "https://pits.example.com"}


class Keys:
    def __init__(self, **values: Any) -> None:
        self.values = {"identity": IDENTITY, "server": SERVER, **values}

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        self.values[name] = value


def test_the_default_wiring_is_that_of_the_product() -> None:
    pins = config.load(Keys()).settings["pins"]
    assert [pins[name] for name in ("relay", "grid", "ready", "opto")] == [25, 32, 33, 5]


def test_over_http_a_controller_shows_its_key_and_over_mqtt_its_password() -> None:
    for kind, shown in (("pump_http", "pk_1"), ("pump", "secret")):
        assert config.load(Keys(identity={**IDENTITY, "kind": kind}, http_key="pk_1")).password == shown
    assert config.load(Keys(identity={**IDENTITY, "kind": "pump_http"})).password == "secret"


def test_no_default_pin_is_used_twice() -> None:
    for kind in config.KINDS:
        pins = config.load(Keys(identity={**IDENTITY, "kind": kind})).settings["pins"]
        used = [number for number in pins.values() if number is not None]
        assert len(used) == len(set(used))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"pins": {"relay": 5}}, "relay"),  # the opto's
        ({"pins": {"relay": 2, "led": None}}, "moves while the controller starts"),
        ({"pins": {"relay": 34}}, "can't be an output"),
        ({"pins": {"relay": 7}}, "flash or console"),
        ({"pins": {"relay": None}}, "needed"),
        ({"pins": {"grid": 40}}, "0…39"),
        ({"pins": {"grid": True}}, "0…39"),
        ({"pins": {"grid": "32"}}, "0…39"),
        ({"pins": {"current": 26}}, "ADC1"),
        ({"pins": {"siren": 4}}, "unknown"),
        ({"min_off_ms": -1}, "min_off_ms"),
        ({"min_off_ms": 1.5}, "min_off_ms"),
        ({"min_off_ms": None}, "min_off_ms"),
        ({"lease_cap_ms": 600_000}, "5000…60000"),
        ({"interval_s": 60}, "interval_s"),
        ({"colour": 3}, "colour: unknown"),
        ({"pins": [25]}, "pins: an object"),
        ({"thresholds": []}, "thresholds"),
        ({"thresholds": {"t_c": {"low": 1}}}, "thresholds.t_c: one of current_ma"),
        ({"thresholds": {"current_ma": {"low": 9, "high": 3}}}, "low below high"),
        ({"thresholds": {"current_ma": 9}}, "low below high"),
    ],
)
def test_settings_that_cannot_be_are_refused_and_change_nothing(settings: dict[str, Any], complaint: str) -> None:
    keys = Keys(settings={"min_off_ms": 1_000}, settings_v=3)
    with pytest.raises(config.ConfigError, match=complaint):
        config.save_settings(keys, "pump", settings, 4)
    assert keys.values["settings"] == {"min_off_ms": 1_000}
    assert keys.values["settings_v"] == 3


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(config.ConfigError) as caught:
        config.load(Keys(identity={"kind": "toaster"}, server={"port": 0}))
    for word in (
        "identity.tenant",
        "identity.device",
        "identity.password",
        "identity.kind",
        "server.host",
        "server.port",
    ):
        assert word in str(caught.value)


def test_tls_without_an_authority_is_refused() -> None:
    with pytest.raises(config.ConfigError, match=r"server\.ca"):
        config.load(Keys(server={"host": "broker.local", "port": 8883}))


def test_settings_that_are_sent_join_those_that_were_sent_before() -> None:
    keys = Keys()
    config.save_settings(keys, "pump", {"min_off_ms": 1_000, "pins": {"relay": 26}}, 1)
    config.save_settings(keys, "pump", {"starts_per_hour": 6, "pins": {"feedback": 34}}, 2)
    loaded = config.load(keys)
    assert loaded.settings["min_off_ms"] == 1_000
    assert loaded.settings["starts_per_hour"] == 6
    assert (loaded.settings["pins"]["relay"], loaded.settings["pins"]["feedback"]) == (26, 34)
    assert loaded.version == 2
    assert keys.values["outputs"] == [26, 5], "boot.py turns these off before anything else"


def test_a_pin_that_is_not_wired_is_minus_one_in_messages() -> None:
    keys = Keys()
    settings = config.save_settings(keys, "pump", {"pins": {"led": -1, "feedback": 34}}, 1)
    assert (settings["pins"]["led"], settings["pins"]["current"]) == (None, None)
    said = config.on_wire(settings)["pins"]
    assert (said["led"], said["current"], said["feedback"]) == (-1, -1, 34)


def test_a_pit_node_has_no_outputs_to_turn_off() -> None:
    keys = Keys(identity={**IDENTITY, "kind": "pit"})
    config.save_settings(keys, "pit", {}, 1)
    assert keys.values["outputs"] == []
