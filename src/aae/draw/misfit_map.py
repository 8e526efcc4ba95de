"""Map of the misfit of codes and prior: in the plane, over the prior's mass, by radius and by angle."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy import special
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree

from aae.draw.contours import draw_contours
from aae.draw.style import BAND, BLUE, GREY, LAYOUT, ORANGE, WIDTH, styled
from aae.model.priors.base import Prior

BANDWIDTH = 0.1  # Of the map's Gaussian kernel, in the prior's standard deviations.
LEAST_EXPECTED = 10  # Prior samples under the kernel below which the map says nothing.
ERRORS = 3  # Standard errors beyond which a place of the map counts as different.
CELLS = 200  # Of the map, along each side.
FINER = 3  # Points along each side of a cell, at which the prior's mass in it is looked up.
NEIGHBOURS = 50  # For the ratio at a point; as many as `aae.measure.density` takes.
POINTS = 50_000  # That stand for the prior's mass.
LEVEL = 0.95
COLOURS = (BLUE, ORANGE)  # Of the kinds of codes.
# By their log2.
RATIOS = {-4: "1/16", -3: "1/8", -2: "1/4", -1: "1/2", 0: "1", 1: "2", 2: "4", 3: "8", 4: "16"}


@styled
def figure_where(
    codes: Mapping[str, np.ndarray], prior: Prior, density: Mapping[str, float], title: str
) -> Figure:
    """Map the ratio of q(z) to p(z), beside its shares of the prior's mass and the excess of codes.

    Args:
        codes: by what the images are called, such as "test", (n, 2) each. The map and the shares of
            mass are of all together.
        prior: what the codes are held against.
        density: "below_half" and "below_quarter", the shares of the prior's mass where q/p is below 1/2
            and 1/4, as the tables have them.
        title: one line above the panels.
    """
    figure = Figure(figsize=(WIDTH, 6.5), layout=LAYOUT)
    figure.suptitle(title)
    panels = figure.subplots(2, 2)
    z = np.concatenate(list(codes.values())).astype(np.float64)
    draw_map(panels[0, 0], z, prior)
    draw_shares(panels[0, 1], z, prior, density)
    scores = {name: prior.to_normal(each) for name, each in codes.items()}
    draw_radii(panels[1, 0], scores)
    draw_angles(panels[1, 1], scores)
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, label=f"{len(each):,} {name} codes")
        for colour, (name, each) in zip(COLOURS, codes.items(), strict=False)
    ]
    handles.append(Patch(color=BAND, label="bands: 95% of as many samples of p(z)"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def draw_map(axes: Axes, z: np.ndarray, prior: Prior) -> None:
    """q/p, both smoothed with one kernel; hatched where it may be 1, grey where it cannot be told."""
    edges = prior.mean[:, None] + prior.std * np.linspace(-4, 4, CELLS + 1)
    ratio, errors, expected = smoothed_ratio(z, prior, edges)
    unknown = expected < LEAST_EXPECTED
    log_ratio = np.log2(np.maximum(ratio, 2.0**-9))  # Where no code is near, the darkest colour.
    axes.set_facecolor("0.75")
    image = axes.pcolormesh(
        *edges, np.where(unknown, np.nan, log_ratio), cmap="RdBu_r", vmin=-2, vmax=2, rasterized=True
    )
    middles = (edges[:, 1:] + edges[:, :-1]) / 2
    alike = np.where(unknown, np.nan, np.abs(errors))
    if (alike <= ERRORS).any():
        axes.contourf(*middles, alike, levels=[-1, ERRORS], colors=[(0, 0, 0, 0)], hatches=["......"])
    colours = axes.figure.colorbar(image, ax=axes, extend="both", ticks=[-2, -1, 0, 1, 2])
    colours.ax.set_yticklabels([RATIOS[tick] for tick in (-2, -1, 0, 1, 2)])
    draw_contours(axes, prior)
    reach = 3.2 * prior.std * np.array([-1, 1])
    axes.set(xlim=prior.mean[0] + reach, ylim=prior.mean[1] + reach, aspect="equal")
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
    axes.set_title(
        "Ratio of the densities of codes and prior, q(z) / p(z)\n"
        f"(dotted: within {ERRORS} standard errors of 1; grey: too few codes)"
    )


def smoothed_ratio(
    z: np.ndarray, prior: Prior, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The densities' ratio in the cells of a map, and what can be said of it.

    Args:
        z: codes, (n, 2).
        prior: what they are held against.
        edges: of the cells, along both coordinates, (2, k + 1).

    Returns:
        Each (k, k), the second coordinate along the first axis: codes found over codes expected, both
        smoothed; their difference in standard errors of a Poisson count; and how many prior samples
        are to be expected under the kernel.
    """
    cell = edges[0, 1] - edges[0, 0]
    width = BANDWIDTH * prior.std / cell
    counts = np.histogram2d(z[:, 1], z[:, 0], bins=[edges[1], edges[0]])[0]
    fine = np.linspace(edges[:, 0], edges[:, -1], FINER * (edges.shape[1] - 1) + 1).T
    plane = np.stack(np.meshgrid(*(fine[:, 1:] + fine[:, :-1]) / 2), axis=-1)
    density = np.exp(prior.log_density(plane)).reshape(counts.shape[0], FINER, counts.shape[1], FINER)
    due = len(z) * cell**2 * density.mean((1, 3))
    found, expected = (gaussian_filter(mass, width, mode="constant") for mass in (counts, due))
    # The square of the kernel is a kernel that is narrower by the root of 2, over its effective area.
    area = 4 * np.pi * width**2
    variance = gaussian_filter(due, width / np.sqrt(2), mode="constant") / area
    tiny = np.finfo(float).tiny
    errors = (found - expected) / np.sqrt(np.maximum(variance, tiny))
    return found / np.maximum(expected, tiny), errors, expected * area


def draw_shares(axes: Axes, z: np.ndarray, prior: Prior, density: Mapping[str, float]) -> None:
    """The share of the prior's mass where q/p is below a ratio, beside that of as many prior samples."""
    rng = np.random.default_rng(0)
    points, null = (prior.draw(n, rng) for n in (POINTS, len(z)))
    shares = 100 * (np.arange(POINTS) + 1) / POINTS
    axes.plot(np.sort(log_ratio_at(points, null, prior)), shares, "--", color=GREY, label="as many of p(z)")
    ratios = np.sort(log_ratio_at(points, z, prior))
    words = [f"{len(z):,} codes:"]
    for log_ratio, name in ((-1, "below_half"), (-2, "below_quarter")):
        height = float(100 * np.mean(ratios < log_ratio))
        axes.plot([log_ratio, log_ratio], [0, height], color="black", linewidth=0.7)
        words.append(f"{100 * density[name]:.2g}% below {RATIOS[log_ratio]}")
    axes.plot(ratios, shares, color="black", label="\n".join(words))
    axes.set_xticks(list(RATIOS), list(RATIOS.values()))
    axes.set(xlim=(-4.3, 4.3), ylim=(0, 101))
    axes.set(xlabel="ratio r", ylabel="% of the prior's mass")
    axes.set_title("Share of the prior's mass\nwhere the ratio is lower than r")
    axes.legend(loc="lower right", handlelength=1.3)  # Where neither curve goes.


def log_ratio_at(points: np.ndarray, z: np.ndarray, prior: Prior) -> np.ndarray:
    """log2 q/p, (m,), at points, (m, 2), with q from the distance to the k-th nearest of the codes."""
    k = min(NEIGHBOURS, len(z))
    distances = np.asarray(KDTree(z).query(points, [k])[0])[:, 0]
    area = np.maximum(np.pi * distances**2, np.finfo(float).tiny)
    return np.log2(k / (len(z) * area)) - prior.log_density(points) / np.log(2)


def draw_radii(axes: Axes, scores: Mapping[str, np.ndarray]) -> None:
    """Excess of codes over the prior within each radius, by the normal scores."""
    values = {name: np.hypot(*each.T) for name, each in scores.items()}
    draw_excess(axes, values, np.linspace(0, 4.5, 451), lambda r: -np.expm1(-(r**2) / 2))
    axes.set(xlabel="radius R (of the normal scores)", ylabel="percentage points")
    axes.set_title("Share of the codes within radius R, minus the prior's\n(rises where codes are too many)")


def draw_angles(axes: Axes, scores: Mapping[str, np.ndarray]) -> None:
    """Excess of codes over the prior up to each angle, by the normal scores."""
    values = {name: np.degrees(np.arctan2(each[:, 1], each[:, 0])) for name, each in scores.items()}
    draw_excess(axes, values, np.linspace(-180, 180, 361), lambda angles: angles / 360 + 0.5)
    axes.set_xticks(range(-180, 181, 90))
    axes.set(xlabel="angle A in degrees (of the normal scores)", ylabel="percentage points")
    axes.set_title("Share of the codes up to angle A, minus the prior's\n(rises where codes are too many)")


def draw_excess(
    axes: Axes,
    values: Mapping[str, np.ndarray],
    grid: np.ndarray,
    cdf: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Empirical minus expected CDF in per cent, each with its pointwise 95% band.

    Args:
        axes: to draw in.
        values: samples by name, (n,) each.
        grid: where to compare, ascending, (k,).
        cdf: the expected one.
    """
    due = cdf(grid)
    for colour, sample in zip(COLOURS, values.values(), strict=False):
        # The binomial's, by its normal limit: there are thousands of codes.
        half = 100 * special.ndtri((1 + LEVEL) / 2) * np.sqrt(due * (1 - due) / len(sample))
        share = np.searchsorted(np.sort(sample), grid, side="right") / len(sample)
        axes.fill_between(grid, -half, half, color=colour, alpha=0.2, linewidth=0)
        axes.plot(grid, 100 * (share - due), color=colour)
    axes.axhline(0, color=GREY, linewidth=0.6)
