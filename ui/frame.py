"""The frame around every page of a signed-in person: navigation, title bar, live mark."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from inspect import isawaitable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from ui import theme as look
from ui.components.live_mark import LiveMark
from ui.components.markup import Text, icon, raw
from ui.components.navigation import NavGroup, Navigation, NavItem, PersonWays, TenantWay
from ui.components.support_banner import support_banner
from ui.texts import Language, _
from ui.theme import Theme

__all__ = ["Frame", "FrameView", "NavGroup", "NavItem", "PersonWays", "TenantWay", "frame"]

LOGO = (
    '<svg class="logo-mark" viewBox="0 0 24 24" aria-hidden="true"><rect x="1" y="1" width="22" height="22" rx="6"/>'
    '<path d="M5 14.5h4l2.5-7 3 10 1.7-3H19"/></svg>'
)


@dataclass(frozen=True, slots=True)
class FrameView:
    """Who looks, where, and what they may open."""

    person_name: str
    role_word: str
    tenant_name: str
    groups: tuple[NavGroup, ...]
    theme: Theme = "system"
    lang: Language = "en"
    own_digits: bool = False
    """Numbers in the digits of the person's language."""
    ways: PersonWays = field(default_factory=PersonWays)
    leave_support_href: str = ""
    """Gets a POST; not empty while somebody of the platform looks into the tenant."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The parts of an open frame that a page fills or changes."""

    navigation: Navigation
    title: Text
    beside_title: Element
    """Right after the title: a chip, a line of quiet text."""
    actions: Element
    """At the bar's right end: buttons, one primary at most."""

    def set_title(self, text: str) -> None:
        """Say a new answer as the page's title, in the browser's tab too."""
        self.title.set_text(text)
        ui.page_title(_tab_title(text))

    def set_count(self, href: str, count: int) -> None:
        """Change the number beside the navigation item that leads to `href`."""
        self.navigation.set_count(href, count)


@contextmanager
def frame(
    view: FrameView,
    *,
    current: str,
    title: str,
    live: bool = False,
    back: str | None = None,
    title_on_phone: bool = True,
    on_theme: Callable[[Theme], Any] | None = None,
    on_lang: Callable[[Language], Any] | None = None,
) -> Iterator[Frame]:
    """Put what is made inside it onto a framed page.

    `current` is the href of the page's navigation item, `title` the answer that the page gives, `back` where its
    arrow leads. `live` shows the live mark. `title_on_phone` is off where the page's first block says the same.
    `on_theme` and `on_lang` save a person's choice (they may be async); a new language then loads the page again.
    """
    look.apply(view.theme, view.lang, own_digits=view.own_digits)
    ui.page_title(_tab_title(title))
    main = Element("main").classes("frame-main")
    if around := ui.context.client.content.parent_slot:  # Quasar's page is a <main> too: one place has that name
        around.parent.props["role"] = "presentation"
    main.props["tabindex"] = "-1"
    navigation = Navigation(
        view.groups,
        current=current,
        person=view.person_name,
        line=f"{view.role_word} · {view.tenant_name}",
        theme=view.theme,
        lang=view.lang,
        ways=view.ways,
        target=main.html_id,
        on_theme=on_theme or (lambda _chosen: None),
        on_lang=_reloading(on_lang),
    )
    navigation.move(target_index=0)
    with main:
        if view.leave_support_href:
            support_banner(view.tenant_name, view.leave_support_href)
        heading, beside, actions = _bar(view.tenant_name, title, back, live=live, title_on_phone=title_on_phone)
        page = Element("div").classes("page")
    with page:
        yield Frame(navigation, heading, beside, actions)


def _bar(
    tenant: str, title: str, back: str | None, *, live: bool, title_on_phone: bool
) -> tuple[Text, Element, Element]:
    with Element("header").classes("bar has-back" if back else "bar"):
        if back:
            label = escape(_("Back"))
            arrow = f'<a class="btn square" href="{escape(back)}" aria-label="{label}">{icon("arrow_back")}</a>'
            raw(arrow).classes("lead")
        else:
            raw(f'{LOGO}<h2 class="cut">{escape(tenant)}</h2>').classes("lead cluster only-phone")
        with Element("div").classes("title" if title_on_phone else "title unseen-on-phone"):
            heading = Text("h1", title)
            beside = Element("div").classes("beside")
        if live:
            LiveMark()
        actions = Element("div").classes("actions")
    return heading, beside, actions


def _reloading(save: Callable[[Language], Any] | None) -> Callable[[Language], Any]:
    """Saves the language, then loads the page again in it."""

    async def change(lang: Language) -> None:
        if save:
            saved = save(lang)
            if isawaitable(saved):
                await saved
        ui.navigate.reload()

    return change


def _tab_title(title: str) -> str:
    return f"{title} · PitPilot"
