"""table1: how likely are the test images under a Parzen window about samples of the model?"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from aae.compare.measures import MEASURES
from aae.compare.summary import t_interval
from aae.compare.verdicts import equivalence, interval
from aae.data.datasets import TRAINING_IMAGES
from aae.draw.curves import Curve, Panel
from aae.draw.table1 import Loss, Mark, figure_table1
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, require_told_apart
from aae.studies.variants import Rows, contrast, grouped, longest, over, paired

BY = ("recipe", "epochs")  # What a variant's runs have in common.
OURS, PAPERS = "our recipe", "SGD as in the paper"
REPORTED = {  # The paper's Table 1, 10,000 samples: log-likelihood and standard error, nats.
    "stacked CAE": (121.0, 1.6),
    "DBN": (138.0, 2.0),
    "deep GSN": (214.0, 1.1),
    "GAN": (225.0, 2.0),
    "GMMN + AE": (282.0, 2.0),
    "AAE": (340.0, 2.0),
}
COLUMNS = (
    "epochs", "seeds", "log_likelihood", "standard_error", "low", "high", "bandwidth", "squared_error", "kl",
    "kl_null",
)  # fmt: skip
BESIDE = ("samples", "bandwidth", "validation", "standard_error")  # What a log-likelihood comes with.
TRAINING_CODES, TEST_CODES = "log_likelihood_training_codes", "log_likelihood_test_codes"
SIMILAR = 10.0  # Nats within which the two ways of training count as equivalent, set before the run.


def conclude(grid: Grid) -> Conclusion:
    """Table 1 with our rows, its figure, and what came out."""
    rows = [
        {**row, **settings(run.config), **{name: measures[name] for name in BESIDE}}
        for run, row, measures in zip(grid.runs, grid.rows, grid.measures, strict=True)
    ]
    require_told_apart(grid.runs, rows, BY)
    controls = [{**row, "name": row["variant"].removeprefix("control: ")} for row in grid.controls]
    tables: dict[str, Sequence[Mapping[str, Any] | str]] = {
        "runs": rows,
        "table": table(rows, controls, MEASURES["kl"].band(grid.nulls["gaussian"]).get("mean")),
        "answer": verdict(rows, controls, grid.tables),
    }
    return Conclusion(tables, {"study": figure(rows, controls, grid.tables)})


def settings(config: RunConfig) -> dict[str, Any]:
    """Settings that vary: recipe, the way of training, with the updates of an epoch; and epochs."""
    return {
        "recipe": PAPERS if config.train.optimizer == "sgd" else OURS,
        "updates": -(-TRAINING_IMAGES // config.train.batch_size),
        "epochs": config.train.epochs,
    }


def table(rows: Rows, controls: Rows, kl_null: float | None = None) -> list[dict[str, Any]]:
    """Table 1 of the paper with our `longest` runs, by log-likelihood.

    Args:
        rows: the study's runs: recipe, epochs, seed, log_likelihood, standard_error, bandwidth,
            reconstruction_error, kl.
        controls: what is no model: name, log_likelihood, standard_error, bandwidth.
        kl_null: mean KL divergence of as many prior samples as test codes, if it is to stand there.

    Returns:
        Rows of what the samples are of ("samples"), who says so ("source"), epochs, seeds, log_likelihood and
        its standard error over test images, the ends of the 95% interval over seeds ("low", "high"),
        bandwidth, and squared_error and kl of the test images, and kl_null; None where there is no such
        number.
    """
    result = [
        _row(name, "reported", {"log_likelihood": value, "standard_error": error})
        for name, (value, error) in REPORTED.items()
    ]
    result += [_row(each["name"], "control", each) for each in controls]
    for recipe, of in by_recipe(rows).items():
        runs = longest(of)
        low, high = t_interval(_values(runs, "log_likelihood"))
        means = {
            name: float(_values(runs, name).mean())
            for name in ("log_likelihood", "standard_error", "bandwidth", "reconstruction_error", "kl")
        }
        means["squared_error"] = means.pop("reconstruction_error")
        numbers = {"epochs": runs[0]["epochs"], "seeds": len(runs), "low": low, "high": high, **means}
        numbers["kl_null"] = kl_null
        result.append(_row(f"AAE, {recipe}", "run", numbers))
    return sorted(result, key=lambda row: float(row["log_likelihood"]))


def _row(samples: str, source: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {"samples": samples, "source": source} | {name: numbers.get(name) for name in COLUMNS}


def with_epochs(row: Mapping[str, Any]) -> str:
    """Samples of a row of the table, and how long their model was trained, where that is known."""
    return row["samples"] + (f", {row['epochs']:,} epochs" if row.get("epochs") else "")


def by_recipe(rows: Rows) -> dict[str, Rows]:
    """Runs by their way of training."""
    return grouped(rows, lambda run: run["recipe"])


def by_epochs(rows: Rows) -> dict[int, Rows]:
    """Runs by their epochs, ascending."""
    budgets = sorted({run["epochs"] for run in rows})
    return {epochs: [run for run in rows if run["epochs"] == epochs] for epochs in budgets}


def shortest(rows: Rows) -> Rows:
    """The runs of the fewest epochs, the budget for which a way of training was chosen."""
    return next(iter(by_epochs(rows).values()), [])


def verdict(rows: Rows, controls: Rows, curves: Sequence[pd.DataFrame]) -> list[str]:
    """Verdict by rules that were written down before the run.

    A log-likelihood is below or above another number if its 95% interval over seeds is; with one seed
    nothing is shown. The two ways of training are compared at their shortest budgets, of which each is the
    one that it was chosen for; samples and controls at the table's.
    """
    runs = by_recipe(rows)
    ours, papers = (shortest(runs.get(recipe, [])) for recipe in (OURS, PAPERS))
    sentences = []
    for of in map(shortest, runs.values()):
        values, errors = _values(of, "log_likelihood"), _values(of, "standard_error")
        sentences.append(
            f"{_named(of)}: {_with_interval(values, '.1f')} nats, with a standard error of "
            f"{errors.mean():.1f} over test images: {_beside_paper(values)}."
        )
    if len(paired(ours, papers, "log_likelihood")[0]):
        row = contrast(ours, papers, "log_likelihood", SIMILAR)
        spread = "" if row["low"] is None else f" ({interval(row, '+.1f')}; {equivalence(row)})"
        sentences.append(
            f"{OURS.capitalize()} with {ours[0]['epochs']:,} epochs minus {PAPERS} with "
            f"{papers[0]['epochs']:,}, paired by seed: {row['difference']:+.1f} nats{spread}."
        )
    sentences += [over_epochs(of) for of in runs.values() if len(by_epochs(of)) > 1]
    sentences += [split(of) for of in map(longest, runs.values()) if TRAINING_CODES in of[0]]
    if OURS in runs:
        longer = longest(runs[OURS])
        values, epochs = _values(longer, "log_likelihood"), longer[0]["epochs"]
        for each in controls:
            number = each["log_likelihood"]
            sentences.append(
                f"{each['name'].capitalize()} in the place of samples: {number:.1f} nats (standard error "
                f"{each['standard_error']:.1f}); our recipe with {epochs:,} epochs is "
                f"{_beside(values, number)} that."
            )
    return sentences + cost(rows, curves)


def over_epochs(rows: Rows) -> str:
    """A sentence on log-likelihood and errors over budgets, from each to the next by paired seeds."""
    steps = []
    for (fewer, before), (more, after) in pairwise(by_epochs(rows).items()):
        values = _values(after, "log_likelihood")
        words = f"{more:,} epochs {_with_interval(values, '.1f')} nats, {_beside_paper(values)}"
        a, b = paired(after, before, "log_likelihood")
        if len(a):
            training, test = (
                "{:.4f} instead of {:.4f}".format(*(each.mean() for each in paired(after, before, name)))
                for name in ("training_error", "reconstruction_error")
            )
            words += (
                f", {_with_interval(a - b, '+.1f')} from {fewer:,}, "
                f"squared error of training images {training}, of test images {test}"
            )
        steps.append(words)
    return f"AAE, {rows[0]['recipe']}, trained longer: {'; '.join(steps)}."


def split(rows: Rows) -> str:
    """A sentence on where the nats of one way of training go, by what takes the place of samples of p(z)."""
    samples, training, test = (_values(rows, name) for name in ("log_likelihood", TRAINING_CODES, TEST_CODES))
    paper, error = REPORTED["AAE"]
    return (
        f"{_named(rows)}, where the nats go: decoded training codes in the place of samples of p(z) give "
        f"{_with_interval(training - samples, '+.1f')} nats, at most the price of q(z) not being p(z); from "
        f"there to the paper's {paper:g} ± {error:g} it is {_with_interval(paper - training, '+.1f')}, "
        f"decoder and budget; decoded test codes, each image's own reconstruction among them, give "
        f"{_with_interval(test - training, '+.1f')} beside training codes, a bound on what it costs that "
        "images are unseen, and centres few."
    )


def cost(rows: Rows, curves: Sequence[pd.DataFrame]) -> list[str]:
    """A sentence on what each way of training takes to reach an error that both reach, at shortest budgets.

    It is the squared error of training images at the end of the way that ends higher, mean over seeds.
    Nothing where a way has no curves, as rows of older versions.
    """
    found = losses(rows, curves)
    names = dict.fromkeys(loss.name for loss in found)
    if len(names) < 2:
        return []
    updates = {name: next(loss.updates for loss in found if loss.name == name) for name in names}
    means = {name: np.mean([loss.errors for loss in found if loss.name == name], axis=0) for name in names}
    goal = max(mean[-1] for mean in means.values())
    words = []
    for recipe, runs in by_recipe(rows).items():
        at = int(updates[recipe][np.argmax(means[recipe] <= goal * (1 + 1e-9))])
        run = shortest(runs)[0]
        words.append(f"{recipe} takes {at // run['updates']} of its {run['epochs']} epochs, {at:,} updates")
    return [f"To a squared error of training images of {goal:.4f}, {' and '.join(words)}."]


def losses(rows: Rows, curves: Sequence[pd.DataFrame]) -> list[Loss]:
    """The squared error over updates of each run of a shortest budget that has curves."""
    budgets = {recipe: shortest(runs)[0]["epochs"] for recipe, runs in by_recipe(rows).items()}
    return [
        Loss(
            run["recipe"], run["updates"] * table["epoch"].to_numpy(), table["reconstruction_loss"].to_numpy()
        )
        for run, table in zip(rows, curves, strict=True)
        if run["epochs"] == budgets[run["recipe"]] and not table.empty
    ]


def figure(rows: Rows, controls: Rows, curves: Sequence[pd.DataFrame]) -> Figure:
    """Log-likelihoods as reported, of controls and of the longest runs, beside errors over updates.

    Below them the log-likelihood of every budget, where a way of training has several.
    """
    runs = by_recipe(rows)
    seeds = {f"AAE, {recipe}": _values(longest(of), "log_likelihood") for recipe, of in runs.items()}
    marks = [
        Mark(
            with_epochs(row),
            row["source"],
            seeds.get(row["samples"], np.array([row["log_likelihood"]])),
            row["standard_error"],
        )
        for row in table(rows, controls)
    ]
    several = any(len(by_epochs(of)) > 1 for of in runs.values())
    budgets = over(rows, "epochs", "log_likelihood", lambda run: str(run["recipe"])) if several else []
    panel = Panel(MEASURES["log_likelihood"].label, [Curve(*each) for each in budgets])
    title = "Table 1 of the paper: Parzen-window log-likelihood of the test images, 10,000 samples"
    return figure_table1(marks, losses(rows, curves), panel, REPORTED["AAE"], title)


def _values(runs: Rows, name: str) -> np.ndarray:
    return np.array([run[name] for run in runs], dtype=float)


def _named(rows: Rows) -> str:
    return f"AAE, {rows[0]['recipe']}, {rows[0]['epochs']:,} epochs"


def _with_interval(values: np.ndarray, form: str) -> str:
    low, high = t_interval(values)
    mean = f"{values.mean():{form}}"
    if low is None:
        return f"{mean} (1 seed)"
    return f"{mean} ({interval({'low': low, 'high': high}, form)}, {len(values)} seeds)"


def _beside_paper(values: np.ndarray) -> str:
    paper, error = REPORTED["AAE"]
    return f"{_beside(values, paper)} the paper's {paper:g} ± {error:g}"


def _beside(values: np.ndarray, number: float) -> str:
    low, high = t_interval(values)
    if low is None or high is None:
        return "not judged beside"
    if low <= number <= high:
        return "not shown to differ from"
    return "below" if high < number else "above"
