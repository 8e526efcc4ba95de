"""Figure 2A and its versions in the ablation: codes in the plane, with contours of the prior."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from aae.draw.clusters import name_places
from aae.draw.contours import contour_handles, draw_contours
from aae.draw.style import DIGIT_COLOURS, GREY, LAYOUT, OUTLINE, WIDTH, panels, styled
from aae.model.priors.base import Prior

APART = 0.048  # Between the middles of two names, as a share of the plane's side: a little more than a name.
MIDDLE = 0.8  # Share of the codes in the middle that is enlarged where there is no prior.
ALPHA = 0.75
Limits = tuple[np.ndarray, np.ndarray]  # Lower left and upper right corner of a plane.


@styled
def figure_2a(
    z: np.ndarray, y: np.ndarray, prior: Prior, null: np.ndarray | None, title: str, point_size: float
) -> Figure:
    """The images in the plane of codes, coloured by digit (paper, Figure 2a), beside what they should be.

    Args:
        z: codes, (n, 2).
        y: digits, (n,).
        prior: whose contours are drawn, if it has any.
        null: samples of the prior, as many, (n, 2). None without a prior, where there is nothing that
            the codes should be: the middle of the plane, which is crowded then, is enlarged instead.
        title: one or two lines above the planes.
        point_size: area of a point, in points squared.
    """
    figure = Figure(figsize=(WIDTH, 4.35), layout=LAYOUT)
    figure.suptitle(title)
    codes, beside = figure.subplots(1, 2)
    draw_codes(codes, z, y, prior, point_size)
    whole = limits(z if null is None else np.concatenate([z, null]), prior)
    show(codes, whole)
    codes.set_title(f"{len(z):,} codes z, coloured by digit")
    if null is not None:
        name_clusters(codes, z, y)
        beside.scatter(null[:, 0], null[:, 1], s=point_size, c=GREY, alpha=ALPHA, linewidths=0)
        draw_contours(beside, prior)
        show(beside, whole)
        beside.set_title(f"{len(null):,} samples of p(z): {prior.description}")
    else:
        low, high = enlarged = middle(z)
        name_clusters(codes, z, y, but_within=enlarged)
        codes.add_patch(Rectangle((low[0], low[1]), *(high - low), fill=False, linewidth=0.8))
        draw_codes(beside, z, y, prior, point_size)
        show(beside, enlarged)
        name_clusters(beside, z, y)
        beside.set_title(f"the middle, enlarged: {MIDDLE:.0%} of the codes")
    for axes in (codes, beside):
        axes.set(xlabel="$z_1$", ylabel="$z_2$")
    add_legend(figure, 11, prior)
    return figure


@styled
def figure_side_by_side(
    planes: Sequence[tuple[str, np.ndarray, np.ndarray, Prior]], columns: int, point_size: float
) -> Figure:
    """Several planes of codes in rows of `columns`: on one scale, but for those without a prior.

    Args:
        planes: title, codes (n, 2), digits (n,) and prior of each plane.
        columns: planes in a row.
        point_size: area of a point, in points squared.
    """
    figure, axes_of = panels(len(planes), columns)
    shared = union([limits(z, prior) for _, z, _, prior in planes if prior.constrains])
    for axes, (title, z, y, prior) in zip(axes_of, planes, strict=True):
        draw_codes(axes, z, y, prior, point_size)
        show(axes, shared if shared and prior.constrains else limits(z, prior))
        axes.set_title(title)
        scale = "" if prior.constrains or not shared else " (on a scale of its own)"
        axes.set(xlabel=f"$z_1${scale}", ylabel="$z_2$")
    add_legend(figure, 11 if columns > 1 else 6, *(prior for *_, prior in planes))
    return figure


def add_legend(figure: Figure, ncols: int, *priors: Prior) -> None:
    """Legend below planes of codes: ten digits and, if any, contours of the priors."""
    digits = [
        Line2D([], [], marker="o", linestyle="", color=DIGIT_COLOURS[digit], label=str(digit))
        for digit in range(10)
    ]
    figure.legend(
        handles=digits + contour_handles(*priors),
        loc="outside lower center",
        ncols=ncols,
        columnspacing=1,
        handletextpad=0.3,
        handlelength=1.2,
        markerscale=1.4,
    )


def draw_codes(axes: Axes, z: np.ndarray, y: np.ndarray, prior: Prior, point_size: float) -> None:
    """Codes, and the prior's contours of known mass."""
    # In the order of the data set, which mixes the digits: none is painted over by the next.
    axes.scatter(z[:, 0], z[:, 1], s=point_size, c=DIGIT_COLOURS[y], alpha=ALPHA, linewidths=0)
    draw_contours(axes, prior)


def name_clusters(axes: Axes, z: np.ndarray, y: np.ndarray, but_within: Limits | None = None) -> None:
    """Write each digit at each of its clusters that the axes show, but for a square that has none."""
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    style: dict[str, Any] = {"fontsize": 8.5, "weight": "bold", "ha": "center", "va": "center"}
    for digit, place in name_places(z, y, low, high, APART * (high - low)[0]):
        if but_within is None or not ((but_within[0] < place) & (place < but_within[1])).all():
            axes.text(place[0], place[1], str(digit), path_effects=OUTLINE, **style)


def show(axes: Axes, corners: Limits) -> None:
    """Limit the axes to a square plane."""
    (left, bottom), (right, top) = corners
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")


def limits(z: np.ndarray, prior: Prior) -> Limits:
    """A square about the prior (about the codes if none constrains them) that holds it and all codes."""
    low, high = prior.limits() if prior.constrains else (z.min(0), z.max(0))
    centre = (low + high) / 2
    reach = 1.05 * max(float(np.abs(z - centre).max()), float((high - low).max()) / 2)
    return centre - reach, centre + reach


def middle(z: np.ndarray) -> Limits:
    """The square about the codes' median that holds the share `MIDDLE` of them."""
    centre = np.median(z, axis=0)
    reach = float(np.quantile(np.abs(z - centre).max(1), MIDDLE))
    return centre - reach, centre + reach


def union(squares: Sequence[Limits]) -> Limits | None:
    """The square about several, if there are any."""
    if not squares:
        return None
    low, high = (np.array(corners) for corners in zip(*squares, strict=True))
    centre = (low.min(0) + high.max(0)) / 2
    reach = float((high.max(0) - low.min(0)).max()) / 2
    return centre - reach, centre + reach
