"""table1: how likely are the test images under a Parzen window about samples of the model?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from aae.compare.equivalence import compare
from aae.compare.summary import t_interval
from aae.compare.verdicts import equivalence, interval
from aae.data.datasets import TRAINING_IMAGES
from aae.draw.table1 import Loss, Mark, figure_table1
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, require_told_apart
from aae.studies.variants import Rows, paired

BY = ("recipe",)  # What a variant's runs have in common in the table.
OURS, PAPERS = "our recipe", "the paper's way"
REPORTED = {  # The paper's Table 1, 10,000 samples: log-likelihood and standard error, nats.
    "stacked CAE": (121.0, 1.6),
    "DBN": (138.0, 2.0),
    "deep GSN": (214.0, 1.1),
    "GAN": (225.0, 2.0),
    "GMMN + AE": (282.0, 2.0),
    "AAE": (340.0, 2.0),
}
COLUMNS = ("seeds", "log_likelihood", "standard_error", "low", "high", "bandwidth", "squared_error", "kl")
LIKELIHOOD = (
    "samples",
    "bandwidth",
    "validation",
    "log_likelihood",
    "standard_error",
)  # Of a run's measures.
SIMILAR = 10.0  # Nats within which the two ways of training count as equivalent, set before the run.


def conclude(grid: Grid) -> Conclusion:
    """Table 1 with our rows, its figure, and what came out; a UserError where curves.csv lacks a run."""
    likelihoods = [{name: row[name] for name in LIKELIHOOD} for row in grid.measures]
    rows = [
        {**row, **settings(run.config, curves), **likelihood}
        for run, row, curves, likelihood in zip(grid.runs, grid.rows, grid.curves, likelihoods, strict=True)
    ]
    require_told_apart(grid.runs, rows, BY)
    controls = [{**row, "name": row["variant"].removeprefix("control: ")} for row in grid.controls]
    tables: dict[str, Sequence[Mapping[str, Any] | str]] = {
        "runs": rows,
        "table": table(rows, controls),
        "answer": verdict(rows, controls, grid.curves),
    }
    return Conclusion(tables, {"study": figure(rows, controls, grid.curves)})


def settings(config: RunConfig, curves: pd.DataFrame) -> dict[str, Any]:
    """What the study varies, and what a run had learned when.

    Args:
        config: a run's settings.
        curves: its table over training, a row an epoch.

    Returns:
        recipe, the way of training; updates, of an epoch; training_error, the reconstruction loss (mean
        squared error a pixel) of the last epoch; and epochs.
    """
    return {
        "recipe": PAPERS if config.train.optimizer == "sgd" else OURS,
        "updates": -(-TRAINING_IMAGES // config.train.batch_size),
        "training_error": float(curves["reconstruction_loss"].iloc[-1]),
        "epochs": int(curves["epoch"].iloc[-1]),
    }


def table(rows: Rows, controls: Rows) -> list[dict[str, Any]]:
    """Table 1 of the paper with our rows, by log-likelihood.

    Args:
        rows: the study's runs: recipe, log_likelihood, standard_error, bandwidth, reconstruction_error, kl.
        controls: what is no model: name, log_likelihood, standard_error, bandwidth.

    Returns:
        Rows of what the samples are of ("samples"), who says so ("source"), seeds, log_likelihood and its
        standard error over test images, the ends of the 95% interval over seeds ("low", "high"),
        bandwidth, and squared_error and kl of the test images; None where there is no such number.
    """
    result = [
        _row(name, "reported", {"log_likelihood": value, "standard_error": error})
        for name, (value, error) in REPORTED.items()
    ]
    result += [_row(each["name"], "control", each) for each in controls]
    for recipe, runs in by_recipe(rows).items():
        low, high = t_interval(_values(runs, "log_likelihood"))
        means = {
            name: float(_values(runs, name).mean())
            for name in ("log_likelihood", "standard_error", "bandwidth", "reconstruction_error", "kl")
        }
        means["squared_error"] = means.pop("reconstruction_error")
        result.append(_row(f"AAE, {recipe}", "run", {"seeds": len(runs), "low": low, "high": high, **means}))
    return sorted(result, key=lambda row: float(row["log_likelihood"]))


def _row(samples: str, source: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {"samples": samples, "source": source} | {name: numbers.get(name) for name in COLUMNS}


def by_recipe(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Runs by their way of training."""
    names = dict.fromkeys(run["recipe"] for run in rows)
    return {name: [run for run in rows if run["recipe"] == name] for name in names}


def verdict(rows: Rows, controls: Rows, curves: Sequence[pd.DataFrame]) -> list[str]:
    """What came out, by rules that were written down before the run.

    A log-likelihood is below or above another number if its 95% interval over seeds is; with one seed
    nothing is shown.
    """
    runs = by_recipe(rows)
    paper, error = REPORTED["AAE"]
    sentences = []
    for recipe, of in runs.items():
        values = _values(of, "log_likelihood")
        errors = _values(of, "standard_error")
        sentences.append(
            f"AAE, {recipe}: {_with_interval(values, '.1f')} nats, with a standard error of "
            f"{errors.mean():.1f} over test images: {_beside(values, paper)} the paper's {paper:g} ± "
            f"{error:g}."
        )
    if OURS in runs and PAPERS in runs and len(paired(runs[OURS], runs[PAPERS], "log_likelihood")[0]):
        row = compare(*paired(runs[OURS], runs[PAPERS], "log_likelihood"), SIMILAR)
        spread = "" if row["low"] is None else f" ({interval(row, '+.1f')}; {equivalence(row)})"
        sentences.append(
            f"{OURS.capitalize()} minus {PAPERS}, paired by seed: {row['difference']:+.1f} nats{spread}."
        )
    if OURS in runs:
        ours = _values(runs[OURS], "log_likelihood")
        for each in controls:
            number = each["log_likelihood"]
            sentences.append(
                f"{each['name'].capitalize()} in the place of samples: {number:.1f} nats (standard error "
                f"{each['standard_error']:.1f}); our recipe is {_beside(ours, number)} that."
            )
    return sentences + cost(rows, curves)


def cost(rows: Rows, curves: Sequence[pd.DataFrame]) -> list[str]:
    """A sentence on what each way of training takes to reach an error that both reach.

    It is the squared error of training images at the end of the way that ends higher, mean over seeds.
    """
    ends = {recipe: _values(runs, "training_error").mean() for recipe, runs in by_recipe(rows).items()}
    if len(ends) < 2:
        return []
    goal = max(ends.values())
    words = []
    for recipe in ends:
        tables = [(run, table) for run, table in zip(rows, curves, strict=True) if run["recipe"] == recipe]
        mean = np.mean([table["reconstruction_loss"] for _, table in tables], axis=0)
        recorded = tables[0][1]["epoch"]  # Of a long run not every epoch is.
        epochs = int(recorded.iloc[np.argmax(mean <= goal * (1 + 1e-9))])
        updates = epochs * tables[0][0]["updates"]
        words.append(f"{recipe} takes {epochs} of its {recorded.iloc[-1]} epochs, {updates:,} updates")
    return [f"To a squared error of training images of {goal:.4f}, {' and '.join(words)}."]


def figure(rows: Rows, controls: Rows, curves: Sequence[pd.DataFrame]) -> Figure:
    """Log-likelihoods as reported, of controls and of every run; and the squared error over updates."""
    runs = by_recipe(rows)
    seeds = {f"AAE, {recipe}": _values(of, "log_likelihood") for recipe, of in runs.items()}
    marks = [
        Mark(
            row["samples"],
            row["source"],
            seeds.get(row["samples"], np.array([row["log_likelihood"]])),
            row["standard_error"],
        )
        for row in table(rows, controls)
    ]
    losses = [
        Loss(recipe, run["updates"] * table["epoch"].to_numpy(), table["reconstruction_loss"].to_numpy())
        for recipe in runs
        for run, table in zip(rows, curves, strict=True)
        if run["recipe"] == recipe
    ]
    title = "Table 1 of the paper: Parzen-window log-likelihood of the test images, 10,000 samples"
    return figure_table1(marks, losses, title)


def _values(runs: Rows, name: str) -> np.ndarray:
    return np.array([run[name] for run in runs], dtype=float)


def _with_interval(values: np.ndarray, form: str) -> str:
    low, high = t_interval(values)
    mean = f"{values.mean():{form}}"
    if low is None:
        return f"{mean} (1 seed)"
    return f"{mean} ({interval({'low': low, 'high': high}, form)}, {len(values)} seeds)"


def _beside(values: np.ndarray, number: float) -> str:
    low, high = t_interval(values)
    if low is None or high is None or low <= number <= high:
        return "not shown to differ from"
    return "below" if high < number else "above"
