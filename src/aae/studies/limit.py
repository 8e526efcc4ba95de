"""limit: does the misfit go away with training?"""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from aae.compare.measures import MEASURES
from aae.compare.summary import over_seeds
from aae.compare.verdicts import equivalence, in_words, interval, shown
from aae.draw.curves import Curve, Panel, figure_curves
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, contrast, grouped, over

BY = ("interval", "epochs")  # What a variant's runs have in common in the table.
PANELS = ("kl_training", "kl", "total_variation", "reconstruction_error")
WHOLE = {  # Judged from the first budget to the last.
    "total_variation": MEASURES["total_variation"].title,
    "reconstruction_error": MEASURES["reconstruction_error"].title,
    "step": "step in KL from training to test codes",
}
STAYS = 0.01  # Nats of KL divergence within which one budget and its double are equivalent.


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out."""
    return summarise(grid, BY, settings, verdict, figure)


WITHDRAWN = (
    "Withdrawn: version 0.13.0 concluded from a closed discriminator gap, and a misfit that stays, that the "
    "trade-off with reconstruction is real. The gap is closed as well where the discriminator sees nothing, "
    "and from an adversarial weight of 0.01 to 0.1 (study tradeoff) the misfit falls while no change of the "
    "squared error of test images is shown."
)


def settings(config: RunConfig) -> dict[str, Any]:
    """Settings that vary: minibatches from one regularization phase to the next, and epochs."""
    return {"interval": config.train.regularization_interval, "epochs": config.train.epochs}


def named(every: int) -> str:
    """Frequency of the regularization phase, in words."""
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
    """Say what more epochs change, and what they do not, for each interval of the regularization phase.

    By 95% intervals of differences, paired by seed: from the first budget to the last, and from the last but
    one, half of it, to the last. The KL divergence of training codes has stopped falling where it is
    equivalent within `STAYS` over the last doubling.
    """
    means = over_seeds(rows, BY)
    rows = [{**run, "step": run["kl"] - run["kl_training"]} for run in rows]
    sentences = []
    for every in sorted({row["interval"] for row in rows}):
        found = {(row["epochs"], row["measure"]): row["mean"] for row in means if row["interval"] == every}
        budgets = sorted({epochs for epochs, _ in found})
        if len(budgets) == 1:  # Nothing to compare.
            continue
        of = grouped([run for run in rows if run["interval"] == every], lambda run: run["epochs"])
        values = in_words([f"{found[epochs, 'kl_training']:.3f}" for epochs in budgets])
        last = contrast(of[budgets[-1]], of[budgets[-2]], "kl_training", STAYS)
        words = [
            f"Regularization phase {named(every)}: with {in_words(budgets)} epochs the KL divergence of "
            f"training codes is {values} nats"
        ]
        if last["low"] is not None:
            words.append(
                f"from {budgets[-2]} to {budgets[-1]} epochs it changes by {last['difference']:+.3f} "
                f"({interval(last, '+.3f')}; {equivalence(last)})"
            )
            for measure, name in WHOLE.items():
                whole = contrast(of[budgets[-1]], of[budgets[0]], measure)
                words.append(
                    f"from {budgets[0]} to {budgets[-1]} the {name} changes by {whole['difference']:+.4f} "
                    f"({shown(whole, '.4f')})"
                )
        sentences.append("; ".join(words) + ".")
    return sentences + intervals_compared(rows) + ([WITHDRAWN] if sentences else [])


def intervals_compared(rows: Rows) -> list[str]:
    """The regularization phase less often: what it changes of fit and error at each budget."""
    of = grouped(rows, lambda run: (run["interval"], run["epochs"]))
    first, *others = sorted({run["interval"] for run in rows})
    sentences = []
    for other in others:
        for measure, name, form in (
            ("kl_training", "KL of training codes", ".3f"),
            ("reconstruction_error", "squared error (seen after the run)", ".4f"),
        ):
            found = {
                epochs: contrast(of[other, epochs], of[first, epochs], measure)
                for epochs in sorted({run["epochs"] for run in rows})
                if (other, epochs) in of and (first, epochs) in of
            }
            words = [
                f"with {epochs} epochs {row['difference']:+{form}} ({shown(row, form)})"
                for epochs, row in found.items()
                if row["low"] is not None
            ]
            if words:
                sentences.append(
                    f"Regularization phase {named(other)} instead of {named(first)}, {name}, paired by seed: "
                    f"{'; '.join(words)}."
                )
    return sentences
