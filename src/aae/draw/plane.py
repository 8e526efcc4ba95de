"""Figure 2A and its versions in the ablation: codes in the plane, with contours of the prior."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.spatial import KDTree

from aae.draw.style import DIGIT_COLOURS, LAYOUT, OUTLINE, panels
from aae.model.priors import Prior


def figure_2a(z: np.ndarray, y: np.ndarray, prior: Prior, title: str, point_size: float) -> Figure:
    """The images in the plane of codes, coloured by digit (paper, Figure 2a).

    Args:
        z: codes, (n, 2).
        y: digits, (n,).
        prior: whose contours are drawn, if it has any.
        title: one or two lines above the plane.
        point_size: area of a point, in points squared.
    """
    figure = Figure(figsize=(7.6, 6.0), layout=LAYOUT)
    axes = figure.add_subplot()
    draw_codes(axes, z, y, prior, point_size)
    # Without a prior most digits crowd about one point: their names would hide each other.
    style: dict[str, Any] = {"fontsize": 13, "weight": "bold", "ha": "center", "va": "center"}
    apart = 0.05 * np.ptp(axes.get_xlim())  # A little more than a name's height.
    taken: list[np.ndarray] = []
    for digit in np.unique(y) if prior.constrains else []:
        name_at = densest(z[y == digit], taken, apart)
        axes.text(name_at[0], name_at[1], str(digit), path_effects=OUTLINE, **style)
        taken.append(name_at)
    axes.set(title=title, xlabel="$z_1$", ylabel="$z_2$")
    handles = legend_handles(prior)
    axes.legend(handles=handles, title="digit", loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure


def legend_handles(*priors: Prior) -> list[Line2D]:
    """What a plane of codes shows: ten digits and, if any, contours of the priors."""
    handles = [
        Line2D([], [], marker="o", linestyle="", color=DIGIT_COLOURS[digit], label=str(digit))
        for digit in range(10)
    ]
    for masses in dict.fromkeys(prior.contour_masses for prior in priors):
        if masses:
            label = "p(z): " + ", ".join(f"{mass:.0%}" for mass in masses)
            handles.append(Line2D([], [], color="black", linewidth=0.9, label=label))
    return handles


def draw_codes(axes: Axes, z: np.ndarray, y: np.ndarray, prior: Prior, point_size: float) -> None:
    """Codes, and the prior's contours of known mass, in a square plane that holds them all."""
    # In the order of the data set, which mixes the digits: none is painted over by the next.
    axes.scatter(z[:, 0], z[:, 1], s=point_size, c=DIGIT_COLOURS[y], alpha=0.7, linewidths=0)
    draw_contours(axes, prior)
    show_square(axes, z, prior)


def show_square(axes: Axes, z: np.ndarray, prior: Prior) -> None:
    """Limit the axes to a square about the prior (about the codes if none constrains them) that holds all."""
    low, high = prior.limits() if prior.constrains else (z.min(0), z.max(0))
    middle = (low + high) / 2
    reach = max(1.05 * float(np.abs(z - middle).max()), 1.05 * float((high - low).max()) / 2)
    (left, bottom), (right, top) = middle - reach, middle + reach
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")


def densest(
    z: np.ndarray, taken: Sequence[np.ndarray] = (), apart: float = 0.0, neighbours: int = 200
) -> np.ndarray:
    """The code, (2,), with the nearest n-th neighbour: unlike the median always among the codes.

    Args:
        z: codes, (n, 2).
        taken: points from which it keeps away, unless no code does.
        apart: how far.
        neighbours: n.
    """
    reaches = np.asarray(KDTree(z).query(z, min(neighbours, len(z)))[0]).reshape(len(z), -1)[:, -1]
    free = np.full(len(z), True)
    for point in taken:
        free &= np.hypot(*(z - point).T) >= apart
    return z[np.argmin(np.where(free | ~free.any(), reaches, np.inf))]


def draw_contours(axes: Axes, prior: Prior) -> None:
    """Lines of equal p(z) that hold the prior's `contour_masses`, found on a fine grid."""
    if not prior.contour_masses:
        return
    # As far as the prior reaches, however far the codes do, so that the grid stays fine.
    low, high = prior.limits()
    margin = 0.2 * (high - low)
    x, y = np.linspace(low - margin, high + margin, 801).T
    density = np.exp(prior.log_density(np.stack(np.meshgrid(x, y), axis=-1)))
    axes.contour(x, y, density, levels=prior.contour_levels(), colors="black", linewidths=0.9)


def figure_side_by_side(
    planes: Sequence[tuple[str, np.ndarray, np.ndarray, Prior]], columns: int, point_size: float
) -> Figure:
    """Several planes of codes in rows of `columns`.

    Args:
        planes: title, codes (n, 2), digits (n,) and prior of each plane.
        columns: planes in a row.
        point_size: area of a point, in points squared.
    """
    figure, axes_of = panels(len(planes), columns)
    for axes, (title, z, y, prior) in zip(axes_of, planes, strict=True):
        draw_codes(axes, z, y, prior, point_size)
        axes.set_title(title)
    handles = legend_handles(*(prior for *_, prior in planes))
    ncols = min(len(handles), 6 * columns - 1)
    figure.legend(handles=handles, loc="outside lower center", ncols=ncols, frameon=False, columnspacing=1)
    return figure
