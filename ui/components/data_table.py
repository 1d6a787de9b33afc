"""A table that the server sorts and pages, in one element."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nicegui.element import Element

from ui.components.views import Tone
from ui.texts import _

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    align: Literal["", "right"] = ""
    """Numbers stand right, words left."""
    sortable: bool = False
    wide_only: bool = False
    """Left out on a phone."""


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    state: Tone | None = None
    """Makes it a chip."""
    icon: str | None = None
    href: str | None = None
    code: bool = False
    """A plate or serial."""


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    cells: Mapping[str, Cell]
    """By column key."""


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What the person wants to see next. `sort` is the key of a sortable column."""

    sort: str | None
    descending: bool
    page: int


class DataTable(Element, component="data_table.js"):
    """`on_request` reads the rows that a `TableRequest` asks for and hands them to `show`."""

    def __init__(
        self,
        columns: Sequence[Column],
        on_request: Callable[[TableRequest], Any],
        *,
        request: TableRequest | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        super().__init__()
        self._sortable = {column.key for column in columns if column.sortable}
        self._on_request = on_request
        self.props.update({"columns": list(columns), "page_size": page_size, "words": _table_words()})
        self.show((), 0, request or TableRequest(None, False, 1))
        self.on("request", lambda event: self._ask(event.args))

    @property
    def request(self) -> TableRequest:
        """What is shown now."""
        return TableRequest(self.props["sort"], self.props["descending"], self.props["page"])

    def show(self, rows: Sequence[Row], total: int, request: TableRequest) -> None:
        """Show the rows of one page out of `total`."""
        self.props.update(
            {
                "rows": list(rows),
                "total": total,
                "sort": request.sort,
                "descending": request.descending,
                "page": request.page,
            }
        )

    def _ask(self, asked: Any) -> Any:
        """A browser may send anything: only a known column and a page above zero get through."""
        if not isinstance(asked, dict):
            return None
        sort, page = asked.get("sort"), asked.get("page")
        if sort not in [None, *self._sortable] or not isinstance(page, int) or page < 1:
            return None
        return self._on_request(TableRequest(sort, bool(asked.get("descending")), page))

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        heads = [column.label for column in self.props["columns"]]
        return heads + [cell.text for row in self.props["rows"] for cell in row.cells.values()]


def _table_words() -> dict[str, str]:
    return {
        "pages": _("Pages"),
        "range": _("{first}–{last} of {total}"),
        "previous": _("Previous page"),
        "next": _("Next page"),
    }
