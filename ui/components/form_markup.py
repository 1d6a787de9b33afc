"""Forms as plain HTML, for pages without a socket: password managers know them, and they work without scripts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from ui.texts import _

LINE_CHARS_MAX = 120
PASSWORD_CHARS_MAX = 1_000

_SHAPES = {
    "error": '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.2v.3"/>',
    "done": '<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.8 2.7 5.2-5.6"/>',
    "wait": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.3l3.5 2.2"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.5v.3"/>',
}
Mark = Literal["error", "done", "info"]
_TONES: dict[Mark, str] = {"error": "crit", "done": "ok", "info": ""}


@dataclass(frozen=True, slots=True)
class Line:
    """An input of one line. `wrong` says what is wrong and what would be right."""

    name: str
    label: str
    value: str = ""
    kind: Literal["text", "password", "email", "tel"] = "text"
    autocomplete: str = "off"
    help: str = ""
    wrong: str = ""
    required: bool = True
    code: bool = False
    """One-time and recovery codes: 0 and O, 1 and l look different; no spelling, no capitals."""
    chars_max: int = LINE_CHARS_MAX


@dataclass(frozen=True, slots=True)
class Choice:
    """One of `options`: key to word."""

    name: str
    label: str
    options: Mapping[str, str]
    value: str
    help: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Ticks:
    """Any of `options`; each is a field of its own that posts `yes`."""

    label: str
    options: Mapping[str, str]
    chosen: frozenset[str]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """Says by which name somebody signs in, so that a password manager stores the new password under it."""

    label: str
    value: str


Part = Line | Choice | Ticks | Login


def form(
    action: str, parts: Sequence[Part], verb: str, *, hidden: Mapping[str, str] | None = None, focus: bool = True
) -> str:
    """A form that posts to `action`. The cursor stands in the first field that is wrong, else the first empty one; the
    second form of a page leaves it there (`focus=False`). What is missing we say ourselves, all at once, beside the
    fields and in the person's language; a browser would say it one by one in its own.
    """
    first = next((p for p in parts if not isinstance(p, Login) and p.wrong), None) or next(
        (p for p in parts if _is_empty(p)), None
    )
    fields = "".join(_part(part, focused=focus and part is first) for part in parts)
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in (hidden or {}).items()
    )
    return (
        f'<form method="post" action="{escape(action)}" novalidate>{kept}{fields}'
        f'<button class="btn{" primary" if focus else ""}" type="submit">{escape(verb)}</button></form>'
    )


def notice(mark: Mark, text: str) -> str:
    """A sentence above a form."""
    role = "alert" if mark == "error" else "status"
    return f'<p class="notice" data-state="{_TONES[mark]}" role="{role}">{shape(mark)}<span>{escape(text)}</span></p>'


def waiting(text: str, wait_s: int, unit_s: int) -> str:
    """A sentence above a form that has to wait. Where scripts run, they count its number down, in units of `unit_s`
    seconds, and let the form be sent again when the time is over.
    """
    counted = re.sub(r"(?<![#x\d])\d+", r"<b>\g<0></b>", escape(text), count=1)
    return (
        f'<p class="notice" data-state="warn" role="alert" data-wait-s="{wait_s}" data-unit-s="{unit_s}">'
        f"{shape('wait')}<span>{counted}</span></p>"
    )


def shape(mark: Literal["error", "done", "info", "wait"]) -> str:
    """An icon drawn in place, so that the page needs no icon font."""
    return f'<svg class="shape" viewBox="0 0 24 24" aria-hidden="true">{_SHAPES[mark]}</svg>'


def _is_empty(part: Part) -> bool:
    return isinstance(part, Line) and not part.value


def _part(part: Part, *, focused: bool) -> str:
    if isinstance(part, Line):
        return _line(part, focused)
    if isinstance(part, Choice):
        return _choice(part)
    if isinstance(part, Ticks):
        return _ticks(part, focused)
    field = f'<input id="username" value="{escape(part.value)}" autocomplete="username" readonly class="id">'
    return _field("username", part.label, field, "", "")


def _line(line: Line, focused: bool) -> str:
    value = "" if line.kind == "password" else f' value="{escape(line.value)}"'
    traits = "".join(
        (
            " required" if line.required else "",
            " autofocus" if focused else "",
            _described(line.name, line.help, line.wrong),
            ' autocapitalize="none" spellcheck="false"' if line.code or line.kind != "text" else "",
            ' class="id"' if line.code else "",
            ' inputmode="numeric"' if line.autocomplete == "one-time-code" else "",
        )
    )
    field = (
        f'<input id="{line.name}" name="{line.name}" type="{line.kind}"{value} autocomplete="{line.autocomplete}"'
        f' maxlength="{PASSWORD_CHARS_MAX if line.kind == "password" else line.chars_max}"{traits}>'
    )
    if line.kind == "password":
        field = _secret(line, field)
    return _field(line.name, line.label, field, line.help, line.wrong)


def _secret(line: Line, field: str) -> str:
    """A password with a button that shows it; scripts bring the button out."""
    show, hide = escape(_("Show")), escape(_("Hide"))
    label = escape(_("Show {field}").format(field=line.label))
    return (
        f'<div class="secret">{field}<button type="button" class="btn plain" data-shows="{line.name}" hidden'
        f' data-show="{show}" data-hide="{hide}" aria-label="{label}" aria-pressed="false">{show}</button></div>'
    )


def _choice(choice: Choice) -> str:
    options = "".join(
        f'<option value="{escape(key)}"{" selected" if key == choice.value else ""}>{escape(word)}</option>'
        for key, word in choice.options.items()
    )
    described = _described(choice.name, choice.help, choice.wrong)
    field = f'<select id="{choice.name}" name="{choice.name}"{described}>{options}</select>'
    return _field(choice.name, choice.label, field, choice.help, choice.wrong)


def _ticks(ticks: Ticks, focused: bool) -> str:
    rows = "".join(
        f'<label class="tick"><input type="checkbox" name="{name}" value="yes"'
        f"{' checked' if name in ticks.chosen else ''}{' autofocus' if focused and not i else ''}>"
        f"<span>{escape(word)}</span></label>"
        for i, (name, word) in enumerate(ticks.options.items())
    )
    return _group(ticks.label, rows, ticks.wrong)


def _group(label: str, rows: str, wrong: str) -> str:
    state = ' data-state="crit"' if wrong else ""
    return f'<fieldset class="field"{state}><legend>{escape(label)}</legend>{rows}{_below("", "", wrong)}</fieldset>'


def _field(name: str, label: str, field: str, help: str, wrong: str) -> str:
    state = ' data-state="crit"' if wrong else ""
    return (
        f'<div class="field"{state}><label for="{name}">{escape(label)}</label>{field}{_below(name, help, wrong)}</div>'
    )


def _described(name: str, help: str, wrong: str) -> str:
    if not help and not wrong:
        return ""
    invalid = ' aria-invalid="true"' if wrong else ""
    return f' aria-describedby="{name}-below"{invalid}'


def _below(name: str, help: str, wrong: str) -> str:
    if not help and not wrong:
        return ""
    ident = f' id="{name}-below"' if name else ""
    said = f"{shape('error')}<span>{escape(wrong)}</span>" if wrong else escape(help)
    return f"<p{ident}>{said}</p>"
