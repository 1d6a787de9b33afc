"""The public page of an environment passport, `/p/{id}`: whether it is genuine, what it says, its files, and the check
of a file that somebody was given. Anybody may open it: the QR code on the paper leads here.
"""

import asyncio
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from nicegui import app
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from actions import passports
from actions.narrow_door import NarrowDoor
from actions.passports import Checked
from domain.passport import ENVELOPE_BYTES_MAX, Verdict, envelope
from domain.refusals import TryLater
from storage import photo_files
from storage.passports import PassportRow
from ui import plain
from ui.pages.customer.document import document, headers
from ui.pages.customer.passport_view import FILE_FIELD, content, title
from ui.pages.customer.tracking import PHOTO_KEPT, SMALL
from ui.pages.customer.words import language_of
from ui.texts import LANGUAGES, Language, _, speaking

PAPERS_AT_ONCE, PAPERS_WAITING_MAX, BUSY_RETRY_S = 1, 8, 5
"""To draw a paper takes a part of a second of one core, and anybody may ask for it."""


class _Address:
    public_url = ""


_address = _Address()


def install(public_url: str = "") -> None:
    """`public_url` is the address that QR codes hold; empty: that by which somebody asks."""
    _address.public_url = public_url
    door = NarrowDoor(PAPERS_AT_ONCE, PAPERS_WAITING_MAX, BUSY_RETRY_S)

    @app.get("/p/{passport_id}", include_in_schema=False)
    async def show(request: Request, passport_id: str) -> Response:
        return _page(request, passport_id, await _checked(passport_id))

    @app.post("/p/{passport_id}", include_in_schema=False)
    async def take(request: Request, passport_id: str) -> Response:
        sent = await _file(request)
        if not sent:
            return _page(request, passport_id, await _checked(passport_id))
        return _page(request, passport_id, await passports.check_file(sent), of_file=True)

    @app.get("/p/{passport_id}/passport.json", include_in_schema=False)
    async def record(passport_id: str) -> Response:
        row = await _genuine(passport_id)
        if row is None:
            return Response(status_code=404, headers=headers())
        return Response(_envelope(row), media_type="application/json", headers=headers() | _named(row, "json"))

    @app.get("/p/{passport_id}/passport.pdf", include_in_schema=False)
    async def paper(request: Request, passport_id: str, lang: str = "") -> Response:
        row = await _genuine(passport_id)
        if row is None:
            return Response(status_code=404, headers=headers())
        address = (_address.public_url or str(request.base_url).rstrip("/")) + f"/p/{row.id}"
        draw = partial(_drawn, row, address, language_of(lang, row.record["language"]))
        body = await door.work(draw, known=False)
        if isinstance(body, TryLater):
            return Response(status_code=503, headers=headers() | {"Retry-After": str(body.wait_s)})
        signed = await passports.signed_pdf(row, body, datetime.now(UTC))
        return Response(signed, media_type="application/pdf", headers=headers() | _named(row, "pdf"))

    @app.get("/p/{passport_id}/photos/{digest}", include_in_schema=False)
    async def photo(passport_id: str, digest: str, size: str = "") -> Response:
        row = await _genuine(passport_id)
        if row is None or digest not in row.record["photos"]:
            return Response(status_code=404, headers=headers())
        found = await asyncio.to_thread(photo_files.read, row.tenant_id, bytes.fromhex(digest), thumb=size == SMALL)
        if found is None:  # it was removed since; the record keeps its hash
            return Response(status_code=404, headers=headers())
        return Response(found, media_type="image/jpeg", headers=headers() | {"Cache-Control": PHOTO_KEPT})


async def _checked(passport_id: str) -> Checked:
    try:
        return await passports.check(UUID(passport_id))
    except ValueError:
        return Checked(Verdict.UNKNOWN)


async def _genuine(passport_id: str) -> PassportRow | None:
    """Of a passport that was changed or ended no file is given out."""
    checked = await _checked(passport_id)
    return checked.passport if checked.verdict is Verdict.GENUINE else None


async def _file(request: Request) -> bytes:
    """The file that was sent, as far as one of ours can be large; nothing if there was none."""
    async with request.form(max_files=1, max_fields=1) as form:
        sent = form.get(FILE_FIELD)
        return await sent.read(ENVELOPE_BYTES_MAX + 1) if isinstance(sent, UploadFile) else b""


def _page(request: Request, asked: str, checked: Checked, *, of_file: bool = False) -> Response:
    path = f"/p/{checked.passport.id if checked.passport else _harmless(asked)}"
    status = 404 if checked.verdict is Verdict.UNKNOWN else 200
    with plain.spoken(request):
        # Browsers say "null" instead of where a form comes from, if no referrer may be sent at all.
        kind = _("Environment passport")
        return document(
            f"{kind}: {title(checked.verdict)}", content(checked, path, of_file=of_file),
            status=status, referrer="same-origin",
        )  # fmt: skip


def _harmless(asked: str) -> str:
    """What was asked for, where it is to stand in the page again."""
    return "".join(c for c in asked[:36] if c.isascii() and (c.isalnum() or c == "-")) or "-"


def _drawn(row: PassportRow, address: str, language: Language) -> bytes:
    from ui.passports import pdf  # with fonts and all a third of a second, and most never draw one

    thumbs = [photo_files.read(row.tenant_id, bytes.fromhex(d), thumb=True) for d in row.record["photos"]]
    with speaking(language if language in LANGUAGES else "en"):
        return pdf.make(row.record, str(row.id), _envelope(row), address, [thumb for thumb in thumbs if thumb])


def _envelope(row: PassportRow) -> bytes:
    return envelope(row.id, row.record, row.signature)


def _named(row: PassportRow, kind: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="passport-{str(row.id)[:8]}.{kind}"'}
