"""The cost of fitting the prior: numbers of runs against each other."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aae.draw.style import BLUE, GREY, LAYOUT, ORANGE, WIDTH, styled

STYLES = (("o-", BLUE), ("s--", ORANGE), ("^", "black"), ("x", GREY))


class Series(NamedTuple):
    """Runs that differ in one setting and the seed."""

    name: str
    settings: Sequence[str]
    """In words, in the order of the line."""
    x: Sequence[np.ndarray]
    """A number at each setting, one a seed."""
    y: Sequence[np.ndarray]
    """Another number, as many."""


class Panel(NamedTuple):
    """One number of all runs against another."""

    x_label: str
    y_label: str
    series: Sequence[Series]
    """At most as many as there are `STYLES`."""


@styled
def figure_front(panels: Sequence[Panel], title: str) -> Figure:
    """Panels side by side, y on a logarithmic axis: a dot a run, means joined, their settings in the legend.

    Args:
        panels: what is drawn; all have the same series.
        title: one or more lines above the panels.
    """
    figure = Figure(figsize=(WIDTH, 4.0), layout=LAYOUT)
    figure.suptitle(title)
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(all_axes, panels, strict=True):
        for series, (style, colour) in zip(panel.series, STYLES, strict=False):
            draw_series(axes, series, style, colour)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
        axes.margins(x=0.12)
    handles, names = all_axes[0].get_legend_handles_labels()
    note = "dots: one seed each; marks: their means, in the order of the settings"
    figure.legend(handles, names, loc="outside lower center", title=note)
    return figure


def draw_series(axes: Axes, series: Series, style: str, colour: str) -> None:
    """One series: its runs, its means, and the settings of the first and the last beside them."""
    for x, y in zip(series.x, series.y, strict=True):
        axes.plot(x, y, ".", color=colour, alpha=0.4, markeredgewidth=0)
    means = [(float(np.mean(x)), float(np.mean(y))) for x, y in zip(series.x, series.y, strict=True)]
    several = len(means) > 1
    name = f"{series.name}: {', '.join(series.settings)}" if several else series.name
    axes.plot(*zip(*means, strict=True), style, color=colour, label=name)
    if several:
        outwards = 1 if means[-1][0] > means[-2][0] else -1
        for place, side in ((0, 1), (-1, outwards)):
            axes.annotate(
                series.settings[place],
                means[place],
                xytext=(5 * side, 3),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                color=colour,
                fontsize=7,
            )
