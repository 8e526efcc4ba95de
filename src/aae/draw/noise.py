"""Encoders with fixed, learned and no noise, side by side."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aae.draw.fit import seed_handles
from aae.draw.seeds import ROW, Panel, draw_variants
from aae.draw.style import LAYOUT, WIDTH, styled
from aae.draw.training_curves import BESIDE, draw_sigma


@styled
def figure_noise(panels: Sequence[Panel], learned: Sequence[pd.DataFrame], title: str) -> Figure:
    """Every variant and seed by several measures, above what became of the sigma that was learned.

    Args:
        panels: a measure each; the variants are the same in all.
        learned: the tables over training of the runs that learned sigma, with sigma_low, sigma_median and
            sigma_high.
        title: one line above the panels.
    """
    height = ROW * len(panels[0][1])
    figure = Figure(figsize=(WIDTH, 3.2 + height), layout=LAYOUT)
    figure.suptitle(title)
    grid = figure.add_gridspec(2, len(panels), height_ratios=(height, 1.7))
    draw_variants(figure, grid, panels)
    if learned:
        axes = figure.add_subplot(grid[1, :])
        draw_sigma(axes, learned)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set(xlabel="epoch", ylabel="sigma(x), standard\ndeviations of p(z)")
        axes.set_title("What learned sigma becomes, a band a seed", loc="left")
        axes.legend(**BESIDE)
    figure.legend(handles=seed_handles(), loc="outside lower center", ncols=2)
    return figure
