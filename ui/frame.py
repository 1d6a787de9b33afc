"""The frame around every page of a signed-in person: navigation, title bar, live mark, connection banner."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nicegui import ui

from ui.texts import Language
from ui.theme import Theme


@dataclass(frozen=True, slots=True)
class NavItem:
    """One way of the navigation."""

    icon: str
    """Name of a Material Symbol, without prefix."""
    label: str
    href: str
    count: int | None = None
    """Shown when above zero."""
    tab: str | None = None
    """Its word on the phone's tab bar; None leaves it under "More"."""


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A titled group of the navigation: Workshop, Pump, Manage."""

    label: str
    items: tuple[NavItem, ...]


@dataclass(frozen=True, slots=True)
class FrameView:
    """Who looks, where, and what they may open."""

    person_name: str
    role_word: str
    tenant_name: str
    groups: tuple[NavGroup, ...]
    theme: Theme = "system"
    lang: Language = "en"
    sign_out_href: str = "/sign-out"
    """Gets a POST."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The parts of an open frame that a page fills or changes."""

    beside_title: ui.element
    """Right after the title: a chip, a line of quiet text."""
    actions: ui.element
    """At the bar's right end: buttons, one primary at most."""

    def set_title(self, text: str) -> None:
        """Say a new answer as the page's title."""

    def set_count(self, href: str, count: int) -> None:
        """Change the number beside the navigation item that leads to `href`."""


@contextmanager
def frame(
    view: FrameView,
    *,
    current: str,
    title: str,
    live: bool = False,
    back: str | None = None,
    title_on_phone: bool = True,
    on_theme: Callable[[Theme], Awaitable[None] | None] | None = None,
    on_lang: Callable[[Language], Awaitable[None] | None] | None = None,
) -> Iterator[Frame]:
    """Put what is made inside it onto a framed page.

    `current` is the href of the page's navigation item, `title` the answer that the page gives, `back` where its
    arrow leads. `live` shows the live mark. `title_on_phone` is off where the page's first block says the same.
    `on_theme` and `on_lang` save a person's choice; a new language is then shown by loading the page again.
    """
    yield Frame(ui.element(), ui.element())
