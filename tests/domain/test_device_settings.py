"""A device's own settings: what can be asked of it, and how that is compared with what it says."""

from typing import Any

import pytest

from domain.device_settings import Difference, SettingsFault, check, differences, flat, without_nothing

WHOLE = {"interval_s": 5, "thresholds": {"t_c": {"low": 15, "high": 30.5}}, "pins": {"dht": 25, "led": 5}}


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (WHOLE, None),
        ({}, SettingsFault.EMPTY),
        ({"thresholds": {}}, None),
        ({"interval_s": 2}, None),
        ({"interval_s": 1}, SettingsFault.NUMBER),
        ({"interval_s": 3_601}, SettingsFault.NUMBER),
        ({"lease_cap_ms": 15_000}, SettingsFault.NUMBER),
        ({"thresholds": {"t_c": {"low": 30, "high": 30}}}, SettingsFault.CROSSED),
        ({"thresholds": {"t_c": {"high": 86}}}, SettingsFault.THRESHOLD),
        ({"thresholds": {"lux": {"high": 86}}}, SettingsFault.THRESHOLD),
        ({"thresholds": {"current_ma": {"high": 86}}}, SettingsFault.THRESHOLD),
        ({"pins": {"relay": 40}}, SettingsFault.PIN),
        ({"pins": {"relay": 7}}, SettingsFault.PIN),
        ({"pins": {"relay": 1}}, SettingsFault.PIN),
        ({"pins": {"Relay 1": 25}}, SettingsFault.PIN),
        ({"pins": {f"p{n}": -1 for n in range(25)}}, SettingsFault.PIN),
        ({"pins": {"relay": 25, "ready": 25}}, SettingsFault.PIN_TWICE),
        ({"pins": {"led": -1, "button": -1}}, None),
    ],
)
def test_what_can_be_asked_of_a_pit_node(settings: dict[str, Any], fault: SettingsFault | None) -> None:
    assert check("pit", settings) is fault


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"interval_s": 5, "lease_cap_ms": 15_000, "min_off_ms": 0, "starts_per_hour": 12}, None),
        ({"interval_s": 6}, SettingsFault.NUMBER),
        ({"lease_cap_ms": 60_001}, SettingsFault.NUMBER),
        ({"thresholds": {"current_ma": {"low": 2_000, "high": 9_000}}}, None),
        ({"thresholds": {"t_c": {"high": 30}}}, SettingsFault.THRESHOLD),
    ],
)
def test_what_can_be_asked_of_a_pump_controller(settings: dict[str, Any], fault: SettingsFault | None) -> None:
    assert check("pump", settings) is fault


def test_a_pin_that_the_device_uses_for_something_else_is_taken() -> None:
    has = {"pins": {"grid": 32, "relay": 25, "led": -1, "button": -1}}
    assert check("pump", {"pins": {"relay": 32}}, has) is SettingsFault.PIN_TWICE
    assert check("pump", {"pins": {"relay": 32, "grid": 25}}, has) is None
    assert check("pump", {"interval_s": 5}, {"pins": {"a": 1, "b": 1}}) is None
    assert check("pump", {"pins": {"relay": 32}}, {"pins": 32}) is None  # whatever a device says


def test_what_is_nothing_is_left_out_but_no_thresholds_are_an_answer() -> None:
    bounds = {"t_c": {"low": None, "high": None}, "rh_pct": {"low": None, "high": 70}}
    assert without_nothing({"interval_s": 5, "thresholds": bounds, "pins": None}) == {
        "interval_s": 5, "thresholds": {"rh_pct": {"high": 70}},
    }  # fmt: skip
    assert without_nothing({"thresholds": {"t_c": {"low": None}}, "pins": {}}) == {"thresholds": {}}


def test_every_setting_has_a_path() -> None:
    assert flat(WHOLE) == {
        "interval_s": 5, "thresholds.t_c.low": 15, "thresholds.t_c.high": 30.5, "pins.dht": 25, "pins.led": 5,
    }  # fmt: skip
    assert flat(None) == {}


def test_both_sides_are_shown_and_what_was_not_asked_is_settled() -> None:
    found = differences({"interval_s": 30, "pins": {"relay": 26}}, {"interval_s": 5, "pins": {"relay": 26, "opto": 5}})
    assert found == [
        Difference("interval_s", 30, 5),
        Difference("pins.opto", None, 5),
        Difference("pins.relay", 26, 26),
    ]
    assert [each.is_settled for each in found] == [False, True, True]


def test_a_device_that_never_spoke_differs_in_all_that_was_asked() -> None:
    assert [each.is_settled for each in differences({"interval_s": 30}, None)] == [False]


def test_settings_stand_in_the_order_in_which_people_read_them() -> None:
    said = {
        "pins": {"b": 2, "a": 1}, "thresholds": {"rh_pct": {"high": 70, "low": 30}, "t_c": {"high": 30}}, "odd": 1,
        "lease_cap_ms": 15_000, "interval_s": 5,
    }  # fmt: skip
    assert [each.path for each in differences(None, said)] == [
        "interval_s", "lease_cap_ms", "odd", "thresholds.t_c.high", "thresholds.rh_pct.low", "thresholds.rh_pct.high",
        "pins.a", "pins.b",
    ]  # fmt: skip
