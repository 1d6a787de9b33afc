"""The content of a customer's page: each part bears a name, by which the script leaves alone what did not change."""

from datetime import datetime
from html import escape
from urllib.parse import quote

from actions.jobs.tracked import Photo, Tracked
from domain.jobs.phases import At, Step
from domain.jobs.words import State
from ui.components.player import player_data
from ui.pages.customer import words
from ui.pages.customer.drawing import air_plot, car, sign
from ui.texts import LANGUAGES, NO_BREAK, _, band, clock, day, number, voice

VIDEO_HOOK = "live-video"
"""The id of the place into which a player is put."""


def content(seen: Tracked, token: str, now: datetime) -> str:
    """The page's `main`: what is shown, in order."""
    base = path(token)
    parts = {
        "bar": _bar(seen),
        "head": _head(seen, now),
        "car": _car(seen),
        "when": _when(seen, now),
        "notes": _notes(seen, now),
        "passport": _passport(seen),
        "video": _video(seen),
        "films": _films(seen, base),
        "steps": _steps(seen, now),
        "air": _air(seen, now),
        "photos": _photos(seen.photos, base),
        "foot": _foot(seen, base),
    }
    shown = "".join(f'<div data-part="{name}">{markup}</div>' for name, markup in parts.items() if markup)
    title = escape(words.headline(seen, now))
    return f'<main data-mark="{seen.mark}" data-title="{title}">{shown}</main>'


def path(token: str) -> str:
    return f"/t/{quote(token, safe='')}"


def _bar(seen: Tracked) -> str:
    call = ""
    if seen.contact_phone:
        number_ = "".join(c for c in seen.contact_phone if c.isdigit() or c == "+")
        label = escape(_("Call the workshop"))
        call = f'<a href="tel:{escape(number_)}" aria-label="{label}">{sign("call")}</a>'
    return f'<div class="bar"><span>{escape(seen.workshop)}</span>{call}</div>'


def _head(seen: Tracked, now: datetime) -> str:
    named = " ".join(filter(None, (seen.colour.capitalize(), seen.make, seen.model)))
    plate = f', <span class="id">{escape(seen.plate)}</span>' if seen.plate else ""
    return f'<h1>{escape(words.headline(seen, now))}</h1><p class="quiet">{escape(named)}{plate}</p>'


def _car(seen: Tracked) -> str:
    if seen.state is State.CANCELLED:
        return ""
    percent = f"{number(100 * seen.forecast.progress)} %"
    return car(seen.forecast.progress, _("{percent} of the work is done").format(percent=percent), percent)


def _when(seen: Tracked, now: datetime) -> str:
    """The expected time, large, and what was promised."""
    at, zone = seen.forecast.ready_at, seen.zone
    if seen.state in (State.COMPLETE, State.DELIVERED):
        done = words.short_moment(at, zone, now) if at else ""
        text = _("Finished {time}") if seen.state is State.COMPLETE else _("It was finished {time}")
        return f'<p class="quiet">{escape(text.format(time=done))}</p>'
    if seen.state is State.CANCELLED:
        over = escape(_("Nothing more happens here. The workshop answers your questions."))
        return f'<p class="quiet">{over}</p>'
    if at is None:
        paused = escape(_("Paused"))
        return f'<div class="when words"><b>{paused}</b></div>{_promise(seen, now)}'
    time = escape(clock(at, zone))
    beside = escape(words.day_phrase(at, zone, now))
    return f'<div class="when"><b>{time}</b> <span class="quiet">{beside}</span></div>{_countdown(at, now)}' + _promise(
        seen, now
    )


def _countdown(at: datetime, now: datetime) -> str:
    """How long it is until then. The script counts on, with the words that come along."""
    templates = {
        "in": _("in {time}"), "soon": _("any moment now"), "d": _("{n} d"), "h": _("{n} h"), "m": _("{n} min"),
    }  # fmt: skip
    data = "".join(f' data-{name}="{escape(text)}"' for name, text in templates.items())
    return f'<p data-until="{round(at.timestamp() * 1_000)}"{data}>{escape(_left(at, now, templates))}</p>'


def _left(at: datetime, now: datetime, templates: dict[str, str]) -> str:
    minutes = round((at - now).total_seconds() / 60)
    if minutes < 1:
        return templates["soon"]
    days, hours = minutes // 1_440, minutes // 60 % 24
    sizes = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (minutes % 60, "m")]
    said = " ".join(templates[unit].format(n=number(n)) for n, unit in sizes if n)
    return templates["in"].format(time=said)


def _promise(seen: Tracked, now: datetime) -> str:
    said, kept = words.promise(seen, now)
    promised = seen.forecast.promised_at
    if not said or promised is None:
        return ""
    time = f"<b>{escape(words.short_moment(promised, seen.zone, now))}</b>"
    return f'<p class="quiet promise">{escape(said).format(time=time)} {escape(kept)}</p>'


def _notes(seen: Tracked, now: datetime) -> str:
    notes = []
    if seen.hold_reason is not None:
        notes.append(note("hold", "hold", words.hold(seen.hold_reason)))
    if late := words.lateness(seen, now):
        notes.append(note("warn", "warn", late))
    if seen.state is State.COMPLETE:
        notes.append(note("ok", "done", _("You can come for it. The workshop is glad to show you the work.")))
    return "".join(notes)


def note(tone: str, mark: str, text: str) -> str:
    return f'<p class="note {tone}">{sign(mark)}<span>{escape(text)}</span></p>'


def _passport(seen: Tracked) -> str:
    if seen.passport_id is None:
        return ""
    text = escape(_("Open the environment passport"))
    return f'<a class="go main" href="/p/{seen.passport_id}">{sign("shield")}{text}</a>'


def _video(seen: Tracked) -> str:
    """A place for the player, hidden until a camera is found that sees the car (ui/static/tracking_video.js)."""
    if not seen.video_allowed:
        return ""
    heading, told = escape(_("Live from the workshop")), player_data(label=_("Your car, live"), zone=seen.zone)
    return (
        f'<section class="card" hidden><h2>{heading}</h2><div class="video" id="{VIDEO_HOOK}" {told}></div></section>'
    )


def _films(seen: Tracked, base: str) -> str:
    """The work in a minute, as each camera saw it."""
    text = escape(_("Open the time-lapse"))
    return "".join(f'<a class="go" href="{base}/films/{key}.mp4">{sign("film")}{text}</a>' for key in seen.films)


def _steps(seen: Tracked, now: datetime) -> str:
    if seen.state is State.CANCELLED:
        return ""
    held = " held" if seen.state is State.ON_HOLD else ""
    return f'<ol class="steps">{"".join(_step(step, seen, now, held) for step in seen.steps)}</ol>'


def _step(step: Step, seen: Tracked, now: datetime, held: str) -> str:
    mark = sign("check") if step.at is At.DONE else ""
    current = ' aria-current="step"' if step.at is At.NOW else ""
    said = {At.DONE: _("done"), At.NOW: _("now"), At.LATER: _("later")}[step.at]
    return (
        f'<li class="{step.at}{held}"{current}><i role="img" aria-label="{escape(said)}">{mark}</i>'
        f"<span>{escape(words.step_word(step, seen.work_type))}</span>"
        f"<time>{escape(words.step_time(step, seen.zone, now))}</time></li>"
    )


def _air(seen: Tracked, now: datetime) -> str:
    if seen.climate_share is None:
        return ""
    share, text = f"{number(int(100 * seen.climate_share))} %", escape(_("of the time in clean, dry air"))
    head = f'<p class="share"><b>{share}</b> <span class="quiet">{text}</span></p>'
    air = seen.air
    if air is None:
        return f'<section class="card">{head}</section>'
    allowed = band(air.low, air.high)
    what = (
        _("Humidity, allowed {band} %").format(band=allowed).replace(" %", f"{NO_BREAK}%") if allowed else _("Humidity")
    )
    since = words.plot_end(air.since, seen.zone, now)
    until = _("now") if seen.state is State.IN_PROGRESS else words.plot_end(air.until, seen.zone, now)
    ends = f"<span>{escape(since)}</span><span>{escape(what)}</span><span>{escape(until)}</span>"
    return f'<section class="card">{head}{air_plot(air, what)}<div class="ends">{ends}</div></section>'


def _photos(photos: tuple[Photo, ...], base: str) -> str:
    if not photos:
        return ""
    said = _("Photo {n} of {count}")
    shown = "".join(
        f'<a href="{base}/photos/{photo.key}"><img src="{base}/photos/{photo.key}?size=small" loading="lazy"'
        f' decoding="async" width="{photo.width}" height="{photo.height}"'
        f' alt="{escape(said.format(n=number(n), count=number(len(photos))))}"></a>'
        for n, photo in enumerate(photos, 1)
    )
    heading = escape(_("Photos"))
    return f'<section class="card"><h2>{heading}</h2><div class="photos">{shown}</div></section>'


def _foot(seen: Tracked, base: str) -> str:
    ends = ""
    if seen.link_ends_at is not None:
        text = _("This link is yours alone and ends on {day}.")
        ends = f"<p>{escape(text.format(day=day(seen.link_ends_at, seen.zone)))}</p>"
    notices = (
        _("You get messages about this car. Change that") if seen.agrees_to_notices else _("Get messages about it")
    )
    lost = escape(_("No connection. What stands here may be old; we keep trying."))
    return (
        f'<div class="foot">{ends}<p><a href="{base}/notices?lang={voice().language}">{escape(notices)}</a></p>'
        f'{languages(base)}</div><p class="lost" hidden>{lost}</p>'
    )


def languages(here: str) -> str:
    links = "".join(
        f'<a href="{escape(here)}?lang={key}" lang="{key}"{" aria-current=true" if key == voice().language else ""}>'
        f"{escape(name)}</a>"
        for key, name in LANGUAGES.items()
    )
    label = escape(_("Language"))
    return f'<nav aria-label="{label}">{links}</nav>'
