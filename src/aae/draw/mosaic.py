"""Figure 2E and its versions in the ablation: mosaics of decoded images."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aae.draw.style import LAYOUT, WIDTH, panels, styled
from aae.draw.tiles import tiled

TICKS = (0.05, 0.25, 0.5, 0.75, 0.95)


@styled
def figure_2e(images: np.ndarray, title: str, coordinates: tuple[str, str]) -> Figure:
    """Images decoded from an even grid of percentiles along each code dimension (paper, Figure 2e).

    Args:
        images: pixels in [0, 1], (rows, columns, height, width); the first coordinate grows along
            columns, the second along rows.
        title: one or two lines above the grid.
        coordinates: what the percentiles are of (`Prior.coordinates`).
    """
    figure = Figure(figsize=(0.8 * WIDTH, 0.84 * WIDTH), layout=LAYOUT)
    axes = figure.add_subplot()
    draw_grid(axes, images)
    xlabel, ylabel = (f"percentile of {coordinate}" for coordinate in coordinates)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    return figure


def draw_grid(axes: Axes, images: np.ndarray) -> None:
    """One mosaic over (0, 1) x (0, 1) of percentiles, the second coordinate growing upwards."""
    axes.imshow(
        tiled(images[::-1]), cmap="gray", vmin=0, vmax=1, extent=(0, 1, 0, 1), interpolation="antialiased"
    )
    labels = [f"{100 * tick:.0f}%" for tick in TICKS]
    axes.set_xticks(TICKS, labels)
    axes.set_yticks(TICKS, labels)


@styled
def figure_grids_side_by_side(grids: Sequence[tuple[str, np.ndarray]], columns: int) -> Figure:
    """Several mosaics of percentiles in rows of `columns`.

    Args:
        grids: title and images (rows, columns, height, width) of each mosaic.
        columns: mosaics in a row.
    """
    figure, axes_of = panels(len(grids), columns)
    for axes, (title, images) in zip(axes_of, grids, strict=True):
        draw_grid(axes, images)
        axes.set_title(title)
    return figure
