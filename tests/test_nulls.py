"""Null bands of all codes: calibrated, of the right numbers of codes, and what they let one see."""

import numpy as np
import pytest
from conftest import prior_samples
from scipy import stats

from aae.measure.distances import sliced_w2, sliced_w2_between
from aae.measure.evidence import probes
from aae.measure.nulls import LARGE_SAMPLES, large_null_bands, null_bands
from aae.measure.scorecard import Null, measure_sets
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian

N, M = 200, 600
SAMPLES = 60
FRESH = 100
NAMES = ["gaussian", "uniform", "mixture", "swiss_roll"]


def flat(null: Null) -> dict[str, dict[str, float]]:
    """The bands by the names of `measure_sets`."""
    parts = null["training"] | {"shift": null["shift"]} | null["density"]
    return {name: band for name, band in parts.items() if name != "n"}


@pytest.fixture(scope="module")
def nulls() -> dict[str, tuple[Prior, Null]]:
    priors = {name: prior_class(name)() for name in NAMES}
    return {name: (prior, large_null_bands(N, M, prior, SAMPLES)) for name, prior in priors.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_band_holds_about_95_percent_of_fresh_prior_samples(
    name: str, nulls: dict[str, tuple[Prior, Null]]
) -> None:
    prior, null = nulls[name]
    drawn = [prior_samples(prior, N + M, seed) for seed in range(FRESH)]
    fresh = [measure_sets(z[:N], z[N:], prior) for z in drawn]
    # Mean and standard deviation of 60 samples are known to a tenth: what is held spreads accordingly.
    number = stats.betabinom(FRESH, 56, 4)
    for each, band in flat(null).items():
        if each in ("probe_jsd", "neighbour_jsd"):
            continue
        values = np.array([numbers[each] for numbers in fresh])
        held = np.sum((band["low"] <= values) & (values <= band["high"]))
        assert held >= number.ppf(0.002 / 24), each
        error = band["std"] * np.sqrt(1 / FRESH + 1 / SAMPLES)
        assert values.mean() == pytest.approx(band["mean"], abs=5 * error + 1e-9), each


def test_probes_have_bands_of_few_samples_about_what_they_find_in_prior_samples() -> None:
    prior = Gaussian()
    null = large_null_bands(N, M, prior, LARGE_SAMPLES)["training"]
    fresh = [probes(prior_samples(prior, M, seed), prior) for seed in range(12)]
    for name in ("probe_jsd", "neighbour_jsd"):
        band, values = null[name], [numbers[name] for numbers in fresh]
        reach = 5 * max(band["std"], float(np.std(values)))
        assert np.mean(values) == pytest.approx(band["mean"], abs=reach)
        assert band["low"] < band["mean"] < band["high"]


def test_training_codes_fewer_than_evaluation_codes_have_no_shift() -> None:
    null = large_null_bands(M, N, Gaussian(), samples=3)
    assert list(null) == ["training", "density"]
    assert null["training"]["n"] == N


def test_few_samples_have_the_band_of_a_normal_and_many_their_quantiles() -> None:
    few, many = (
        null_bands(100, Gaussian(), samples=samples)["raw"]["kl"] for samples in (LARGE_SAMPLES, 120)
    )
    assert few["high"] - few["mean"] == pytest.approx(1.96 * few["std"], rel=1e-3)
    assert few["mean"] - few["low"] == pytest.approx(1.96 * few["std"], rel=1e-3)
    assert many["high"] - many["mean"] != pytest.approx(many["mean"] - many["low"], rel=1e-6)


def test_the_shift_of_two_samples_of_one_distribution_is_as_far_as_their_numbers_say() -> None:
    """The squared distance of n and m samples is about that of n to the prior, times 1 + n / m."""
    prior = Gaussian()
    squares = np.mean([sliced_w2(prior_samples(prior, 500, seed), prior) ** 2 for seed in range(60)])
    for m in (500, 1500, 6000):
        between = [
            sliced_w2_between(prior_samples(prior, 500, seed), prior_samples(prior, m, 1000 + seed), 1) ** 2
            for seed in range(60)
        ]
        assert np.mean(between) == pytest.approx(squares * (1 + 500 / m), rel=0.2)
