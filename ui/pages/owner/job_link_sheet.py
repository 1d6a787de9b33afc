"""A sheet of A6 for the customer: the car, the QR code of the own page, the workshop. A plain document that prints."""

from datetime import UTC, datetime
from html import escape
from uuid import UUID

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.jobs import links
from actions.jobs.links import ShownLink
from domain.access import Intent
from storage import job_seen
from storage.job_seen import SeenRow
from storage.session import transaction
from ui import faults, guard
from ui.components.qr import qr_svg
from ui.pages.customer.document import document
from ui.pages.customer.words import language_of
from ui.pages.shell import parse_id
from ui.texts import _, day, speaking


class _Address:
    public_url = ""


_address = _Address()


def sheet_path(job_id: UUID) -> str:
    return f"/jobs/{job_id}/link-sheet"


def install(public_url: str = "") -> None:
    """`public_url` is the address that the code holds; empty: that by which somebody asks."""
    _address.public_url = public_url

    @app.get("/jobs/{job_id}/link-sheet", include_in_schema=False)
    async def sheet(request: Request, job_id: str) -> Response:
        seat, id_ = await guard.seat(request), parse_id(job_id)
        if seat is None or id_ is None or not seat.viewer.may(Intent.WORK_ON_JOBS):
            return faults.unknown(request)
        link = await links.shown(id_, seat.viewer, datetime.now(UTC))
        async with transaction(seat.viewer.tenant_id) as tx:
            row = await job_seen.seen(tx, seat.viewer.tenant_id, id_)
        if not isinstance(link, ShownLink) or row is None:
            return faults.unknown(request)
        base = _address.public_url or str(request.base_url).rstrip("/")
        with speaking(language_of(None, row.language)):
            return _sheet(row, link, f"{base}/t/{link.token}")


def _sheet(row: SeenRow, link: ShownLink, address: str) -> HTMLResponse:
    car = f"{row.make} {row.model}"
    text = _("Scan this with your telephone to see how your {car} gets on.").format(car=car)
    ends = _("This link is yours alone and ends on {day}.").format(day=day(link.expires_at, row.zone))
    call = f'<p class="quiet">{escape(row.contact_phone)}</p>' if row.contact_phone else ""
    body = (
        f'<p class="quiet">{escape(row.workshop)}</p><h1>{escape(car)}</h1><p class="id">{escape(row.plate)}</p>'
        f'<div class="code">{qr_svg(address, text)}</div><p>{escape(text)}</p>'
        f'<p class="quiet small">{escape(ends)}</p>{call}'
    )
    return document(f"{car} {row.plate}", f'<main class="sheet">{body}</main>')
