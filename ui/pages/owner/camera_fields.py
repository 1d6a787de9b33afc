"""The fields of a camera: how it is reached, and the rules of looking and keeping."""

from datetime import time
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.cameras.keeping import KEEP_DAYS, STILL_EVERY_MIN
from domain.cameras.address import RTSP_PORT, AddressFault, CameraAddress, take_apart
from domain.cameras.makes import PATHS, Make, first_path
from domain.cameras.privacy import HoursFault, PrivacyHours
from domain.cameras.watching import Watcher
from storage.cameras import CameraSettings
from ui.components.field import Check, Field, number_field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card
from ui.pages.owner.camera_words import make_words, wrong_text
from ui.pages.owner.pump_schedule import weekday_word
from ui.texts import _

USUAL_HOURS = (13 * 60, 14 * 60)


def name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter a name.")


class DoorFields:
    """Make, address, path, user name, password. An address that is typed whole is taken apart into the others."""

    def __init__(self, said: CameraSettings | None, address: str, make: Make) -> None:
        found = take_apart(address, make) if address else AddressFault.EMPTY
        known = found if isinstance(found, CameraAddress) else None
        self._make = select_field(_("Make"), dict(make_words()), make)
        self._address = text_field(
            _("Address"), _host_and_port(known) if known else address,
            help=_("Its number or name in your network, or the whole rtsp:// address."), check=_address_fault,
            code=True,
        )  # fmt: skip
        self._path = text_field(_("Path"), known.path if known else first_path(make), help=_path_help(make), code=True)
        self._username = text_field(_("User name"), said.address.username if said else "admin", code=True)
        help_ = _("Empty keeps the stored one. It is never shown.") if said else _("Stored sealed, and never shown.")
        self._password = text_field(_("Password"), help=help_, kind="password", autocomplete="new-password")
        self._make.input.on_value_change(self._make_chosen)
        self._address.input.on("blur", self._take_apart)
        self.checked = (self._address,)

    @property
    def make(self) -> Make:
        return Make(self._make.value)

    @property
    def password(self) -> str:
        return str(self._password.value or "")

    def address(self) -> CameraAddress | AddressFault:
        self._take_apart()
        path = str(self._path.value or "").strip().lstrip("/")
        found = take_apart(f"rtsp://{str(self._address.value or '').strip()}/{path}", self.make)
        if not isinstance(found, CameraAddress):
            return AddressFault.EMPTY if not str(self._address.value or "").strip() else found
        username = str(self._username.value or "").strip()
        return CameraAddress(found.host, found.port, found.path, username, self.password)

    def take_path(self, path: str) -> None:
        self._path.value = path

    def say(self, wrong: str) -> None:
        self._address.say(wrong)

    def say_password(self, wrong: str) -> None:
        self._password.say(wrong)

    def _make_chosen(self) -> None:
        """Another make's path takes the place of one that nobody typed."""
        if self._path.value in {path for paths in PATHS.values() for path in paths} | {"", None}:
            self._path.value = first_path(self.make)

    def _take_apart(self) -> None:
        typed = str(self._address.value or "").strip()
        if "://" not in typed and "/" not in typed and "@" not in typed:
            return
        found = take_apart(typed, self.make)
        if not isinstance(found, CameraAddress):
            return
        self._address.value, self._path.value = _host_and_port(found), found.path
        if found.username:
            self._username.value = found.username
        if found.password:
            self._password.value = found.password


class RuleFields:
    """Who may look and when, what is kept, what is converted."""

    def __init__(self, said: CameraSettings | None, zone: str) -> None:
        watchers = said.watchers if said else frozenset(Watcher)
        with Card(_("Who may look"), pad=True), Element("div").classes("stack"):
            self._staff = ui.checkbox(_("Staff"), value=Watcher.STAFF in watchers)
            self._customers = ui.checkbox(
                _("Customers, by the link of a job that allows it"), value=Watcher.CUSTOMER in watchers
            )
            self._show_hours(said.privacy if said else None, zone)
            self._sound = ui.checkbox(_("With sound, for owners and staff"), value=bool(said and said.sound))
            Text("p", _("Everybody who works there has to know and agree. Customers never hear it.")).classes("quiet")
        with Card(_("What is kept"), pad=True), Element("div").classes("form-grid"):
            every, days = (said.still_every_min, said.keep_stills_days) if said else (5, 7)
            self._every = number_field(_("A still every"), every, unit="min", check=_in(STILL_EVERY_MIN))
            self._days = number_field(_("Kept for"), days, unit=_("days"), check=_in(KEEP_DAYS))
            self._timelapse = ui.checkbox(_("A time-lapse of each job"), value=bool(said and said.timelapse))
            self._transcode = ui.checkbox(
                _("Convert what browsers can't play (half a core and more)"), value=bool(said and said.transcode)
            )
        self._enabled = said.enabled if said else True

    def _show_hours(self, hours: PrivacyHours | None, zone: str) -> None:
        self._is_private = ui.checkbox(_("Privacy hours: nobody sees the picture"), value=hours is not None)
        begin, end = (hours.from_minute, hours.until_minute) if hours else USUAL_HOURS
        with Element("div").classes("stack") as self._hours:
            with Element("div").classes("pair"):
                self._from, self._until = _time_field(_("From"), begin), _time_field(_("Until"), end)
            Text("p", _("By the clock of {zone}.").format(zone=zone)).classes("quiet")
            with Element("div").classes("cluster days"):
                chosen = hours.days if hours else frozenset(range(7))
                self._days_ticks = [ui.checkbox(weekday_word(n), value=n in chosen) for n in range(7)]
        self._hours.visible = hours is not None
        self._is_private.on_value_change(lambda: setattr(self._hours, "visible", bool(self._is_private.value)))

    def hours(self) -> PrivacyHours | HoursFault | None:
        if not self._is_private.value:
            return None
        begin, end = _minutes(self._from.value), _minutes(self._until.value)
        if begin is None or end is None:
            return HoursFault.NOT_A_TIME
        days = frozenset(n for n, tick in enumerate(self._days_ticks) if tick.value)
        hours = PrivacyHours(days, begin, end)
        return hours.fault() or hours

    def settings(
        self, pit_id: UUID, name: str, make: Make, address: CameraAddress, hours: PrivacyHours | None
    ) -> CameraSettings:
        allowed = ((Watcher.STAFF, self._staff), (Watcher.CUSTOMER, self._customers))
        watchers = frozenset(who for who, tick in allowed if tick.value)
        return CameraSettings(
            pit_id, name, make, address, bool(self._transcode.value), self._enabled, watchers, hours,
            int(self._every.value or 0), int(self._days.value or 0), bool(self._timelapse.value),
            bool(self._sound.value),
        )  # fmt: skip

    def say(self, wrong: str) -> None:
        self._until.say(wrong)


def _host_and_port(address: CameraAddress) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return host if address.port == RTSP_PORT else f"{host}:{address.port}"


def _address_fault(value: str) -> str | None:
    found = take_apart(value or "")
    return wrong_text(found) if isinstance(found, AddressFault) else None


def _path_help(make: Make) -> str:
    return _("Usual ones: {paths}").format(paths=", ".join(PATHS[make][:3]))


def _in(allowed: range) -> Check:
    def fault(value: float | None) -> str | None:
        if value is not None and value == int(value) and int(value) in allowed:
            return None
        return _("Enter a whole number from {first} to {last}.").format(first=allowed.start, last=allowed.stop - 1)

    return fault


def _minutes(value: str | None) -> int | None:
    try:
        found = time.fromisoformat(value or "")
    except ValueError:
        return None
    return found.hour * 60 + found.minute


def _time_field(label: str, minute: int) -> Field:
    field = text_field(label, f"{minute // 60 % 24:02}:{minute % 60:02}")
    field.input.props["type"] = "time"
    return field
