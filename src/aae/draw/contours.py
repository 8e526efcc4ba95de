"""Contours of the prior's density."""

import functools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from aae.model.priors.base import Prior

COLOUR, LINEWIDTH = "black", 0.7


def draw_contours(axes: Axes, prior: Prior) -> None:
    """Lines of equal p(z) that hold the prior's `contour_masses`."""
    if prior.contour_masses:
        x, y, density, levels = density_map(prior)
        axes.contour(x, y, density, levels=levels, colors=COLOUR, linewidths=LINEWIDTH)


@functools.lru_cache(maxsize=4)  # Planes side by side have the same.
def density_map(prior: Prior) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates, (k,) each, and p(z), (k, k), on a fine grid; and the levels of the contours."""
    # As far as the prior reaches, however far the codes do, so that the grid stays fine.
    low, high = prior.limits()
    margin = 0.2 * (high - low)
    x, y = np.linspace(low - margin, high + margin, 801).T
    density = np.exp(prior.log_density(np.stack(np.meshgrid(x, y), axis=-1)))
    return x, y, density, prior.contour_levels()


def contour_handles(*priors: Prior) -> list[Line2D]:
    """A line for the legend for each set of masses that contours of these priors hold."""
    sets = dict.fromkeys(prior.contour_masses for prior in priors if prior.contour_masses)
    labels = (", ".join(f"{mass:.0%}" for mass in masses) for masses in sets)
    return [
        Line2D([], [], color=COLOUR, linewidth=LINEWIDTH, label=f"contours that hold {label} of p(z)")
        for label in labels
    ]
