"""The study of the budget: what its verdict says of given runs, and what its figure draws."""

from typing import Any

import pytest
from evaluated import evaluation, row_of
from tiny import make_config

from aae.studies import limit

KL = {7: 0.1, 14: 0.08, 28: 0.07, 56: 0.066}  # Of training codes, by epochs.


def run(interval: int, epochs: int, seed: int, kl: float, gap: float = 0.004) -> dict[str, Any]:
    """A row of the study."""
    config = make_config(seed=seed, train={"epochs": epochs, "regularization_interval": interval})
    found = evaluation(kl + 0.02) | {"probe_jsd": gap + 0.008, "jsd": 0.008, "gap": gap}
    return row_of(config, found) | limit.settings(config)


def study(gap: float = 0.004, kl: dict[int, float] = KL) -> list[dict[str, Any]]:
    """Two seeds of each budget and interval; on every 6th minibatch all KL divergences are 0.03 higher."""
    return [
        run(interval, epochs, seed, value + 0.03 * (interval == 6) + 0.002 * seed, gap)
        for interval in (1, 6)
        for epochs, value in kl.items()
        for seed in range(2)
    ]


def test_the_verdict_names_the_budgets_the_divergences_and_the_gap() -> None:
    every, sixth, _, withdrawn = limit.verdict(study())
    assert every.startswith("Regularization phase on every minibatch: with 7, 14, 28 and 56 epochs")
    assert "0.101, 0.081, 0.071 and 0.067 nats; at the end the discriminator gap is 0.0040 nats" in every
    assert withdrawn.startswith("Withdrawn: ")
    assert sixth.startswith("Regularization phase on every 6th minibatch: with 7, 14, 28 and 56 epochs")
    assert "is 0.131, 0.111, 0.101 and 0.097 nats" in sixth


@pytest.mark.parametrize(
    ("gap", "last", "conclusion"),
    [
        (0.0101, 0.066, "the gap is open, so the discriminator's optimisation is the limit."),
        (0.0099, 0.0599, "the gap is closed and the misfit still falls, so the end is not reached."),
        (0.0099, 0.0601, "the gap is closed and the misfit stays."),
        (0.0099, 0.09, "the gap is closed and the misfit stays."),
    ],
)
def test_the_conclusion_follows_the_rule(gap: float, last: float, conclusion: str) -> None:
    for sentence in limit.verdict(study(gap, KL | {56: last}))[:2]:
        assert sentence.endswith(conclusion)


def test_two_closed_gaps_of_equal_error_and_different_fit_put_the_rule_in_doubt() -> None:
    (doubt,) = limit.doubt(study())
    assert doubt.startswith(
        "Seen after the run: the regularization phase on every 6th minibatch instead of on every minibatch "
        "has +0.030 nats of KL of training codes (95% CI +0.030 to +0.030) at a squared error that does not "
    )
    assert limit.doubt(study(gap=0.0101)) == []
    other_error = [row | {"reconstruction_error": 0.035 + 0.001 * (row["interval"] == 6)} for row in study()]
    assert limit.doubt(other_error) == []
    one_seed = [row for row in study() if row["seed"] == 0]
    assert limit.doubt(one_seed) == []
