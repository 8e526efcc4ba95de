"""Encoders with fixed, learned and no noise, side by side."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aae.draw.fit import draw_seeds, seed_handles
from aae.draw.style import LAYOUT, WIDTH, styled
from aae.draw.when import BESIDE, draw_sigma

Panel = tuple[str, Sequence[tuple[str, np.ndarray]]]


@styled
def figure_noise(panels: Sequence[Panel], learned: Sequence[pd.DataFrame], title: str) -> Figure:
    """Every variant and seed by several measures, above what became of the sigma that was learned.

    Args:
        panels: the axis label, and each variant's name and values, one a seed, of each measure; the
            variants are the same in all.
        learned: the tables over training of the runs that learned sigma, with sigma_low, sigma_median and
            sigma_high.
        title: one line above the panels.
    """
    names = [name.replace(", ", ",\n") for name, _ in panels[0][1]]
    figure = Figure(figsize=(WIDTH, 3.2 + 0.4 * len(names)), layout=LAYOUT)
    figure.suptitle(title)
    grid = figure.add_gridspec(2, len(panels), height_ratios=(0.4 * len(names), 1.7))
    previous = None
    for column, (label, values) in enumerate(panels):
        axes = previous = figure.add_subplot(grid[0, column], sharey=previous)
        for row, (_, seeds) in enumerate(values):
            draw_seeds(axes, row, seeds)
        axes.set(xlabel=label, ylim=(len(names) - 0.5, -0.5))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
        axes.tick_params(labelleft=column == 0)
        if column == 0:
            axes.set_yticks(range(len(names)), names)
    if learned:
        axes = figure.add_subplot(grid[1, :])
        draw_sigma(axes, learned)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set(xlabel="epoch", ylabel="sigma(x), standard\ndeviations of p(z)")
        axes.set_title("What learned sigma becomes, a band a seed", loc="left")
        axes.legend(**BESIDE)
    figure.legend(handles=seed_handles(), loc="outside lower center", ncols=2)
    return figure
