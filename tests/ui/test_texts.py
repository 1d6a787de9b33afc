"""Languages, numbers, times, and that everything which is said is translated."""

import ast
import re
from datetime import UTC, datetime

import pytest
from babel.messages.catalog import Message
from nicegui import ui
from nicegui.testing import User

from tools import catalogues
from ui import texts
from ui.texts import NO_BREAK, Language, _, speaking

MORNING = datetime(2026, 11, 21, 4, 34, 12, tzinfo=UTC)  # 10:04:12 in India
KOLKATA = "Asia/Kolkata"


def spaced(text: str) -> str:
    return text.replace(NO_BREAK, " ")


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (24.6, 1, "24.6"),
        (24.65, 1, "24.7"),
        (-61, 0, "−61"),
        (-0.04, 1, "0.0"),
        (150_000, 0, "1,50,000"),
        (None, 1, "– –"),
        (float("nan"), 1, "– –"),
        (float("inf"), 0, "– –"),
    ],
)
def test_numbers_are_grouped_as_in_india_with_a_true_minus(value: float | None, digits: int, written: str) -> None:
    assert texts.number(value, digits) == written


def test_a_unit_stands_after_a_space_that_does_not_break() -> None:
    assert texts.with_unit(24.6, "°C", 1) == f"24.6{NO_BREAK}°C"
    assert texts.with_unit(None, "°C", 1) == "– –"
    assert texts.with_unit(42, "") == "42"


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [(15, 35, "15–35"), (None, 12, "≤ 12"), (None, 35.4, "≤ 35.4"), (16, None, "≥ 16"), (None, None, "")],
)
def test_a_band_is_as_short_as_its_limits_allow(low: float | None, high: float | None, written: str) -> None:
    assert spaced(texts.band(low, high, 1)) == written


@pytest.mark.parametrize(
    ("paise", "short", "written"),
    [
        (150_000, False, "₹1,500"),
        (150_050, False, "₹1,500.50"),
        (-150_000, False, "−₹1,500"),
        (79_200_000, True, "₹7.92 L"),
        (1_200_000_000, True, "₹1.2 Cr"),
        (150_000, True, "₹1,500"),
    ],
)
def test_money_is_written_from_whole_paise(paise: int, short: bool, written: str) -> None:
    assert spaced(texts.rupees(paise, short=short)) == written


@pytest.mark.parametrize(
    ("seconds", "rough", "exact"),
    [
        (0.4, "0 s", "0 s"),
        (12, "12 s", "12 s"),
        (712, "11 min", "11 min 52 s"),
        (1_380, "23 min", "23 min"),
        (7_500, "2 h", "2 h 5 min"),
        (86_400, "1 day", "1 day"),
        (14 * 86_400 + 3_600, "14 days", "14 days 1 h"),
        (-5, "0 s", "0 s"),
    ],
)
def test_a_duration_names_its_largest_units(seconds: float, rough: str, exact: str) -> None:
    assert spaced(texts.duration(seconds)) == rough
    assert spaced(texts.duration(seconds, exact=True)) == exact
    assert spaced(texts.ago(seconds)) == f"{rough} ago"


def test_times_are_of_the_workshops_zone() -> None:
    assert texts.clock(MORNING, KOLKATA) == "10:04"
    assert texts.clock(MORNING, KOLKATA, seconds=True) == "10:04:12"
    assert texts.day(MORNING, KOLKATA) == "21 Nov"
    assert texts.moment(MORNING, KOLKATA, MORNING) == "10:04"
    late = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    assert texts.moment(MORNING, KOLKATA, late) == "21 Nov, 10:04"
    assert texts.moment(MORNING, KOLKATA, datetime(2027, 1, 5, tzinfo=UTC)) == "21 Nov 2026, 10:04"


def test_own_digits_only_where_they_were_chosen() -> None:
    with speaking("bn"):
        assert texts.number(148) == "148"
        assert texts.voice().locale_tag == "bn-IN-u-nu-latn"
    with speaking("bn", own_digits=True):
        assert texts.number(148) == "১৪৮"
        assert texts.clock(MORNING, KOLKATA) == "১০:০৪"
        assert spaced(texts.duration(712, exact=True)) == "১১ মিনিট ৫২ সেকেন্ড"
        assert texts.voice().locale_tag == "bn-IN-u-nu-beng"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("bn-IN,en;q=0.8", "bn"),
        ("en-US,en;q=0.9,hi;q=0.8", "en"),
        ("fr,hi;q=0.3", "hi"),
        ("en;q=0.2,hi;q=0.9", "hi"),
        ("de", "en"),
        ("*;q=x,,;", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_browsers_wish_chooses_among_our_languages(header: str | None, language: Language) -> None:
    assert texts.negotiate(header) == language


async def test_a_page_speaks_as_the_browser_asks_until_a_person_is_known(user: User) -> None:
    ui.page("/wish")(lambda: ui.label(_("Unknown")))
    user.http_client.headers["accept-language"] = "hi-IN"
    await user.open("/wish")
    await user.should_see("अज्ञात")


async def test_a_later_event_speaks_the_language_of_its_page(user: User) -> None:
    def page() -> None:
        texts.use("bn")
        ui.button("ask", on_click=lambda: ui.label(_("Unknown")))

    ui.page("/later")(page)
    await user.open("/later")
    user.find("ask").click()
    await user.should_see("অজানা")


def test_without_a_page_there_is_nothing_to_choose_a_language_for() -> None:
    with pytest.raises(RuntimeError, match=r"speaking\(\)"):
        texts.use("hi")
    assert _("Unknown") == "Unknown"


def test_an_empty_text_stays_empty() -> None:
    with speaking("hi"):
        assert _("") == ""


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_everything_that_is_said_is_translated(language: str) -> None:
    catalog = catalogues.read_catalogue(language)
    said = [message for message in catalogues.texts_in_sources() if message.id]
    untranslated = [
        message.id
        for message in said
        if (known := catalog.get(first_form(message), message.context)) is None or not catalogues.is_translated(known)
    ]
    assert not untranslated, "run `python -m tools.assets --extract` and translate"


def test_no_text_hides_inside_an_f_string_where_the_extraction_does_not_look() -> None:
    sources = [path for folder in catalogues.SPEAKING_FOLDERS for path in (catalogues.ROOT / folder).rglob("*.py")]
    hidden = [
        f"{path.relative_to(catalogues.ROOT)}:{call.lineno}"
        for path in sources
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in catalogues.KEYWORDS
        if any(isinstance(argument, ast.Constant) for argument in call.args)
    ]
    assert not hidden


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_catalogues_hold_nothing_that_nobody_says(language: str) -> None:
    said = {first_form(message) for message in catalogues.texts_in_sources() if message.id}
    assert not {first_form(message) for message in catalogues.read_catalogue(language) if message.id} - said


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_translations_keep_the_placeholders(language: str) -> None:
    wrong = []
    for message in catalogues.read_catalogue(language):
        forms = message.string if isinstance(message.string, tuple) else (str(message.string),)
        originals = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        names = {frozenset(re.findall(r"\{\w+\}", text)) for text in originals}
        wrong += [form for form in forms if message.id and frozenset(re.findall(r"\{\w+\}", form)) not in names]
    assert not wrong


def first_form(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, (tuple, list)) else message.id)
