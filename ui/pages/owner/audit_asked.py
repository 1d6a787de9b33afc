"""What the audit trail's filters say, as the page's address and as a question to the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from storage.audit_trail import TrailFilter
from ui.pages import shell

ANY = ""
TEXT_CHARS_MAX = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """What the filters say, as texts of the page's address; ANY is no filter. Days are the tenant's."""

    person: str = ANY
    intent: str = ANY
    kind: str = ANY
    thing: str = ANY
    since: str = ANY
    until: str = ANY

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Out of an address; what can't be meant is no filter."""
        said = {name: query.get(name, ANY)[:TEXT_CHARS_MAX].replace("\x00", "") for name in cls.__slots__}
        said["person"] = said["person"] if shell.parse_id(said["person"]) else ANY
        for name in ("since", "until"):
            said[name] = said[name] if _day(said[name]) else ANY
        return cls(**said if said["kind"] else said | {"thing": ANY})

    def query(self) -> str:
        """For an address: "?kind=alert", or nothing."""
        said = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        return "?" + urlencode(said) if said else ""

    def but(self, **said: str) -> "Asked":
        """With some filters changed; another kind of thing is no longer the same thing."""
        return Asked.of({name: getattr(self, name) for name in self.__slots__} | said)

    def rows(self, zone: str) -> TrailFilter:
        since, until = _day(self.since), _day(self.until)
        return TrailFilter(
            shell.parse_id(self.person),
            self.intent or None,
            self.kind or None,
            self.thing or None,
            _midnight(since, zone) if since else None,
            _midnight(until + timedelta(days=1), zone) if until else None,
        )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def _midnight(of: date, zone: str) -> datetime:
    return datetime.combine(of, time(), ZoneInfo(zone))


def export_query(wanted: TrailFilter) -> str:
    """The same question to the API's export."""
    said = {
        "person_id": wanted.person_id, "intent": wanted.intent, "kind": wanted.kind, "object_id": wanted.object_id,
        "since": wanted.since and wanted.since.isoformat(), "until": wanted.until and wanted.until.isoformat(),
    }  # fmt: skip
    present = {name: str(value) for name, value in said.items() if value is not None}
    return "?" + urlencode(present) if present else ""
