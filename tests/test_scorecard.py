"""The scorecard: null bands that hold what they say, every measure beside its own, and its units."""

from collections.abc import Callable

import numpy as np
import pytest
from conftest import MEASURES as AGAINST_STANDARD_NORMAL
from conftest import normal_samples, prior_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae.measure import distances, two_sample
from aae.measure.nulls import null_bands
from aae.measure.scorecard import MEASURES, Null, Sample, measure
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.score.measuring import score

PRIOR = Gaussian()
SAMPLES = 120
FRESH = 150
N = 200  # Codes in each sample.
NAMES = ["kl", "sliced_w2", "c2st_accuracy", "holes", "ks_radius", "outside"]
EACH_PRIOR = pytest.mark.parametrize("name", ["gaussian", "uniform", "mixture", "swiss_roll"])
Form = Callable[[np.ndarray, Prior], np.ndarray]
FORMS: dict[str, Form] = {"raw": lambda z, _: z, "whitened": distances.match_moments}


@pytest.fixture(scope="module")
def nulls() -> dict[str, tuple[Prior, Null]]:
    priors = {name: prior_class(name)() for name in ("gaussian", "uniform", "mixture", "swiss_roll")}
    return {name: (prior, null_bands(N, prior, SAMPLES)) for name, prior in priors.items()}


@pytest.fixture(scope="module")
def null(nulls: dict[str, tuple[Prior, Null]]) -> Null:
    return nulls["gaussian"][1]


# The bands.


@pytest.mark.parametrize("form", FORMS)
@EACH_PRIOR
def test_every_null_band_holds_about_95_percent_of_fresh_prior_samples(
    form: str, name: str, nulls: dict[str, tuple[Prior, Null]]
) -> None:
    prior, null = nulls[name]
    fresh = [Sample(FORMS[form](prior_samples(prior, N, seed), prior), prior) for seed in range(FRESH)]
    # Between the 4th and the 117th of 120 samples lie 113 of 121 gaps; over null samples and fresh ones
    # the number held is beta-binomial. Forty such checks are to hold together.
    number = stats.betabinom(FRESH, 113, 8)
    for each in ("kl", "sliced_w2", "holes", "ks_radius", "outside"):
        band = null[form][each]
        values = np.array([MEASURES[each].of(sample) for sample in fresh])
        held = np.sum((band["low"] <= values) & (values <= band["high"]))
        assert held >= number.ppf(0.002 / 40), each
        if each not in ("holes", "outside"):  # Their few values are held with the ends of the band.
            assert held <= number.ppf(1 - 0.002 / 40), each
        error = band["std"] * np.sqrt(1 / FRESH + 1 / SAMPLES)
        assert values.mean() == pytest.approx(band["mean"], abs=5 * error), each


@pytest.mark.parametrize("form", FORMS)
@EACH_PRIOR
def test_the_classifiers_band_holds_at_least_95_percent_of_fresh_prior_samples(
    form: str, name: str, nulls: dict[str, tuple[Prior, Null]]
) -> None:
    prior, null = nulls[name]
    fresh = [FORMS[form](prior_samples(prior, N, seed), prior) for seed in range(60)]
    band = null[form]["c2st_accuracy"]
    held = sum(band["low"] <= two_sample.c2st_accuracy(z, prior) <= band["high"] for z in fresh)
    assert held >= stats.binom.ppf(0.001, 60, 0.95)
    assert band["mean"] == 0.5
    assert band["high"] - 0.5 == pytest.approx(0.5 - band["low"])
    assert band["high"] - 0.5 == pytest.approx(1.96 * band["std"], rel=1e-3)


@EACH_PRIOR
def test_codes_of_another_prior_lie_outside_the_null_bands(name: str) -> None:
    prior = prior_class(name)()
    null = null_bands(1000, prior, samples=20)
    for other in {"gaussian", "uniform", "mixture", "swiss_roll"} - {name}:
        scores = [score(prior_samples(prior_class(other)(), 1000, seed), prior, null) for seed in range(2)]
        for form in FORMS:  # All have nearly the same moments: what sets them apart is shape.
            for each in ("kl", "sliced_w2"):
                value = np.mean([each_score[form][each] for each_score in scores])
                assert value > null[form][each]["high"], (other, form, each)
        assert np.mean([each_score["sliced_w2_excess"] for each_score in scores]) > 0.05, other


def test_the_bands_are_the_same_at_every_call_and_shrink_with_the_sample() -> None:
    small, large = (null_bands(n, PRIOR, samples=50) for n in (100, 1600))
    assert null_bands(100, PRIOR, samples=50) == small
    assert (small["n"], large["n"]) == (100, 1600)
    for form in FORMS:
        for name in ("sliced_w2", "ks_radius"):
            ratio = small[form][name]["mean"] / large[form][name]["mean"]
            assert ratio == pytest.approx(4, rel=0.2), (form, name)  # The square root of 16.
    assert small["raw"]["c2st_accuracy"]["std"] == 4 * large["raw"]["c2st_accuracy"]["std"]


# The scores.


def test_a_score_is_every_measure_raw_and_whitened_with_excess_and_interval(null: Null) -> None:
    z = normal_samples(N) * np.array([1, 0.7]) + np.array([0.4, 0])
    scores = score(z, PRIOR, null)
    assert set(scores["raw"]) == set(scores["whitened"]) == set(NAMES)
    assert scores["raw"] == measure(z, PRIOR)
    assert scores["whitened"] == measure(distances.match_moments(z, PRIOR), PRIOR)
    mean = null["raw"]["sliced_w2"]["mean"]
    assert scores["sliced_w2_excess"] == distances.excess(scores["raw"]["sliced_w2"], mean)
    assert (scores["sliced_w2_low"], scores["sliced_w2_high"]) == distances.sliced_w2_interval(z, PRIOR)
    for name, function in AGAINST_STANDARD_NORMAL.items():
        assert scores["raw"][name] == pytest.approx(function(z), rel=1e-12), name
    assert scores["raw"]["c2st_accuracy"] == two_sample.c2st_accuracy(z, PRIOR)


def test_codes_in_8_d_have_the_measures_that_need_no_plane() -> None:
    prior = Gaussian(2, dim=8)
    null = null_bands(200, prior, samples=40)
    names = ["kl", "sliced_w2", "c2st_accuracy", "ks_radius", "outside"]
    scores = score(prior_samples(prior, 200, 0), prior, null)
    assert set(scores["raw"]) == set(scores["whitened"]) == set(null["raw"]) == set(names)
    wide = score(1.4 * prior_samples(prior, 200, 0), prior, null)
    for name in ("kl", "sliced_w2", "ks_radius"):
        assert wide["raw"][name] > null["raw"][name]["high"], name
        assert wide["whitened"][name] == pytest.approx(scores["whitened"][name], abs=0.03), name


# What they do not depend on.


@settings(deadline=None, max_examples=15)
@given(st.integers(-6, 6), st.integers(0, 1000))
def test_the_prior_scaled_with_the_codes_gives_the_same_measures(power: int, seed: int) -> None:
    z = normal_samples(150, seed) * np.array([1, 0.8]) + np.array([0.2, 0])
    std = 2.0**power  # Exact, so that no neighbour of the classifier changes.
    assert measure(std * z, Gaussian(std)) == pytest.approx(measure(z, PRIOR), rel=1e-9, abs=1e-12)
