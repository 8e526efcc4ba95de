"""Numbers of runs over one setting."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from aae.compare.summary import half_width
from aae.draw.style import BLUE, LAYOUT, ORANGE, WIDTH, styled

STYLES = (("o-", BLUE), ("s--", ORANGE), ("^:", "black"))
COLUMNS = 2


class Curve(NamedTuple):
    """One number at several values of the setting."""

    name: str
    x: Sequence[float]
    """Values of the setting, ascending, above 0."""
    seeds: Sequence[np.ndarray]
    """The number at each, one a seed."""


class Panel(NamedTuple):
    """One number of all runs."""

    label: str
    curves: Sequence[Curve]
    """At most as many as there are `STYLES`."""


@styled
def figure_curves(panels: Sequence[Panel], setting: str, title: str) -> Figure:
    """A panel a number, over a setting on a logarithmic axis: a dot a seed, means with 95% intervals.

    Args:
        panels: what is drawn.
        setting: what the horizontal axis is called.
        title: one or more lines above the panels.
    """
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 0.9 + 2.1 * rows), layout=LAYOUT)
    figure.suptitle(title)
    all_axes = figure.subplots(rows, COLUMNS, sharex=True, squeeze=False).ravel()
    for axes, panel in zip(all_axes, panels, strict=False):
        draw_panel(axes, panel)
    for axes in all_axes[len(panels) :]:
        axes.remove()
    for axes in all_axes[max(len(panels) - COLUMNS, 0) : len(panels)]:
        axes.set_xlabel(setting)
        axes.tick_params(labelbottom=True)
    handles, names = all_axes[0].get_legend_handles_labels()
    note = "dots: one seed each; bars: 95% interval of the mean"
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), title=note)
    return figure


def draw_panel(axes: Axes, panel: Panel, styles: Sequence[tuple[str, str]] = STYLES) -> None:
    """The curves of one number, shifted a little against each other, so that intervals can be told apart."""
    for place, (curve, (style, colour)) in enumerate(zip(panel.curves, styles, strict=False)):
        x = np.asarray(curve.x) * 1.1 ** (place - (len(panel.curves) - 1) / 2)
        means = np.array([np.mean(values) for values in curve.seeds])
        reach = [half_width(values) for values in curve.seeds]
        for at, values in zip(x, curve.seeds, strict=True):
            beside = np.full(len(values), at / 1.04)  # A dot on the bar would not be seen.
            axes.plot(beside, values, ".", markersize=4, color=colour, alpha=0.7, markeredgewidth=0)
        axes.errorbar(
            x, means, yerr=reach, fmt=style, color=colour, elinewidth=1, capsize=2, label=curve.name
        )
    axes.set_xscale("log")
    ticks = sorted({value for curve in panel.curves for value in curve.x})
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_title(panel.label, loc="left")
