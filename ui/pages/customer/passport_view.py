"""The content of a passport's public page: the verdict first, then what the record says."""

from collections.abc import Mapping
from html import escape
from typing import Any

from actions.passports import Checked
from domain.passport import Verdict
from storage.passports import PassportRow
from ui.pages.customer.drawing import sign
from ui.pages.customer.tracking_view import languages
from ui.passports.plot import plots
from ui.passports.svg import plot_svg
from ui.passports.view import PassportView, view_of
from ui.texts import _, day

FILE_FIELD = "file"
_LOOKS = {
    Verdict.GENUINE: ("ok", "shield"),
    Verdict.CHANGED: ("crit", "error"),
    Verdict.REVOKED: ("warn", "warn"),
    Verdict.UNKNOWN: ("unknown", "help"),
}


def content(checked: Checked, path: str, *, of_file: bool = False) -> str:
    """`of_file`: the verdict is about a file that was sent, not about what is stored."""
    row = checked.passport
    kind = _("Environment passport")
    head = f'<div class="bar"><span>{escape(kind)}</span></div>'
    is_untrue = checked.verdict is Verdict.CHANGED and not of_file  # what stands there may be anything
    if row is None or is_untrue:
        return f"<main>{head}{_verdict(checked, of_file=of_file)}{_check(path)}{_foot(path)}</main>"
    view = view_of(row.record)
    return (
        f"<main>{head}<h1>{escape(view.car)}</h1>"
        f'<p class="quiet"><span class="id">{escape(view.plate)}</span>, {escape(row.record["workshop"])}</p>'
        f"{_verdict(checked, of_file=of_file)}{_share(view)}{_facts(view)}{_air(row.record)}{_stages(view)}"
        f"{_excursions(view)}{_photos(row, path)}{_files(row, path)}{_check(path)}{_foot(path)}</main>"
    )


def title(verdict: Verdict) -> str:
    return {
        Verdict.GENUINE: _("Genuine"),
        Verdict.CHANGED: _("Changed"),
        Verdict.REVOKED: _("Revoked"),
        Verdict.UNKNOWN: _("Unknown"),
    }[verdict]


def _verdict(checked: Checked, *, of_file: bool) -> str:
    tone, mark = _LOOKS[checked.verdict]
    said = f"<b>{escape(title(checked.verdict))}.</b> {escape(_why(checked, of_file=of_file))}"
    newer = ""
    if checked.passport is not None and checked.passport.replaced_by is not None:
        href = f"/p/{checked.passport.replaced_by}"
        text = escape(_("Open the passport that follows it"))
        newer = f'<a class="go main" href="{href}">{text}</a>'
    return f'<p class="note {tone}" data-verdict="{checked.verdict}">{sign(mark)}<span>{said}</span></p>{newer}'


def _why(checked: Checked, *, of_file: bool) -> str:
    row = checked.passport
    match checked.verdict:
        case Verdict.GENUINE:
            if of_file:
                return _("Not a byte of this file was changed since {workshop} signed it.").format(
                    workshop=_workshop(row)
                )
            return _("This is what {workshop} signed.").format(workshop=_workshop(row))
        case Verdict.CHANGED:
            if of_file:
                return _("This file is not as it was signed. Trust what stands on this page, not the file.")
            return _("What is stored here does not fit its signature. Do not rely on it.")
        case Verdict.REVOKED if row is not None and row.revoked_at is not None:
            text = _("{workshop} ended this passport on {day}: {reason}")
            at = day(row.revoked_at, row.record["zone"], year=True)
            return text.format(workshop=_workshop(row), day=at, reason=row.revoked_why or "")
    if of_file:
        return _("The file names a passport that nobody issued here.")
    return _("Nobody issued a passport with this number here.")


def _workshop(row: PassportRow | None) -> str:
    return str(row.record["workshop"]) if row else ""


def _share(view: PassportView) -> str:
    return (
        f'<section class="card"><p class="share"><b>{escape(view.air.share)}</b></p>'
        f'<p class="quiet">{escape(view.air.share_text)}</p></section>'
    )


def _facts(view: PassportView) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in view.facts)
    return f'<dl class="facts">{rows}</dl>'


def _air(record: Mapping[str, Any]) -> str:
    drawn = plots(record)
    if not drawn:
        return ""
    shown = "".join(plot_svg(plot) for plot in drawn)
    heading = escape(_("The air, stage by stage"))
    return f'<section class="card plots"><h2>{heading}</h2>{shown}</section>'


def _stages(view: PassportView) -> str:
    rows = "".join(
        f"<li><div><b>{escape(stage.word)}</b><span>{escape(stage.share)}</span></div>"
        f'<p class="quiet small">{escape(stage.when)}, {escape(stage.lasted)}</p>'
        f'<p class="quiet small">{escape(_means(view, stage.means))}</p></li>'
        for stage in view.air.stages
    )
    heading = escape(_("Stages"))
    return f'<section><h2>{heading}</h2><ol class="stages">{rows}</ol></section>' if rows else ""


def _means(view: PassportView, means: tuple[str, ...]) -> str:
    said = [(*head.partition(", "), mean) for head, mean in zip(view.air.metrics, means, strict=True)]
    return " · ".join(f"{name} {mean} {unit}".strip() for name, _comma, unit, mean in said)


def _excursions(view: PassportView) -> str:
    rows = "".join(f"<li>{escape(said)}</li>" for said in view.air.excursions)
    listed = f'<ul class="lines small quiet">{rows}</ul>' if rows else ""
    note = f'<p class="quiet small">{escape(view.note)}</p>'
    return f"<section><h2>{escape(view.air.excursions_text)}</h2>{listed}{note}</section>"


def _photos(row: PassportRow, path: str) -> str:
    if not row.record["photos"]:
        return ""
    alt = escape(_("Photo of the work"))
    shown = "".join(
        f'<a href="{path}/photos/{digest}"><img src="{path}/photos/{digest}?size=small" loading="lazy" width="4"'
        f' height="3" alt="{alt}"></a>'
        for digest in row.record["photos"]
    )
    heading = escape(_("Photos"))
    return f'<section class="card"><h2>{heading}</h2><div class="photos">{shown}</div></section>'


def _files(row: PassportRow, path: str) -> str:
    if row.revoked_at is not None:
        return ""
    pdf, data = escape(_("Load the PDF")), escape(_("Load the signed record"))
    return (
        f'<a class="go main" href="{path}/passport.pdf" download>{pdf}</a>'
        f'<a class="go" href="{path}/passport.json" download>{data}</a>'
    )


def _check(path: str) -> str:
    heading, field, verb = escape(_("Check a file")), escape(_("Passport file")), escape(_("Check it"))
    text = _("Did somebody give you a passport as a file? Choose it here, and see whether it is as it was signed.")
    return (
        f'<form class="card" method="post" enctype="multipart/form-data" action="{path}#verdict">'
        f'<h2>{heading}</h2><p class="quiet small">{escape(text)}</p>'
        f'<input type="file" name="{FILE_FIELD}" accept=".pdf,.json" required'
        f' aria-label="{field}">'
        f"<button>{verb}</button></form>"
    )


def _foot(path: str) -> str:
    return f'<div class="foot">{languages(path)}</div>'
