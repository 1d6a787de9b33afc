"""What other programs are told of a device: one entry a metric, below a branch of the tenant's own."""

import json
import re
from typing import Any
from uuid import UUID

from domain.discovery import Described, entries, metrics_of
from domain.readings import FACTS, Metric

TENANT = UUID("6f1a3f3e-7f0e-4a55-9d5c-0a8f2f6b7a10")
PIT = Described("pp-0417", TENANT, "pit", "PP-0417", "Pit 4", "1.4.0", frozenset({Metric.T_C, Metric.PM25}))
DISCOVERY_TOPIC = re.compile(r"homeassistant/(\w+)/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)/config")
"""As Home Assistant reads topics: component, node id, object id."""

# Home Assistant's documentation of MQTT sensors: the keys that an entry may have, as far as they are used here.
SENSOR_KEYS = {
    "name", "unique_id", "state_topic", "value_template", "device_class", "state_class", "unit_of_measurement",
    "suggested_display_precision", "expire_after", "entity_category", "availability_topic", "payload_available",
    "payload_not_available", "qos", "device", "origin",
}  # fmt: skip
DEVICE_KEYS = {"identifiers", "name", "manufacturer", "model", "sw_version", "suggested_area"}
UNITS = {
    "temperature": "°C", "humidity": "%", "atmospheric_pressure": "hPa", "pm1": "µg/m³", "pm25": "µg/m³",
    "pm10": "µg/m³", "aqi": None, "signal_strength": "dBm",
}  # fmt: skip


def told(device: Described) -> dict[str, dict[str, Any]]:
    """Each entry by its object id."""
    found = {}
    for topic, payload in entries(device).items():
        parts = DISCOVERY_TOPIC.fullmatch(topic)
        assert parts is not None and parts[2] == str(device.tenant_id), topic
        found[parts[3]] = json.loads(payload) | {"component": parts[1]}
    return found


def test_a_device_is_told_of_by_what_it_measures_and_its_signal() -> None:
    assert set(told(PIT)) == {"pp-0417_t_c", "pp-0417_pm25", "pp-0417_rssi"}


def test_every_entry_says_where_its_values_are_and_whose_they_are() -> None:
    own = f"v1/{TENANT}/pp-0417/"
    for entry in told(PIT).values():
        assert entry["state_topic"] in (own + "telemetry", own + "state")
        assert entry["availability_topic"] == own + "avail"
        assert entry["device"] == {
            "identifiers": ["pitpilot_pp-0417"], "name": "PP-0417", "manufacturer": "PitPilot", "model": "Pit node",
            "suggested_area": "Pit 4", "sw_version": "1.4.0",
        }  # fmt: skip


def test_entries_keep_to_the_documented_form() -> None:
    everything = Described("pp-1", TENANT, "pit", "N", None, None, frozenset(Metric))
    ids = set()
    for entry in told(everything).values():
        assert entry.pop("component") == "sensor"
        assert set(entry) <= SENSOR_KEYS and set(entry["device"]) <= DEVICE_KEYS
        assert entry.get("unit_of_measurement") == UNITS[entry["device_class"]]
        assert entry["state_class"] == "measurement"
        ids.add(entry["unique_id"])
    assert len(ids) == len(Metric) + 1


def test_units_and_digits_are_those_of_the_metric() -> None:
    for metric in Metric:
        device = Described("pp-1", TENANT, "pit", "N", None, None, frozenset({metric}))
        entry = told(device)[f"pp-1_{metric}"]
        assert entry.get("unit_of_measurement", "") == FACTS[metric].unit
        assert entry["suggested_display_precision"] == FACTS[metric].digits


def test_a_pump_controller_says_whether_its_motor_runs() -> None:
    pump = Described("pp-2", TENANT, "pump", "Well", None, None, frozenset())
    switches = {id_: e for id_, e in told(pump).items() if e["component"] == "binary_sensor"}
    assert set(switches) == {"pp-2_motor_on", "pp-2_grid", "pp-2_ready"}
    assert switches["pp-2_motor_on"]["device_class"] == "running"


def test_what_was_told_says_which_metrics_those_were() -> None:
    assert metrics_of(entries(PIT)) == PIT.metrics
    assert metrics_of([]) == frozenset()
