"""Studies conclude from their files: rows joined to runs, and a word where a file lacks one."""

from typing import Any

import numpy as np
import pytest
from conftest import ROOT, failure
from evaluated import NULL, evaluation

from aae.runs import rows
from aae.settings.params import GridSettings, Params, parse_params, parse_study
from aae.studies import encoders, figures, limit, noise, percentiles, table1
from aae.studies.common import Grid
from tables import figures_table

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
    for name, recipe in {
        "AAE, our recipe": "our recipe",
        "AAE, SGD as in the paper": "SGD as in the paper",
    }.items():
        (row,) = (each for each in tables["table"] if each["samples"] == name)
        of_runs = [
            each["log_likelihood"]
            for each in tables["runs"]
            if (each["recipe"], each["epochs"]) == (recipe, row["epochs"])
        ]
        assert row["log_likelihood"] == pytest.approx(sum(of_runs) / len(of_runs))
    assert {each["source"] for each in tables["table"]} == {"reported", "control", "run"}
    assert "20 of its 20 epochs" in tables["answer"][-1]
    older: dict[str, Any] = dict(table1.conclude(grid("table1", [])).tables)  # As rows that have no curves.
    assert older["table"] == tables["table"]
    assert older["answer"] == tables["answer"][:-1]


def test_variants_that_a_study_takes_for_one_are_refused() -> None:
    found = grid("limit", [])
    first, *others = found.runs
    train = first.config.train.model_copy(update={"learning_rate": 0.5})
    other = first._replace(variant="faster", config=first.config.model_copy(update={"train": train}))
    changed = Grid(**{**vars(found), "runs": [other, *others]})
    line = failure(lambda: limit.conclude(changed))
    assert "faster" in line
    assert "interval, epochs" in line


# Rows and runs.


SETTINGS = GridSettings.model_validate(
    {
        "seeds": [0, 1],
        "variants": {"still": {}, "noisy": {"encoder": "gaussian"}, "free": {"prior": "none", "seed": 0}},
        "margins": {"kl": 0.02, "sliced_w2": 0.01},
    }
)
RUNS = PARAMS.runs(SETTINGS)


def made_up_rows() -> list[dict[str, Any]]:
    return [
        {"variant": run.variant, "seed": run.config.seed, **evaluation(0.08 + 0.001 * run.config.seed)}
        for run in RUNS
    ]


def pictures() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    kept: dict[str, np.ndarray] = {"labels": np.arange(200, dtype=np.uint8) % 10}
    for name in SETTINGS.variants:
        kept[f"{name}/z"] = rng.standard_normal((200, 2)).astype(np.float16)
        kept[f"{name}/mosaic"] = rng.integers(0, 256, (3, 3, 28, 28), dtype=np.uint8)
    return kept


def grid_of(found: list[dict[str, Any]], kept: dict[str, np.ndarray] | None = None) -> Grid:
    return Grid.of(RUNS, SETTINGS, found, [], kept or {}, lambda prior, n, m: NULL)


def test_encoders_are_compared_and_drawn() -> None:
    concluded = encoders.conclude(grid_of(made_up_rows(), pictures()))
    named = [(row["encoder"], row["prior"], row["seed"]) for row in concluded.tables["ablation"]]  # type: ignore[index]
    assert named == [(run.config.encoder, run.config.prior, run.config.seed) for run in RUNS]
    contrasts = concluded.tables["contrasts"]
    # Nothing holds the codes of runs without a prior anywhere: they are not compared.
    assert {row["prior"] for row in contrasts} == {"gaussian"}  # type: ignore[index]
    margins = {row["margin"] for row in contrasts if row["measure"] == "sliced_w2"}  # type: ignore[index]
    assert margins == {0.01}
    assert set(concluded.figures) == {"ablation_2A", "ablation_2E", "ablation_fit"}


def test_rows_may_stand_in_any_order() -> None:
    assert grid_of(made_up_rows()[::-1]).rows == grid_of(made_up_rows()).rows


def test_what_a_file_lacks_is_named() -> None:
    assert "noisy, seed 1" in failure(
        lambda: grid_of([row for row in made_up_rows() if row["variant"] == "still"] + made_up_rows()[2:3])
    )
    assert "still/z" in failure(lambda: encoders.conclude(grid_of(made_up_rows())))
    assert "curves.csv lacks still, seed 0" in failure(lambda: noise.conclude(grid_of(made_up_rows())))


# The paper's figures.


MADE_UP = {
    "decoded_distance": 3.5,
    "reconstruction_distance": 3.4,
    "image_distance": 4.1,
    "return_median": 0.05,
    "return_p95": 0.2,
    "unsure": 0.11,
    "unsure_reconstructions": 0.07,
    "unsure_images": 0.05,
    "classifier_accuracy": 0.98,
}


def test_the_paper_s_figures_have_pictures() -> None:
    settings = parse_study((ROOT / "studies/figures/params.yaml").read_text(encoding="utf-8"))
    runs = PARAMS.runs(settings)
    measured = [
        {"variant": run.variant, "seed": 0, **evaluation(), "component_accuracy": 0.9} for run in runs
    ]
    kept: dict[str, np.ndarray] = {"labels": np.arange(200, dtype=np.uint8) % 10}
    rng = np.random.default_rng(0)
    for name in settings.keep:
        kept[f"{name}/z"] = rng.standard_normal((200, 2)).astype(np.float16)
        kept[f"{name}/walks"] = rng.integers(0, 256, (10, 10, 28, 28), dtype=np.uint8)
    concluded = figures.conclude(Grid.of(runs, settings, measured, [], kept, lambda prior, n, m: NULL))
    assert set(concluded.figures) == {"2B", "2C", "2D", "3"}
    rows: list[dict[str, Any]] = list(concluded.tables["runs"])  # type: ignore[arg-type]
    assert [row["figure"] for row in rows] == list(settings.variants)
    assert figures_table(rows).count("studies/figures/plots") == len(runs)


def test_figure_2e_has_numbers() -> None:
    settings = parse_study((ROOT / "studies/percentiles/params.yaml").read_text(encoding="utf-8"))
    runs = PARAMS.runs(settings)
    measured = [{"variant": run.variant, "seed": run.config.seed, **evaluation(), **MADE_UP} for run in runs]
    measured[0]["unsure"] = 0.13
    concluded = percentiles.conclude(Grid.of(runs, settings, measured, [], {}, lambda prior, n, m: NULL))
    sharp, manifold, aae, vae, without = concluded.tables["answer"]
    assert "at sharp borders (Figure 2A): holds. " in sharp
    assert "lie on the manifold (Figure 2E): holds. " in manifold
    assert aae == (
        "Gaussian, AAE deterministic (8 seeds): decoded percentiles are 3.50 from the nearest training "
        "image, reconstructions 3.40, test images 4.10; |E(D(z)) - z| is 0.050 (median; 95th percentile "
        "0.20); a classifier that is right on 98.0% of test images is unsure of 11.2% of p's mass, of 7.0% "
        "of reconstructions and of 5.0% of test images."
    )
    assert str(vae).startswith("Gaussian, VAE (Bernoulli at 0.001276) (1 seed): ")
    assert str(without).startswith("None, AAE deterministic (1 seed): ")
