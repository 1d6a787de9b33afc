"""The customer's link on a job's page: shown as QR code, copied, printed, sent, replaced, ended; and the passport."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions import passports
from actions.cameras.timelapses import cameras_with_film
from actions.customers.consent import consent_of, record_consent
from actions.customers.send_link import send_link
from actions.jobs import links
from actions.jobs.links import ShownLink
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal, TryLater
from storage.customers import CustomerRow
from storage.passports import PassportRow
from ui.components.copy_link import CopyLink
from ui.components.dialog import answer_of, confirm, lasting
from ui.components.field import text_field
from ui.components.markup import Text, raw
from ui.components.pieces import Card, button, key_values, link_button, tone_chip
from ui.components.qr import qr_svg
from ui.components.toast import toast
from ui.links import absolute
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text, wait_text
from ui.pages.owner.job_link_sheet import sheet_path
from ui.pages.owner.timelapse import film_path
from ui.texts import _, day, moment

Changed = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CustomersSide:
    """What a job's customer has of it."""

    job_id: UUID
    link: ShownLink | None
    """None: no link works."""
    customer: CustomerRow
    passport: PassportRow | None
    films: tuple[str, ...] = ()
    """Where the time-lapses of the job are, for the workshop."""


async def read(job_id: UUID, seat: Seat) -> CustomersSide | None:
    """None: there is no such job, or the viewer's role has nothing to do with links."""
    link = await links.shown(job_id, seat.viewer, datetime.now(UTC))
    customer, passport = await consent_of(job_id, seat.viewer), await passports.of_job(job_id, seat.viewer)
    if isinstance(link, Refusal) or isinstance(customer, Refusal) or isinstance(passport, Refusal):
        return None
    films = tuple(film_path(job_id, camera_id) for camera_id in await cameras_with_film(job_id, seat.viewer))
    return CustomersSide(job_id, link, customer, passport, films)


def link_card(side: CustomersSide, seat: Seat, changed: Changed) -> None:
    """`changed` is called after each change."""
    job_id, link, customer, now = side.job_id, side.link, side.customer, datetime.now(UTC)
    with Card(_("Customer's page")) as card:
        if link is None:
            Text("p", _("No link works: it was ended, or its time is over.")).classes("note")
        else:
            ends = _("Works until {day}").format(day=day(link.expires_at, seat.zone, year=True))
            key_values([(_("Link"), ends), (_("Messages"), _agreed(customer, seat.zone, now))]).classes("inside")
            with Element("div").classes("cluster note wraps"):
                button(_("QR code"), lasting(lambda: _show(link)), icon="qr_code_2")
                link_button(_("Print"), sheet_path(job_id), icon="print")
                button(_("Send"), lasting(lambda: _send(job_id, changed)), icon="send")
        agrees = customer.agreed_at is None
        word = _("Customer agrees to messages") if agrees else _("Customer wants no messages")
        with Element("div").classes("cluster note wraps"):
            button(word, lasting(lambda: _agree(job_id, agrees, changed)), kind="plain")
    with card.header:
        button(_("Replace") if link else _("Make link"), lasting(lambda: _replace(job_id, link, changed)), kind="plain")
        if link is not None:
            button(_("End"), lasting(lambda: _end(job_id, changed)), kind="plain")


def _agreed(customer: CustomerRow, zone: str, now: datetime) -> str:
    if customer.agreed_at is None:
        return _("Not agreed")
    return _("Agreed {time}").format(time=moment(customer.agreed_at, zone, now))


async def _show(link: ShownLink) -> None:
    address = absolute(f"/t/{link.token}")
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Customer's page"))
        Text("p", _("Whoever has this link sees the job without signing in. Give it to the customer alone."))
        with Element("div").classes("qr"):
            raw(qr_svg(address, _("QR code of the customer's page")))
        CopyLink(address, _("Link"))
        with Element("footer"):
            link_button(_("Open"), address, icon="open_in_new")
            button(_("Done"), dialog.close, kind="primary")
    dialog.props["aria-labelledby"] = title.html_id
    await answer_of(dialog)


async def _send(job_id: UUID, changed: Changed) -> None:
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    answer = await send_link(job_id, seat.viewer, datetime.now(UTC))
    if isinstance(answer, TryLater):
        toast("warn", wait_text(answer))
    elif answer is Refusal.ADDRESS_UNUSABLE:
        toast("warn", _("Nothing reaches this customer: there is no gateway for the number, and no mail address."))
    elif answer is not None:
        toast("warn", refusal_text(answer))
    else:
        toast("ok", _("The link is on its way."))
    await changed()


async def _agree(job_id: UUID, agrees: bool, changed: Changed) -> None:
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    answer = await record_consent(job_id, agrees, seat.viewer, datetime.now(UTC))
    if answer not in (None, Refusal.ALREADY_SO):
        toast("warn", refusal_text(answer))
    await changed()


async def _replace(job_id: UUID, link: ShownLink | None, changed: Changed) -> None:
    if link is not None:
        effect = _("The link that the customer has stops working at once. Send or print the new one.")
        if not await confirm(_("Replace the link?"), effect, _("Replace link")):
            return
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    now = datetime.now(UTC)
    answer = await links.rotate(job_id, seat.viewer, now)
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))
    else:
        fresh = await links.shown(job_id, seat.viewer, now)
        if isinstance(fresh, ShownLink):
            await _show(fresh)
    await changed()


async def _end(job_id: UUID, changed: Changed) -> None:
    effect = _("The customer's page closes at once. You can make a new link later.")
    if not await confirm(_("End the link?"), effect, _("End link")):
        return
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    answer = await links.revoke(job_id, seat.viewer, datetime.now(UTC))
    if answer not in (None, Refusal.ALREADY_SO):
        toast("warn", refusal_text(answer))
    await changed()


def passport_card(side: CustomersSide, seat: Seat, changed: Changed) -> None:
    """Nothing, as long as the job has no passport."""
    job_id, row = side.job_id, side.passport
    if row is None:
        return
    may, now = seat.viewer.may(Intent.MANAGE_PASSPORTS), datetime.now(UTC)
    with Card(_("Environment passport")):
        issued = _("Issued {time}").format(time=moment(row.issued_at, seat.zone, now))
        with Element("div").classes("cluster note wraps"):
            if row.revoked_at is None:
                tone_chip("ok", _("Genuine"), "verified_user")
            else:
                tone_chip("warn", _("Revoked"), "block")
            Text("span", issued).classes("quiet")
        if row.revoked_why:
            Text("p", row.revoked_why).classes("note")
        with Element("div").classes("cluster note wraps"):
            link_button(_("Open"), f"/p/{row.id}", icon="open_in_new")
            if row.revoked_at is None:
                link_button(_("PDF"), f"/p/{row.id}/passport.pdf", icon="picture_as_pdf")
            for href in side.films:
                link_button(_("Time-lapse"), href, icon="movie")
            if may and row.revoked_at is None:
                button(_("Revoke"), lasting(lambda: _revoke(job_id, changed)), kind="plain")
            elif may:
                button(_("Issue again"), lasting(lambda: _issue(job_id, changed)), kind="plain")


async def _revoke(job_id: UUID, changed: Changed) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Revoke this passport?"))
        Text("p", _("Its public page says from now on that it was revoked, and why. The file can't be called back."))
        with Element("div").classes("stack wide fields"):
            reason = text_field(
                _("Reason"), check=lambda said: None if str(said or "").strip() else _("Enter a reason.")
            )
            again = ui.checkbox(_("Issue a new one in its place"), value=True)
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(_("Revoke"), lambda: dialog.submit(True) if reason.is_right() else None, kind="danger")
    dialog.props["aria-labelledby"] = title.html_id
    if not await answer_of(dialog):
        return
    seat = await permitted(Intent.MANAGE_PASSPORTS)
    if seat is None:
        return
    why, anew = str(reason.value), bool(again.value)
    answer = await passports.revoke(job_id, why, seat.viewer, datetime.now(UTC), again=anew)
    if answer is not None:
        toast("warn", refusal_text(answer))
    await changed()


async def _issue(job_id: UUID, changed: Changed) -> None:
    seat = await permitted(Intent.MANAGE_PASSPORTS)
    if seat is None:
        return
    answer = await passports.issue(job_id, seat.viewer, datetime.now(UTC))
    toast("ok", _("It is being made.")) if answer in (None, Refusal.ALREADY_SO) else toast("warn", refusal_text(answer))
    await changed()
