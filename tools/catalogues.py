"""gettext catalogues: texts out of the sources, into locale/, compiled for the server.

The English text in the source is the message id, so English has no catalogue of its own: locale/pitpilot.pot lists
what there is to say.
"""

from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
TEMPLATE = LOCALE / "pitpilot.pot"
TRANSLATED = ("hi", "bn")
SPEAKING_FOLDERS = ("ui",)
"""Folders whose texts reach people."""

NOT_WRITTEN = tuple(
    f'"{name}'
    for name in (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Last-Translator",
        "Language-Team",
        "Generated-By",
        "Project-Id-Version",
        "Report-Msgid-Bugs-To",
    )
)
"""Headers that change by themselves, or say nothing."""

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def texts_in_sources() -> Catalog:
    """Every text that the sources mark, with the files that say it."""
    catalog = Catalog(project="PitPilot", charset="utf-8", fuzzy=False)
    for folder in SPEAKING_FOLDERS:
        found = extract_from_dir(
            str(ROOT / folder), [("**.py", "python")], keywords=KEYWORDS, comment_tags=["Translators:"]
        )
        for file, _, message, comments, context in found:
            catalog.add(message, locations=[(f"{folder}/{file}", 0)], auto_comments=comments, context=context)
    return catalog


def extract() -> dict[str, int]:
    """Write the template and bring the texts of every catalogue up to date; returns how many each still lacks."""
    template = texts_in_sources()
    _write(template, TEMPLATE)
    waiting = {}
    for language in TRANSLATED:
        path = catalogue_path(language)
        catalog = read_catalogue(language) if path.is_file() else Catalog(locale=language, project="PitPilot")
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.fuzzy = False
        _write(catalog, path)
        waiting[str(path.relative_to(ROOT))] = sum(not is_translated(message) for message in catalog if message.id)
    return waiting


def catalogue_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "pitpilot.po"


def read_catalogue(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def is_translated(message: Message) -> bool:
    """A fuzzy text counts as missing, and so does a plural of which one form is empty."""
    forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return not message.fuzzy and all(forms)


def compile_catalogue(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parts[-3])
    with target.open("wb") as file:
        write_mo(file, catalog)


def _write(catalog: Catalog, path: Path) -> None:
    """Sorted and without line numbers or dates, so that a change shows only the texts that changed."""
    catalog.header_comment = f"# Texts of PitPilot ({catalog.locale or 'template'})."
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False, omit_header=False)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(NOT_WRITTEN)), encoding="utf-8")
