"""limit: does the misfit go away with training?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aae.compare.equivalence import compare
from aae.compare.measures import MEASURES
from aae.compare.summary import over_seeds
from aae.compare.verdicts import GAP_CLOSED, interval
from aae.draw.curves import Curve, Panel, figure_curves
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, over, paired

BY = ("interval", "epochs")  # What a variant's runs have in common in the table.
PANELS = ("kl_training", "kl", "gap", "reconstruction_error")
STAYS = 0.01  # Nats by which the KL divergence must fall from one budget to its double to count as falling.


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out."""
    return summarise(grid, BY, settings, verdict, figure)


WITHDRAWN = (
    "Withdrawn: version 0.13.0 concluded from a closed gap and a misfit that stays that the trade-off with "
    "reconstruction is real. The gap is closed where the discriminator sees nothing as well, and from an "
    "adversarial weight of 0.01 to 0.1 (study tradeoff) the misfit falls and the squared error does not move."
)


def settings(config: RunConfig) -> dict[str, Any]:
    """What the study varies: minibatches from one regularization phase to the next, and epochs."""
    return {"interval": config.train.regularization_interval, "epochs": config.train.epochs}


def named(every: int) -> str:
    """How often the regularization phase runs, in words."""
    return "on every minibatch" if every == 1 else f"on every {every}th minibatch"


def figure(rows: Rows) -> Figure:
    """Four measures over the number of epochs, a curve for each interval of the regularization phase."""

    def name(run: Mapping[str, Any]) -> str:
        return f"regularization phase {named(run['interval'])}"

    by_interval = sorted(rows, key=lambda run: run["interval"], reverse=True)
    panels = [
        Panel(MEASURES[measure].label, [Curve(*each) for each in over(by_interval, "epochs", measure, name)])
        for measure in PANELS
    ]
    title = "Longer training, each budget with its own schedule; deterministic encoder, prior: gaussian"
    return figure_curves(panels, "epochs", title)


def verdict(rows: Rows) -> list[str]:
    """What came out, a sentence for each interval of the regularization phase, and what speaks against it.

    The rule, written down before the run: at the longest budget the gap is closed (at most `GAP_CLOSED`) or
    open; and from the budget before it, half of it, the KL divergence of training codes falls by more than
    `STAYS`, or stays. Closed and stays was to mean that the trade-off with reconstruction is real; that is
    withdrawn, as a closed gap does not show that the discriminator sees anything. Open: the discriminator's
    optimisation is the limit. Closed and falls: the end is not reached.
    """
    means = over_seeds(rows, BY)
    sentences = []
    for every in sorted({row["interval"] for row in rows}):
        found = {(row["epochs"], row["measure"]): row["mean"] for row in means if row["interval"] == every}
        budgets = sorted({epochs for epochs, _ in found})
        kl = [found[epochs, "kl_training"] for epochs in budgets]
        if len(budgets) == 1:  # Nothing to compare.
            continue
        gap = found[budgets[-1], "gap"]
        sentences.append(
            f"Regularization phase {named(every)}: with {in_words(budgets)} epochs the KL divergence of "
            f"training codes is {in_words([f'{value:.3f}' for value in kl])} nats; at the end the "
            f"discriminator gap is {gap:.4f} nats: {conclusion(gap, kl[-2] - kl[-1])}."
        )
    return sentences + doubt(rows) + ([WITHDRAWN] if sentences else [])


def doubt(rows: Rows) -> list[str]:
    """What was seen after the run: two intervals of equal error and different fit, at the longest budget.

    If both gaps are closed and the KL divergence of training codes differs while the squared error does not
    (95% intervals of the differences, paired by seed), then the misfit of one of them is no price of
    reconstructions, although the rule says so.
    """
    longest = [run for run in rows if run["epochs"] == max(run["epochs"] for run in rows)]
    first, *others = sorted({run["interval"] for run in longest})
    a = [run for run in longest if run["interval"] == first]
    sentences = []
    for other in others:
        b = [run for run in longest if run["interval"] == other]
        kl, error = (
            compare(*paired(b, a, measure), None) for measure in ("kl_training", "reconstruction_error")
        )
        closed = all(np.mean([run["gap"] for run in runs]) <= GAP_CLOSED for runs in (a, b))
        if closed and kl["low"] is not None and kl["low"] > 0 and error["low"] <= 0 <= error["high"]:
            sentences.append(
                f"Seen after the run: the regularization phase {named(other)} instead of {named(first)} has "
                f"{kl['difference']:+.3f} nats of KL of training codes ({interval(kl, '+.3f')}) at a squared "
                f"error that does not differ ({error['difference']:+.5f}, {interval(error, '+.5f')}; paired "
                f"by seed): a closed gap does not prove that the misfit is the price of reconstructions."
            )
    return sentences


def conclusion(gap: float, fall: float) -> str:
    """What the discriminator gap and the fall of the KL divergence at the end, both in nats, say."""
    if gap > GAP_CLOSED:
        return "the gap is open, so the discriminator's optimisation is the limit"
    if fall > STAYS:
        return "the gap is closed and the misfit still falls, so the end is not reached"
    return "the gap is closed and the misfit stays"


def in_words(values: Sequence[object]) -> str:
    """Several values as "a, b and c"."""
    *others, last = map(str, values)
    return f"{', '.join(others)} and {last}"
