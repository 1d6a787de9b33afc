"""The components of jobs in every state, with sample data, for the gallery."""

from nicegui.element import Element

from ui.components.damage_map import DamageMap, Mark
from ui.components.job_board import BoardCard, BoardLane, JobBoard, Segment
from ui.components.markup import raw
from ui.components.pieces import Card
from ui.components.pit_calendar import CalendarBar, CalendarDay, CalendarRow, CalendarView, PitCalendar
from ui.components.signature import Signature, signature_svg
from ui.components.stage_stepper import Step, stage_stepper
from ui.components.toast import toast
from ui.components.work_tiles import Tile, WorkTiles

DAY_MIN = 720
DONE_3: tuple[Segment, ...] = ("done", "done", "done", "now", "", "")


def jobs_part() -> None:
    """All of them, below each other."""
    with Element("div").classes("three stack wide"):
        board = JobBoard(lambda key, lane: toast("warn", f"{key} can't go to {lane}"), lambda key: None, label="Jobs")
        board.show(_lanes(), _cards())
        PitCalendar(_week(), lambda key, at, row: toast("ok", f"{key} at {at} in {row}"), label="Pits")
    with Card("Stages", pad=True):
        stage_stepper(
            [
                Step("Received", "09:10", "done"), Step("Film again (2)", "since 11:20", "now"),
                Step("Quality check", "about 15:00", "later"), Step("Complete", "about 15:50", "later"),
            ]
        )  # fmt: skip
    with Card("Damage"):
        DamageMap([Mark("1", 190, 185, "Scratch 4 cm"), Mark("2", 85, 500, "Stone chips")], lambda x, y: None)
    with Element("div").classes("stack wide"):
        with Card("Work", pad=True):
            tiles = [Tile("full", "Full PPF", "6 h"), Tile("partial", "Partial PPF", "3 h")]
            WorkTiles("Kind of work", tiles, "full", lambda key: None)
        with Card("Signature", pad=True):
            Signature("Signature")
        with Card("Signed", pad=True):
            raw(signature_svg("M40 120L90 60L120 140L180 70L260 120L420 90", "Signature of Priya"))


def _lanes() -> list[BoardLane]:
    return [
        BoardLane("received", "Received", "directions_car"),
        BoardLane("in_progress", "In progress", "play_circle", "brand"),
        BoardLane("on_hold", "On hold", "pause_circle", "hold", "No car here"),
        BoardLane("complete", "Complete", "check_circle", "ok"),
    ]


def _cards() -> list[BoardCard]:
    return [
        BoardCard("a", "received", "/", "Kia Seltos", "MH 12 PL 5564", "Received", ("",) * 6, "Tomorrow"),
        BoardCard(
            "b", "in_progress", "/", "Toyota Fortuner", "MH 01 DX 7070", "Film", DONE_3, "18:30", "Late",
            "Full PPF · Pit 4 · Farida", "again (2)",
        ),
        BoardCard("c", "complete", "/", "Honda City", "MH 14 JK 9081", "Complete", ("done",) * 6, "13:30"),
    ]  # fmt: skip


def _week() -> CalendarView:
    days = tuple(
        CalendarDay(word, n * DAY_MIN, (n + 1) * DAY_MIN, 480, word.startswith("Tue"), "Diwali" if n == 2 else "")
        for n, word in enumerate(("Mon 23 Nov", "Tue 24 Nov", "Wed 25 Nov", "Thu 26 Nov"))
    )
    bars = (
        CalendarBar("b", "p1", "/", 90, 1_000, "Toyota Fortuner", "MH 01 DX 7070", "In progress", "brand", False, True),
        CalendarBar("a", "p2", "/", 1_500, 2_000, "Kia Seltos", "MH 12 PL 5564", "Received", "", True),
    )
    rows = (CalendarRow("p1", "Pit 1"), CalendarRow("p2", "Pit 2"))
    shut = ((0, 90), (660, 810), (1_380, 2_250), (2_820, 2_880))
    return CalendarView(4 * DAY_MIN, days, (), shut, rows, bars, 1_100, 30)
