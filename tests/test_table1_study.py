"""The study of Table 1: its table, what its verdict says of given runs, and what its figure draws."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluated import evaluation, row_of
from tiny import make_config

from aae.studies import table1

SGD = {"optimizer": "sgd", "batch_size": 100}
CONTROLS = [
    {"name": "training images", "log_likelihood": 243.0, "standard_error": 2.0, "bandwidth": 0.159},
    {"name": "k-means centres", "log_likelihood": 311.0, "standard_error": 1.9, "bandwidth": 0.176},
]


def curves(*losses: float) -> pd.DataFrame:
    return pd.DataFrame({"epoch": np.arange(len(losses)) + 1, "reconstruction_loss": losses})


OURS, PAPERS = curves(0.03, 0.014, 0.012), curves(0.04, 0.02, 0.016, 0.014)


def run(seed: int, found: float, table: pd.DataFrame, train: dict[str, Any]) -> dict[str, Any]:
    config = make_config(seed=seed, train={"batch_size": 150} | train)
    likelihood = {"log_likelihood": found, "standard_error": 2.0, "bandwidth": 0.176, "samples": 10_000}
    return row_of(config, evaluation(0.1)) | table1.settings(config, table) | likelihood


def study(ours: list[float], papers: list[float]) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    rows = [run(seed, found, OURS, {}) for seed, found in enumerate(ours)]
    rows += [run(seed, found, PAPERS, SGD) for seed, found in enumerate(papers)]
    return rows, len(ours) * [OURS] + len(papers) * [PAPERS]


ROWS, CURVES = study([305.0, 306.0, 307.0], [308.0, 309.0, 310.5])


def test_the_table_has_reported_numbers_controls_and_means_over_seeds_by_log_likelihood() -> None:
    rows = table1.table(ROWS, CONTROLS)
    found = [(row["samples"], row["source"], row["log_likelihood"]) for row in rows]
    assert found == [
        ("stacked CAE", "reported", 121),
        ("DBN", "reported", 138),
        ("deep GSN", "reported", 214),
        ("GAN", "reported", 225),
        ("training images", "control", 243),
        ("GMMN + AE", "reported", 282),
        ("AAE, our recipe", "run", 306),
        ("AAE, the paper's way", "run", pytest.approx(309.1667, rel=1e-6)),
        ("k-means centres", "control", 311),
        ("AAE", "reported", 340),
    ]
    ours = next(row for row in rows if row["samples"] == "AAE, our recipe")
    assert ours["seeds"] == 3
    assert ours["high"] - 306 == pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)  # t(2) at 97.5%.
    assert len({tuple(row) for row in rows}) == 1


def test_the_verdict_compares_with_the_paper_the_other_way_and_the_controls() -> None:
    words = (
        "our recipe: 306.0 (95% CI 303.5 to 308.5, 3 seeds) nats",
        "the paper's way: 309.2",
        "paired by seed: -3.2 nats (95% CI -3.9 to -2.4; equivalent within ±10",
        "our recipe is above that.",
        "our recipe is below that.",
        "our recipe takes 2 of its 3 epochs, 800 updates and the paper's way takes 4 of its 4 epochs, 2,400",
    )
    for sentence, said in zip(table1.verdict(ROWS, CONTROLS, CURVES), words, strict=True):
        assert said in sentence


def test_one_seed_shows_nothing() -> None:
    ours, _, difference, *_ = table1.verdict(*study([305.0], [308.0])[:1], CONTROLS, [OURS, PAPERS])
    assert "305.0 (1 seed) nats" in ours
    assert "not shown to differ from the paper's 340" in ours
    assert difference.endswith("paired by seed: -3.0 nats.")
