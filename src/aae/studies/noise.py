"""noise: when does the encoder's noise matter, and what becomes of noise that is learned?"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from aae.compare.verdicts import became, interval, significance
from aae.draw.noise import figure_noise
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, by_variant, contrast, named, sigma_of

BY = ("encoder", "sigma")  # What a variant's runs have in common in the table.
PANELS = ("kl_training", "kl", "reconstruction_error", "neighbour_accuracy")


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out; raises a UserError where curves.csv lacks a run."""
    table_of = {run.config: table for run, table in zip(grid.runs, grid.curves, strict=True)}
    return summarise(
        grid,
        BY,
        lambda config: settings(config, table_of[config]),
        verdict,
        lambda rows: figure(rows, grid.curves),
    )


def settings(config: RunConfig, curves: pd.DataFrame) -> dict[str, Any]:
    """The noise of a run, and what its training objective came to.

    Args:
        config: a run's settings.
        curves: its table over training, a row an epoch.

    Returns:
        sigma, "learned" or fixed, None without one; and the encoder's objective over the last epoch, the
        reconstruction loss plus the weighted adversarial loss.
    """
    last = curves.iloc[-1]
    adversarial = config.train.adversarial_weight * last["encoder_adversarial_loss"]
    return {
        "sigma": sigma_of(config),
        "objective": float(last["reconstruction_loss"] + adversarial),
    }


def figure(rows: Rows, curves: Sequence[pd.DataFrame]) -> Figure:
    """Every variant and seed by four measures, and the learned sigma over training."""
    panels = by_variant(rows, PANELS, named)
    learned = [table for run, table in zip(rows, curves, strict=True) if run["sigma"] == "learned"]
    return figure_noise(panels, learned, "Noise of the encoder, fixed and learned; prior: gaussian")


def verdict(rows: Rows) -> list[str]:
    """Verdict by rules that were written down before the run.

    Learned noise is driven out if its median sigma(x) ends below 0.01 of the prior's standard deviations
    (`became`). A fixed sigma pays if the encoder's training objective is lower with it than with sigma 0,
    paired by seed, and does not if it is higher; nothing is shown where the 95% interval holds 0.
    """
    learned = [run for run in rows if run["sigma"] == "learned"]
    sentences = [f"{became(learned, 'With learned sigma the Gaussian encoder')}."] if learned else []
    still = [run for run in rows if run["sigma"] == 0]
    fixed = sorted({run["sigma"] for run in rows if isinstance(run["sigma"], float) and run["sigma"] > 0})
    for sigma in fixed:
        noisy = [run for run in rows if run["sigma"] == sigma]
        if {run["seed"] for run in noisy} & {run["seed"] for run in still}:
            sentences.append(_cost(sigma, noisy, still))
    return sentences


def _cost(sigma: float, noisy: Rows, still: Rows) -> str:
    """Say what a fixed sigma changes against sigma 0."""

    def change(measure: str, form: str, unit: str = "") -> tuple[Mapping[str, Any], str]:
        row = contrast(noisy, still, measure)
        difference = f"{row['difference']:{form}}{unit}"
        return row, difference if row["low"] is None else f"{difference} ({interval(row, form)})"

    _, kl = change("kl_training", "+.3f", " nats")
    _, error = change("reconstruction_error", "+.4f")
    row, objective = change("objective", "+.5f")
    if row["low"] is None or significance(row) == "not significant":
        word = "whether the noise pays is not shown"
    else:
        word = "the noise does not pay" if row["difference"] > 0 else "the noise pays"
    return (
        f"Fixed sigma {sigma:g} instead of 0 (paired by seed, {row['seeds']} of them): KL of training codes "
        f"{kl}, squared error of test images {error}, the encoder's training objective {objective}: {word}."
    )
