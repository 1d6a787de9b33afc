"""What other programs are told of a device, in the form of Home Assistant's MQTT discovery.

One retained message for each thing that a device measures, below a branch of its tenant's own, so that the rights at
the broker can keep tenants apart. `docs/guides/home-assistant.md` says how it is used.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.readings import FACTS, Metric

PREFIX = "homeassistant"
EXPIRE_AFTER_S = 120
"""A value older than this is shown as unavailable; devices speak every few seconds, battery ones every minute."""

_CLASSES: Mapping[Metric, tuple[str, str]] = {
    Metric.T_C: ("Temperature", "temperature"),
    Metric.RH_PCT: ("Humidity", "humidity"),
    Metric.P_HPA: ("Pressure", "atmospheric_pressure"),
    Metric.PM1: ("PM1", "pm1"),
    Metric.PM25: ("PM2.5", "pm25"),
    Metric.PM10: ("PM10", "pm10"),
    Metric.IAQ: ("Air quality index", "aqi"),
}
"""The entity's name, and Home Assistant's device class."""
_MODELS = {"pit": "Pit node", "pump": "Pump controller"}
_OF_PUMPS = {"motor_on": ("Motor", "running"), "grid": ("Grid", "power"), "ready": ("Ready", None)}
"""What a pump controller says in its state: true or false."""


@dataclass(frozen=True, slots=True)
class Described:
    """A device as it is described to others. `metrics`: what it has measured lately."""

    device_id: str
    tenant_id: UUID
    kind: str
    name: str
    pit: str | None
    firmware: str | None
    metrics: frozenset[Metric]


def entries(device: Described) -> dict[str, str]:
    """The retained messages for a device: payload by topic."""
    found = {f"sensor/{metric}": _measured(device, metric) for metric in Metric if metric in device.metrics}
    found["sensor/rssi"] = _signal(device)
    if device.kind == "pump":
        found |= {f"binary_sensor/{name}": _switched(device, name) for name in _OF_PUMPS}
    return {
        topic_of(device, *key.split("/")): json.dumps({**said, **_common(device, key.partition("/")[2])})
        for key, said in found.items()
    }


def topic_of(device: Described, component: str, name: str) -> str:
    return f"{PREFIX}/{component}/{device.tenant_id}/{device.device_id}_{name}/config"


def metrics_of(topics: Iterable[str]) -> frozenset[Metric]:
    """Which metrics these topics describe."""
    names = {topic.split("/")[-2].partition("_")[2] for topic in topics}
    return frozenset(metric for metric in Metric if metric.value in names)


def _measured(device: Described, metric: Metric) -> dict[str, Any]:
    """A batch shows its newest reading. A reading without this value changes nothing: an empty text is ignored."""
    name, device_class = _CLASSES[metric]
    facts = FACTS[metric]
    said: dict[str, Any] = {
        "name": name,
        "device_class": device_class,
        "state_class": "measurement",
        "state_topic": _own(device, "telemetry"),
        "value_template": "{% set r = (value_json.readings | last) if value_json.readings is defined else value_json %}"
        f"{{{{ r.{metric} if r.{metric} is defined and r.{metric} is not none else '' }}}}",
        "suggested_display_precision": facts.digits,
        "expire_after": EXPIRE_AFTER_S,
    }
    return said | ({"unit_of_measurement": facts.unit} if facts.unit else {})


def _signal(device: Described) -> dict[str, Any]:
    return {
        "name": "Signal",
        "device_class": "signal_strength",
        "state_class": "measurement",
        "unit_of_measurement": "dBm",
        "entity_category": "diagnostic",
        "state_topic": _own(device, "state"),
        "value_template": "{{ value_json.rssi if value_json.rssi is defined and value_json.rssi is not none else '' }}",
        "expire_after": EXPIRE_AFTER_S,
    }


def _switched(device: Described, name: str) -> dict[str, Any]:
    """`None` is unknown to Home Assistant."""
    word, device_class = _OF_PUMPS[name]
    at = f"value_json.{name}"
    said: dict[str, Any] = {
        "name": word,
        "state_topic": _own(device, "state"),
        "value_template": f"{{{{ 'None' if {at} is not defined else 'ON' if {at} else 'OFF' }}}}",
        "expire_after": EXPIRE_AFTER_S,
    }
    return said | ({"device_class": device_class} if device_class else {})


def _common(device: Described, name: str) -> dict[str, Any]:
    about = {
        "identifiers": [f"pitpilot_{device.device_id}"],
        "name": device.name,
        "manufacturer": "PitPilot",
        "model": _MODELS[device.kind],
        **({"suggested_area": device.pit} if device.pit else {}),
        **({"sw_version": device.firmware} if device.firmware else {}),
    }
    return {
        "unique_id": f"pitpilot_{device.device_id}_{name}",
        "availability_topic": _own(device, "avail"),
        "payload_available": "online",
        "payload_not_available": "offline",
        "qos": 1,
        "device": about,
        "origin": {"name": "PitPilot"},
    }


def _own(device: Described, leaf: str) -> str:
    return f"v1/{device.tenant_id}/{device.device_id}/{leaf}"
