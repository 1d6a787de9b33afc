"""The staff's tablet as one component: it talks with the API itself, so that taps go on while the socket is away."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nicegui.element import Element

from ui.components.clock import now_ms
from ui.components.views import PitCard, State


@dataclass(frozen=True, slots=True)
class Warned:
    """An open alert of a pit."""

    id: str
    pit: str
    state: State
    icon: str
    title: str
    text: str
    """What is the case, then what to do."""
    seen: bool


@dataclass(frozen=True, slots=True)
class Worker:
    """Who holds the tablet. What was tapped is sent in nobody else's name."""

    person_id: str
    tenant_id: str
    name: str


class WorkTablet(
    Element,
    component="work_tablet.js",
    dependencies=[
        "pitpilot.js", "pitpilot_pits.js", "photos.js", "work_asking.js", "work_effects.js", "work_job.js",
        "work_news.js", "work_queue.js", "work_sheets.js", "work_side.js",
    ],
):  # fmt: skip
    """`facts` are the checks by stage and by kind of work, `words` everything that it says. What is made inside it
    stands below the climate, as the place of the pit's live picture; `on_pit` gets the id of the pit that is looked at,
    or nothing. `on_visibility` is as in `PitGrid`.
    """

    def __init__(
        self,
        pits: Sequence[PitCard],
        *,
        by: Worker,
        zone: str,
        facts: dict[str, Any],
        words: dict[str, Any],
        on_visibility: Callable[[bool], Any],
        on_pit: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__()
        owner = {"id": f"{by.tenant_id}:{by.person_id}", "person": by.person_id, "name": by.name}
        self.props.update(
            {
                "pits": list(pits),
                "now_ms": now_ms(),
                "words": words,
                "zone": zone,
                "owner": owner,
                "facts": facts | {"me": {"id": by.person_id, "name": by.name}},
                "alerts": [],
                "turn": 0,
            }
        )
        self.on("visibility", lambda event: on_visibility(bool(event.args)))
        if on_pit:
            self.on("pit", lambda event: on_pit(str(event.args or "")))

    def warn(self, alerts: Sequence[Warned]) -> None:
        """The open alerts of all pits."""
        self.props["alerts"] = [asdict(alert) for alert in alerts]

    def refresh(self) -> None:
        """Lets it read the jobs again: one of them changed."""
        self.props["turn"] = int(self.props["turn"]) + 1

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        alerts = [text for alert in self.props["alerts"] for text in (alert["title"], alert["text"])]
        return [self.props["words"]["my_jobs"], *(pit.name for pit in self.props["pits"]), *alerts]
