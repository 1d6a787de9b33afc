"""What PitPilot says and how it writes numbers, times and money: English, Hindi and Bengali by gettext.

`_` and `ngettext` speak the language of the browser page in whose slot they are called, in page functions as in later
event handlers. Outside of a page (mail, PDF), wrap the work in `speaking(language)`.
"""

import gettext
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from babel.core import negotiate_locale
from babel.dates import format_date
from babel.numbers import format_decimal
from nicegui import Client
from nicegui.slot import Slot, get_task_id

Language = Literal["en", "hi", "bn"]

LANGUAGES: dict[Language, str] = {"en": "English", "hi": "हिन्दी", "bn": "বাংলা"}
"""Each language by its own name."""

UNKNOWN = "– –"
"""Stands where a number is not known."""

NO_BREAK = "\u00a0"
LAKH = 100_000
CRORE = 10_000_000
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400

_LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"
_ZERO: dict[Language, int] = {"en": ord("0"), "hi": ord("०"), "bn": ord("০")}


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, and whether numbers are written in its own digits (only where the person chose so)."""

    language: Language = "en"
    own_digits: bool = False

    @property
    def locale_tag(self) -> str:
        """For `Intl` in browsers: "bn-IN-u-nu-latn"."""
        own = {"en": "latn", "hi": "deva", "bn": "beng"}[self.language]
        return f"{self.language}-IN-u-nu-{own if self.own_digits else 'latn'}"


_spoken: ContextVar[Voice | None] = ContextVar("voice", default=None)
_voices: WeakKeyDictionary[Client, Voice] = WeakKeyDictionary()


def use(language: Language, *, own_digits: bool = False) -> None:
    """Speak `language` on the page in whose slot this is called, until it is closed.

    Raises:
        RuntimeError: there is no page here.
    """
    client = _client()
    if client is None:
        raise RuntimeError("texts.use() is for pages; elsewhere use texts.speaking()")
    _voices[client] = Voice(language, own_digits)


@contextmanager
def speaking(language: Language, *, own_digits: bool = False) -> Iterator[None]:
    """Speak `language` inside the block, whatever the page says."""
    token = _spoken.set(Voice(language, own_digits))
    try:
        yield
    finally:
        _spoken.reset(token)


def voice() -> Voice:
    """The voice of this block, else of this page, else of the browser's wish, else English."""
    if spoken := _spoken.get():
        return spoken
    client = _client()
    if client is None:
        return Voice()
    if client not in _voices:
        _voices[client] = Voice(negotiate(client.request.headers.get("accept-language")))
    return _voices[client]


def negotiate(accept_language: str | None) -> Language:
    """The best of our languages for a browser's Accept-Language header; English when none fits."""
    wishes = []
    for part in (accept_language or "").split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((-float(quality or 1), tag))
        except ValueError:
            continue
    best = negotiate_locale([tag for _, tag in sorted(wishes, key=lambda wish: wish[0])], list(LANGUAGES), sep="-")
    return next((language for language in LANGUAGES if language == best), "en")


def _(text: str) -> str:
    return _catalogue(voice().language).gettext(text) if text else ""  # gettext answers "" with the file's header


def ngettext(one: str, many: str, n: float) -> str:
    return _catalogue(voice().language).ngettext(one, many, int(n))


def N_(text: str) -> str:
    """Mark a text of a table for translation; `_` speaks it later."""
    return text


def number(value: float | None, digits: int = 0) -> str:
    """24.6, 1,50,000 (Indian grouping), −61 (true minus), `– –` for what is not known."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return _own_digits(_grouped(value, digits))


@lru_cache(8_192)
def _grouped(value: float, digits: int) -> str:
    """Kept, because a page of fifty pits shows the same limits three hundred times, and each took 0.1 ms."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0  # + 0 turns −0 into 0
    pattern = "#,##,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(rounded, format=pattern, locale="en_IN").replace("-", "−")


def with_unit(value: float | None, unit: str, digits: int = 0) -> str:
    """24.6 °C, the space unbreakable; `– –` alone when unknown."""
    text = number(value, digits)
    return text if text == UNKNOWN or not unit else f"{text}{NO_BREAK}{unit}"


def band(low: float | None, high: float | None, digits: int = 0) -> str:
    """An allowed band: 15–35, ≤ 12, ≥ 16, or nothing. `digits` is the most that is shown: 35.4 but 12."""
    if low is not None and high is not None:
        return f"{_trimmed(low, digits)}–{_trimmed(high, digits)}"
    if high is not None:
        return f"≤{NO_BREAK}{_trimmed(high, digits)}"
    return "" if low is None else f"≥{NO_BREAK}{_trimmed(low, digits)}"


def rupees(paise: int, *, short: bool = False) -> str:
    """₹1,500 or ₹1,500.50; short: ₹7.92 L from a lakh on, ₹1.2 Cr from a crore on."""
    whole = abs(paise) / 100
    sign = "−" if paise < 0 else ""
    if short and whole >= LAKH:
        size, word = (CRORE, "Cr") if whole >= CRORE else (LAKH, "L")
        return f"{sign}₹{_trimmed(whole / size, 2)}{NO_BREAK}{word}"
    return f"{sign}₹{number(whole, 2 if paise % 100 else 0)}"


def clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """13:30 in `zone`, 24 hours."""
    return _own_digits(at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S" if seconds else "%H:%M"))


def day(at: datetime, zone: str, *, year: bool = False) -> str:
    """21 Nov in `zone`, or 21 Nov 2026."""
    pattern = "d MMM y" if year else "d MMM"
    return _own_digits(format_date(at.astimezone(ZoneInfo(zone)), pattern, locale=voice().language))


def weekday(of: date, *, whole: bool = False) -> str:
    """Mon, or Monday."""
    return format_date(of, "EEEE" if whole else "EEE", locale=voice().language)


def month(of: date) -> str:
    """November 2026."""
    return _own_digits(format_date(of, "LLLL y", locale=voice().language))


def moment(at: datetime, zone: str, now: datetime) -> str:
    """13:30 for today, else 21 Nov, 13:30."""
    local, today = at.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    return clock(at, zone) if local == today else f"{day(at, zone, year=local.year != today.year)}, {clock(at, zone)}"


def duration(seconds: float, *, exact: bool = False) -> str:
    """The largest unit, rounded down: 12 s, 6 min, 2 h, 14 days. Exact adds the next: 11 min 52 s."""
    whole = max(0, int(seconds))
    sizes = [(DAY_S, HOUR_S), (HOUR_S, MINUTE_S), (MINUTE_S, 1)]
    for size, smaller in sizes:
        if whole >= size:
            rest = whole % size // smaller
            first = _span(whole // size, size)
            return f"{first} {_span(rest, smaller)}" if exact and rest else first
    return _span(whole, 1)


def ago(seconds: float) -> str:
    """12 s ago, 23 min ago."""
    return _("{time} ago").format(time=duration(seconds))


def _span(count: int, unit_s: int) -> str:
    if unit_s == DAY_S:
        text = ngettext("{n} day", "{n} days", count)
    else:
        text = {HOUR_S: _("{n} h"), MINUTE_S: _("{n} min"), 1: _("{n} s")}[unit_s]
    return text.format(n=number(count)).replace(" ", NO_BREAK)


def _trimmed(value: float, digits: int) -> str:
    shortest = next(d for d in range(digits + 1) if d == digits or round(value, d) == round(value, digits))
    return number(value, shortest)


def _own_digits(text: str) -> str:
    now = voice()
    if not now.own_digits or now.language == "en":
        return text
    return text.translate({ord("0") + n: _ZERO[now.language] + n for n in range(10)})


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("pitpilot", _LOCALE_FOLDER, [language], fallback=True)


def _client() -> Client | None:
    """The page in whose slot we are. Not `ui.context.client`, which would start a script page where there is none."""
    stack = Slot.stacks.get(get_task_id())
    return stack[-1].parent.client if stack else None
