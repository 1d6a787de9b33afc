"""The plot of a passport on a page: inline SVG without inline style."""

from html import escape

from ui.passports.plot import Plot
from ui.passports.view import allowed_text, metric_word

WIDTH, HEIGHT = 432, 56


def plot_svg(plot: Plot) -> str:
    name, allowed = metric_word(plot.metric), allowed_text(plot.metric, *plot.allowed)
    high = HEIGHT * (plot.high if plot.high is not None else 0.0)
    low = HEIGHT * (plot.low if plot.low is not None else 1.0)
    band = f'<rect class="band" y="{high:.1f}" width="{WIDTH}" height="{low - high:.1f}"/>' if allowed else ""
    edges = "".join(
        f'<path class="limit" d="M0 {HEIGHT * edge:.1f}H{WIDTH}"/>'
        for edge in (plot.low, plot.high)
        if edge is not None
    )
    stages = "".join(f'<path class="stage" d="M{WIDTH * x:.1f} 0V{HEIGHT}"/>' for x in plot.stages[1:])
    lines = "".join(f'<path class="line" d="{_path(line)}"/>' for line in plot.lines)
    return (
        f'<figure><figcaption><b>{escape(name)}</b> <span class="quiet small">{escape(allowed)}</span></figcaption>'
        f'<svg class="air" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(name)}, {escape(allowed)}">{band}{edges}{stages}{lines}</svg></figure>'
    )


def _path(line: tuple[tuple[float, float], ...]) -> str:
    points = [f"{WIDTH * x:.1f} {HEIGHT * y:.1f}" for x, y in line]
    return f"M{points[0]}h1" if len(points) == 1 else "M" + "L".join(points)
