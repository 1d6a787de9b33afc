"""A row of a list: what it is, a second line about it, and what can be done with it at its right end."""

from html import escape

from nicegui.element import Element

from ui.components import markup
from ui.components.markup import raw


def row(icon: str, title: str, line: str, *, chip: str = "", faded: bool = False, below: bool = False) -> Element:
    """Put rows into a card without padding; what is made inside the returned element stands at the right end, or,
    where there is more than a word of it, `below`. `chip` is markup beside the title.
    """
    traits = " ".join(word for word, wanted in (("faded", faded), ("below", below)) if wanted)
    with Element("div").classes(f"listed {traits}"):
        raw(markup.icon(icon, "l"), "span")
        raw(
            f'<h3 class="cluster"><span class="cut">{escape(title)}</span>{chip}</h3><p>{escape(line)}</p>',
        ).classes("says")
        return Element("div").classes("cluster")
