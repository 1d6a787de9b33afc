"""Sensors of other makes: a topic of the tenant's is mapped to a device of its own, in a pit like any other.

Renaming, moving, switching off and removing are those of every device (actions/devices.py).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from actions.device_trail import Deed, note
from actions.devices import ID_PREFIX, ID_RANDOM_CHARS, NAME_CHARS_MAX
from domain.access import Intent, Viewer
from domain.claims import ALPHABET, Link
from domain.foreign import KIND, ROOT, Found, Rule, Unread, decode, guess, leaves, read, topic_fault
from domain.json_paths import parse_path
from domain.refusals import Refusal
from storage import devices, foreign
from storage.foreign import ForeignSensor, Message
from storage.session import transaction


@dataclass(frozen=True, slots=True)
class Mapping:
    """What is read from a topic. `topic` is below the tenant's branch, or with it; `time_path` empty: a message counts
    for the moment of its arrival.
    """

    topic: str
    rules: tuple[Rule, ...]
    time_path: str = ""

    def below(self, tenant_id: UUID) -> "Mapping":
        """The same with a topic that does not name the tenant's branch."""
        return Mapping(self.topic.strip().removeprefix(branch_of(tenant_id)), self.rules, self.time_path.strip())

    @property
    def fault(self) -> Refusal | None:
        if topic_fault(self.topic):
            return Refusal.TOPIC_UNUSABLE
        metrics = {rule.metric for rule in self.rules}
        is_wrong = not self.rules or len(metrics) < len(self.rules) or any(rule.fault for rule in self.rules)
        if is_wrong or (self.time_path and parse_path(self.time_path) is None):
            return Refusal.RULES_UNUSABLE
        return None


@dataclass(frozen=True, slots=True)
class Preview:
    """What was last heard on a topic, every number in it, and what the rules read. All None until something was."""

    message: Message | None = None
    numbers: tuple[tuple[str, float], ...] = ()
    suggested: tuple[Rule, ...] = ()
    suggested_time: str = ""
    read: Found | Unread | None = None


def branch_of(tenant_id: UUID) -> str:
    """Below which the tenant's sensors of other makes speak."""
    return f"{ROOT}/{tenant_id}/"


async def add_sensor(name: str, pit_id: UUID | None, mapping: Mapping, by: Viewer, now: datetime) -> Refusal | str:
    """Adds a sensor of another make; returns the id of its device. NOT_ALLOWED, EMPTY, TOO_LONG, NOT_FOUND (the pit),
    TOPIC_UNUSABLE, TOPIC_TAKEN, RULES_UNUSABLE.
    """
    name, mapping = name.strip(), mapping.below(by.tenant_id)
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    if not name or not name.isprintable():
        return Refusal.EMPTY
    if len(name) > NAME_CHARS_MAX:
        return Refusal.TOO_LONG
    if mapping.fault:
        return mapping.fault
    device_id = ID_PREFIX + "".join(secrets.choice(ALPHABET.lower()) for _ in range(ID_RANDOM_CHARS))
    async with transaction(by.tenant_id) as tx:
        pit = await devices.pit_name(tx, pit_id) if pit_id else None
        if pit_id is not None and pit is None:
            return Refusal.NOT_FOUND
        if not await foreign.free_topic(tx, mapping.topic):
            return Refusal.TOPIC_TAKEN
        await devices.add(tx, device_id, by.tenant_id, KIND, name, pit_id, Link.MQTT, now)
        await foreign.add(tx, device_id, by.tenant_id, mapping.topic, mapping.time_path, mapping.rules, now)
        after = {"name": name, "pit": pit} | _said(mapping)
        await note(tx, Deed.ADD_FOREIGN, by.tenant_id, device_id, name, by, None, after)
    return device_id


async def change_sensor(device_id: str, mapping: Mapping, by: Viewer, now: datetime) -> Refusal | None:
    """Reads another topic, or other values of it, from now on. Locks the device's row. NOT_ALLOWED, NOT_FOUND,
    TOPIC_UNUSABLE, TOPIC_TAKEN, RULES_UNUSABLE.
    """
    mapping = mapping.below(by.tenant_id)
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    if mapping.fault:
        return mapping.fault
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        was = await foreign.sensor(tx, device_id) if device else None
        if device is None or was is None:
            return Refusal.NOT_FOUND
        if not await foreign.free_topic(tx, mapping.topic, device_id):
            return Refusal.TOPIC_TAKEN
        before = _said(Mapping(was.topic, was.rules, was.time_path))
        if before == _said(mapping):
            return None
        await foreign.change(tx, device_id, mapping.topic, mapping.time_path, mapping.rules, now)
        await note(tx, Deed.CHANGE_FOREIGN, device.tenant_id, device_id, device.name, by, before, _said(mapping))
    return None


async def sensors_of(by: Viewer) -> Refusal | list[ForeignSensor]:
    """NOT_ALLOWED."""
    if not by.may(Intent.SEE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return await foreign.sensors(tx)


async def sensor_of(by: Viewer, device_id: str) -> Refusal | ForeignSensor:
    """NOT_ALLOWED, NOT_FOUND."""
    if not by.may(Intent.SEE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return await foreign.sensor(tx, device_id) or Refusal.NOT_FOUND


async def heard_topics(by: Viewer) -> Refusal | list[Message]:
    """What was last heard on each topic of the tenant's branch, the newest first. NOT_ALLOWED."""
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return await foreign.messages(tx)


async def preview(by: Viewer, mapping: Mapping, zone: str) -> Refusal | Preview:
    """What would be read from what was last heard on a topic. NOT_ALLOWED."""
    mapping = mapping.below(by.tenant_id)
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        last = await foreign.message(tx, mapping.topic)
    if last is None:
        return Preview()
    payload = last.payload.encode()
    message = decode(payload)
    if isinstance(message, Unread):
        return Preview(last, read=message)
    rules, time_path = guess(message)
    would = read(payload, mapping.rules, mapping.time_path, ZoneInfo(zone)) if mapping.rules else None
    return Preview(last, tuple(leaves(message)), rules, time_path, would)


def _said(mapping: Mapping) -> dict[str, Any]:
    rules = {rule.metric.value: f"{rule.path} ({rule.unit})" for rule in mapping.rules}
    return {"topic": mapping.topic, "time_path": mapping.time_path, "rules": rules}
