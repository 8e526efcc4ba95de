"""The fit of every variant and seed, beside what samples of the prior give."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aae.compare.summary import half_width
from aae.draw.style import BAND, BLUE, LAYOUT, WIDTH, styled, wrapped

Panel = tuple[str, tuple[float, float], Sequence[tuple[str, np.ndarray]]]


@styled
def figure_fit(panels: Sequence[Panel], note: str) -> Figure:
    """Every variant and seed by several measures, side by side, on linear axes from 0.

    Args:
        panels: the axis label, the ends of the null band (central 95%), and each variant's name and
            values, one a seed, of each measure; the variants are the same in all.
        note: what is not shown, one or more lines below the panels; may be empty.
    """
    names = [name.replace(", ", ",\n") for name, _ in panels[0][2]]
    lines = note.splitlines()
    height = 1.25 + 0.38 * len(names) + 0.14 * len(lines)
    figure = Figure(figsize=(WIDTH, height), layout=LAYOUT)
    all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (label, band, values) in zip(all_axes, panels, strict=True):
        axes.axvspan(*band, color=BAND, linewidth=0)
        for row, (_, seeds) in enumerate(values):
            draw_seeds(axes, row, seeds)
        axes.set(xlabel=wrapped(label, len(panels)), ylim=(len(names) - 0.5, -0.5))
        axes.set_xlim(min(0, *(float(np.min(seeds)) for _, seeds in values)), None)
        axes.xaxis.set_major_formatter("{x:g}")
    all_axes[0].set_yticks(range(len(names)), names)
    handles: list[Artist] = [*seed_handles(), Patch(color=BAND, label="95% of samples of the prior")]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    if lines:
        figure.supxlabel("\n".join(lines), fontsize=7.5, x=0.01, ha="left")
    return figure


def seed_handles() -> list[Line2D]:
    """For the legend of what `draw_seeds` draws."""
    return [
        Line2D([], [], marker="o", linestyle="", color=BLUE, alpha=0.6, label="one seed"),
        Line2D([], [], marker="D", color="black", linewidth=1, label="mean and its 95% interval"),
    ]


def draw_seeds(axes: Axes, row: int, seeds: np.ndarray) -> None:
    """A dot a seed, and below them the mean with its t interval, where there is more than one seed."""
    axes.plot(seeds, np.full(len(seeds), row - 0.12), "o", color=BLUE, alpha=0.6, markeredgewidth=0)
    axes.errorbar(
        float(np.mean(seeds)),
        row + 0.18,
        xerr=half_width(seeds),
        fmt="D",
        color="black",
        elinewidth=1,
        capsize=2,
    )
