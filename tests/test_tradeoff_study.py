"""The study of the trade-off: what its verdict says of given runs, and what its figure draws."""

from typing import Any

import numpy as np
import pytest
from conftest import assert_no_word_is_cut_off
from evaluated import evaluation, row_of
from matplotlib.backends.backend_agg import FigureCanvasAgg
from tiny import make_config

from aae.compare.measures import MEASURES
from aae.compare.summary import over_seeds
from aae.report.results import study_table
from aae.studies import tradeoff

FRONT = {0.01: (0.2, 0.034), 0.1: (0.05, 0.035), 1.0: (0.03, 0.037)}  # KL of training codes, squared error.


def row(seed: int, kl: float, error: float, **settings: Any) -> dict[str, Any]:
    """A row of the study; `evaluation` puts the KL of training codes 0.02 below that of test codes."""
    config = make_config(seed=seed, **settings)
    found = evaluation(kl + 0.02) | {"reconstruction_error": error}
    return row_of(config, found) | tradeoff.settings(config)


def adversarial(seed: int, weight: float, kl: float, error: float, start: float = 0.001) -> dict[str, Any]:
    train = {"adversarial_weight_start": start, "adversarial_weight": weight}
    return row(seed, kl, error, train=train)


def variational(seed: int, weight: float, kl: float, error: float) -> dict[str, Any]:
    settings = {"encoder": "gaussian", "objective": "variational", "train": {"kl_weight": weight}}
    return row(seed, kl, error, **settings)


def study() -> list[dict[str, Any]]:
    """Two seeds of each: one variational weight is above the front, one below, one beyond its errors."""
    rows = []
    for seed in range(2):
        rows += [adversarial(seed, weight, *found) for weight, found in FRONT.items()]
        rows += [
            variational(seed, 1e-5, 0.11, 0.0345),  # The front is at 0.1 there: halfway, of logarithms.
            variational(seed, 1e-4, 0.09, 0.0345),
            variational(seed, 1e-3, 0.5, 0.04),
            adversarial(seed, 1 / 784, 0.4, 0.0335, start=1 / 784),
            row(seed, 9.0, 0.033, prior="none"),
        ]
    return rows


def test_the_verdict_tells_the_front_the_objectives_and_the_ends() -> None:
    assert tradeoff.verdict(study()) == [
        "From an adversarial weight of 0.01 to 1: KL of training codes 0.200 nats, squared error 0.0340, "
        "neighbour accuracy 0.830, then KL of training codes 0.030 nats, squared error 0.0370, neighbour "
        "accuracy 0.830.",
        "At equal squared error the variational objective has a higher KL divergence than the adversarial "
        "front at 1 of the 2 weights at which the front has such an error (3 weights in all).",
        "The paper's equal weighting of reconstruction and adversarial loss: KL of training codes 0.400 "
        "nats, squared error 0.0335, neighbour accuracy 0.830.",
        "No regularization: KL of training codes 9.000 nats, squared error 0.0330, neighbour accuracy 0.830.",
    ]


def test_a_front_that_turns_back_is_told() -> None:
    rows = [
        adversarial(seed, weight, kl + 0.01 * seed * weight, error)
        for seed in range(3)
        for weight, (kl, error) in (FRONT | {3.0: (0.13, 0.042)}).items()
    ]
    assert tradeoff.verdict(rows)[-1] == (
        "Seen after the run: the lowest KL divergence is that of weight 1. A weight of 3 instead has +0.120 "
        "nats (95% CI +0.070 to +0.170) and a squared error of +0.0050 (95% CI +0.0050 to +0.0050; paired by "
        "seed): more weight than 1 shows no better fit."
    )
    assert not [sentence for sentence in tradeoff.verdict(study()) if sentence.startswith("Seen")]


def test_the_table_has_a_row_an_objective_and_weight() -> None:
    rows = [run for run in study() if run["objective"] in ("adversarial", "unregularized")]
    lines = study_table(over_seeds(rows, tradeoff.BY)).splitlines()[2:]
    assert [line.split(" | ")[:2] for line in lines] == [
        [f"| {objective}", str(weight)]
        for objective, weight in dict.fromkeys((run["objective"], run["weight"]) for run in rows)
    ]


def test_without_errors_in_common_the_objectives_are_not_compared() -> None:
    rows = [each for each in study() if each["weight"] not in (1e-5, 1e-4)]
    assert "No variational weight has a squared error that the adversarial front has as well." in (
        tradeoff.verdict(rows)
    )


@pytest.mark.parametrize("objective", ["adversarial", "variational"])
def test_an_objective_alone_is_not_compared(objective: str) -> None:
    rows = [each for each in study() if each["objective"] == objective]
    assert not [sentence for sentence in tradeoff.verdict(rows) if "At equal" in sentence]


def test_the_figure_has_every_run_and_names_the_weights() -> None:
    rows = study()
    figure = tradeoff.figure(rows)
    left, right = figure.axes
    assert (left.get_xlabel(), right.get_xlabel()) == tuple(MEASURES[name].label for name in tradeoff.PANELS)
    dots = [line for line in left.lines if line.get_marker() == "."]
    drawn = {
        (round(float(x), 6), round(float(y), 6)) for line in dots for x, y in np.asarray(line.get_xydata())
    }
    assert drawn == {(round(run["reconstruction_error"], 6), round(run["kl_training"], 6)) for run in rows}
    assert {text.get_text() for text in left.texts} == {"0.01", "1", "1e-05", "0.001"}
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert_no_word_is_cut_off(figure, canvas.get_renderer())
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [
        "adversarial, deterministic encoder, weights: 0.01, 0.1, 1",
        "variational, Gaussian encoder, weights: 1e-05, 0.0001, 0.001",
        "adversarial, the paper's equal weighting",
        "no regularization",
    ]
