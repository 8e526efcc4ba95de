"""Studies conclude from their files: from committed rows, beside curves that are made up."""

from typing import Any

import pytest
from conftest import ROOT, failure

from aae.runs import rows
from aae.settings.params import Params, parse_params, parse_study
from aae.studies import limit, table1
from aae.studies.common import Grid

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
OTHER_SIZES = {"n": 0, "training": {"n": 0}}  # A null distribution of which nothing is taken.


def grid(study: str, curves: list[dict[str, Any]], params: Params = PARAMS) -> Grid:
    folder = ROOT / "studies" / study
    settings = parse_study((folder / "params.yaml").read_text(encoding="utf-8"))
    files = rows.read(folder)
    sizes = []

    def find_null(prior: object, n: int, m: int) -> dict[str, Any]:
        sizes.append((n, m))
        return OTHER_SIZES

    found = Grid.of(params.runs(settings), settings, files.rows, curves, files.pictures, find_null)
    assert all(isinstance(size, int) for pair in sizes for size in pair)
    return found


def test_table_1_has_the_log_likelihoods_of_its_rows_and_counts_epochs_that_were_not_recorded() -> None:
    settings = parse_study((ROOT / "studies/table1/params.yaml").read_text(encoding="utf-8"))
    recorded = [(1, 0.04), (10, 0.02), (20, 0.01)]
    curves = [
        {"variant": run.variant, "seed": run.config.seed, "epoch": epoch, "reconstruction_loss": loss}
        for run in PARAMS.runs(settings)
        for epoch, loss in recorded
    ]
    concluded = table1.conclude(grid("table1", curves))
    tables: dict[str, Any] = dict(concluded.tables)
    for name, recipe in {"AAE, our recipe": "our recipe", "AAE, the paper's way": "the paper's way"}.items():
        (row,) = (each for each in tables["table"] if each["samples"] == name)
        of_runs = [each["log_likelihood"] for each in tables["runs"] if each["recipe"] == recipe]
        assert row["log_likelihood"] == pytest.approx(sum(of_runs) / len(of_runs))
    assert {each["source"] for each in tables["table"]} == {"reported", "control", "run"}
    assert "20 of its 20 epochs" in tables["answer"][-1]


def test_variants_that_a_study_takes_for_one_are_refused() -> None:
    found = grid("limit", [])
    first, *others = found.runs
    train = first.config.train.model_copy(update={"learning_rate": 0.5})
    other = first._replace(variant="faster", config=first.config.model_copy(update={"train": train}))
    changed = Grid(**{**vars(found), "runs": [other, *others]})
    line = failure(lambda: limit.conclude(changed))
    assert "faster" in line
    assert "interval, epochs" in line
