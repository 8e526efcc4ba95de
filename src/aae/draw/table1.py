"""Log-likelihoods of models as reported, as measured and over epochs, and how fast two recipes learn."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from aae.draw.curves import Panel, draw_panel
from aae.draw.fit import draw_seeds, seed_handles
from aae.draw.style import BAND, BLUE, GREY, LAYOUT, ORANGE, WIDTH, styled
from aae.draw.training_curves import BESIDE

STYLES = {"reported": ("s", GREY), "control": ("^", ORANGE)}
LABELS = {"reported": "as the paper reports it", "control": "no model, as a control"}
LINES = (("-", BLUE), ("--", "black"))
LOWER = 2.2  # Inches of height of the panel of budgets.


class Mark(NamedTuple):
    """A log-likelihood, or those of several seeds."""

    name: str
    source: str
    """reported, control or run."""
    values: np.ndarray
    """Nats, (seeds,)."""
    error: float
    """Standard error over test images; drawn where there are no seeds."""


class Loss(NamedTuple):
    """The squared error of training images over the updates of one run."""

    name: str
    updates: np.ndarray
    errors: np.ndarray


@styled
def figure_table1(
    marks: Sequence[Mark],
    losses: Sequence[Loss],
    budgets: Panel,
    paper: tuple[float, float],
    title: str,
) -> Figure:
    """Log-likelihoods, a row each, beside the squared error over training, a line a run.

    Args:
        marks: from the top down.
        losses: runs of the same name have the same line; of two names at most. None for no such panel.
        budgets: log-likelihoods over epochs, curves of the same names. None for no such panel.
        paper: the paper's own, and its standard error: a band in that panel.
        title: one line above the panels.
    """
    upper = 1.3 + 0.25 * len(marks)
    heights = (upper, LOWER) if budgets.curves else (upper,)
    figure = Figure(figsize=(WIDTH, sum(heights)), layout=LAYOUT)
    figure.suptitle(title)
    grid = figure.add_gridspec(len(heights), 2, width_ratios=(1.15, 1), height_ratios=heights)
    draw_marks(figure.add_subplot(grid[0, 0] if losses else grid[0, :]), marks)
    if losses:
        draw_losses(figure.add_subplot(grid[0, 1]), losses)
    if budgets.curves:
        draw_budgets(figure.add_subplot(grid[1, :]), budgets, paper)
    handles = [
        Line2D([], [], marker=marker, linestyle="", color=colour, label=LABELS[source])
        for source, (marker, colour) in STYLES.items()
        if any(mark.source == source for mark in marks)
    ]
    figure.legend(handles=[*handles, *seed_handles()], loc="outside lower center", ncols=4)
    return figure


def draw_marks(axes: Axes, marks: Sequence[Mark]) -> None:
    """A row a mark, the first at the top."""
    for row, mark in enumerate(marks):
        if mark.source == "run":
            draw_seeds(axes, row, mark.values)
        else:
            shape, colour = STYLES[mark.source]
            axes.errorbar(mark.values, [row], xerr=mark.error, fmt=shape, color=colour, capsize=2)
    axes.set_yticks(range(len(marks)), [mark.name for mark in marks])
    axes.set(xlabel="log-likelihood, nats", ylim=(len(marks) - 0.5, -0.5))
    axes.grid(axis="x", color="0.92", linewidth=0.5)
    axes.set_axisbelow(True)


def draw_losses(axes: Axes, losses: Sequence[Loss]) -> None:
    """Squared errors on a logarithmic axis."""
    styles = dict(zip(dict.fromkeys(loss.name for loss in losses), LINES, strict=False))
    seen: set[str] = set()
    for loss in losses:
        style, colour = styles[loss.name]
        label = None if loss.name in seen else loss.name
        axes.plot(loss.updates, loss.errors, style, color=colour, alpha=0.7, label=label)
        seen.add(loss.name)
    axes.set(xlabel="updates", ylabel="squared error a pixel, training images", yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.legend(
        title="a line a seed", loc="upper right", handlelength=0.8, handletextpad=0.3, borderaxespad=0.1
    )


def draw_budgets(axes: Axes, budgets: Panel, paper: tuple[float, float]) -> None:
    """Log-likelihoods over epochs, each budget a training of its own, and the paper's as a band."""
    draw_panel(axes, budgets, [(f"o{line}", colour) for line, colour in LINES])
    value, error = paper
    label = f"the paper's AAE,\n{value:g} ± {error:g}"
    axes.axhspan(value - error, value + error, color=BAND, linewidth=0, zorder=0, label=label)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))  # 18 and 20 are too near for a tick each.
    axes.set(xlabel="epochs", ylabel="nats")
    axes.legend(**BESIDE)
