"""claims: does what the paper says of Figures 2 and 3 hold when it is measured?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from aae.compare.measures import MEASURES
from aae.compare.summary import t_interval
from aae.compare.verdicts import MOMENTS_AGREE, equivalence, interval
from aae.draw.seeds import figure_seeds
from aae.settings.config import RunConfig
from aae.studies import table1
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, by_variant, contrast, longest, paired

BY = ("encoder", "prior", "objective", "likelihood", "labels")  # What a variant's runs have in common.
PANELS = ("kl", "below_quarter", "reconstruction_error", "neighbour_accuracy")

# What decides, written down before the run.
FILLED = 0.01  # Share of the prior's mass with q/p below 1/4 up to which there are no holes.
MATCHED = 0.1  # Nats of KL divergence of test codes up to which q(z) matches p(z).
# Of a prior with components, where all three must hold: 1% of stray codes can be most of one KL divergence.
MATCHED_PARTS = {"stray": 0.02, "weights_misfit": 0.05, "kl_within": MATCHED}
SIMILAR = 0.02  # Nats of it within which encoders are similar: the ablation's margin.
AT_HOME = 0.9  # Share of test codes in their digit's component from which on each digit lies in its own.
SHARP = 0.15  # Share of the prior's mass, decoded, of which a classifier may be unsure.
NEAR = 1.05  # Decoded percentiles' distance to the nearest training image, in that of reconstructions.
RETURNS = 0.1  # Standard deviations of the prior from a percentile to the code of its image, in the median.
HOLDS, IN_PART, FAILS = "holds", "holds in part", "does not hold"
ONE_SEED, NOT_YET, NOT_TESTED = "not judged: one seed", "not measured yet", "not tested"

VAES = "2C", "2D"  # Figures of the paper that show a VAE.
PAPER = "paper"  # The study of the paper's own settings.


class Number(NamedTuple):
    """A mean over runs, and where it can be looked up."""

    where: Mapping[str, Any]
    """Values that the runs have in common, by the rows' keys."""
    measure: str
    value: float


class Statement(NamedTuple):
    """Something about runs that is true or not."""

    words: str
    """Measurement in words."""
    of_means: bool
    """Tells if it is true of the mean over seeds."""
    shown: bool
    """Tells if the 95% interval over seeds says so as well."""
    low: float | None
    high: float | None
    """Ends of that interval; None with one seed."""
    numbers: Sequence[Number]
    """Numbers that it is made of: one mean, or the two whose difference or ratio it is about."""


Needs = Callable[[Rows], Sequence[Statement | None]]


class Said(NamedTuple):
    """Something that the paper says, and the rule that judges it."""

    name: str
    words: str
    """The paper's own in quotation marks, else a paraphrase."""
    figure: str
    """Its number in the paper."""
    study: str = ""
    """Whose runs judge it; "" for what is out of scope."""
    needs: Needs = lambda rows: [None]
    """Statements that it takes, of the study's runs; None for what they do not tell."""
    in_papers: Needs | None = None
    """The same of runs in the paper's settings, where these are of that study too, and not of `PAPER`."""

    @property
    def quoted(self) -> bool:
        """Tell if the words are the paper's own."""
        return self.words.startswith("“") and self.words.endswith("”")


class Claim(NamedTuple):
    """Something that the paper says, and what was measured."""

    said: Said
    statements: Sequence[Statement]
    """Statements that the claim needs; the first has its main number. Empty without runs."""
    verdict: str
    in_papers_settings: str = NOT_TESTED
    """The verdict on runs in the paper's own settings, with the main number."""

    @property
    def found(self) -> str:
        """Our numbers, with intervals."""
        return "; ".join(each.words for each in self.statements)


def of(rows: Rows, prior: str, encoder: str = "deterministic", objective: str = "adversarial") -> Rows:
    """The runs of a variant without labels."""
    return [run for run in _of(rows, prior, encoder, objective) if not run["labels"]]


def told(rows: Rows, prior: str) -> Rows:
    """The runs of which the discriminator is told digits."""
    return [run for run in _of(rows, prior, "deterministic", "adversarial") if run["labels"]]


def vae(rows: Rows, prior: str) -> Rows:
    """The runs of the first VAE with a prior; a study may have others, of another likelihood or weight."""
    runs = of(rows, prior, "gaussian", "variational")
    return [run for run in runs if run["likelihood"] == runs[0]["likelihood"]]


def _of(rows: Rows, *wanted: str) -> Rows:
    return [run for run in rows if tuple(run.get(key) for key in ("prior", "encoder", "objective")) == wanted]


# The one list of what the paper says: this study, docs/paper.md and docs/claims.json show it; the README
# shows the first of each figure.
CLAIMS = (
    Said(
        "The AAE's codes fill the Gaussian prior without holes",
        "“the coding space is filled and exhibits no ‘holes’”",
        "2A",
        "claims",
        lambda rows: [at_most(of(rows, "gaussian"), "below_quarter", FILLED)],
    ),
    Said(
        "The AAE turns from one digit to the next at sharp borders",
        "“sharp transitions”",
        "2A",
        "percentiles",
        lambda rows: [at_most(of(rows, "gaussian"), "unsure", SHARP)],
    ),
    Said(
        "The three encoders are similar",
        "the three gave similar results, so that the deterministic one is used throughout",
        "2A",
        "claims",
        lambda rows: [
            alike(of(rows, "gaussian", a), of(rows, "gaussian", b))
            for a, b in (
                ("deterministic", "gaussian"),
                ("deterministic", "universal"),
                ("gaussian", "universal"),
            )
        ],
    ),
    Said(
        "The q(z) of a deterministic encoder may not be smooth",
        "a deterministic encoder's q(z) has no randomness but that of the data, so that it may not be smooth",
        "2A",
    ),
    Said(
        "The AAE matches the mixture",
        "“successfully matched the aggregated posterior with the prior distribution”",
        "2B",
        "claims",
        lambda rows: matches(of(rows, "mixture")),
    ),
    Said(
        "The VAE's codes leave holes in it",
        "“no data points map to several local regions of the coding space”",
        "2C",
        "claims",
        lambda rows: worse(rows, "gaussian", "below_quarter", FILLED),
    ),
    Said(
        "The VAE's codes roughly have the shape of the Gaussian",
        "the VAE roughly matches the shape of a Gaussian",
        "2C",
        "claims",
        lambda rows: [at_most(vae(rows, "gaussian"), "sliced_w2_excess", MOMENTS_AGREE)],
    ),
    Said(
        "The VAE differs from the mixture",
        "“systematic differences from the mixture of 10 Gaussians”",
        "2D",
        "claims",
        lambda rows: worse(rows, "mixture", "kl", MATCHED),
    ),
    Said(
        "Interpolations lie on the manifold",
        "images that interpolate within the space of codes lie on the manifold of the data",
        "2E",
        "percentiles",
        lambda rows: [
            near(of(rows, "gaussian"), "decoded_distance", "reconstruction_distance", NEAR),
            at_most(of(rows, "gaussian"), "return_median", RETURNS),
        ],
    ),
    Said(
        "Labels put each digit into its own component",
        "each digit is assigned to one component of the mixture, by 10,000 labels",
        "3",
        "claims",
        lambda rows: [at_least(told(rows, "mixture"), "component_accuracy", AT_HOME)],
    ),
    Said(
        "Labels put each digit into its own part of the swiss roll",
        "each digit is assigned to a part of the swiss roll, by 10,000 labels",
        "3",
        "figures",
        lambda rows: [at_least(told(rows, "swiss_roll"), "component_accuracy", AT_HOME)],
    ),
    Said(
        "The AAE reaches the log-likelihood of Table 1",
        "log-likelihood {:.1f} ± {:.1f} nats".format(*table1.REPORTED["AAE"]),
        "Table 1",
        "table1",
        lambda rows: [likely(rows, table1.OURS, table1.REPORTED["AAE"][0])],
        lambda rows: [likely(rows, table1.PAPERS, table1.REPORTED["AAE"][0])],
    ),
    Said(
        "10 million samples raise it",
        "log-likelihood 427 nats by 10 million samples",
        "Table 1",
    ),
    Said("The same of faces", "a log-likelihood of TFD, a set of faces", "Table 1"),
    Said(
        "Few labels do to classify digits", "error rates of semi-supervised classification of MNIST", "tables"
    ),
    Said("Few labels do to classify street numbers", "the same of SVHN", "tables"),
    Said("Digits are clustered without labels", "error rates of unsupervised clustering of MNIST", "tables"),
)


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out."""
    return summarise(grid, BY, settings, verdict, figure)


def settings(config: RunConfig) -> dict[str, Any]:
    """Settings that vary beside encoder and prior: objective, a VAE's likelihood and weight, told digits."""
    name, train = config.objective_name, config.train
    of_pixels = "Bernoulli" if train.reconstruction_loss == "cross_entropy" else "Gaussian"
    likelihood = f"{of_pixels} at {train.kl_weight:g}" if name == "variational" else ""
    return {"objective": name, "likelihood": likelihood, "labels": config.labels}


def named(run: Mapping[str, Any]) -> str:
    """A run's variant in words."""
    model = f"VAE ({run['likelihood']})" if run["objective"] == "variational" else f"AAE {run['encoder']}"
    return f"{run['prior']}, {model}" + (f", {run['labels']:,} labels" if run["labels"] else "")


def figure(rows: Rows) -> Figure:
    """Every variant and seed by four measures."""
    panels = by_variant(rows, PANELS, named)
    return figure_seeds(
        panels, "AAE and VAE with the priors of the paper's figures, at equal numbers of updates"
    )


def verdict(rows: Rows) -> list[str]:
    """A sentence a claim, and the claims about the VAE once more for each other likelihood or weight."""
    result = sentences("claims", rows)
    vaes = [run for run in rows if run["objective"] == "variational"]
    others = [run for run in rows if run["objective"] != "variational"]
    for likelihood in list(dict.fromkeys(run["likelihood"] for run in vaes))[1:]:
        runs = [run for run in vaes if run["likelihood"] == likelihood]
        result += sentences("claims", [*others, *runs], f", {likelihood}", VAES)
    return result


def sentences(study: str, rows: Rows, about: str = "", figures: Sequence[str] = ()) -> list[str]:
    """A sentence for each claim that the runs of a study judge, with words about these runs.

    Args:
        study: its name.
        rows: its runs.
        about: what to say of them.
        figures: of the paper, whose claims are asked for; all if there are none.
    """
    return [
        f"{each.said.name} (Figure {each.said.figure}){about}: {each.verdict}. {each.found}."
        for each in judged({study: rows})
        if each.statements and (not figures or each.said.figure in figures)
    ]


def judged(rows: Mapping[str, Rows]) -> list[Claim]:
    """Everything that the paper says, by rules that were written down before the runs.

    A claim holds if each statement that it needs is shown, does not hold if none is true even of the means,
    and holds in part else. One seed shows nothing. Runs in the paper's own settings are judged by the same
    rules.

    Args:
        rows: of studies, by name: settings (`BY`; of Table 1 the recipe) and measures. Those of `PAPER` and
            of Table 1 have epochs too.
    """
    papers = longest(rows.get(PAPER, []))
    return [_claim(said, rows.get(said.study, []), papers) for said in CLAIMS]


def _claim(said: Said, rows: Rows, papers: Rows) -> Claim:
    statements = _statements(said.needs, rows)
    there = _statements(said.in_papers, rows) if said.in_papers else _statements(said.needs, papers)
    nothing = NOT_YET if said.study else NOT_TESTED
    in_papers = f"{judge(there)}: {there[0].words}" if there else NOT_TESTED
    return Claim(said, statements, judge(statements) if statements else nothing, in_papers)


def _statements(needs: Needs, rows: Rows) -> list[Statement]:
    """Statements that a claim needs, or nothing where runs do not tell all of them."""
    found = needs(rows)
    statements = [each for each in found if each]
    return statements if len(statements) == len(found) else []


def judge(statements: Sequence[Statement]) -> str:
    """Judge whether a claim that needs all of them holds."""
    if any(each.low is None for each in statements):
        return ONE_SEED
    if all(each.shown for each in statements):
        return HOLDS
    return IN_PART if any(each.of_means for each in statements) else FAILS


def matches(rows: Rows) -> list[Statement | None]:
    """Statements that q(z) matches a prior with components.

    By KL divergence alone where its parts were not measured.
    """
    limits = MATCHED_PARTS if rows and "stray" in rows[0] else {"kl": MATCHED}
    return [at_most(rows, measure, limit) for measure, limit in limits.items()]


def worse(rows: Rows, prior: str, measure: str, least: float) -> list[Statement | None]:
    """Statements that the VAE has at least so much of a measure, and more of it than the AAE."""
    return [
        at_least(vae(rows, prior), measure, least),
        greater(vae(rows, prior), of(rows, prior), measure),
    ]


def at_most(rows: Rows, measure: str, limit: float) -> Statement | None:
    """Statement that a measure is at most `limit`; None without runs."""
    return _bounded(rows, measure, -1, limit)


def at_least(rows: Rows, measure: str, limit: float) -> Statement | None:
    """Statement that a measure is at least `limit`; None without runs."""
    return _bounded(rows, measure, +1, limit)


def _bounded(rows: Rows, measure: str, sign: int, limit: float) -> Statement | None:
    if not rows or measure not in rows[0]:
        return None
    number = _number(rows, measure)
    values = np.array([run[measure] for run in rows])
    return _beside(f"{named(rows[0])}: {MEASURES[measure].title}", values, "z.3f", sign, limit, [number])


def likely(rows: Rows, recipe: str, least: float) -> Statement | None:
    """Statement that a recipe of Table 1, trained longest, has a mean log-likelihood of so many nats or more.

    None without runs.
    """
    runs = longest([run for run in rows if run.get("recipe") == recipe])
    if not runs:
        return None
    values = np.array([run["log_likelihood"] for run in runs])
    number = Number({"recipe": recipe}, "log_likelihood", float(values.mean()))
    words = f"{recipe}, {runs[0]['epochs']:,} epochs: log-likelihood in nats"
    return _beside(words, values, ".1f", +1, least, [number])


def near(rows: Rows, measure: str, other: str, most: float) -> Statement | None:
    """Statement that the ratio of two measures of the same runs is at most `most`; None without these."""
    if not rows or measure not in rows[0]:
        return None
    numbers = [_number(rows, name) for name in (measure, other)]
    ratios = np.array([run[measure] / run[other] for run in rows])
    title, beside = MEASURES[measure], MEASURES[other]
    words = (
        f"{named(rows[0])}: {title.title}, of {title.of} {numbers[0].value:{title.form}}, of {beside.of} "
        f"{numbers[1].value:{beside.form}}, ratio"
    )
    return _beside(words, ratios, ".3f", -1, most, numbers)


def _beside(
    words: str, values: np.ndarray, form: str, sign: int, limit: float, numbers: Sequence[Number]
) -> Statement:
    """Statement that the mean of values, one a seed, is at least (sign +1) or at most (-1) a limit."""
    mean, (low, high) = float(values.mean()), t_interval(values)
    worst = low if sign > 0 else high
    words += f" {mean:{form}}"
    if low is not None:
        words += f" ({interval({'low': low, 'high': high}, form)}, {len(values)} seeds)"  # z: no -0.000.
    shown = worst is not None and sign * (worst - limit) >= 0
    return Statement(words, sign * (mean - limit) >= 0, shown, low, high, numbers)


def _number(rows: Rows, measure: str) -> Number:
    return Number({key: rows[0][key] for key in BY}, measure, float(np.mean([run[measure] for run in rows])))


def greater(a: Rows, b: Rows, measure: str) -> Statement | None:
    """Statement that a measure is greater in `a`, paired by seed; None without a seed that both have."""
    if not len(paired(a, b, measure)[0]):
        return None
    row = contrast(a, b, measure)
    words = f"{row['difference']:+.3f} beside {named(b[0])}"
    if row["low"] is not None:
        words += f" ({interval(row, '+.3f')}, {row['seeds']} seeds, paired)"
    shown = row["low"] is not None and row["low"] > 0
    numbers = [_number(rows, measure) for rows in (a, b)]
    return Statement(words, row["difference"] > 0, shown, row["low"], row["high"], numbers)


def alike(a: Rows, b: Rows) -> Statement | None:
    """Statement that two encoders' KL of test codes is equivalent within `SIMILAR`, paired by seed."""
    if not len(paired(a, b, "kl")[0]):
        return None
    row = contrast(a, b, "kl", SIMILAR)
    words = f"{a[0]['encoder']} - {b[0]['encoder']}: {row['difference']:+.3f} nats of KL"
    if row["low"] is not None:
        words += f" ({interval(row, '+.3f')}; {equivalence(row)})"
    of_means, shown = abs(row["difference"]) <= SIMILAR, bool(row["equivalent"])
    return Statement(words, of_means, shown, row["low"], row["high"], [_number(a, "kl"), _number(b, "kl")])
