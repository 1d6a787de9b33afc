"""The look: contrast of the tokens, what every page gets, and that nothing comes from elsewhere."""

import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from nicegui import app, ui
from nicegui.testing import User

from ui import theme
from ui.components.pieces import button
from ui.texts import Language

UI = Path(theme.__file__).parent
STATES = ("ok", "warn", "crit", "hold", "unknown")
TEXT, GRAPHICS = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11

TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("canvas", "surface", "sunken", "raised")),
    *((f"{state}-fg", ground) for state in STATES for ground in ("surface", f"{state}-bg")),
    ("brand", "surface"),
    ("brand", "brand-soft"),
    ("ink", "brand-soft"),
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    ("on-state", "crit-fill"),
    ("on-state", "hold-fill"),
]
GRAPHIC_PAIRS = [
    ("line-strong", "surface"),
    ("line-strong", "canvas"),
    ("warn-edge", "surface"),
    ("crit-edge", "surface"),
    ("hold-edge", "surface"),
    ("unknown-edge", "surface"),
    ("brand", "canvas"),
]


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours as #RRGGBB."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(front: str, ground: str, dark: bool) -> None:
    assert contrast(theme.token(front, dark=dark), theme.token(ground, dark=dark)) >= TEXT


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground"), GRAPHIC_PAIRS)
def test_edges_of_controls_and_states_can_be_seen(front: str, ground: str, dark: bool) -> None:
    assert contrast(theme.token(front, dark=dark), theme.token(ground, dark=dark)) >= GRAPHICS


def test_colours_stand_in_the_tokens_and_nowhere_else() -> None:
    for sheet in set(theme.STYLE_SHEETS) - {"tokens.css"}:
        found = re.findall(r"#[0-9A-Fa-f]{3,8}\b|rgba?\(|hsla?\(", (theme.STATIC / sheet).read_text(encoding="utf-8"))
        assert not found, f"{sheet} names a colour itself: {found}"


def test_every_custom_property_in_use_is_defined() -> None:
    sheets = "".join((theme.STATIC / sheet).read_text(encoding="utf-8") for sheet in theme.STYLE_SHEETS)
    scripts = "".join(path.read_text(encoding="utf-8") for path in (UI / "components").glob("*.js"))
    defined = set(re.findall(r"(--[\w-]+)['\"]?\s*:", sheets + scripts))
    assert not set(re.findall(r"var\((--[\w-]+)", sheets + scripts)) - defined


def test_nothing_is_loaded_from_another_host() -> None:
    sources = [*theme.STATIC.glob("*.css"), *(UI / "components").glob("*.js"), *UI.rglob("*.py")]
    outside = [
        path.name for path in sources if re.search(r"(src|href|url|import)\S{0,3}https?://", path.read_text("utf-8"))
    ]
    assert not outside


def test_every_icon_in_use_is_in_the_icon_font() -> None:
    words = set()
    for path in [*UI.rglob("*.py"), *(UI / "components").glob("*.js")]:
        text = path.read_text(encoding="utf-8")
        words |= set(re.findall(r'icon(?:_button|_element|_silent)?(?:=|: str = |\()"([a-z_0-9]+)"', text))
        words |= set(re.findall(r'<i class="icon[^>]*>([a-z_0-9]+)</i>', text))
        for table in re.findall(r"ICONS[^=]*= \{([^}]*)\}", text):
            words |= set(re.findall(r':\s*"([a-z_0-9]+)"', table))
    assert len(words) > 10
    assert not words - icons_of_the_font()


def icons_of_the_font() -> set[str]:
    import nicegui

    fonts = Path(nicegui.__file__).parent / "static"
    font = TTFont(fonts / theme._icon_font().split("/static/")[1])
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    tables = [table for lookup in font["GSUB"].table.LookupList.Lookup for table in lookup.SubTable]
    ligatures = [getattr(table, "ExtSubTable", table).ligatures for table in tables]
    return {
        "".join(letters[glyph] for glyph in (first, *ligature.Component))
        for by_first in ligatures
        for first, found in by_first.items()
        for ligature in found
    }


async def test_every_page_gets_the_style_sheets_and_fonts(user: User) -> None:
    theme.install()
    ui.page("/styled")(lambda: ui.label("styled"))
    html = (await user.http_client.get("/styled")).text
    for url in re.findall(r'(?:href)="(/static/[^"]+)"', html):
        response = await user.http_client.get(url)
        assert response.status_code == 200, url
        assert "max-age" in response.headers["cache-control"]
    assert html.count('rel="stylesheet"') == len(theme.STYLE_SHEETS)
    assert (await user.http_client.get(theme._icon_font())).status_code == 200
    assert app.config.quasar_config["ripple"] is False


@pytest.mark.parametrize(
    ("chosen", "lang", "dark", "html_lang", "script"),
    [
        ("system", "en", "None", "en-GB", None),
        ("light", "hi", "False", "hi", "devanagari"),
        ("dark", "bn", "True", "bn", "bengali"),
    ],
)
async def test_a_page_carries_the_persons_theme_and_language_from_its_first_byte(
    user: User, chosen: theme.Theme, lang: Language, dark: str, html_lang: str, script: str | None
) -> None:
    theme.install()
    ui.page("/mine")(lambda: theme.apply(chosen, lang))
    html = (await user.http_client.get("/mine")).text
    assert f"const dark = {dark};" in html
    assert f'<html lang="{html_lang}"' in html
    assert ("noto-sans" in html) == (script is not None)
    assert script is None or f"noto-sans-{script}" in html
    assert html.count('name="theme-color"') == (2 if chosen == "system" else 1)


async def test_one_persons_theme_does_not_reach_another_on_the_same_route(user: User) -> None:
    theme.install()

    def page(dark: bool = False) -> None:
        theme.apply("dark" if dark else "light", "en")

    ui.page("/shared")(page)
    await user.http_client.get("/shared?dark=true")
    assert "const dark = False;" in (await user.http_client.get("/shared")).text


async def test_buttons_keep_their_words_as_they_are_written(user: User) -> None:
    theme.install()
    ui.page("/buttons")(lambda: button("Finish film", kind="primary"))
    await user.open("/buttons")
    (made,) = user.find("Finish film").elements
    assert made.props["no-caps"] and "primary" in made.classes
    assert "color" not in made.props


def test_an_unknown_token_is_named() -> None:
    with pytest.raises(KeyError, match="no-such-token"):
        theme.token("no-such-token")
