"""Figures of the fit: how good, where it fails, and when."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats
from scipy.ndimage import gaussian_filter

from aae.draw.plane import draw_contours
from aae.draw.style import BLUE, DIGIT_COLOURS, LAYOUT, RED
from aae.measure.distances import transport_costs
from aae.model.priors import Prior

BANDWIDTH = 0.15  # Of the density ratio's Gaussian kernel, in the prior's standard deviations.
LEAST_EXPECTED = 10  # Prior samples under the kernel below which the ratio is noise, and is not shown.
LEVEL = 0.95
LABELS = {"kl_divergence": "KL divergence"}  # Where the loss's name is no good label.
CHANCE = {"discriminator_loss": (np.log(2), "ln 2: discriminator at chance")}  # By the loss's name.


def figure_fit(fits: Sequence[tuple[str, np.ndarray]], band: tuple[float, float], label: str) -> Figure:
    """The fit of every variant and seed on one logarithmic axis, beside the null band.

    Args:
        fits: each variant's name and its distances, one a seed.
        band: ends of the null band (central 95%).
        label: name of the axis.
    """
    figure = Figure(figsize=(8, 1.3 + 0.45 * len(fits)), layout=LAYOUT)
    axes = figure.add_subplot()
    axes.axvspan(*band, color="0.8", label="null band (95%)")
    for row, (_, distances) in enumerate(fits):
        axes.plot(distances, np.full(len(distances), row), "o", color=BLUE, alpha=0.7)
        axes.plot(np.mean(distances), row, "|", color="black", markersize=16, markeredgewidth=2)
    axes.plot([], [], "o", color=BLUE, alpha=0.7, label="one seed")
    axes.plot([], [], "|", color="black", markersize=12, markeredgewidth=2, linestyle="", label="mean")
    axes.set_yticks(range(len(fits)), [name for name, _ in fits])
    axes.set(xscale="log", xlabel=label, ylim=(len(fits) - 0.5, -0.5))
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def figure_where(z: np.ndarray, y: np.ndarray, prior: Prior, title: str) -> Figure:
    """Where q(z) departs from p(z): in the plane, by radius, by angle and by digit.

    Args:
        z: codes, (n, 2).
        y: digits, (n,).
        prior: what the codes are held against.
        title: one line above the panels.
    """
    figure = Figure(figsize=(11, 9), layout="constrained")
    figure.suptitle(title)
    panels = figure.subplots(2, 2)
    draw_density_ratio(panels[0, 0], z, prior)
    draw_digit_shares(panels[0, 1], z, y, prior)
    scores = prior.to_normal(z)
    draw_radii(panels[1, 0], scores)
    draw_angles(panels[1, 1], scores)
    return figure


def draw_density_ratio(axes: Axes, z: np.ndarray, prior: Prior) -> None:
    """log2 q/p, both smoothed with one kernel, where enough prior samples are to be expected."""
    centre = prior.mean
    edges = prior.std * np.linspace(-4, 4, 201)
    middles = (edges[1:] + edges[:-1]) / 2
    cell = edges[1] - edges[0]
    x, y = centre[0] + edges, centre[1] + edges
    width = BANDWIDTH * prior.std / cell
    counts = np.histogram2d(z[:, 1], z[:, 0], bins=[y, x])[0]
    plane = centre + np.stack(np.meshgrid(middles, middles), axis=-1)
    expected = len(z) * cell**2 * np.exp(prior.log_density(plane))
    found, due = (gaussian_filter(mass, width, mode="constant") for mass in (counts, expected))
    under_kernel = due * 4 * np.pi * width**2
    # Where no code is near, log2 is minus infinity, which would be left blank like what is not shown.
    ratio = np.log2(np.maximum(found / np.maximum(due, 1e-300), 2.0**-9))
    ratio[under_kernel < LEAST_EXPECTED] = np.nan
    axes.set_facecolor("0.85")
    image = axes.pcolormesh(x, y, ratio, cmap="RdBu_r", vmin=-1.5, vmax=1.5, rasterized=True)
    colours = axes.figure.colorbar(image, ax=axes, extend="both", ticks=[-1, 0, 1])
    colours.ax.set_yticklabels(["half", "equal", "twice"])
    draw_contours(axes, prior)
    reach = 3.2 * prior.std
    axes.set(xlim=(centre[0] - reach, centre[0] + reach), ylim=(centre[1] - reach, centre[1] + reach))
    axes.set(aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
    lines = "lines: contours of p; " if prior.contour_masses else ""
    axes.set_title(
        f"Density of the codes relative to the prior's\n(kernel {BANDWIDTH:g}; {lines}grey: too few samples)"
    )


def draw_digit_shares(axes: Axes, z: np.ndarray, y: np.ndarray, prior: Prior) -> None:
    """Each digit's share of the squared sliced W2, beside its share of the images."""
    costs = transport_costs(z, prior)
    digits = np.unique(y)
    misfit = np.array([costs[y == digit].sum() for digit in digits]) / costs.sum()
    images = np.array([np.mean(y == digit) for digit in digits])
    axes.bar(digits, 100 * misfit, color=[DIGIT_COLOURS[digit] for digit in digits], label="of the misfit")
    axes.plot(
        digits, 100 * images, "_", color="black", markersize=22, markeredgewidth=2, label="of the images"
    )
    axes.set_xticks(digits)
    axes.set(xlabel="digit", ylabel="%", title="Each digit's share of the squared sliced W2")
    axes.set_ylim(0, 120 * max(misfit.max(), images.max()))  # The legend stands above the bars.
    axes.legend(frameon=False, loc="upper center", ncols=2)


def draw_radii(axes: Axes, scores: np.ndarray) -> None:
    """Quantiles of the normal scores' radius against the null's, with its exact pointwise band."""
    radii = np.sort(np.hypot(scores[:, 0], scores[:, 1]))
    u, low, high = _order_statistics(len(scores))
    due = stats.rayleigh.ppf(u)
    axes.fill_between(due, stats.rayleigh.ppf(low) - due, stats.rayleigh.ppf(high) - due, color="0.85")
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.plot(due, radii - due, color=BLUE)
    axes.set(xlabel="quantile of the prior's radius", ylabel="codes' quantile minus the prior's")
    axes.set_title("Radius of the normal scores: above 0 too far out\n(grey: null band, 95%)")


def draw_angles(axes: Axes, scores: np.ndarray) -> None:
    """CDF of the normal scores' angle minus the uniform one, with its exact pointwise null band."""
    turns = np.sort(np.arctan2(scores[:, 1], scores[:, 0])) / (2 * np.pi) + 0.5
    u, low, high = _order_statistics(len(scores))
    angles = 360 * turns - 180
    axes.fill_between(360 * u - 180, 100 * (u - high), 100 * (u - low), color="0.85")
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.plot(angles, 100 * (u - turns), color=BLUE)
    axes.set_xticks(range(-180, 181, 90))
    axes.set(xlabel="angle in degrees", ylabel="% of codes beyond the prior's share")
    axes.set_title(
        "Angle of the normal scores: rising: too many codes,\nfalling: too few (grey: null band, 95%)"
    )


def _order_statistics(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, and ends of the central 95%, of each of n sorted uniform samples: Beta(i, n + 1 - i)."""
    i = np.arange(1, n + 1)
    low, high = (stats.beta.ppf(tail, i, n + 1 - i) for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return i / (n + 1), np.asarray(low), np.asarray(high)


def figure_when(curves: pd.DataFrame, band: tuple[float, float], title: str) -> Figure:
    """Fit over training above the losses of the objective.

    Args:
        curves: a row an epoch: epoch, sliced_w2, mean_distance, reconstruction_loss, and the
            objective's losses, if any.
        band: ends of the null band of the sliced W2 (central 95%).
        title: one line above the panels.
    """
    figure = Figure(figsize=(7.6, 6.4), layout="constrained")
    figure.suptitle(title)
    above, below = figure.subplots(2, 1, sharex=True)
    above.axhspan(*band, color="0.85", label="null band of the sliced W2 (95%)")
    above.plot(curves["epoch"], curves["sliced_w2"], "o-", color=BLUE, label="sliced W2")
    above.plot(curves["epoch"], curves["mean_distance"], "s--", color=RED, label="distance of the means")
    above.set(yscale="log", ylabel="standard deviations of the prior")
    # Beside the panels: a curve may go anywhere within.
    beside: dict[str, Any] = {"frameon": False, "loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 3}
    above.legend(**beside)
    fit = ("epoch", "sliced_w2", "mean_distance", "reconstruction_loss")
    losses = [str(name) for name in curves if name not in fit] or ["reconstruction_loss"]
    for name, style, colour in zip(losses, ("o-", "s--"), (BLUE, RED), strict=False):
        if name in CHANCE:
            value, label = CHANCE[name]
            below.axhline(value, color="0.5", linewidth=0.8, label=label)
        label = LABELS.get(name, name.replace("_", " "))
        below.plot(curves["epoch"], curves[name], style, color=colour, label=label)
    below.set(xlabel="epoch", ylabel="loss, mean over the epoch")
    below.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    below.legend(**beside)
    return figure
