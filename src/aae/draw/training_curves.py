"""Curves over training: the fit of a run's codes, what the discriminator saw of it, and the losses."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aae.draw.style import BAND, BLUE, GREY, LAYOUT, ORANGE, WIDTH, styled

# Panels of one curve: its column, what it is, and the axis.
SINGLE = {
    "kl_divergence": ("Objective: KL(q(z|x) || p(z)), mean over the images", "nats"),
    "reconstruction_loss": ("Reconstruction loss, mean over the epoch", "mean over pixels"),
    "learning_rate": ("Learning rate of encoder and decoder", ""),
}
# Beside the panels: a curve may go anywhere within.
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0}


@styled
def figure_when(curves: pd.DataFrame, band: tuple[float, float], images: str, title: str) -> Figure:
    """The fit over training above what the objective says of it, the reconstruction and the learning rate.

    What a run does not have has no panel.

    Args:
        curves: a row an epoch: epoch, kl, kl_training, probe_jsd, reconstruction_loss, learning_rate and,
            where the run has them, discriminator_jsd, kl_divergence, or sigma_low, sigma_median and
            sigma_high.
        band: ends of the null band of the KL divergences (central 95%).
        images: what the evaluation images are called: "test" or "validation".
        title: one line above the panels.
    """
    single = [column for column in SINGLE if column in curves]
    noisy = "sigma_high" in curves and curves["sigma_high"].max() > 0
    count = 2 + noisy + len(single)
    figure = Figure(figsize=(WIDTH, 0.6 + 1.4 * count), layout=LAYOUT)
    figure.suptitle(title)
    panels = figure.subplots(count, 1, sharex=True)
    draw_kl(panels[0], curves, band, images)
    draw_divergence(panels[1], curves)
    if noisy:
        draw_sigma(panels[2], [curves])
        panels[2].set(ylabel="standard deviations\nof p(z)")
        panels[2].set_title("Noise of the encoder: sigma(x)", loc="left")
        panels[2].legend(**BESIDE)
    for axes, column in zip(panels[count - len(single) :], single, strict=True):
        words, unit = SINGLE[column]
        axes.plot(curves["epoch"], curves[column], "o-", color=BLUE)
        axes.set(ylabel=unit, ylim=(0, 1.1 * curves[column].max() or None))
        axes.set_title(words, loc="left")
    panels[-1].set_xlabel("epoch")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.align_ylabels()
    return figure


def draw_kl(axes: Axes, curves: pd.DataFrame, band: tuple[float, float], images: str) -> None:
    """The marginal KL divergence of both kinds of codes, on a logarithmic axis, beside the null band."""
    drawn = curves[["kl", "kl_training"]].to_numpy()
    # An estimate near 0 may be negative, and so may an end of the band: they leave the axis at the bottom.
    bottom = 0.5 * min([*drawn[drawn > 0], max(band[1], 1e-3)])
    axes.axhspan(
        max(band[0], bottom), max(band[1], bottom), color=BAND, label="95% of as many\nsamples of p(z)"
    )
    for column, name, style, colour in (
        ("kl", f"{images} codes", "o-", BLUE),
        ("kl_training", "as many of the\nfirst training codes", "s--", ORANGE),
    ):
        axes.plot(curves["epoch"], curves[column], style, color=colour, label=name)
    axes.set_yscale("log", nonpositive="clip")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(ylabel="nats", ylim=(bottom, None))
    axes.set_title("Fit of the codes: KL(q(z) || p(z))", loc="left")
    axes.legend(**BESIDE)


def draw_divergence(axes: Axes, curves: pd.DataFrame) -> None:
    """The Jensen-Shannon divergence that a fresh probe finds, and that which the discriminator sees."""
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.plot(curves["epoch"], curves["probe_jsd"], "o-", color=BLUE, label="as boosted trees find")
    if "discriminator_jsd" in curves:
        label = "as the discriminator's\nloss implies"
        axes.plot(curves["epoch"], curves["discriminator_jsd"], "s--", color=ORANGE, label=label)
    axes.set(ylabel="nats")
    axes.set_title("Jensen-Shannon divergence of q(z) and p(z)", loc="left")
    axes.legend(**BESIDE)


def draw_sigma(axes: Axes, runs: Sequence[pd.DataFrame]) -> None:
    """The encoder's noise: median and central 90% of sigma(x), a band a run, on a logarithmic axis.

    Args:
        axes: where to draw; legend, title and labels are the caller's.
        runs: each a row an epoch, with sigma_low, sigma_median and sigma_high.
    """
    for run, curves in enumerate(runs):
        names = ("90% of images\nand dimensions", "median") if run == 0 else (None, None)
        axes.fill_between(
            curves["epoch"],
            curves["sigma_low"],
            curves["sigma_high"],
            color=BLUE,
            alpha=0.15,
            linewidth=0,
            label=names[0],
        )
        axes.plot(curves["epoch"], curves["sigma_median"], "o-", color=BLUE, label=names[1])
    axes.set_yscale("log", nonpositive="clip")
