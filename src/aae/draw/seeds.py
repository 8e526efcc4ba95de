"""Every variant and seed by several measures, side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import MaxNLocator

from aae.draw.fit import draw_seeds, seed_handles
from aae.draw.style import LAYOUT, WIDTH, styled, wrapped

ROW = 0.4  # Inches of height that a variant takes.
Panel = tuple[str, Sequence[tuple[str, np.ndarray]]]
"""The axis label of a measure, and each variant's name and values, one a seed."""


@styled
def figure_seeds(panels: Sequence[Panel], title: str) -> Figure:
    """A panel a measure, a row a variant.

    Args:
        panels: what is drawn; the variants are the same in all.
        title: one line above the panels.
    """
    figure = Figure(figsize=(WIDTH, 1.2 + ROW * len(panels[0][1])), layout=LAYOUT)
    figure.suptitle(title)
    draw_variants(figure, figure.add_gridspec(1, len(panels)), panels)
    figure.legend(handles=seed_handles(), loc="outside lower center", ncols=2)
    return figure


def draw_variants(figure: Figure, grid: GridSpec, panels: Sequence[Panel]) -> None:
    """The panels, in the first row of a grid."""
    names = [name.replace(", ", ",\n") for name, _ in panels[0][1]]
    previous = None
    for column, (label, values) in enumerate(panels):
        axes = previous = figure.add_subplot(grid[0, column], sharey=previous)
        for row, (_, seeds) in enumerate(values):
            draw_seeds(axes, row, seeds)
        axes.set(xlabel=wrapped(label, len(panels)), ylim=(len(names) - 0.5, -0.5))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
        axes.tick_params(labelleft=column == 0)
        if column == 0:
            axes.set_yticks(range(len(names)), names)
