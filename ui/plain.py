"""Pages for people who are not signed in: whole documents of a few kilobytes, without a socket and without Quasar.

A form's answer is the page itself, so that what was typed stays without going through an address, and a flood of
guesses costs the server no page of its own. Their content policy is the strictest there is: nothing inline, no eval.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from ui.frame import LOGO
from ui.texts import LANGUAGES, Language, _, negotiate, speaking, voice
from ui.theme import static_url

FORM_BYTES_MAX = 8_192
FIELDS_MAX = 20
LANGUAGE_COOKIE = "pitpilot_language"
LANGUAGE_COOKIE_S = 365 * 86_400
SHEETS = ("tokens.css", "look.css", "plain.css")
HEADERS = {
    "Cache-Control": "no-store",
    # Not no-referrer: a browser would then say "null" where a form's origin is asked for.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}


@contextmanager
def spoken(request: Request, otherwise: str = "") -> Iterator[None]:
    """Speak the language that this browser's person chose here, else `otherwise`, else what the browser wishes."""
    chosen = (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE), otherwise)
    ours = [language for choice in chosen for language in LANGUAGES if language == choice]
    with speaking(ours[0] if ours else negotiate(request.headers.get("accept-language"))):
        yield


def document(
    title: str,
    content: str,
    *,
    here: str,
    status: int = 200,
    wide: bool = False,
    theme: str = "system",
    script: str = "",
) -> HTMLResponse:
    """A page with one card. `content` is trusted markup: every foreign text in it went through `escape`. `here` is the
    path that shows this page again in another language. `theme` is the person's, where one is known. `script` is one
    of ui/static/ that this page needs beside the common one.
    """
    language = voice().language
    scripts = "".join(f'<script src="{static_url(name)}"></script>' for name in ("plain.js", script) if name)
    sheets = "".join(f'<link rel="stylesheet" href="{static_url(name)}">' for name in SHEETS)
    return HTMLResponse(
        f'<!doctype html><html lang="{language}" data-theme="{escape(theme)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · PitPilot</title>"
        f'{sheets}<link rel="icon" type="image/svg+xml" href="{static_url("logo.svg")}">'
        f"{scripts}</head>"
        f'<body><main class="entry"><div class="card{" wide" if wide else ""}">'
        f'<a class="logo" href="/">{LOGO}<span>PitPilot</span></a>'
        f"<h1>{escape(title)}</h1>{content}</div>{_languages(language, here)}</main></body></html>",
        status_code=status,
        headers=HEADERS,
    )


def see_other(path: str) -> RedirectResponse:
    """Leads on after a form was taken."""
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def remember_language(request: Request, response: HTMLResponse) -> HTMLResponse:
    """Keeps the language that was pressed at the page's foot for the next pages."""
    asked = request.query_params.get("lang")
    if asked in list(LANGUAGES):
        response.set_cookie(LANGUAGE_COOKIE, str(asked), max_age=LANGUAGE_COOKIE_S, httponly=True, samesite="lax")
    return response


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a small form without files. One that is longer than any of ours, or does not say how long it is,
    is read as empty, so its page names what is missing.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > FORM_BYTES_MAX:
        return {}
    form = await request.form(max_files=0, max_fields=FIELDS_MAX)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def is_same_origin(request: Request) -> bool:
    """Whether a form was posted by a page of ours. Browsers always say where a POST comes from."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return origin.partition("://")[2] == request.headers.get("host")


def safe_path(path: str) -> str:
    """A path of ours to go on to; anything that could leave this site becomes the overview."""
    rooted = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if rooted and "\\" not in path and path.isprintable() else "/"


def _languages(current: Language, here: str) -> str:
    glue = "&" if "?" in here else "?"
    links = "".join(
        f'<a href="{escape(here + glue)}lang={key}" lang="{key}"{" aria-current=true" if key == current else ""}>'
        f"{escape(name)}</a>"
        for key, name in LANGUAGES.items()
    )
    label = _("Language")
    return f'<nav class="languages" aria-label="{escape(label)}">{links}</nav>'
