"""Arrays in, matplotlib figures out; no torch, no paths."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.spatial import KDTree

from aae.priors import Prior

# Paul Tol's "muted" colours, which stay apart for colour-blind eyes, and a dark grey as the tenth.
DIGIT_COLOURS = to_rgba_array(
    [
        "#332288",
        "#88CCEE",
        "#CC6677",
        "#117733",
        "#DDCC77",
        "#882255",
        "#44AA99",
        "#999933",
        "#AA4499",
        "#555555",
    ]
)
CONTOUR_MASSES = (0.5, 0.9, 0.99)
TICKS = (0.05, 0.25, 0.5, 0.75, 0.95)
# Unlike "constrained", it keeps labels inside the figure where axes are square.
LAYOUT: Final = "compressed"
OUTLINE = [patheffects.withStroke(linewidth=2.5, foreground="white")]


def figure_2a(z: np.ndarray, y: np.ndarray, prior: Prior | None, title: str, point_size: float) -> Figure:
    """The hold-out images in the plane of codes, coloured by digit (paper, Figure 2a).

    Args:
        z: codes, (n, 2).
        y: digits, (n,).
        prior: whose contours are drawn; None for a run without one.
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
    for digit in np.unique(y) if prior else []:
        name_at = densest(z[y == digit], taken, apart)
        axes.text(name_at[0], name_at[1], str(digit), path_effects=OUTLINE, **style)
        taken.append(name_at)
    axes.set(title=title, xlabel="$z_1$", ylabel="$z_2$")
    handles = legend_handles(prior is not None)
    axes.legend(handles=handles, title="digit", loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure


def legend_handles(contours: bool) -> list[Line2D]:
    """What a plane of codes shows: ten digits and, if any, contours of the prior."""
    handles = [
        Line2D([], [], marker="o", linestyle="", color=DIGIT_COLOURS[digit], label=str(digit))
        for digit in range(10)
    ]
    if contours:
        masses = ", ".join(f"{mass:.0%}" for mass in CONTOUR_MASSES)
        handles.append(Line2D([], [], color="black", linewidth=0.9, label=f"p(z): {masses}"))
    return handles


def draw_codes(axes: Axes, z: np.ndarray, y: np.ndarray, prior: Prior | None, point_size: float) -> None:
    """Codes, and the prior's contours of known mass, in a square plane that holds them all."""
    # In the order of the data set, which mixes the digits: none is painted over by the next.
    axes.scatter(z[:, 0], z[:, 1], s=point_size, c=DIGIT_COLOURS[y], alpha=0.7, linewidths=0)
    middle = np.zeros(2) if prior else (z.min(0) + z.max(0)) / 2
    reach = 1.05 * np.abs(z - middle).max()
    if prior:
        reach = max(reach, 3.6 * prior.std)
        draw_contours(axes, prior)
    axes.set(
        xlim=(middle[0] - reach, middle[0] + reach),
        ylim=(middle[1] - reach, middle[1] + reach),
        aspect="equal",
    )


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
    """Lines of equal p(z) that hold `CONTOUR_MASSES` of the prior, found on a fine grid."""
    # As far as the prior reaches, however far the codes do: lest the grid become coarse.
    grid = 5 * prior.std * np.linspace(-1, 1, 601)
    density = np.exp(prior.log_density(np.stack(np.meshgrid(grid, grid), axis=-1)))
    descending = np.sort(density.ravel())[::-1]
    mass = np.cumsum(descending) * (grid[1] - grid[0]) ** 2
    levels = descending[np.minimum(np.searchsorted(mass, CONTOUR_MASSES), len(mass) - 1)]
    axes.contour(grid, grid, density, levels=np.unique(levels), colors="black", linewidths=0.9)


def figure_2e(images: np.ndarray, title: str, axis_label: str) -> Figure:
    """Images decoded from an even grid of percentiles along each code dimension (paper, Figure 2e).

    Args:
        images: pixels in [0, 1], (rows, columns, 784); z1 grows along columns, z2 along rows.
        title: one or two lines above the grid.
        axis_label: what the percentiles are of; "{}" stands for the dimension's name.
    """
    figure = Figure(figsize=(7.2, 7.6), layout=LAYOUT)
    axes = figure.add_subplot()
    draw_grid(axes, images)
    axes.set(title=title, xlabel=axis_label.format("$z_1$"), ylabel=axis_label.format("$z_2$"))
    return figure


def draw_grid(axes: Axes, images: np.ndarray) -> None:
    """One mosaic over (0, 1) x (0, 1) of percentiles, z2 growing upwards."""
    rows, columns, _ = images.shape
    mosaic = images[::-1].reshape(rows, columns, 28, 28).swapaxes(1, 2).reshape(rows * 28, columns * 28)
    axes.imshow(mosaic, cmap="gray", vmin=0, vmax=1, extent=(0, 1, 0, 1), interpolation="antialiased")
    labels = [f"{100 * tick:.0f}%" for tick in TICKS]
    axes.set_xticks(TICKS, labels)
    axes.set_yticks(TICKS, labels)


def figure_side_by_side(
    panels: Sequence[tuple[str, np.ndarray, np.ndarray, Prior | None]],
    columns: int,
    point_size: float,
) -> Figure:
    """Several planes of codes in rows of `columns`.

    Args:
        panels: title, codes (n, 2), digits (n,) and prior of each plane.
        columns: planes in a row.
        point_size: area of a point, in points squared.
    """
    figure, grid = _panels(len(panels), columns)
    for axes, (title, z, y, prior) in zip(grid, panels, strict=True):
        draw_codes(axes, z, y, prior, point_size)
        axes.set_title(title)
    handles = legend_handles(any(prior is not None for *_, prior in panels))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, columnspacing=1
    )
    return figure


def figure_grids_side_by_side(panels: Sequence[tuple[str, np.ndarray]], columns: int) -> Figure:
    """Several mosaics of percentiles in rows of `columns`.

    Args:
        panels: title and images (rows, columns, 784) of each mosaic.
        columns: mosaics in a row.
    """
    figure, grid = _panels(len(panels), columns)
    for axes, (title, images) in zip(grid, panels, strict=True):
        draw_grid(axes, images)
        axes.set_title(title)
    return figure


def _panels(count: int, columns: int) -> tuple[Figure, list[Axes]]:
    rows = -(-count // columns)
    figure = Figure(figsize=(5 * columns, 5.2 * rows), layout=LAYOUT)
    return figure, [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
