"""Live small multiples on one time axis."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nicegui
from nicegui.element import Element

from ui.components.clock import now_ms
from ui.components.views import ChartHistory, ChartMetric
from ui.components.words import live_words

# NiceGUI's own bundle, named here so that Plotly's Python package is not imported for it (0.3 s, 40 MB)
PLOTLY = Path(nicegui.__file__).parent / "elements" / "plotly" / "dist"


class LiveChart(
    Element,
    component="live_chart.js",
    dependencies=["pitpilot.js", "pitpilot_plot.js", "pitpilot_timeline.js"],
    esm={"nicegui-plotly": str(PLOTLY)},
):
    """One plot a metric. Fill it with `show(history)`; `LiveReadings` messages of its pit then extend it by themselves.

    Subscribe first, then read history: readings that came in between are kept and doubles dropped. While another
    window is read, set `loading`, and the old plots stay at half ink. `on_visibility` is as in `PitGrid`; after True
    show history again, since readings were missed while the page was hidden.
    """

    def __init__(
        self,
        pit_id: str,
        metrics: Sequence[ChartMetric],
        *,
        zone: str,
        window_s: int = 3_600,
        on_visibility: Callable[[bool], Any] | None = None,
    ) -> None:
        super().__init__()
        self.props.update(
            {
                "pit": pit_id,
                "metrics": list(metrics),
                "zone": zone,
                "window_s": window_s,
                "now_ms": now_ms(),
                "loading": True,
                "words": live_words(),
            }
        )
        if on_visibility:
            self.on("visibility", lambda event: on_visibility(bool(event.args)))

    @property
    def loading(self) -> bool:
        return bool(self.props["loading"])

    @loading.setter
    def loading(self, value: bool) -> None:
        self.props["loading"] = value

    def show(self, history: ChartHistory) -> None:
        """Draw this window. The history goes straight to the browser and is not kept here."""
        self.loading = False
        self.run_method("show", history)

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [text for metric in self.props["metrics"] for text in (metric.label, metric.says)]
