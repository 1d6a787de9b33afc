"""The one large button of a pump page. It says at once that it was pressed; what is true comes with the next event."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nicegui.element import Element

from ui.texts import _


@dataclass(frozen=True, slots=True)
class Press:
    """What the button does now. All words are translated."""

    key: str
    """What is told to the page when it is pressed."""
    word: str
    busy: str
    """Its word from the press until something new is known: "Stopping…"."""
    icon: str
    kind: Literal["primary", "danger", "secondary"]
    note: str
    """Below it: what happens to the minutes, or why it can't be pressed and what to do."""
    is_enabled: bool = True


class StartStop(Element, component="start_stop.js", dependencies=["pitpilot.js"]):
    """88 px high, above the tabs. Calls `on_press` with the press's key: once, however often it is tapped meanwhile.

    Without a connection it can't be pressed: a press that arrives minutes later would be a danger.
    """

    def __init__(self, press: Press, on_press: Callable[[str], Awaitable[None]]) -> None:
        super().__init__()
        self._on_press = on_press
        self.props.update(
            {
                "turn": 0,
                "refusal": "",
                "words": {
                    "offline": _("No connection. The button works again when it is back."),
                    "no_answer": _("No answer yet. Look at what the page says, then try again."),
                },
            }
        )
        self.show(press)
        self.on("press", self._pressed)

    def show(self, press: Press) -> None:
        """What it does from now on; a press that waits is answered by this if it differs."""
        if self.props.get("press") != asdict(press):
            self.props["press"] = asdict(press)
            self.props["refusal"] = ""
            self.release()

    def refuse(self, text: str) -> None:
        """Says why the press did nothing, and what to do."""
        self.props["refusal"] = text

    def release(self) -> None:
        """It can be pressed again."""
        self.props["turn"] = int(self.props["turn"]) + 1

    async def _pressed(self, event: Any) -> None:
        now = self.props["press"]
        if event.args != now["key"] or not now["is_enabled"]:
            self.release()  # it shows something else by now
            return
        try:
            self.props["refusal"] = ""
            await self._on_press(str(event.args))
        finally:
            self.release()

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        press = self.props["press"]
        return [press["word"], self.props["refusal"] or press["note"]]
