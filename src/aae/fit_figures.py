"""Figures of the fit: how good, where it fails, and when. Arrays in, figures out; no torch, no paths."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats
from scipy.ndimage import gaussian_filter

from aae.figures import DIGIT_COLOURS, LAYOUT, draw_contours
from aae.fit import transport_costs
from aae.priors import Gaussian

BLUE, RED = DIGIT_COLOURS[0], DIGIT_COLOURS[2]
BANDWIDTH = 0.15  # Of the density ratio's Gaussian kernel, in the prior's standard deviations.
LEAST_EXPECTED = 10  # Draws under the kernel below which the ratio is noise, and is not shown.
LEVEL = 0.95


def figure_fit(fits: Sequence[tuple[str, np.ndarray]], floor: tuple[float, float], label: str) -> Figure:
    """The fit of every variant and seed on one logarithmic axis, beside the floor of true draws.

    Args:
        fits: each variant's name and its distances, one a seed.
        floor: lowest and highest distance that true draws of the same size give (central 95%).
        label: name of the axis.
    """
    figure = Figure(figsize=(8, 1.3 + 0.45 * len(fits)), layout=LAYOUT)
    axes = figure.add_subplot()
    axes.axvspan(*floor, color="0.8", label="true prior draws (central 95%)")
    for row, (_, distances) in enumerate(fits):
        axes.plot(distances, np.full(len(distances), row), "o", color=BLUE, alpha=0.7)
        axes.plot(np.mean(distances), row, "|", color="black", markersize=16, markeredgewidth=2)
    axes.plot([], [], "o", color=BLUE, alpha=0.7, label="one seed")
    axes.plot([], [], "|", color="black", markersize=12, markeredgewidth=2, linestyle="", label="mean")
    axes.set_yticks(range(len(fits)), [name for name, _ in fits])
    axes.set(xscale="log", xlabel=label, ylim=(len(fits) - 0.5, -0.5))
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def figure_where(z: np.ndarray, y: np.ndarray, prior: Gaussian, title: str) -> Figure:
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
    draw_radii(panels[1, 0], z, prior)
    draw_angles(panels[1, 1], z)
    return figure


def draw_density_ratio(axes: Axes, z: np.ndarray, prior: Gaussian) -> None:
    """log2 q/p, both smoothed with one kernel, where enough prior draws are to be expected."""
    edges = prior.std * np.linspace(-4, 4, 201)
    middles = (edges[1:] + edges[:-1]) / 2
    cell = edges[1] - edges[0]
    width = BANDWIDTH * prior.std / cell
    counts = np.histogram2d(z[:, 1], z[:, 0], bins=[edges, edges])[0]
    plane = np.stack(np.meshgrid(middles, middles), axis=-1)
    expected = len(z) * cell**2 * np.exp(prior.log_density(plane))
    found, due = (gaussian_filter(mass, width, mode="constant") for mass in (counts, expected))
    under_kernel = due * 4 * np.pi * width**2
    # Where no code is near, log2 is minus infinity, which would be left blank like what is not shown.
    ratio = np.log2(np.maximum(found / due, 2.0**-9))
    ratio[under_kernel < LEAST_EXPECTED] = np.nan
    axes.set_facecolor("0.85")
    image = axes.pcolormesh(edges, edges, ratio, cmap="RdBu_r", vmin=-1.5, vmax=1.5, rasterized=True)
    colours = axes.figure.colorbar(image, ax=axes, extend="both", ticks=[-1, 0, 1])
    colours.ax.set_yticklabels(["half", "equal", "twice"])
    draw_contours(axes, prior)
    reach = 3.2 * prior.std
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
    axes.set_title(
        "Density of the codes beside the prior's\n"
        f"(kernel {BANDWIDTH:g}; lines hold 50, 90, 99% of p; grey: too few)"
    )


def draw_digit_shares(axes: Axes, z: np.ndarray, y: np.ndarray, prior: Gaussian) -> None:
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


def draw_radii(axes: Axes, z: np.ndarray, prior: Gaussian) -> None:
    """Quantiles of the radius against the prior's, with the exact pointwise band of true draws."""
    radii = np.sort(np.hypot(z[:, 0], z[:, 1])) / prior.std
    u, low, high = _order_statistics(len(z))
    due = stats.rayleigh.ppf(u)
    axes.fill_between(due, stats.rayleigh.ppf(low) - due, stats.rayleigh.ppf(high) - due, color="0.85")
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.plot(due, radii - due, color=BLUE)
    axes.set(xlabel="quantile of the prior's radius", ylabel="codes' quantile minus the prior's")
    axes.set_title("Radius: above 0 too far out\n(grey: 95% of true draws)")


def draw_angles(axes: Axes, z: np.ndarray) -> None:
    """CDF of the angle minus the uniform one, with the exact pointwise band of true draws."""
    turns = np.sort(np.arctan2(z[:, 1], z[:, 0])) / (2 * np.pi) + 0.5
    u, low, high = _order_statistics(len(z))
    angles = 360 * turns - 180
    axes.fill_between(360 * u - 180, 100 * (u - high), 100 * (u - low), color="0.85")
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.plot(angles, 100 * (u - turns), color=BLUE)
    axes.set_xticks(range(-180, 181, 90))
    axes.set(xlabel="angle in degrees", ylabel="% of codes beyond the prior's share")
    axes.set_title("Angle: rising where codes crowd,\nfalling where they lack (grey: 95% of true draws)")


def _order_statistics(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, and ends of the central 95%, of each of n sorted uniform draws: Beta(i, n + 1 - i)."""
    i = np.arange(1, n + 1)
    low, high = (stats.beta.ppf(tail, i, n + 1 - i) for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return i / (n + 1), np.asarray(low), np.asarray(high)


def figure_when(curves: pd.DataFrame, floor: tuple[float, float], title: str) -> Figure:
    """Fit over training above the losses that are meant to tell of it.

    Args:
        curves: a row an epoch: epoch, sliced_w2, off_centre, discriminator_loss and
            encoder_adversarial_loss (NaN without a prior).
        floor: lowest and highest sliced W2 that true draws give (central 95%).
        title: one line above the panels.
    """
    figure = Figure(figsize=(7.6, 6.4), layout="constrained")
    figure.suptitle(title)
    above, below = figure.subplots(2, 1, sharex=True)
    above.axhspan(*floor, color="0.85", label="sliced W2 of true draws")
    above.plot(curves["epoch"], curves["sliced_w2"], "o-", color=BLUE, label="sliced W2")
    above.plot(curves["epoch"], curves["off_centre"], "s--", color=RED, label="distance of the mean from 0")
    above.set(yscale="log", ylabel="standard deviations of the prior")
    # Beside the panels: a curve may go anywhere within.
    beside: dict[str, Any] = {"frameon": False, "loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 3}
    above.legend(**beside)
    below.axhline(np.log(2), color="0.5", linewidth=0.8, label="ln 2: nothing told apart")
    for column, style, colour, label in (
        ("discriminator_loss", "o-", BLUE, "discriminator's loss"),
        ("encoder_adversarial_loss", "s--", RED, "encoder's adversarial loss"),
    ):
        if curves[column].notna().any():
            below.plot(curves["epoch"], curves[column], style, color=colour, label=label)
    below.set(xlabel="epoch", ylabel="nats, mean over the epoch")
    below.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    below.legend(**beside)
    return figure
