"""limit: does the misfit go away with training, or is the trade-off with reconstruction real?"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from aae.config import RunConfig
from aae.draw.curves import Curve, Panel, figure_curves
from aae.measure.summary import over_seeds
from aae.measure.verdicts import GAP_CLOSED
from aae.studies.variants import Rows, over

BY = ("interval", "epochs")  # What a variant's runs have in common in the table.
VARIES = (  # The settings in which cells may differ, beside the seed.
    "train.epochs",
    "train.regularization_interval",
    "train.adversarial_weight_start",
    "train.adversarial_weight",
)
PANELS = {
    "kl_training": "KL(q || p) of training codes, nats",
    "kl": "KL(q || p) of test codes, nats",
    "gap": "discriminator gap, nats of JSD",
    "reconstruction_error": "squared error a pixel, test images",
}
STAYS = 0.01  # Nats by which the KL divergence must fall from one budget to its double to count as falling.


def settings(config: RunConfig, curves: pd.DataFrame) -> dict[str, Any]:
    """What the study varies: minibatches from one regularization phase to the next, and epochs."""
    return {"interval": config.train.regularization_interval, "epochs": config.train.epochs}


def named(interval: int) -> str:
    """How often the regularization phase runs, in words."""
    return "on every minibatch" if interval == 1 else f"on every {interval}th minibatch"


def figure(rows: Rows, curves: Sequence[pd.DataFrame]) -> Figure:
    """Four measures over the number of epochs, a curve for each interval of the regularization phase."""

    def name(run: Mapping[str, Any]) -> str:
        return f"regularization phase {named(run['interval'])}"

    by_interval = sorted(rows, key=lambda run: run["interval"], reverse=True)
    panels = [
        Panel(label, [Curve(*each) for each in over(by_interval, "epochs", measure, name)])
        for measure, label in PANELS.items()
    ]
    title = "Longer training, each budget with its own schedule; deterministic encoder, prior: gaussian"
    return figure_curves(panels, "epochs", title)


def verdict(rows: Rows) -> list[str]:
    """What came out, a sentence for each interval of the regularization phase.

    The rule, written down before the run: at the longest budget the gap is closed (at most `GAP_CLOSED`) or
    open; and from the budget before it, half of it, the KL divergence of training codes falls by more than
    `STAYS`, or stays. Closed and stays: the trade-off with reconstruction is real. Open: the discriminator's
    optimisation is the limit. Closed and falls: the end is not reached.
    """
    means = over_seeds(rows, BY)
    sentences = []
    for interval in sorted({row["interval"] for row in rows}):
        found = {(row["epochs"], row["measure"]): row["mean"] for row in means if row["interval"] == interval}
        budgets = sorted({epochs for epochs, _ in found})
        kl = [found[epochs, "kl_training"] for epochs in budgets]
        if len(budgets) == 1:  # Nothing to compare.
            continue
        gap = found[budgets[-1], "gap"]
        sentences.append(
            f"Regularization phase {named(interval)}: with {in_words(budgets)} epochs the KL divergence of "
            f"training codes is {in_words([f'{value:.3f}' for value in kl])} nats; at the end the "
            f"discriminator gap is {gap:.4f} nats: {conclusion(gap, kl[-2] - kl[-1])}."
        )
    return sentences


def conclusion(gap: float, fall: float) -> str:
    """What the discriminator gap and the fall of the KL divergence at the end, both in nats, say."""
    if gap > GAP_CLOSED:
        return "the gap is open, so the discriminator's optimisation is the limit"
    if fall > STAYS:
        return "the gap is closed and the misfit still falls, so the end is not reached"
    return "the gap is closed and the misfit stays, so the trade-off with reconstruction is real"


def in_words(values: Sequence[object]) -> str:
    """Several values as "a, b and c"."""
    *others, last = map(str, values)
    return f"{', '.join(others)} and {last}"
