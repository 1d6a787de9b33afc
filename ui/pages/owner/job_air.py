"""The climate of a job on its page, as far as the work has come: what its passport will say."""

from datetime import UTC, datetime
from html import escape
from uuid import UUID

from nicegui.element import Element

from actions.passport_records import air_so_far
from actions.people import Seat
from domain.refusals import Refusal
from ui.components.markup import Text, raw
from ui.components.pieces import Card, key_values
from ui.passports.plot import plots
from ui.passports.svg import plot_svg
from ui.passports.view import air_view
from ui.texts import _


async def air_card(seat: Seat, job_id: UUID) -> None:
    """Nothing, as long as the work has not begun."""
    record = await air_so_far(job_id, seat.viewer, datetime.now(UTC))
    if isinstance(record, Refusal) or not record["stages"]:
        return
    view = air_view(record, seat.zone)
    with Card(_("Climate during the work"), pad=True), Element("div").classes("job-air"):
        Text("p", view.share).classes("num big-number")
        Text("p", view.share_text).classes("quiet")
        raw("".join(plot_svg(plot) for plot in plots(record)))
        key_values([(stage.word, f"{stage.share}, {stage.lasted}") for stage in view.stages])
        if any(stage.means for stage in view.stages):
            Text("p", view.excursions_text).classes("quiet")
        if view.excursions:
            raw("".join(f"<li>{escape(said)}</li>" for said in view.excursions), "ul").classes("fine")
