"""The study of the budget: what its verdict says of given runs, and what its figure draws."""

from typing import Any

import pytest
from evaluated import evaluation, row_of
from tiny import make_config

from aae.studies import limit

KL = {7: 0.1, 14: 0.08, 28: 0.07, 56: 0.066}  # Of training codes, by epochs.


def run(interval: int, epochs: int, seed: int, kl: float) -> dict[str, Any]:
    """A row of the study."""
    config = make_config(seed=seed, train={"epochs": epochs, "regularization_interval": interval})
    found = evaluation(kl + 0.02) | {"total_variation": 0.1 - 0.0005 * epochs + 0.001 * seed * (epochs > 7)}
    return row_of(config, found) | limit.settings(config)


def study(kl: dict[int, float] = KL) -> list[dict[str, Any]]:
    """Two seeds of each budget and interval; on every 6th minibatch all KL divergences are 0.03 higher."""
    return [
        run(interval, epochs, seed, value + 0.03 * (interval == 6) + 0.002 * seed * (epochs < 56))
        for interval in (1, 6)
        for epochs, value in kl.items()
        for seed in range(2)
    ]


def test_the_verdict_names_budgets_divergences_and_what_changes_by_intervals() -> None:
    every, sixth, fit, error, withdrawn = limit.verdict(study())
    assert every.startswith("Regularization phase on every minibatch: with 7, 14, 28 and 56 epochs")
    assert "0.101, 0.081, 0.071 and 0.066 nats; from 28 to 56 epochs it changes by -0.005 (95% CI " in every
    assert "equivalence within ±0.01 not shown" in every  # Two seeds.
    assert (
        "from 7 to 56 the total variation changes by -0.0240 (95% CI -0.0304 to -0.0176; significant" in every
    )
    none = "(95% CI +0.0000 to +0.0000; not significant, 0.0000 would be found in 80% of cases)"
    assert f"the squared error a pixel changes by +0.0000 {none}" in every
    assert "from 7 to 56 the step in KL from training to test codes changes by +0.0000 (95% CI " in every
    assert "is 0.131, 0.111, 0.101 and 0.096 nats" in sixth
    instead = "Regularization phase on every 6th minibatch instead of on every minibatch, "
    assert fit.startswith(f"{instead}KL of training codes, paired by seed: with 7 epochs +0.030 (95% CI ")
    assert "; with 56 epochs +0.030 (95% CI +0.030 to +0.030; significant)." in fit
    assert error.startswith(
        f"{instead}squared error (seen after the run), paired by seed: with 7 epochs +0.0000"
    )
    assert withdrawn.startswith("Withdrawn: ")


@pytest.mark.parametrize(("last", "equivalent"), [((0.0715, 0.0735), True), ((0.055, 0.057), False)])
def test_a_divergence_has_stopped_falling_where_the_last_budgets_are_equivalent(
    last: tuple[float, float], equivalent: bool
) -> None:
    rows = [row for row in study() if row["epochs"] < 56]
    rows += [run(interval, 56, seed, last[seed]) for interval in (1, 6) for seed in range(2)]
    assert ("; equivalent within ±0.01" in limit.verdict(rows)[0]) is equivalent


def test_one_seed_has_no_intervals() -> None:
    (every, _, withdrawn) = limit.verdict([row for row in study() if row["seed"] == 0])
    assert "CI" not in every
    assert withdrawn.startswith("Withdrawn")


def test_intervals_are_compared_at_the_budgets_that_both_have() -> None:
    rows = [row for row in study() if (row["interval"], row["epochs"]) != (6, 14)]
    fit = limit.verdict(rows)[2]
    assert "with 7 epochs" in fit
    assert "with 14 epochs" not in fit


def test_one_budget_alone_says_nothing() -> None:
    assert limit.verdict([run(1, 7, 0, 0.1)]) == []
