"""The dialog that begins a roll-out: to whom, how many at a time, and when it stops by itself."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.people.tenants import tenants
from actions.rollouts import NewRollout, Started, start
from domain.access import Intent
from domain.firmware import Channel
from domain.refusals import Refusal
from domain.rollouts import FAILURES_LIMIT_MAX, PACE_MAX
from domain.tenancy import TenantStatus
from storage.firmware import ReleaseRow
from ui.components.dialog import answer_of
from ui.components.field import Check, Field, number_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.pages.account.asking import permitted
from ui.pages.platform.release_words import refusal_text, release_title
from ui.texts import _, number

TENANTS_SHOWN_MAX = 1_000
FIRST_PERCENT, FIRST_PACE, FIRST_FAILURES = 10, 3, 1  # careful: a mistake is cheap as long as it is small


async def ask_rollout(release: ReleaseRow) -> Started | None:
    """Asks and begins; None if the person thought better of it."""
    seat = await permitted(Intent.MANAGE_RELEASES)
    if seat is None:
        return None
    found = await tenants(seat.viewer, TenantStatus.ACTIVE, "", 0, TENANTS_SHOWN_MAX)
    names = {} if isinstance(found, Refusal) else {str(row.id): row.name for row in found.rows}
    is_beta = release.channel is Channel.BETA
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Roll out {release}").format(release=release_title(release.kind, release.version)))
        Text("p", _("Devices are chosen by chance. Whoever is in stays in when you widen the share."))
        with Element("div").classes("stack wide fields"):
            everybody = _("A beta release goes to those you name.") if is_beta else _("Leave it empty for all of them.")
            check = _named if is_beta else None
            who = Field(_("Tenants"), lambda: _several(names), help=everybody, check=check)
            percent = _count(_("Share of their devices"), FIRST_PERCENT, 1, 100, unit="%")
            pace = _count(_("At a time"), FIRST_PACE, 1, PACE_MAX)
            limit = _count(
                _("Stop after more failures than"), FIRST_FAILURES, 0, FAILURES_LIMIT_MAX,
                help=_("A device that goes back to its old version counts too."),
            )  # fmt: skip

        async def go() -> None:
            if not all([who.is_right(), percent.is_right(), pace.is_right(), limit.is_right()]):
                return
            chosen = tuple(UUID(id_) for id_ in who.value or ()) or None
            new = NewRollout(release.id, chosen, int(percent.value), int(pace.value), int(limit.value))
            asking = await permitted(Intent.MANAGE_RELEASES)
            if asking is None:
                return
            answer = await start(asking.viewer, new, datetime.now(UTC))
            if isinstance(answer, Refusal):
                percent.say(refusal_text(answer))
            else:
                dialog.submit(answer)

        with Element("footer"):
            button(_("Cancel"), dialog.close)
            button(_("Roll out"), go, kind="primary")
    dialog.props["aria-labelledby"] = title.html_id
    started = await answer_of(dialog)
    return started if isinstance(started, Started) else None


def _several(names: dict[str, str]) -> ui.select:
    return ui.select(names, multiple=True, value=[], with_input=True).props("use-chips")


def _named(value: Any) -> str | None:
    return None if value else _("Choose at least one.")


def _count(label: str, value: int, least: int, most: int, *, unit: str = "", help: str = "") -> Field:
    return number_field(label, value, unit=unit, help=help, check=whole_number(least, most))


def whole_number(least: int, most: int) -> Check:
    """A check for fields that take whole numbers of a range."""

    def check(value: Any) -> str | None:
        if isinstance(value, int | float) and value == int(value) and least <= value <= most:
            return None
        return _("Enter a whole number from {least} to {most}.").format(least=number(least), most=number(most))

    return check
