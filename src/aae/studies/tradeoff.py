"""tradeoff: what does fitting the prior cost, in reconstructions and in digits that lie together?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aae.compare.measures import MEASURES
from aae.compare.summary import over_seeds
from aae.compare.verdicts import interval
from aae.draw.front import Panel, Series, figure_front
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, summarise
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
    """What the study varies: the objective (a key of `SERIES`) and its weight at the end of training."""
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
    """What came out, by rules that were written down before the run.

    At equal squared error the variational objective fits worse at a weight if its KL divergence of training
    codes (mean over seeds) is above the adversarial front there: the line through the means of the
    adversarial weights, in error and logarithm of KL divergence. Weights with an error that no adversarial
    weight comes up to, or down to, are left out.
    """
    found: dict[str, dict[float, dict[str, float]]] = {}
    for row in over_seeds(rows, BY):
        of_objective = found.setdefault(row["objective"], {})
        of_objective.setdefault(row["weight"], {})[row["measure"]] = row["mean"]
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
    """What was seen after the run: an adversarial weight above which the fit is worse again, if there is one.

    That is, the highest weight has a higher KL divergence of training codes than the weight that has the
    lowest one (means over seeds).
    """
    runs = [run for run in rows if run["objective"] == "adversarial"]
    of_weight = grouped(runs, lambda run: run["weight"])
    if len(of_weight) < 2:
        return []
    best = min(of_weight, key=lambda weight: np.mean([run["kl_training"] for run in of_weight[weight]]))
    pair = of_weight[max(of_weight)], of_weight[best]
    if best == max(of_weight) or len(paired(*pair, "kl_training")[0]) < 2:
        return []
    kl, error = (contrast(*pair, measure) for measure in ("kl_training", "reconstruction_error"))
    return [
        f"Seen after the run: the lowest KL divergence is that of weight {best:g}. A weight of "
        f"{max(of_weight):g} instead has {kl['difference']:+.3f} nats ({interval(kl, '+.3f')}) and a squared "
        f"error of {error['difference']:+.4f} ({interval(error, '+.4f')}; paired by seed): more weight than "
        f"{best:g} shows no better fit."
    ]


def told(numbers: Mapping[str, float]) -> str:
    """Fit and cost of one variant, means over seeds, in words."""
    return (
        f"KL of training codes {numbers['kl_training']:.3f} nats, squared error "
        f"{numbers['reconstruction_error']:.4f}, neighbour accuracy {numbers['neighbour_accuracy']:.3f}"
    )


def beside(
    front: Mapping[float, Mapping[str, float]], variational: Mapping[float, Mapping[str, float]]
) -> str:
    """Where the variational objective lies beside the adversarial front, in a sentence."""
    points = sorted((each["reconstruction_error"], each["kl_training"]) for each in front.values())
    errors, kl = np.array(points).T
    judged = worse = 0
    for each in variational.values():
        if errors[0] <= each["reconstruction_error"] <= errors[-1]:
            judged += 1
            there = np.exp(np.interp(each["reconstruction_error"], errors, np.log(kl)))
            worse += each["kl_training"] > there
    if not judged:
        return "No variational weight has a squared error that the adversarial front has as well."
    return (
        f"At equal squared error the variational objective has a higher KL divergence than the adversarial "
        f"front at {worse} of the {judged} weights at which the front has such an error "
        f"({len(variational)} weights in all)."
    )
