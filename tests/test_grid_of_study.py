"""What studies conclude from: rows joined to runs, and a word where a file lacks a run."""

from typing import Any

import numpy as np
from conftest import ROOT, failure
from evaluated import NULL, evaluation

from aae.settings.params import GridSettings, parse_params
from aae.studies import encoders, noise
from aae.studies.common import Grid

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
SETTINGS = GridSettings.model_validate(
    {
        "seeds": [0, 1],
        "variants": {"still": {}, "noisy": {"encoder": "gaussian"}, "free": {"prior": "none", "seed": 0}},
        "margins": {"kl": 0.02, "sliced_w2": 0.01},
    }
)
RUNS = PARAMS.runs(SETTINGS)


def rows() -> list[dict[str, Any]]:
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


def grid(found: list[dict[str, Any]], kept: dict[str, np.ndarray] | None = None) -> Grid:
    return Grid.of(RUNS, SETTINGS, found, [], kept or {}, lambda prior, n, m: NULL)


def test_encoders_are_compared_and_drawn() -> None:
    concluded = encoders.conclude(grid(rows(), pictures()))
    named = [(row["encoder"], row["prior"], row["seed"]) for row in concluded.tables["ablation"]]  # type: ignore[index]
    assert named == [(run.config.encoder, run.config.prior, run.config.seed) for run in RUNS]
    contrasts = concluded.tables["contrasts"]
    # Nothing holds the codes of runs without a prior anywhere: they are not compared.
    assert {row["prior"] for row in contrasts} == {"gaussian"}  # type: ignore[index]
    margins = {row["margin"] for row in contrasts if row["measure"] == "sliced_w2"}  # type: ignore[index]
    assert margins == {0.01}
    assert set(concluded.figures) == {"ablation_2A", "ablation_2E", "ablation_fit"}


def test_rows_may_stand_in_any_order() -> None:
    assert grid(rows()[::-1]).rows == grid(rows()).rows


def test_what_a_file_lacks_is_named() -> None:
    assert "noisy, seed 1" in failure(
        lambda: grid([row for row in rows() if row["variant"] == "still"] + rows()[2:3])
    )
    assert "still/z" in failure(lambda: encoders.conclude(grid(rows())))
    assert "curves.csv lacks still, seed 0" in failure(lambda: noise.conclude(grid(rows())))
