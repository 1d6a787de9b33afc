"""A small table of texts in one element, for what needs neither sorting nor paging."""

from collections.abc import Sequence
from html import escape

from nicegui import ui

from ui.components.markup import raw


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> ui.html:
    """`rows` are texts; columns whose index is in `right` hold numbers and stand right."""

    def line(tag: str, cells: Sequence[str]) -> str:
        sides = (' class="right"' if i in right else "" for i in range(len(cells)))
        return (
            "<tr>" + "".join(f"<{tag}{side}>{escape(cell)}" for side, cell in zip(sides, cells, strict=True)) + "</tr>"
        )

    body = "".join(line("td", row) for row in rows)
    return raw(
        f'<table class="data"><thead>{line("th", heads)}</thead><tbody class="num">{body}</tbody></table>'
    ).classes("scroll")
