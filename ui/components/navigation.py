"""The navigation of the frame, in one element: side, rail or tabs, and the sheet of the person: account, tenants,
theme, language, sign-out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element

from ui.texts import LANGUAGES, Language, _
from ui.theme import DARK, Theme

TABS_MAX = 4
"""Beside "More"."""


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
class TenantWay:
    """A tenant that the person may switch to."""

    key: str
    """Posted as `tenant`."""
    name: str
    line: str
    """The person's role there."""
    current: bool


@dataclass(frozen=True, slots=True)
class PersonWays:
    """Where the person's sheet leads."""

    account: str = ""
    """Href of the person's own page; empty shows none."""
    switch: str = ""
    """Gets a POST with the tenant to switch to."""
    sign_out: str = "/sign-out"
    """Gets a POST."""
    tenants: tuple[TenantWay, ...] = ()
    """All of the person's; shown when there are several."""


class Navigation(Element, component="navigation.js"):
    """Shows what it is given and nothing else. `target` is the HTML id of the page's main part."""

    def __init__(
        self,
        groups: Sequence[NavGroup],
        *,
        current: str,
        person: str,
        line: str,
        theme: Theme,
        lang: Language,
        ways: PersonWays,
        target: str,
        on_theme: Callable[[Theme], Any],
        on_lang: Callable[[Language], Any],
    ) -> None:
        super().__init__()
        items = [item for group in groups for item in group.items]
        tabs = ([item for item in items if item.tab] or items)[:TABS_MAX]
        self.props.update(
            {
                "groups": list(groups),
                "tabs": tabs,
                "rest": [item for item in items if item not in tabs],
                "counts": {item.href: item.count for item in items if item.count},
                "current": current,
                "person": {"name": person, "initials": _initials(person), "line": line},
                "theme": theme,
                "lang": lang,
                "languages": list(LANGUAGES.items()),
                "ways": ways,
                "target": target,
                "words": _navigation_words(),
            }
        )
        self.on("theme", lambda event: on_theme(event.args) if event.args in list(DARK) else None)
        self.on("lang", lambda event: on_lang(event.args) if event.args in list(LANGUAGES) else None)

    def set_count(self, href: str, count: int) -> None:
        """The number beside the item that leads to `href`; zero shows none."""
        self.props["counts"] = {**self.props["counts"], href: count}

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        labels = [item.label for group in self.props["groups"] for item in group.items]
        labels += [way.name for way in self.props["ways"].tenants]
        return [*labels, self.props["person"]["name"], self.props["person"]["line"], self.props["words"]["sign_out"]]


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def _navigation_words() -> dict[str, str]:
    return {
        "skip": _("Skip to the page"),
        "main": _("Main navigation"),
        "more": _("More"),
        "theme": _("Theme"),
        "system": _("System"),
        "light": _("Light"),
        "dark": _("Dark"),
        "language": _("Language"),
        "account": _("Your account"),
        "tenants": _("Switch to"),
        "sign_out": _("Sign out"),
    }
