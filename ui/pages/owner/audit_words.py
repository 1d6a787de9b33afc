"""What the audit trail says, in words: intents, kinds of things, and the difference between before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.people.seats import Door
from domain.access import Role
from domain.readings import METRICS
from ui.components.quantities import QUANTITIES
from ui.pages.account.agents import agent_words
from ui.pages.account.words import role_word
from ui.pages.owner.audit_names import FIELDS, INTENTS, KINDS
from ui.texts import _, clock, day, number

NOTHING = "–"
VALUE_CHARS_MAX = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that an intent changed, as people read it; NOTHING where there was or is none."""

    field: str
    before: str
    after: str


def intent_word(intent: str) -> str:
    return _(INTENTS[intent]) if intent in INTENTS else _plain(intent)


def kind_word(kind: str) -> str:
    return _(KINDS[kind]) if kind in KINDS else _plain(kind)


def who(person_name: str) -> str:
    """What nobody asked for was done by the system itself."""
    return person_name or "PitPilot"


def object_word(name: str) -> str:
    """ "Pit 1: pm25" is kept with the metric's technical name, so that it says the same in every language."""
    place, colon, metric = name.rpartition(": ")
    return f"{place}: {_(QUANTITIES[METRICS[METRICS.index(metric)]].short)}" if colon and metric in METRICS else name


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, zone: str) -> list[Difference]:
    """Every field that differs, in the order in which it was written; nested ones by a path of their words."""
    was, is_ = _flat(before or {}), _flat(after or {})
    return [
        Difference(_field_word(name), _said(was, name, zone), _said(is_, name, zone))
        for name in [*was, *(name for name in is_ if name not in was)]
        if was.get(name) != is_.get(name) or name not in was or name not in is_
    ]


def summary(found: list[Difference]) -> str:
    """The differences in one line: "Warning above: 29.5 → 28.5; Note: the floor is wet"."""
    return "; ".join(
        f"{each.field}: {each.after}" if each.before == NOTHING else f"{each.field}: {each.before} → {each.after}"
        for each in found
        if not each.before == each.after == NOTHING
    )


def _flat(said: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in said.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{path}{key}.")
        else:
            out[path + key] = value
    return out


def _field_word(path: str) -> str:
    return " · ".join(_(FIELDS[name]) if name in FIELDS else _plain(name) for name in path.split("."))


def _said(said: Mapping[str, Any], name: str, zone: str) -> str:
    """A browser's own words fill lines; what is known of them says it in two."""
    if name == "agent" and said.get(name):
        return agent_words(str(said[name]), Door.PHONE if said.get("door") == Door.PHONE else Door.WEB)
    return _value(said.get(name), zone)


def _value(value: Any, zone: str) -> str:
    match value:
        case None | "":
            return NOTHING
        case bool():
            return _("Yes") if value else _("No")
        case int() | float():
            return number(value, next((d for d in range(3) if round(value, d) == value), 3))
        case list():
            return ", ".join(_value(part, zone) for part in value)[:VALUE_CHARS_MAX] or NOTHING
        case str():
            text = _moment(value, zone) or (role_word(Role(value)) if value in list(Role) else value)
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_CHARS_MAX else text[: VALUE_CHARS_MAX - 1] + "…"


def _moment(text: str, zone: str) -> str | None:
    """21 Nov 2026, 13:30:05 for a text that is a moment."""
    if "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return f"{day(at, zone, year=True)}, {clock(at, zone, seconds=True)}" if at.tzinfo else None


def _plain(name: str) -> str:
    """A technical name without a word of its own yet."""
    text = name.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]
