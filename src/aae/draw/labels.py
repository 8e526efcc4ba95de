"""Figure 3: codes that labels drew to components of the prior, and what a walk along each decodes to."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aae.draw.plane import add_legend, draw_codes, limits, name_clusters, show
from aae.draw.style import LAYOUT, WIDTH, styled
from aae.draw.tiles import tiled
from aae.model.priors.base import Prior


class Told(NamedTuple):
    """A run whose discriminator was told digits."""

    title: str
    z: np.ndarray
    """Codes, (n, 2)."""
    y: np.ndarray
    """Their digits, (n,)."""
    prior: Prior
    walks: np.ndarray
    """Pixels in (0, 1), (components, columns, height, width)."""


@styled
def figure_3(runs: Sequence[Told], title: str, point_size: float) -> Figure:
    """A row a run: its plane of codes beside the walks (paper, Figure 3).

    Args:
        runs: one or more.
        title: one line above all.
        point_size: area of a point, in points squared.
    """
    figure = Figure(figsize=(WIDTH, 0.8 + 3.95 * len(runs)), layout=LAYOUT)
    figure.suptitle(title)
    all_axes = figure.subplots(len(runs), 2, squeeze=False)
    for (codes, walks), run in zip(all_axes, runs, strict=True):
        draw_codes(codes, run.z, run.y, run.prior, point_size)
        show(codes, limits(run.z, run.prior))
        name_clusters(codes, run.z, run.y)
        codes.set(xlabel="$z_1$", ylabel="$z_2$", title=run.title)
        draw_walks(walks, run.walks)
    add_legend(figure, 11, *(run.prior for run in runs))
    return figure


def draw_walks(axes: Axes, images: np.ndarray) -> None:
    """A row a component, the first at the top, images from its one end to the other."""
    rows, columns = images.shape[:2]
    axes.imshow(
        tiled(images), cmap="gray", vmin=0, vmax=1, extent=(0, columns, rows, 0), interpolation="antialiased"
    )
    axes.set_xticks([])
    axes.set_yticks(np.arange(rows) + 0.5, [str(row) for row in range(rows)])
    axes.set(xlabel="from end to end of the component", ylabel="component, of the digit of this name")
    axes.set_title("decoded along the\nmiddle of each component")
