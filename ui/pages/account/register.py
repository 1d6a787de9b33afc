"""Registering a workshop or pump with its first owner; it waits until the platform approves it."""

from datetime import UTC, datetime
from functools import cache
from html import escape
from uuid import UUID
from zoneinfo import available_timezones

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people.tenants import NewTenant, register_tenant
from domain.refusals import Refusal
from ui import guard, plain
from ui.components.form_markup import Choice, Line, Ticks, form, notice
from ui.pages.account import entry
from ui.texts import _, voice

ZONE = "Asia/Kolkata"
AREAS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


def install() -> None:
    @app.get(entry.REGISTER, include_in_schema=False)
    async def show(request: Request) -> Response:
        with plain.spoken(request):
            return plain.remember_language(request, _page({"has_workshop": "yes"}, {}))

    @app.post(entry.REGISTER, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _page(typed, {}, entry.from_elsewhere(), status=403)
            if wrong := _wrong(typed):
                return _page(typed, wrong, status=422)
            answer = await register_tenant(_asked(typed), entry.caller(request)[0], datetime.now(UTC))
            if answer is Refusal.NOT_POSSIBLE_NOW:  # halves were looked at above, so it is the zone
                return _page(typed, {"zone": _("Choose a time zone of the list.")}, status=422)
            if isinstance(answer, UUID):
                return _registered(typed)
            wrong, above, status = entry.faults(answer)
            return _page(typed, wrong, above, status=status)


def _wrong(typed: dict[str, str]) -> dict[str, str]:
    wrong = entry.missing(
        typed,
        {
            "tenant": _("Enter the name of the workshop or pump."),
            "owner": _("Enter your name."),
            "contact": _("Enter a phone number or mail address by which we reach you."),
            "login": _("Enter the name that you want to sign in with."),
            "password": _("Enter a password."),
        },
    )
    if not typed.get("has_workshop") and not typed.get("has_pump"):
        wrong["halves"] = _("Choose at least one.")
    return wrong


def _asked(typed: dict[str, str]) -> NewTenant:
    return NewTenant(
        name=typed["tenant"].strip(),
        zone=typed.get("zone", ZONE),
        language=voice().language,
        has_workshop="has_workshop" in typed,
        has_pump="has_pump" in typed,
        owner_name=typed["owner"].strip(),
        login=typed["login"].strip(),
        contact=typed["contact"].strip(),
        password=typed["password"],
    )


def _page(typed: dict[str, str], wrong: dict[str, str], above: str = "", *, status: int = 200) -> HTMLResponse:
    halves = {"has_workshop": _("A workshop for paint protection film"), "has_pump": _("A shared water pump")}
    parts = (
        Line(
            "tenant",
            _("Name of the workshop or pump"),
            typed.get("tenant", ""),
            autocomplete="organization",
            wrong=wrong.get("tenant", ""),
        ),
        Ticks(_("What is it?"), halves, frozenset(halves) & typed.keys(), wrong.get("halves", "")),
        Choice("zone", _("Time zone"), _zones(), typed.get("zone", ZONE), wrong=wrong.get("zone", "")),
        Line("owner", _("Your name"), typed.get("owner", ""), autocomplete="name", wrong=wrong.get("owner", "")),
        Line(
            "contact",
            _("Phone or mail"),
            typed.get("contact", ""),
            autocomplete="tel",
            help=_("Only who runs this PitPilot sees it, to ask back."),
            wrong=wrong.get("contact", ""),
        ),
        entry.new_login(typed, wrong),
        entry.new_password(wrong),
    )
    text = _("Who runs this PitPilot looks at it first. Once it is approved, you sign in as its owner.")
    content = above + f"<p>{escape(text)}</p>" + form(entry.REGISTER, parts, _("Register"))
    content += entry.ways((guard.SIGN_IN, _("I have an account already")))
    return plain.document(_("Register a workshop or pump"), content, here=entry.REGISTER, status=status, wide=True)


def _registered(typed: dict[str, str]) -> HTMLResponse:
    said = _("{tenant} is registered and waits for approval.").format(tenant=typed["tenant"].strip())
    text = _("Who runs this PitPilot reaches you at {contact}. Once it is approved, sign in as {login}.").format(
        contact=typed["contact"].strip(), login=typed["login"].strip()
    )
    content = notice("done", said) + f"<p>{escape(text)}</p>" + entry.to_sign_in()
    return plain.document(_("Registered"), content, here=entry.REGISTER, wide=True)


@cache
def _zones() -> dict[str, str]:
    """Places of the time zone database: Asia/Kolkata, written as Kolkata (Asia)."""
    names = sorted(name for name in available_timezones() if name.startswith(AREAS))
    return {name: _zone_word(name) for name in names}


def _zone_word(name: str) -> str:
    area, _slash, place = name.partition("/")
    return f"{place.replace('_', ' ').replace('/', ', ')} ({area})"
