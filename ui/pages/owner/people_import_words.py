"""What the import of people says: what becomes of a line, what to correct, and the links that come out."""

import csv
import io
import re
from collections.abc import Sequence

from actions.people.member_import import LINES_MAX, Fate, ImportedLink, ImportReport, LineFault
from domain.refusals import Refusal
from ui.links import absolute
from ui.pages.account import invitation
from ui.pages.account.words import refusal_text
from ui.texts import _, ngettext, number


def title(report: ImportReport) -> str:
    faulty = report.count(Fate.ERROR)
    if faulty:
        return ngettext("{n} line has faults", "{n} lines have faults", faulty).format(n=number(faulty))
    return ngettext("{n} line is right", "{n} lines are right", len(report.lines)).format(n=number(len(report.lines)))


def new(report: ImportReport) -> int:
    return report.count(Fate.ADD) + report.count(Fate.INVITE)


def counts(report: ImportReport) -> list[tuple[str, str]]:
    return [(fate_word(fate), number(report.count(fate))) for fate in Fate if report.count(fate)]


def fate_word(fate: Fate) -> str:
    words = {
        Fate.ADD: _("Signs in at once"),
        Fate.INVITE: _("Is invited"),
        Fate.SKIP: _("Is here already"),
        Fate.ERROR: _("Fault"),
    }
    return words[fate]


def fault_text(column: str, fault: LineFault) -> str:
    """What is wrong with a column of a line, and what would be right."""
    texts = {
        LineFault.MISSING: _("{column}: enter something"),
        LineFault.TOO_LONG: _("{column}: too long"),
        LineFault.UNKNOWN_ROLE: _("{column}: member or staff"),
        LineFault.UNKNOWN_LANGUAGE: _("{column}: en, hi or bn"),
        LineFault.NOT_A_HASH: _("{column}: no argon2id or bcrypt hash"),
        LineFault.TWICE: _("{column}: stands on an earlier line"),
        LineFault.LOGIN_NEEDED: _("{column}: needed beside a password hash"),
    }
    return texts[fault].format(column=column)


def notes(report: ImportReport) -> list[str]:
    notes = []
    if report.count(Fate.ERROR):
        notes.append(_("Nothing is imported while a line has a fault. Correct the file, then choose it again."))
    if report.unknown_columns:
        columns = ", ".join(report.unknown_columns)
        notes.append(_("These columns are left aside: {columns}.").format(columns=columns))
    return notes


def refused(refusal: Refusal) -> str:
    if refusal is Refusal.TOO_MANY:
        return _("A file may hold {n} lines. Split it.").format(n=number(LINES_MAX))
    return refusal_text(refusal)


def column_help() -> str:
    return _(
        "The first line names the columns. Only name is needed; role is member or staff. Also known: language, login,"
        " and password_hash of an earlier system."
    )


def link_lines(links: Sequence[ImportedLink]) -> list[str]:
    """As a CSV file that a spreadsheet opens without taking a name for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "contact", "link"))
    for link in links:
        href = absolute(f"{invitation.PATH}/{link.token}")
        writer.writerow((_inert(link.name), _inert(link.contact), href))
    return out.getvalue().splitlines()


def _inert(text: str) -> str:
    is_phone = re.fullmatch(r"\+[\d ()-]+", text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) and not is_phone else text
