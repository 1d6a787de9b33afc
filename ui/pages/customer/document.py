"""The frame of customers' pages: one document with its style inside, so that it is painted after one answer, one small
font for each script, and a content policy that names this very style by its hash and runs no inline script.
"""

import base64
import hashlib
import re
from functools import cache
from html import escape

from starlette.responses import HTMLResponse

from ui.texts import Language, voice
from ui.theme import STATIC, static_url

FONTS: dict[Language, str] = {
    "en": "", "hi": "built/fonts/tracking-devanagari.woff2", "bn": "built/fonts/tracking-bengali.woff2",
}  # fmt: skip
LATIN = "built/fonts/tracking-latin.woff2"
REFRESH_S = 60
"""Of a browser without scripts."""
SCRIPT, VIDEO_SCRIPT = "tracking.js", "tracking_video.js"


def document(
    title: str,
    content: str,
    *,
    status: int = 200,
    live: str = "",
    referrer: str = "no-referrer",
    head: str = "",
) -> HTMLResponse:
    """A whole page. `content` is trusted markup: every foreign text in it went through `escape`. `live` is the path
    that tells the script of news; a page without it stands still.
    """
    language, style = voice().language, _style(voice().language)
    still = f'<noscript><meta http-equiv="refresh" content="{REFRESH_S}"></noscript>' if live else ""
    script = f'<script src="{static_url(SCRIPT)}" defer></script>' if live else ""
    script += f'<script src="{static_url(VIDEO_SCRIPT)}" type="module"></script>' if live else ""
    follows = f' data-news="{escape(live)}"' if live else ""
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex, nofollow"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{style}</style>{head}{script}"
        f'<link rel="icon" type="image/svg+xml" href="{static_url("logo.svg")}">{still}</head>'
        f"<body{follows}>{content}</body></html>",
        status_code=status,
        headers=headers(style, referrer),
    )


def headers(style: str = "", referrer: str = "no-referrer") -> dict[str, str]:
    """What every answer of these pages tells the browser; the pages themselves are nobody's to keep."""
    return {
        "Cache-Control": "no-store",
        "Referrer-Policy": referrer,
        "X-Robots-Tag": "noindex, nofollow",
        "Content-Security-Policy": _policy(style),
    }


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self'; style-src 'sha256-{digest}'; font-src 'self';"
        " img-src 'self' blob:; worker-src blob:;"
        " connect-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _style(language: Language) -> str:
    """The tokens, light or dark as the telephone is, and the rules of these pages, without what only people read."""
    tokens = (STATIC / "tokens.css").read_text(encoding="utf-8")
    tokens = re.sub(r"@font-face \{.*?\}", "", tokens, flags=re.DOTALL)
    tokens = re.sub(r"^\.body--dark \{(.*?)^\}", _when_dark, tokens, flags=re.DOTALL | re.MULTILINE)
    rules = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("tracking.css", "player.css"))
    return _short(_faces(language) + tokens.replace(":root, .body--dark", ":root") + rules)


def _when_dark(found: re.Match[str]) -> str:
    return "@media (prefers-color-scheme: dark) {:root {" + found[1] + "}}"


def _faces(language: Language) -> str:
    faces = _face("Track", LATIN, "U+0020-00FF, U+2013-2026, U+20B9, U+2190-2193, U+2212, U+2264-2265")
    if FONTS[language]:
        faces += _face("Track Script", FONTS[language], "U+0900-09FE, U+1CD0-1CF9, U+200C-200D, U+25CC, U+A8E0-A8FF")
    return faces


def _face(family: str, file: str, characters: str) -> str:
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: 400 600; font-display: swap;'
        f' src: url("/static/{file}") format("woff2"); unicode-range: {characters}; }}'
    )


def _short(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", css)).strip()
