"""claims: does what the paper says of Figures 2 and 3 hold when it is measured?"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from aae.compare.equivalence import compare
from aae.compare.measures import MEASURES
from aae.compare.summary import t_interval
from aae.compare.verdicts import equivalence, interval
from aae.draw.seeds import figure_seeds
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, by_variant, paired

BY = ("encoder", "prior", "objective", "labels")  # What a variant's runs have in common in the table.
PANELS = ("kl", "below_quarter", "reconstruction_error", "neighbour_accuracy")

# What decides, written down before the run.
FILLED = 0.01  # Share of the prior's mass with q/p below 1/4 up to which there are no holes.
MATCHED = 0.1  # Nats of KL divergence of test codes up to which q(z) matches p(z).
# Of a prior with components, where all three must hold: 1% of stray codes can be most of one KL divergence.
MATCHED_PARTS = {"stray": 0.02, "weights_misfit": 0.05, "kl_within": MATCHED}
SIMILAR = 0.02  # Nats of it within which encoders are similar: the ablation's margin.
AT_HOME = 0.9  # Share of test codes in their digit's component from which on each digit lies in its own.
HOLDS, IN_PART, FAILS = "holds", "holds in part", "does not hold"


class Statement(NamedTuple):
    """Something about runs that is true or not."""

    words: str
    """What was measured."""
    of_means: bool
    """Whether it is true of the mean over seeds."""
    shown: bool
    """Whether the 95% interval over seeds says so as well."""


class Claim(NamedTuple):
    """Something that the paper says, and what was measured."""

    name: str
    words: str
    """The paper's: its own in quotation marks, else a summary."""
    figure: str
    """Its number in the paper."""
    statements: Sequence[Statement]
    """What the claim needs; the first has its main number."""
    verdict: str

    @property
    def found(self) -> str:
        """Our numbers, with intervals."""
        return "; ".join(each.words for each in self.statements)


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out."""
    return summarise(grid, BY, settings, verdict, figure)


def settings(config: RunConfig) -> dict[str, Any]:
    """What the study varies beside encoder and prior: the objective, and how many digits are told."""
    return {"objective": config.objective_name, "labels": config.labels}


def named(run: Mapping[str, Any]) -> str:
    """A run's variant in words."""
    model = "VAE" if run["objective"] == "variational" else f"AAE {run['encoder']}"
    return f"{run['prior']}, {model}" + (f", {run['labels']:,} labels" if run["labels"] else "")


def figure(rows: Rows) -> Figure:
    """Every variant and seed by four measures."""
    panels = by_variant(rows, PANELS, named)
    return figure_seeds(
        panels, "AAE and VAE with the priors of the paper's figures, at equal numbers of updates"
    )


def verdict(rows: Rows) -> list[str]:
    """A sentence a claim."""
    return [f"{each.name} (Figure {each.figure}): {each.verdict}. {each.found}." for each in judged(rows)]


def judged(rows: Rows) -> list[Claim]:
    """What the paper says in its sections 2 to 2.3, by a rule that was written down before the run.

    A claim holds if each statement that it needs is shown, does not hold if none is true even of the means,
    and holds in part else. Claims about variants of which there is no run are left out.
    """

    def of(
        prior: str, encoder: str = "deterministic", objective: str = "adversarial", told: bool = False
    ) -> Rows:
        wanted = (prior, encoder, objective, told)
        keys = ("prior", "encoder", "objective")
        return [run for run in rows if (*(run[key] for key in keys), run["labels"] > 0) == wanted]

    aae, vae = of("gaussian"), of("gaussian", "gaussian", "variational")
    aae_mixture, vae_mixture = of("mixture"), of("mixture", "gaussian", "variational")
    gaussian, universal = of("gaussian", "gaussian"), of("gaussian", "universal")
    told = of("mixture", told=True)
    claims = [
        (
            "The AAE's codes fill the Gaussian prior without holes",
            "“the coding space is filled and exhibits no ‘holes’”",
            "2A",
            [at_most(aae, "below_quarter", FILLED)],
        ),
        (
            "The VAE's codes leave holes in it",
            "“no data points map to several local regions of the coding space”",
            "2C",
            [at_least(vae, "below_quarter", FILLED), greater(vae, aae, "below_quarter")],
        ),
        (
            "The AAE matches the mixture",
            "“successfully matched the aggregated posterior with the prior distribution”",
            "2B",
            matches(aae_mixture),
        ),
        (
            "The VAE differs from the mixture",
            "“systematic differences from the mixture of 10 Gaussians”",
            "2D",
            [at_least(vae_mixture, "kl", MATCHED), greater(vae_mixture, aae_mixture, "kl")],
        ),
        (
            "The three encoders give similar results",
            "the three gave similar results, so that the deterministic one is used throughout",
            "2A",
            [alike(aae, gaussian), alike(aae, universal), alike(gaussian, universal)],
        ),
        (
            "Labels put each digit into its own component",
            "each digit is assigned to one component of the mixture, by 10,000 labels",
            "3",
            [at_least(told, "component_accuracy", AT_HOME)],
        ),
    ]
    return [
        Claim(name, words, number, statements, judge(statements))
        for name, words, number, found in claims
        if len(statements := [each for each in found if each]) == len(found)
    ]


def judge(statements: Sequence[Statement]) -> str:
    """Whether a claim that needs all of them holds."""
    if all(each.shown for each in statements):
        return HOLDS
    return IN_PART if any(each.of_means for each in statements) else FAILS


def matches(rows: Rows) -> list[Statement | None]:
    """That q(z) matches a prior with components; by KL divergence alone where its parts were not measured."""
    limits = MATCHED_PARTS if rows and "stray" in rows[0] else {"kl": MATCHED}
    return [at_most(rows, measure, limit) for measure, limit in limits.items()]


def at_most(rows: Rows, measure: str, limit: float) -> Statement | None:
    """That a measure is at most `limit`; None without runs."""
    return _bounded(rows, measure, -1, limit)


def at_least(rows: Rows, measure: str, limit: float) -> Statement | None:
    """That a measure is at least `limit`; None without runs."""
    return _bounded(rows, measure, +1, limit)


def _bounded(rows: Rows, measure: str, sign: int, limit: float) -> Statement | None:
    if not rows:
        return None
    values = np.array([run[measure] for run in rows])
    mean, (low, high) = float(values.mean()), t_interval(values)
    worst = low if sign > 0 else high
    words = f"{named(rows[0])}: {MEASURES[measure].title} {mean:.3f}"
    if low is not None:
        words += f" ({interval({'low': low, 'high': high}, 'z.3f')}, {len(values)} seeds)"  # z: no -0.000.
    return Statement(words, sign * (mean - limit) >= 0, worst is not None and sign * (worst - limit) >= 0)


def greater(a: Rows, b: Rows, measure: str) -> Statement | None:
    """That a measure is greater in `a`, paired by seed; None without a seed that both have."""
    if not len(paired(a, b, measure)[0]):
        return None
    row = compare(*paired(a, b, measure), None)
    words = f"{row['difference']:+.3f} beside {named(b[0])}"
    if row["low"] is not None:
        words += f" ({interval(row, '+.3f')})"
    return Statement(words, row["difference"] > 0, row["low"] is not None and row["low"] > 0)


def alike(a: Rows, b: Rows) -> Statement | None:
    """That two encoders' KL divergences of test codes are equivalent within `SIMILAR`, paired by seed."""
    if not len(paired(a, b, "kl")[0]):
        return None
    row = compare(*paired(a, b, "kl"), SIMILAR)
    words = f"{a[0]['encoder']} - {b[0]['encoder']}: {row['difference']:+.3f} nats of KL"
    if row["low"] is not None:
        words += f" ({interval(row, '+.3f')}; {equivalence(row)})"
    return Statement(words, abs(row["difference"]) <= SIMILAR, bool(row["equivalent"]))
