"""A pit's limits: what holds, where it comes from, and changing it in place."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from nicegui.element import Element

from actions.limits import change_limits
from actions.people import Seat
from domain.access import Intent
from domain.limits import DEFAULTS, Limits, LimitsFault, Origin
from domain.readings import FACTS, METRICS, Metric
from domain.refusals import Refusal
from storage.queries import PitRow
from ui import guard
from ui.components.dialog import answer_of
from ui.components.field import Field, number_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.plain_table import plain_table
from ui.components.quantities import QUANTITIES
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.pages.acknowledging import refusal_text
from ui.presenters import Said, origin_text, resolved
from ui.texts import _, band, number

_FIELDS = ("warning_low", "warning_high", "critical_low", "critical_high")


class LimitsCard:
    """The table of limits; the owner changes one metric at a time."""

    def __init__(
        self, seat: Seat, pit: PitRow, said: Said, measured: Sequence[Metric], on_changed: Callable[[], Any]
    ) -> None:
        self._pit, self._said, self._on_changed = pit, said, on_changed
        self._shown = [
            m for m in METRICS if resolved(said)[m][0] != Limits() and (m in measured or Origin.PIT in said.get(m, {}))
        ] or list(DEFAULTS)
        with Card(_("Limits")) as card:
            if seat.viewer.may(Intent.CHANGE_LIMITS):
                with card.header:
                    button(_("Change"), self._edit, kind="plain")
            self._table()

    def _table(self) -> None:
        rows = []
        for metric in self._shown:
            limits, origins = resolved(self._said)[metric]
            digits = FACTS[metric].digits
            unit = f", {FACTS[metric].unit}" if FACTS[metric].unit else ""
            origin = min((origins[f] for f in _FIELDS if f in origins), key=list(Origin).index, default=None)
            rows.append(
                (
                    _(QUANTITIES[metric].name) + unit,
                    band(limits.warning_low, limits.warning_high, digits) or "–",
                    band(limits.critical_low, limits.critical_high, digits) or "–",
                    origin_text(origin),
                )
            )
        plain_table((_("Metric"), _("Warning"), _("Critical"), _("From")), rows, right=(1, 2, 3))

    async def _edit(self) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog broad"):
            Text("h2", _("Limits of {pit}").format(pit=self._pit.name))
            Text("p", _("Leave a field empty to take the inherited value."))
            form = Element("div")
            choices = {metric.value: _(QUANTITIES[metric].short) for metric in self._shown}
            with Element("div").classes("choice") as choice:
                Segmented(_("Metric"), choices, self._shown[0], lambda key: self._show_form(form, Metric(key), dialog))
            choice.move(target_index=2)
            self._show_form(form, self._shown[0], dialog)
        await answer_of(dialog)

    def _show_form(self, form: Element, metric: Metric, dialog: ui.dialog) -> None:
        own = self._said.get(metric, {}).get(Origin.PIT, Limits())
        inherited = resolved({metric: {o: v for o, v in self._said.get(metric, {}).items() if o is not Origin.PIT}})
        form.clear()
        with form:
            fields = self._fields(metric, own, *inherited[metric])
            with Element("footer"):
                button(_("Inherit all"), lambda: self._clear(fields))
                button(_("Cancel"), lambda: dialog.submit(False))
                button(_("Save limits"), lambda: self._save(metric, fields, dialog), kind="primary")

    def _fields(
        self, metric: Metric, own: Limits, inherited: Limits, origins: Mapping[str, Origin]
    ) -> dict[str, Field]:
        facts = FACTS[metric]
        words = {
            "warning_low": _("Warning below"), "warning_high": _("Warning above"),
            "critical_low": _("Critical below"), "critical_high": _("Critical above"),
            "band": _("Back inside by"), "raise_after_s": _("Out for at least"),
            "clear_after_s": _("Back for at least"),
        }  # fmt: skip
        fields = {}
        with Element("div").classes("form-grid"):
            for name, word in words.items():
                seconds = name.endswith("_s")
                value = getattr(inherited, name)
                shown = number(value, 0 if seconds or (value or 0) % 1 == 0 else facts.digits)
                help_text = _("{value}, from {origin}").format(value=shown, origin=origin_text(origins.get(name)))
                fields[name] = number_field(
                    word,
                    getattr(own, name),
                    unit=_("s") if seconds else facts.unit,
                    help=help_text if name in origins else _("No limit"),
                    check=_plausible(metric, seconds),
                )
        return fields

    def _clear(self, fields: dict[str, Field]) -> None:
        for field in fields.values():
            field.value = None
            field.say(None)

    async def _save(self, metric: Metric, fields: dict[str, Field], dialog: ui.dialog) -> None:
        wrong = [field for field in fields.values() if not field.is_right()]  # every field says what is wrong with it
        if wrong:
            return
        seat = await guard.still(Intent.CHANGE_LIMITS)
        if seat is None:
            toast("warn", refusal_text(Refusal.NOT_ALLOWED))
            return
        values = {name: field.value for name, field in fields.items()}
        for name in ("raise_after_s", "clear_after_s"):
            values[name] = None if values[name] is None else int(values[name])
        answer = await change_limits(self._pit.id, metric, Limits(**values), seat.viewer, datetime.now(UTC))
        if isinstance(answer, LimitsFault):
            _say_fault(answer, fields)
        elif isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            dialog.submit(True)
            self._on_changed()


def _plausible(metric: Metric, seconds: bool) -> Callable[[Any], str | None]:
    facts = FACTS[metric]
    lowest, highest = (0.0, 86_400.0) if seconds else (facts.lowest, facts.highest)

    def check(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not lowest <= float(value) <= highest:
            return _("Enter {low} to {high}, or nothing.").format(low=number(lowest), high=number(highest))
        return None

    return check


def _say_fault(fault: LimitsFault, fields: dict[str, Field]) -> None:
    """Says what is wrong beside the field that it is about."""
    texts = {
        LimitsFault.LOW_ABOVE_HIGH: ("warning_high", _("Must be above the lower limit.")),
        LimitsFault.CRITICAL_INSIDE_WARNING: ("critical_high", _("Must be beyond the warning limit.")),
        LimitsFault.BAND_TOO_WIDE: ("band", _("Must be less than half of the allowed band.")),
        LimitsFault.NEGATIVE: ("band", _("Must not be negative.")),
    }
    name, text = texts[fault]
    fields[name].say(text)
