"""What a passport says, in words: the same on the page and in the PDF. In the voice of whoever calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.jobs.words import Stage, WorkType
from domain.readings import FACTS, Metric
from ui.components.quantities import QUANTITIES
from ui.pages.job_words import stage_word, work_word
from ui.texts import _, band, clock, day, duration, ngettext, number, with_unit


@dataclass(frozen=True, slots=True)
class StageView:
    word: str
    when: str
    lasted: str
    share: str
    """98 %, or that nobody measured."""
    means: tuple[str, ...]
    """A text for each of `AirView.metrics`: mean, and least to greatest."""


@dataclass(frozen=True, slots=True)
class AirView:
    share: str
    """Large: 98.4 %; `– –` if nobody measured."""
    share_text: str
    metrics: tuple[str, ...]
    """Heads of the columns of stages."""
    stages: tuple[StageView, ...]
    excursions: tuple[str, ...]
    excursions_text: str


@dataclass(frozen=True, slots=True)
class PassportView:
    title: str
    car: str
    plate: str
    facts: tuple[tuple[str, str], ...]
    air: AirView
    note: str


def view_of(record: Mapping[str, Any]) -> PassportView:
    vehicle = record["vehicle"]
    return PassportView(
        title=_("Environment passport"),
        car=" ".join(filter(None, (vehicle["make"], vehicle["model"]))),
        plate=vehicle["plate"],
        facts=tuple(_facts(record)),
        air=air_view(record, record["zone"]),
        note=_("Measured by sensors in the pit. Times outside the limits are counted, not hidden."),
    )


def air_view(record: Mapping[str, Any], zone: str) -> AirView:
    """Of a passport's record, or of that part of it which is about the climate."""
    permille = record["in_spec_permille"]
    share = None if permille is None else permille / 10
    metrics = [metric for metric in Metric if any(metric in stage["climate"] for stage in record["stages"])]
    return AirView(
        share=with_unit(share, "%", 0 if share == 100 else 1),
        share_text=_share_text(record),
        metrics=tuple(f"{_(QUANTITIES[metric].name)}, {FACTS[metric].unit}".rstrip(", ") for metric in metrics),
        stages=tuple(_stage(stage, metrics, zone) for stage in record["stages"]),
        excursions=tuple(_excursion(each, zone) for each in record["excursions"]),
        excursions_text=_excursions_text(record["excursions_in_all"]),
    )


def metric_word(metric: Metric) -> str:
    return _(QUANTITIES[metric].name)


def allowed_text(metric: Metric, low: float | None, high: float | None) -> str:
    said = band(low, high, FACTS[metric].digits)
    return _("allowed {band}").format(band=f"{said} {FACTS[metric].unit}".strip()) if said else ""


def _share_text(record: Mapping[str, Any]) -> str:
    if record["in_spec_permille"] is None:
        return _("Nobody measured the air during the work.")
    measured, whole = record["minutes_measured"], record["minutes"]
    if measured == whole:
        return _("of the time within the limits, in {time} of work").format(time=duration(60 * whole, exact=True))
    text = _("of the measured time within the limits; measured in {known} of {whole} of work")
    return text.format(known=duration(60 * measured, exact=True), whole=duration(60 * whole, exact=True))


def _facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    vehicle, work, film, zone = record["vehicle"], record["work"], record["film"], record["zone"]
    facts = [(_("Workshop"), record["workshop"]), (_("Work"), work_word(WorkType(work["type"])))]
    if vehicle["colour"]:
        facts.append((_("Colour"), vehicle["colour"]))
    if vehicle["vin_end"]:
        facts.append((_("VIN ends with"), vehicle["vin_end"]))
    if film is not None:
        facts.append((_("Film"), f"{film['maker']} {film['film']}"))
        facts.append((_("Roll, batch"), film["batch"]))
    facts.append((_("Completed"), _moment(work["completed_at"], zone)))
    if record["staff"]:
        facts.append((_("Done by"), ", ".join(record["staff"])))
    if work["rework"]:
        facts.append((_("Done again"), ngettext("{n} time", "{n} times", work["rework"]).format(
            n=number(work["rework"])
        )))  # fmt: skip
    facts.append((_("Issued"), _moment(record["issued_at"], zone)))
    return facts


def _stage(stage: Mapping[str, Any], metrics: list[Metric], zone: str) -> StageView:
    since, until = (datetime.fromisoformat(stage[name]) for name in ("since", "until"))
    known = stage["minutes_measured"]
    share = number(100 * stage["minutes_in_spec"] // known) + "\N{NO-BREAK SPACE}%" if known else _("not measured")
    return StageView(
        stage_word(Stage(stage["stage"])),
        f"{day(since, zone)}, {clock(since, zone)}–{clock(until, zone)}",
        duration(60 * stage["minutes"], exact=True),
        share,
        tuple(_mean(stage["climate"].get(metric), metric) for metric in metrics),
    )


def _mean(said: Mapping[str, Any] | None, metric: Metric) -> str:
    if said is None:
        return "–"
    digits = FACTS[metric].digits
    mean, low, high = (number(float(said[name]), digits) for name in ("mean", "min", "max"))
    return f"{mean} ({low}–{high})"


def _excursion(said: Mapping[str, Any], zone: str) -> str:
    metric, at = Metric(said["metric"]), datetime.fromisoformat(said["since"])
    worst = with_unit(float(said["worst"]), said["unit"], FACTS[metric].digits)
    text = _("{metric} up to {worst}, {time} from {begin}")
    return text.format(
        metric=metric_word(metric), worst=worst, time=duration(60 * said["minutes"]),
        begin=f"{day(at, zone)}, {clock(at, zone)}",
    )  # fmt: skip


def _excursions_text(count: int) -> str:
    if not count:
        return _("The air was within the limits all the time.")
    text = ngettext("{n} time outside the limits", "{n} times outside the limits", count)
    return text.format(n=number(count))


def _moment(stored: str, zone: str) -> str:
    at = datetime.fromisoformat(stored)
    return f"{day(at, zone, year=True)}, {clock(at, zone)}"
