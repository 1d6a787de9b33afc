"""The look of PitPilot in browsers: tokens, components' CSS, fonts, Quasar's defaults, light and dark.

`install()` once before the server starts; `apply()` on every page (the frame does it).
"""

import copy
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Literal

import nicegui
from nicegui import app, ui
from nicegui.language import Language as QuasarLanguage
from nicegui.translations import translations

from ui import texts
from ui.texts import Language

Theme = Literal["system", "light", "dark"]

STATIC = Path(__file__).resolve().parent / "static"
PLAYER = STATIC / "player"
FAVICON = STATIC / "logo.svg"
"""For `ui.run(favicon=…)`."""

STATIC_AGE_S = 7 * 86_400  # style sheets carry their content's hash; fonts change with a release at most
STYLE_SHEETS = (
    "tokens.css", "look.css", "live.css", "frame.css", "pages.css", "pump.css", "jobs.css", "work.css", "player.css",
    "quasar.css",
)  # fmt: skip
DARK: dict[Theme, bool | None] = {"system": None, "light": False, "dark": True}
QUASAR_LANGUAGES: dict[Language, QuasarLanguage] = {"en": "en-GB", "hi": "hi", "bn": "bn"}
SCRIPTS: dict[Language, str] = {"hi": "noto-sans-devanagari.woff2", "bn": "noto-sans-bengali.woff2"}


def install() -> None:
    """Serve the style sheets and fonts, and make every page use them. Run the server with `tailwind=False`."""
    app.add_static_files("/static", STATIC, max_cache_age=STATIC_AGE_S)
    app.add_static_files(player_url("").rstrip("/"), PLAYER, max_cache_age=STATIC_AGE_S)
    ui.add_head_html(_shared_head(), shared=True)
    app.config.quasar_config["ripple"] = False
    app.config.quasar_config["loadingBar"] = {"skipHijack": True}
    _set_default_props()
    _translate_nicegui()


def apply(theme: Theme, lang: Language, *, own_digits: bool = False) -> None:
    """Give this page the person's language and light or dark; "system" follows the browser."""
    texts.use(lang, own_digits=own_digits)
    client = ui.context.client
    client.page = copy.copy(client.page)  # NiceGUI keeps dark and language by route; here they go by person
    client.page.dark = DARK[theme]
    client.page.language = QUASAR_LANGUAGES[lang]
    ui.add_head_html(_theme_colors(theme))
    if lang in SCRIPTS:
        ui.add_head_html(_preload_font(f"/static/built/fonts/{SCRIPTS[lang]}"))


@cache
def static_url(name: str) -> str:
    """Address of a file in ui/static/ that changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@cache
def player_url(name: str) -> str:
    """Address of a module of the player. They name each other by relative addresses, so all change together."""
    contents = b"".join(path.read_bytes() for path in sorted(PLAYER.iterdir()))
    return f"/player/{hashlib.sha256(contents).hexdigest()[:12]}/{name}"


@cache
def token(name: str, *, dark: bool = False) -> str:
    """Literal value of a token of tokens.css, for the few places where CSS does not reach.

    Raises:
        KeyError: tokens.css has no such token.
    """
    light, dusk = re.split(
        r"^\.body--dark \{", (STATIC / "tokens.css").read_text(encoding="utf-8"), maxsplit=1, flags=re.M
    )
    for block in (dusk, light) if dark else (light,):
        if found := re.search(rf"^\s*--{re.escape(name)}:\s*([^;]+);", block, re.M):
            return found[1].strip()
    raise KeyError(name)


def _shared_head() -> str:
    sheets = [f'<link rel="stylesheet" href="{static_url(name)}">' for name in STYLE_SHEETS]
    return "\n".join(
        [
            _preload_font("/static/built/fonts/inter-variable.woff2"),
            _preload_font(_icon_font()),
            *sheets,
            f'<link rel="icon" type="image/svg+xml" href="{static_url("logo.svg")}">',
        ]
    )


def _preload_font(url: str) -> str:
    return f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{url}">'


def _icon_font() -> str:
    """Address of Material Symbols Rounded among NiceGUI's own fonts, whose files are named by a hash."""
    fonts = (Path(nicegui.__file__).parent / "static" / "fonts.css").read_text(encoding="utf-8")
    face = re.search(r'"Material Symbols Rounded";[^}]*?url\(([^)]+)\)', fonts)
    if face is None:
        raise LookupError("NiceGUI no longer ships Material Symbols Rounded")
    return f"/_nicegui/{nicegui.__version__}/static/{face[1]}"


def _theme_colors(theme: Theme) -> str:
    """Colour of the browser's own bars."""
    if theme != "system":
        return f'<meta name="theme-color" content="{token("canvas", dark=theme == "dark")}">'
    colors = {"light": token("canvas"), "dark": token("canvas", dark=True)}
    return "\n".join(
        f'<meta name="theme-color" media="(prefers-color-scheme: {name})" content="{color}">'
        for name, color in colors.items()
    )


def _set_default_props() -> None:
    ui.button.default_props("no-caps unelevated")
    ui.toggle.default_props("no-caps unelevated")
    ui.tabs.default_props("no-caps inline-label")
    ui.card.default_props("flat bordered")
    ui.table.default_props("flat bordered")
    for field in (ui.input, ui.number, ui.select, ui.textarea):
        field.default_props("outlined hide-bottom-space")


def _translate_nicegui() -> None:
    """NiceGUI's own two messages in our languages and words."""
    for lang, quasar in QUASAR_LANGUAGES.items():
        with texts.speaking(lang):
            translations[quasar] = {
                "connection_lost": texts._("No connection"),
                "trying_to_reconnect": texts._("Values stand still. Trying again."),
                "message_too_long": texts._("This is too large to send"),
                "message_too_long_body": texts._("Send less at once."),
            }
