"""tradeoff: what does fitting the prior cost, in reconstructions and in digits that lie together?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aae.compare.measures import MEASURES
from aae.compare.summary import over_seeds
from aae.compare.verdicts import Numbers, shown, spread
from aae.draw.front import Panel, Series, figure_front
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, Row, summarise
from aae.studies.variants import Rows, contrast, grouped, paired

BY = ("objective", "weight")  # What a variant's runs have in common in the table.
SERIES = {  # What `settings` calls an objective, and what the figure does.
    "adversarial": "adversarial, deterministic encoder, weights",
    "variational": "variational, Gaussian encoder, weights",
    "equal weighting": "adversarial, the paper's equal weighting",
    "unregularized": "no regularization",
}
PANELS = ("reconstruction_error", "neighbour_accuracy")


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out."""
    return summarise(grid, BY, settings, verdict, figure)


def settings(config: RunConfig) -> dict[str, Any]:
    """Settings that vary: the objective (a key of `SERIES`) and its weight at the end of training."""
    train = config.train
    match config.objective_name:
        case "variational":
            return {"objective": "variational", "weight": train.kl_weight}
        case "adversarial":
            constant = train.adversarial_weight_start == train.adversarial_weight
            name = "equal weighting" if constant else "adversarial"
            return {"objective": name, "weight": train.adversarial_weight}
        case _:
            return {"objective": config.objective_name, "weight": 0.0}


def figure(rows: Rows) -> Figure:
    """KL divergence of training codes against squared error and against neighbour accuracy."""
    y_label = MEASURES["kl_training"].label
    panels = [Panel(MEASURES[measure].label, y_label, series_of(rows, measure)) for measure in PANELS]
    return figure_front(panels, "What fitting the prior costs; prior: gaussian")


def series_of(rows: Rows, measure: str) -> list[Series]:
    """A series an objective: a number against the KL divergence of training codes, by weight."""
    result = []
    for objective, name in SERIES.items():
        runs = [run for run in rows if run["objective"] == objective]
        weights = sorted({run["weight"] for run in runs})
        if weights:
            x, y = (
                [np.array([run[key] for run in runs if run["weight"] == weight]) for weight in weights]
                for key in (measure, "kl_training")
            )
            result.append(Series(name, [f"{weight:g}" for weight in weights], x, y))
    return result


def verdict(rows: Rows) -> list[str]:
    """Verdict by rules that were written down before the run.

    At equal squared error the variational objective fits worse at a weight if its KL divergence of training
    codes (mean over seeds) is above the adversarial front there: the line through the means of the
    adversarial weights, in error and logarithm of KL divergence. Weights with an error that no adversarial
    weight comes up to, or down to, are left out.
    """
    found: dict[str, dict[float, dict[str, Row]]] = {}
    for row in over_seeds(rows, BY):
        of_objective = found.setdefault(row["objective"], {})
        of_objective.setdefault(row["weight"], {})[row["measure"]] = row
    sentences = []
    front = found.get("adversarial", {})
    if len(front) > 1:
        least, most = front[min(front)], front[max(front)]
        weights = f"From an adversarial weight of {min(front):g} to {max(front):g}"
        sentences.append(f"{weights}: {told(least)}, then {told(most)}.")
        if variational := found.get("variational"):
            sentences.append(beside(front, variational))
    for objective, words in (
        ("equal weighting", "The paper's equal weighting of reconstruction and adversarial loss"),
        ("unregularized", "No regularization"),
    ):
        sentences += [f"{words}: {told(numbers)}." for numbers in found.get(objective, {}).values()]
    return sentences + turn(rows)


def turn(rows: Rows) -> list[str]:
    """Say what the adversarial weight changes, from the lowest to the best, and from there to the highest.

    Seen after the run. The best weight has the lowest KL divergence of training codes (mean over seeds).
    """
    runs = [run for run in rows if run["objective"] == "adversarial"]
    of_weight = grouped(runs, lambda run: run["weight"])
    if not of_weight:
        return []
    best = min(of_weight, key=lambda weight: np.mean([run["kl_training"] for run in of_weight[weight]]))
    sentences = []
    for weight, other in ((min(of_weight), best), (best, max(of_weight))):
        pair = of_weight[other], of_weight[weight]
        if weight != other and len(paired(*pair, "kl_training")[0]) > 1:
            kl, error = (contrast(*pair, name) for name in ("kl_training", "reconstruction_error"))
            sentences.append(
                f"Seen after the run, from an adversarial weight of {weight:g} to {other:g}, paired by seed: "
                f"KL of training codes {kl['difference']:+.3f} ({shown(kl, '.3f')}), squared error of test "
                f"images {error['difference']:+.4f} ({shown(error, '.4f')})."
            )
    return sentences


def told(numbers: Numbers) -> str:
    """Fit and cost of one variant, means over seeds, in words."""
    kl, error, neighbours = (numbers[name] for name in ("kl_training", *PANELS))
    return (
        f"KL of training codes {kl['mean']:.3f} nats ({spread(kl, '.3f')}), squared error "
        f"{error['mean']:.4f}, neighbour accuracy {neighbours['mean']:.3f}"
    )


def beside(front: Mapping[float, Numbers], variational: Mapping[float, Numbers]) -> str:
    """Say where the variational objective lies beside the adversarial front, in a sentence."""

    def point(numbers: Numbers) -> tuple[float, float]:
        return numbers["reconstruction_error"]["mean"], numbers["kl_training"]["mean"]

    errors, kl = np.array(sorted(map(point, front.values()))).T
    judged = [
        found > np.exp(np.interp(error, errors, np.log(kl)))
        for error, found in map(point, variational.values())
        if errors[0] <= error <= errors[-1]
    ]
    if not judged:
        return "No variational weight has a squared error that the adversarial front has as well."
    return (
        f"At equal squared error the variational objective has a higher KL divergence than the adversarial "
        f"front at {sum(judged)} of the {len(judged)} weights at which the front has such an error "
        f"({len(variational)} weights in all)."
    )
