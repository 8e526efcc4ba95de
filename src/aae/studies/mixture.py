"""mixture: does the AAE match the mixture of Figure 2B, part by part?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aae.compare.measures import MEASURES
from aae.compare.summary import over_seeds
from aae.compare.verdicts import spread
from aae.draw.plane import figure_side_by_side
from aae.draw.seeds import figure_seeds
from aae.measure.components import component_fit
from aae.model.priors.base import Prior
from aae.settings.config import RunConfig
from aae.studies import claims
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, by_variant

BY = ("objective", "labels", "first_weight", "weight", "fourier_features")
PANELS = (*claims.MATCHED_PARTS, "kl", "reconstruction_error")
SAMPLES = 20  # Of the prior, beside the codes.
POINT_SIZE = 1.2
COLUMNS = 2


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figures, and what came out."""
    firsts = grid.first_runs()
    prior, codes = firsts[0][2], firsts[0][1]["codes"]
    concluded = summarise(grid, BY, settings, lambda rows: verdict(rows, of_samples(prior, codes)), figure)
    planes = []
    for run, row, prior in firsts:
        if f"{run.variant}/z" in grid.pictures:
            words = f"{named(settings(run.config))}\nseed {run.config.seed}, {row['stray']:.1%} stray"
            planes.append((words, grid.picture(run.variant, "z"), grid.pictures["labels"], prior))
    pictures = {"2B": figure_side_by_side(planes, COLUMNS, POINT_SIZE)} if planes else {}
    return Conclusion(concluded.tables, concluded.figures | pictures)


def settings(config: RunConfig) -> dict[str, Any]:
    """What the study varies: the weights of the encoder's loss, and what the discriminator sees."""
    return claims.settings(config) | {
        "first_weight": config.train.adversarial_weight_start,
        "weight": config.train.adversarial_weight,
        "fourier_features": config.model.fourier_features,
    }


def named(run: Mapping[str, Any]) -> str:
    """A variant in words."""
    features = run["fourier_features"]
    seen = f"{features} Fourier features" if features else "the paper's discriminator"
    return f"weight {run['first_weight']:g} to {run['weight']:g}, {seen}"


def figure(rows: Rows) -> Figure:
    """Every variant and seed by the three parts, the whole, and the error."""
    return figure_seeds(
        by_variant(rows, PANELS, named), "The mixture of Figure 2B, no labels; deterministic encoder"
    )


def of_samples(prior: Prior, n: int) -> dict[str, float]:
    """The means of the three parts over samples of the prior, n codes each."""
    rng = np.random.default_rng([*b"samples of the mixture"])
    found = [component_fit(prior.draw(n, rng), prior) for _ in range(SAMPLES)]
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def verdict(rows: Rows, null: Mapping[str, float]) -> list[str]:
    """A sentence a variant: does it match the mixture, by `claims.MATCHED_PARTS`, and its three parts.

    Args:
        rows: the study's runs.
        null: the three parts, of samples of the prior.
    """
    groups: dict[tuple[Any, ...], dict[str, Mapping[str, Any]]] = {}
    for row in over_seeds(rows, BY):
        groups.setdefault(tuple(row[name] for name in BY), {})[row["measure"]] = row
    return [sentence(numbers, of_variant(rows, key), null) for key, numbers in groups.items()]


def of_variant(rows: Rows, key: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The runs that have these values of `BY`."""
    return [row for row in rows if [row[name] for name in BY] == list(key)]


def sentence(numbers: Mapping[str, Mapping[str, Any]], runs: Rows, null: Mapping[str, float]) -> str:
    """What came out of one variant."""
    found = claims.judge([each for each in claims.matches(runs) if each])
    parts = []
    for name, limit in claims.MATCHED_PARTS.items():
        row, form = numbers[name], MEASURES[name].form
        parts.append(
            f"{MEASURES[name].title} {row['mean']:{form}} ({spread(row, form)}; prior samples "
            f"{null[name]:{form}}, limit {limit:{form}})"
        )
    kl, error = numbers["kl"], numbers["reconstruction_error"]
    start = named(runs[0])
    return (
        f"{start[:1].upper()}{start[1:]} ({kl['seeds']} seeds): that it matches the mixture {found}. "
        f"{'; '.join(parts)}. KL(q || p) as a whole {kl['mean']:.3f} nats ({spread(kl, '.3f')}), squared "
        f"error {error['mean']:.4f}."
    )
