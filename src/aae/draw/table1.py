"""Log-likelihoods of models as reported and as measured, and how fast two ways of training learn."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aae.draw.fit import draw_seeds, seed_handles
from aae.draw.style import BLUE, GREY, LAYOUT, ORANGE, WIDTH, styled

STYLES = {"reported": ("s", GREY), "control": ("^", ORANGE)}
LABELS = {"reported": "as the paper reports it", "control": "no model, as a control"}
LINES = (("-", BLUE), ("--", "black"))


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
def figure_table1(marks: Sequence[Mark], losses: Sequence[Loss], title: str) -> Figure:
    """Log-likelihoods, a row each, beside the squared error over training, a line a run.

    Args:
        marks: from the top down.
        losses: runs of the same name have the same line; of two names at most.
        title: one line above the panels.
    """
    figure = Figure(figsize=(WIDTH, 1.3 + 0.25 * len(marks)), layout=LAYOUT)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    draw_marks(left, marks)
    draw_losses(right, losses)
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
    if losses:
        axes.legend(title="a line a seed")
