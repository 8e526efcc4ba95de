"""The study of the discriminator: what it says of given runs follows its rules."""

from typing import Any

import numpy as np
import pytest
from evaluated import NULL, evaluation, row_of
from tiny import make_config

from aae.compare.equivalence import compare
from aae.studies import discriminator

Row = dict[str, Any]
SPREAD = (0.0, 0.0003, -0.0002, 0.0001)  # Of four seeds.


def run(features: int, seed: int, **measures: float) -> Row:
    """A row of the study; training codes that a probe tells, and a discriminator that sees nothing."""
    config = make_config(seed=seed, model={"fourier_features": features}, train={"epochs": 18})
    found = evaluation(0.07) | {
        "kl_training": 0.044, "kl_blocks": 0.055, "kl_blocks_high": 0.06, "training_error": 0.0333,
        "neighbour_jsd": 0.006, "discriminator_jsd": 0.0001, "kl_smoothed_0.03": 0.02,
    }  # fmt: skip
    found |= measures
    for name in ("kl_training", "training_error", "neighbour_jsd", "kl"):
        found[name] += SPREAD[seed]
    return row_of(config, found) | discriminator.settings(config)


def study(**fourier: float) -> list[Row]:
    measures = {
        "kl_training": 0.005,
        "training_error": 0.0342,
        "kl": 0.042,
        "neighbour_jsd": 0.0008,
    } | fourier
    return [run(0, seed) for seed in range(4)] + [run(64, seed, **measures) for seed in range(4)]


def test_the_verdict_has_a_sentence_a_variant_and_one_on_what_features_cost() -> None:
    paper, fourier, change = discriminator.verdict(study(), NULL)
    assert paper.startswith("The paper's, 18 epochs (4 seeds): training codes are told from the prior by ")
    assert "by KL, sliced W2, boosted trees and neighbours' densities; of what" in paper
    assert "sees 0.0001 (prior samples 0.0000), 1% of it: it is blind to most of it" in paper
    assert "+0.015 nats (95% CI +0.015 to +0.015) beside blocks" in paper
    assert "more than every block in 4 of 4 runs" in paper
    assert fourier.startswith("64 Fourier features, 18 epochs (4 seeds): training codes")
    assert change.startswith("64 Fourier features, 18 epochs, beside the paper's, 18 epochs: KL(q || p) of")
    assert "-0.039 (95% CI -0.039 to -0.039): it removes most of the 0.043 nats" in change
    assert "squared error of training images +2.7%, significant, equivalence within ±2% not" in change


def test_the_table_of_changes_has_each_measure_with_its_interval() -> None:
    rows = discriminator.changes(study())
    assert [row["measure"] for row in rows] == list(discriminator.CHANGED)
    assert {(row["before"], row["after"]) for row in rows} == {
        ("the paper's, 18 epochs", "64 Fourier features, 18 epochs")
    }
    assert rows[2]["difference"] == pytest.approx(0.0009)
    assert rows[2]["margin"] == pytest.approx(0.02 * np.mean([0.0333 + each for each in SPREAD]))


def test_an_error_within_two_percent_is_equivalent() -> None:
    assert "equivalent within ±2%" in discriminator.verdict(study(training_error=0.0335), NULL)[2]


@pytest.mark.parametrize(
    ("measures", "told"),
    [
        (
            {"kl_training": 0.0015, "sliced_w2_training": 0.008, "neighbour_jsd": 0.0, "probe_jsd": 0.0},
            "no measure here",
        ),
        (
            {"kl_training": 0.0015, "sliced_w2_training": 0.011, "neighbour_jsd": 0.0, "probe_jsd": 0.0},
            "sliced W2;",
        ),
    ],
)
def test_codes_are_told_from_the_prior_by_the_measures_above_their_null_bands(
    measures: dict[str, float], told: str
) -> None:
    assert f"told from the prior by {told}" in discriminator.verdict(study(**measures), NULL)[1]


@pytest.mark.parametrize(
    ("change", "low", "words"),
    [
        (0.04, 0.001, "it removes most of the 0.043 nats"),
        (0.021, 0.001, "it removes part of the 0.043 nats"),
        (0.001, 0.001, "no effect shown (0.00"),
        (-0.01, 0.001, "it adds to the 0.043 nats"),
        (0.04, 0.05, "before, 0.043 nats beyond prior samples do not tell them apart."),
        (-0.01, 0.05, "do not tell them apart, and it adds to them."),
    ],
)
def test_a_change_removes_what_its_interval_says(change: float, low: float, words: str) -> None:
    before = np.array([0.043, 0.044, 0.045, 0.044])
    row = compare(before - change + np.array([0.0, 0.002, -0.002, 0.001]), before, None)
    kl = {"mean": 0.044, "low": 0.042, "null": 0.001, "null_high": 0.006 if low < 0.042 else low}
    assert words in f"{discriminator.removes(row, kl)}."


def test_only_variants_that_differ_in_one_thing_are_compared() -> None:
    fourier, buffer = "64 Fourier features", "the paper's, buffer of 20"
    keys = [("the paper's", 18), ("the paper's", 56), (buffer, 18), (fourier, 18), (fourier, 56)]
    keys.append((f"{fourier}, no reconstruction", 18))
    assert discriminator.differing(keys) == [
        (keys[0], keys[1]),
        (keys[0], keys[2]),
        (keys[0], keys[3]),
        (keys[1], keys[4]),
        (keys[3], keys[4]),
        (keys[3], keys[5]),
    ]


def test_the_answer_follows_the_rule_and_has_the_numbers_of_both() -> None:
    rows = study()
    variants = [row for numbers in discriminator.groups(rows, NULL).values() for row in numbers.values()]
    text = discriminator.answer(rows, variants)
    assert text.startswith(
        "**What is left, and why?** On training codes it is mostly what the paper's discriminator does not "
    )
    assert "Of the difference that another classifier finds there, it sees 1% (4 seeds)." in text
    assert "leaves 0.005 instead of 0.044 nats on training codes; prior samples measure 0.001." in text
    assert "The divergence of test codes changes by -0.028 nats." in text
    assert "changes by +2.7%" in text

    longer = [row | {"epochs": 56, "kl_training": row["kl_training"] - 0.004} for row in rows]
    variants += [row for numbers in discriminator.groups(longer, NULL).values() for row in numbers.values()]
    text = discriminator.answer(rows + longer, variants)
    words = "After 56 epochs it leaves 0.001 (95% CI 0.001 to 0.001), and training codes are told from the"
    assert f"{words} prior by sliced W2, boosted trees and neighbours' densities." in text
    assert "changes by +2.7%" in text

    for row in rows:
        row["discriminator_jsd"] = (
            0.9 * row["neighbour_jsd"] if row["discriminator"] == "the paper's" else 0.0
        )
        row["probe_jsd"] = 0.0
    variants = [row for numbers in discriminator.groups(rows, NULL).values() for row in numbers.values()]
    assert "it sees most of what is left" in discriminator.answer(rows, variants)


@pytest.mark.parametrize(
    ("training", "test", "further", "words"),
    [
        (0.002, 0.02, 0.01, "Part of what remains is the price"),
        (0.002, 0.05, 0.0, "Part of what remains on training codes is the price"),
        (0.009, 0.02, -0.01, "Part of what remains on test codes is the price"),
        (0.005, 0.042, 0.0, "What remains is not shown to be the price"),
    ],
)
def test_runs_without_reconstruction_say_what_is_a_trade_off(
    training: float, test: float, further: float, words: str
) -> None:
    alone = [run(64, seed, kl_training=training, kl=test) for seed in range(4)]
    for row, more in zip(alone, (0.0001, 0, -0.0001, 0), strict=True):  # Differences with a spread.
        row["discriminator"] += ", no reconstruction"
        row["kl_training"] += more
        row["kl"] += more
        row["sliced_w2_excess"] += further
    rows = [*study(), *alone]
    variants = [row for numbers in discriminator.groups(rows, NULL).values() for row in numbers.values()]
    text = discriminator.answer(rows, variants)
    worse = ", and location and spread fit worse" if further > 0 else ""
    words = f" {words} of reconstruction: where the adversarial loss outweighs it by far, test codes are"
    assert f"{words} {test:.3f} nats off. Neighbour accuracy is then 0.830 instead of 0.830{worse}." in text
    assert "outweighs" not in discriminator.answer(rows[:-3], variants)  # One seed.


def test_runs_are_named_by_what_their_discriminator_has() -> None:
    config = make_config(train={"code_buffer": 20, "adversarial_weight": 1000.0})
    assert discriminator.settings(config)["discriminator"] == "the paper's, buffer of 20, no reconstruction"
    figure = discriminator.figure(study())
    assert len(figure.axes) == 4
    assert np.all([axes.has_data() for axes in figure.axes])
