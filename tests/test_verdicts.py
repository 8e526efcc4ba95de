"""The answer in words: by the rules that were written down, each with its numbers."""

from typing import Any

import pytest
from evaluated import NULL, ablation, config_of, evaluation, row_of, rows_of

from aae.compare.equivalence import contrasts
from aae.compare.summary import variants
from aae.compare.verdicts import (
    above_null,
    answer,
    became,
    better_probe,
    by_variant,
    equivalence,
    moments,
    sight,
    significance,
)
from aae.model.parts import prior_class

Row = dict[str, Any]
NULLS = {"gaussian": NULL, "none": NULL}
OBJECTS = {name: prior_class(name)() for name in NULLS}
MARGINS = {"kl": 0.02, "sliced_w2": 0.01}


def runs(*fits: tuple[float, float]) -> list[Row]:
    """Runs of one variant, each with its sliced W2 of test and of training codes."""
    rows = []
    for seed, (test, training) in enumerate(fits):
        row = row_of(config_of(f"gaussian-gaussian-{seed}"), evaluation(w2=test))
        row["sliced_w2_training"] = training
        row["sliced_w2_training_excess"] = max(training**2 - 0.007**2, 0) ** 0.5
        rows.append(row)
    return rows


@pytest.mark.parametrize(
    ("fits", "word"),
    [
        ([(0.020, 0.008)], "are"),
        ([(0.024, 0.010)], "are"),  # The bands' upper ends.
        ([(0.020, 0.011)], "agree"),
        ([(0.025, 0.008)], "agree"),
        ([(0.020, 0.008), (0.025, 0.008)], "agree"),  # Every seed has to be in the band.
        ([(0.053, 0.050)], "agree"),  # An excess of 0.0499.
        ([(0.054, 0.050)], "differ"),  # 0.0509.
        ([(0.030, 0.051)], "differ"),  # Training codes count as well.
        ([(0.030, 0.080), (0.030, 0.015)], "agree"),  # By the mean over seeds.
        ([(5.400, 5.300)], "differ"),
    ],
)
def test_moments_are_told_by_the_excess_sliced_w2_of_both_sets_of_codes(
    fits: list[tuple[float, float]], word: str
) -> None:
    rows = runs(*fits)
    (numbers,) = by_variant(variants(rows, NULLS))
    assert moments(numbers, rows) == word


@pytest.mark.parametrize(
    ("mean", "low", "differs"),
    [
        (0.09, 0.08, True),
        (0.02, 0.0151, True),
        (0.02, 0.015, False),  # The interval reaches the null band's upper end.
        (0.09, 0.01, False),
        (0.09, None, True),  # One seed.
        (0.015, None, False),
    ],
)
def test_densities_differ_where_the_interval_lies_above_the_null_band(
    mean: float, low: float | None, differs: bool
) -> None:
    assert above_null({"mean": mean, "low": low, "null_high": 0.015}) is differs


@pytest.mark.parametrize(
    ("seen", "found", "words"),
    [
        ([0.0, 0.0, 0.0], [0.005, 0.006, 0.005], "0% of it: it is blind to most of it"),
        ([0.0046, 0.0049, 0.0045], [0.005, 0.006, 0.005], "87% of it: it sees most of it"),
        ([0.001, 0.005, 0.004], [0.005, 0.006, 0.005], "63% of it: whether it sees most of it is open"),
        ([0.0, 0.0, 0.0], [0.0001, -0.0001, 0.0001], "no probe finds more than in prior samples"),
        ([0.0001, 0.0002, 0.0001], [0.0001, -0.0001, 0.0001], "no probe finds more than in prior samples"),
    ],
)
def test_a_discriminator_sees_most_of_what_a_probe_finds_or_is_blind_to_it(
    seen: list[float], found: list[float], words: str
) -> None:
    rows = runs(*[(0.02, 0.008)] * 3)
    for row, own, probe in zip(rows, seen, found, strict=True):
        row |= {"discriminator_jsd": own, "neighbour_jsd": probe, "probe_jsd": probe / 2}
    (numbers,) = by_variant(variants(rows, NULLS))
    assert sight(numbers, rows).endswith(words)


def test_the_probe_that_finds_more_stands_for_what_there_is_to_see() -> None:
    rows = runs(*[(0.02, 0.008)] * 3)
    for row in rows:
        row |= {"discriminator_jsd": 0.004, "neighbour_jsd": 0.005, "probe_jsd": 0.02}
    (numbers,) = by_variant(variants(rows, NULLS))
    assert "boosted trees find on training codes, 0.0200 nats" in sight(numbers, rows)
    assert sight(numbers, rows).endswith("blind to most of it")
    older = {name: row for name, row in numbers.items() if name != "discriminator_jsd"}
    assert sight(older, rows) == ""


def test_a_probe_that_finds_no_more_than_in_prior_samples_gives_way_to_one_that_does() -> None:
    rows = runs(*[(0.02, 0.008)] * 3)
    for row, trees, neighbours in zip(rows, [0.05, -0.04, 0.02], [0.0051, 0.005, 0.0049], strict=True):
        row |= {"discriminator_jsd": 0.004, "neighbour_jsd": neighbours, "probe_jsd": trees}
    (numbers,) = by_variant(variants(rows, NULLS))
    assert numbers["probe_jsd"]["mean"] > numbers["neighbour_jsd"]["mean"]
    assert better_probe(numbers) == "neighbour_jsd"


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.01, 0.03, "not significant"),
        (0.001, 0.03, "significant"),
        (-0.03, -0.001, "significant"),
        (0.0, 0.0, "not significant"),
    ],
)
def test_a_difference_is_significant_where_the_interval_leaves_0_out(
    low: float, high: float, word: str
) -> None:
    assert significance({"low": low, "high": high}) == word


def test_what_is_not_shown_to_be_equivalent_is_not_called_different() -> None:
    found = {"margin": 0.02, "p_equivalence": 0.0012345, "equivalent": True}
    assert equivalence(found) == "equivalent within ±0.02 (p = 0.0012)"
    assert equivalence(found | {"p_equivalence": 2e-5}) == "equivalent within ±0.02 (p < 0.001)"
    found |= {"p_equivalence": 0.3, "equivalent": False}
    assert equivalence(found) == "equivalence within ±0.02 not shown (p = 0.3)"


@pytest.mark.parametrize(
    ("sigmas", "words"),
    [
        ([3e-6, 1e-6, 2e-6], "it became nearly deterministic, with a median sigma(x) of 2e-06"),
        ([0.0099], "it became nearly deterministic, with a median sigma(x) of 0.0099"),
        ([0.25, 0.01, 0.3], "it stayed random, with a median sigma(x) of 0.25"),
    ],
)
def test_an_encoder_is_said_to_have_become_what_its_median_sigma_says(
    sigmas: list[float], words: str
) -> None:
    said = became([{"sigma_median": sigma} for sigma in sigmas])
    assert said.startswith(words)
    assert said.endswith(f"from {min(sigmas):.2g} to {max(sigmas):.2g})")


# The whole answer.


def said(cells: dict[str, dict[str, Any]]) -> list[str]:
    rows = rows_of(cells)
    compared = contrasts([row for row in rows if row["prior"] != "none"], MARGINS)
    return answer(rows, variants(rows, NULLS), compared, OBJECTS)


def test_a_variants_sentence_has_moments_and_density_apart_with_their_numbers() -> None:
    first = said(ablation())[0]
    assert first == (
        "Deterministic encoder, prior gaussian (3 seeds): the moments agree with those of N(0, I) (excess "
        "sliced W2 0.025 on test codes, 0.025 on training codes); the density differs by 0.092 nats on test "
        "codes (95% CI 0.087 to 0.097; prior samples give 0.004) and by 0.072 nats on training codes (95% CI "
        "0.067 to 0.077; prior samples give 0.001); of what neighbours' densities tell on training codes, "
        "0.0160 nats of Jensen-Shannon divergence (prior samples 0.0000; KL/4 0.0180), the final "
        "discriminator sees 0.0040 (prior samples 0.0000), 25% of it: it is blind to most of it."
    )


def test_every_variant_and_every_random_encoder_and_every_comparison_with_a_margin_has_a_sentence() -> None:
    sentences = said(ablation())
    starts = [sentence.split(":")[0].split(" (")[0] for sentence in sentences[:6]]
    assert starts == [
        "Deterministic encoder, prior gaussian",
        "Gaussian encoder, prior gaussian",
        "Gaussian encoder, prior gaussian",
        "Universal encoder, prior gaussian",
        "Universal encoder, prior gaussian",
        "Deterministic encoder, prior none",
    ]
    assert sentences[2].startswith("Gaussian encoder, prior gaussian: it became nearly deterministic")
    assert "(median over 3 seeds; from 2e-06 to 6e-06)" in sentences[2]
    assert len(sentences) == 6 + 3 * 3


def test_without_a_prior_the_whitened_numbers_are_said_as_well_and_one_seed_has_no_interval() -> None:
    sentence = said(ablation())[5]
    assert "(1 seed): the moments differ from those of N(0, I) (excess sliced W2 5.400" in sentence
    assert "differs by 36.500 nats on test codes (1 seed; prior samples give 0.004)" in sentence
    assert sentence.endswith("after whitening, KL 32.850 nats and sliced W2 4.860.")


def test_where_no_difference_in_density_is_found_the_number_is_said_all_the_same() -> None:
    kls = [0.016, 0.010, 0.013]
    cells = {f"gaussian-gaussian-{seed}": evaluation(kl=kl) for seed, kl in enumerate(kls)}
    for found in cells.values():
        found["kl_training"] = 0.05
    first = said(cells)[0]
    assert (
        "the density differs by 0.050 nats on training codes (95% CI 0.050 to 0.050; prior samples give "
        "0.001); no difference in density found: 0.013 nats on test codes (95% CI 0.006 to 0.020; prior "
        "samples give 0.004)"
    ) in first


def test_a_comparison_has_difference_interval_equivalence_and_what_could_be_detected() -> None:
    row = {
        "prior": "gaussian", "encoders": "gaussian - universal", "measure": "kl", "seeds": 8,
        "difference": 0.0031, "low": -0.0042, "high": 0.0104, "margin": 0.02, "p_equivalence": 0.0003,
        "equivalent": True, "detectable": 0.0101, "seed_std": 0.01,
    }  # fmt: skip
    (sentence,) = answer([], [], [row], {})
    assert sentence == (
        "Prior gaussian, gaussian - universal, 8 seeds, paired: +0.0031 nats in KL(q || p) of test codes (95"
        "% CI -0.0042 to +0.0104), not significant; equivalent within ±0.02 (p < 0.001); minimum detectable "
        "effect 0.0101."
    )
    assert answer([], [], [row | {"low": None}, row | {"measure": "reconstruction_error"}], {}) == []
