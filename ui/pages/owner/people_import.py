"""Members from a CSV file: first what would happen, line by line; then all of it or nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.people.member_import import (
    FILE_BYTES_MAX,
    Fate,
    Imported,
    ImportLine,
    ImportReport,
    read_import,
    run_import,
)
from domain.access import Intent
from domain.refusals import Refusal
from ui.components.copy_link import CopyLines
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.file_drop import FileDrop
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty, failure, key_values, link_button, skeleton
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import role_word
from ui.pages.owner.people_import_words import (
    column_help,
    counts,
    fate_word,
    fault_text,
    link_lines,
    new,
    notes,
    refused,
    title,
)
from ui.texts import _, ngettext, number

PATH = shell.PEOPLE + "/import"
SAMPLE = ("name,role,contact", "Salma Begum,member,+91 98 2200 1144", "Ravi Kulkarni,staff,ravi@example.com")
LINKS_FILE = "pitpilot-invitations.csv"


def install() -> None:
    @page(PATH)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.IMPORT_PEOPLE)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.PEOPLE, title=_("Import people"), back=shell.PEOPLE) as frame:
            _Import(frame).begin()
        return None


class _Import:
    """Choose a file, look at the report, import: one step after the other in the same place."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._data = b""
        self._place = Element("div").classes("columns")

    def begin(self, problem: str = "") -> None:
        self._frame.set_title(_("Import people"))
        self._place.clear()
        with self._place:
            with Element("div").classes("two stack wide"):
                if problem:
                    failure(_("This file was not taken"), problem, icon="error")
                FileDrop(
                    _("A CSV file of at most 1 MB. Nothing is changed until you have seen what would happen."),
                    suffix=".csv",
                    bytes_max=FILE_BYTES_MAX,
                    take=self._look,
                    refuse=self._refuse,
                )
            with Card(_("What the file looks like"), pad=True), Element("div").classes("stack wide"):
                Text("p", column_help()).classes("quiet")
                CopyLines(SAMPLE, _("Sample"), file_name="people.csv")

    def _refuse(self) -> None:
        with self._place:
            self.begin(_("It is larger than 1 MB, or no .csv file. Save it as CSV in UTF-8, then choose it again."))

    async def _look(self, _name: str, data: bytes) -> None:
        seat = await permitted(Intent.IMPORT_PEOPLE)
        if seat is None:
            return
        self._place.clear()
        with self._place:
            with Element("div").classes("two"):
                skeleton(("40%", 20), ("100%", 32), ("100%", 32), ("100%", 32))
            report = await read_import(seat.viewer, data)
            if isinstance(report, Refusal):
                self.begin(refused(report))
                return
            self._data = data
            self._show(report)

    def _show(self, report: ImportReport) -> None:
        self._frame.set_title(title(report))
        self._place.clear()
        with self._place:
            with Element("div").classes("three cluster"):
                if report.is_clean:
                    verb = ngettext("Import {n} person", "Import {n} people", new(report)).format(n=number(new(report)))
                    button(verb, self._run, kind="primary", icon="group_add")
                button(_("Choose another file"), self.begin, icon="upload_file")
            with Element("div").classes("two stack wide"):
                if report.missing_columns:
                    failure(
                        _("A column is missing"),
                        _("The first line must name the columns; this is missing: {columns}.").format(
                            columns=", ".join(report.missing_columns)
                        ),
                        icon="view_column",
                    )
                elif not report.lines:
                    empty("draft", _("There is no line in this file"), _("Each line below the heading is one person."))
                if report.lines:
                    with Card():
                        _Lines(report.lines)
            with Card(_("What would happen")):
                with Element("div").classes("inside"):
                    key_values(counts(report))
                for note in notes(report):
                    Text("p", note).classes("note")

    async def _run(self) -> None:
        seat = await permitted(Intent.IMPORT_PEOPLE)
        if seat is None:
            return
        answer = await run_import(seat.viewer, self._data, datetime.now(UTC))
        with self._place:
            if isinstance(answer, Refusal):
                self.begin(refused(answer))
            else:
                self._done(answer)

    def _done(self, done: Imported) -> None:
        self._data = b""
        total = done.added + len(done.links)
        self._frame.set_title(ngettext("{n} person imported", "{n} people imported", total).format(n=number(total)))
        self._place.clear()
        with self._place, Element("div").classes("two stack wide"):
            if done.links:
                with Card(_("Their links"), pad=True), Element("div").classes("stack wide"):
                    text = _("Each works once, for seven days, and is shown this once. Download them now.")
                    Text("p", text).classes("quiet")
                    CopyLines(link_lines(done.links), _("Links"), file_name=LINKS_FILE)
            link_button(_("See all people"), shell.PEOPLE, icon="group")


class _Lines:
    """The file's lines, the faulty ones first, page by page."""

    def __init__(self, lines: Sequence[ImportLine]) -> None:
        self._lines = sorted(lines, key=lambda line: (line.fate is not Fate.ERROR, line.line))
        columns: tuple[Column, ...] = (
            Column("name", _("Name")),
            Column("line", _("Line"), align="right"),
            Column("role", _("Role")),
            Column("fate", _("Then")),
        )
        if any(line.faults for line in lines):
            columns += (Column("fault", _("What to correct")),)
        self._table = DataTable(columns, self._page)
        self._page(self._table.request)

    def _page(self, request: TableRequest) -> None:
        start = (request.page - 1) * PAGE_SIZE
        rows = [_row(line) for line in self._lines[start : start + PAGE_SIZE]]
        self._table.show(rows, len(self._lines), request)


def _row(line: ImportLine) -> Row:
    faults = "; ".join(fault_text(column, fault) for column, fault in line.faults)
    fate = Cell(fate_word(line.fate), state="crit") if line.fate is Fate.ERROR else Cell(fate_word(line.fate))
    return Row(
        str(line.line),
        {
            "line": Cell(number(line.line)),
            "name": Cell(line.name or "–"),
            "role": Cell(role_word(line.role) if line.role else "–"),
            "fate": fate,
            "fault": Cell(faults),
        },
    )
