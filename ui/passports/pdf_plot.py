"""One metric of a passport in the PDF: the allowed band shaded, where stages begin, the measured line."""

from typing import TYPE_CHECKING

from ui.passports.plot import Plot
from ui.passports.shades import BAND_EDGE, BAND_SOFT, BRAND, CANVAS, INK, INK_3, LINE
from ui.passports.view import allowed_text, metric_word

if TYPE_CHECKING:
    from ui.passports.pdf import Paper

HEAD, BOX = 5.0, 17.0
PLOT_HEIGHT = HEAD + BOX + 4.5


def draw_plot(paper: "Paper", plot: Plot, x: float, y: float, width: float) -> None:
    paper.write_at(x, y, metric_word(plot.metric), 8.5, INK, bold=True, width=60)
    paper.write_at(x + width, y, allowed_text(plot.metric, *plot.allowed), 8, INK_3, align="R")
    top = y + HEAD
    paper.set_fill_color(*CANVAS)
    paper.rect(x, top, width, BOX, style="F")
    _band(paper, plot, x, top, width)
    paper.set_draw_color(*LINE)
    paper.set_line_width(0.25)
    for begin in plot.stages[1:]:
        paper.line(x + begin * width, top, x + begin * width, top + BOX)
    paper.set_draw_color(*BRAND)
    paper.set_line_width(0.4)
    for line in plot.lines:
        points = [(x + a * width, top + b * BOX) for a, b in line]
        if len(points) == 1:
            points.append((points[0][0] + 0.4, points[0][1]))
        paper.polyline(points)


def _band(paper: "Paper", plot: Plot, x: float, top: float, width: float) -> None:
    if plot.low is None and plot.high is None:
        return
    high, low = plot.high if plot.high is not None else 0.0, plot.low if plot.low is not None else 1.0
    paper.set_fill_color(*BAND_SOFT)
    paper.rect(x, top + high * BOX, width, (low - high) * BOX, style="F")
    paper.set_draw_color(*BAND_EDGE)
    paper.set_line_width(0.2)
    paper.set_dash_pattern(dash=1, gap=1)
    for edge in (plot.low, plot.high):
        if edge is not None:
            paper.line(x, top + edge * BOX, x + width, top + edge * BOX)
    paper.set_dash_pattern()
