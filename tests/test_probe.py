"""The fresh classifier: a lower bound of the Jensen-Shannon divergence, and not far below it."""

import numpy as np
import pytest
from conftest import prior_samples
from quadrature import misfit_of

from aae.measure.probe import jensen_shannon
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.priors.uniform import Uniform

PRIOR = Gaussian()
N = 10_000
# Of the mean loss of 2 N / 6 held-out points, whose own spread is about that of a few tenths of a nat.
ERROR = 0.006


@pytest.mark.parametrize(
    ("q", "p", "share"),
    [
        (Gaussian(0.7), Gaussian(), 0.8),
        (Gaussian(1.5), Gaussian(), 0.8),
        (Mixture(), Gaussian(), 0.9),
        (Gaussian(), Uniform(), 0.7),
        (Uniform(), Mixture(), 0.8),
    ],
)
def test_it_is_below_the_divergence_and_not_far(q: Prior, p: Prior, share: float) -> None:
    expected = misfit_of(q, p).jensen_shannon
    assert share * expected < jensen_shannon(prior_samples(q, N), p) < expected + 3 * ERROR


def test_more_codes_bring_it_closer() -> None:
    expected = misfit_of(Gaussian(0.8), PRIOR).jensen_shannon
    few = [jensen_shannon(prior_samples(Gaussian(0.8), 1000, seed), PRIOR) for seed in range(10)]
    many = jensen_shannon(prior_samples(Gaussian(0.8), 40_000), PRIOR)
    assert np.mean(few) < 0.85 * expected < many < expected + ERROR


@pytest.mark.parametrize("dim", [2, 8])
def test_codes_where_the_prior_is_not_are_told_for_certain(dim: int) -> None:
    z = prior_samples(Gaussian(dim=dim), 2000) + 30
    assert jensen_shannon(z, Gaussian(dim=dim)) == pytest.approx(np.log(2), abs=1e-3)


@pytest.mark.parametrize(
    "prior",
    [PRIOR, Mixture(), SwissRoll(), Gaussian(dim=8)],
    ids=["gaussian", "mixture", "swiss roll", "8-D"],
)
def test_of_prior_samples_it_is_0_or_a_little_below(prior: Prior) -> None:
    bounds = [jensen_shannon(prior_samples(prior, 4000, seed), prior) for seed in range(4)]
    assert -0.02 < np.mean(bounds) < 0.003


def test_the_same_codes_give_the_same_bits_and_scaled_ones_too() -> None:
    z = prior_samples(Mixture(), 1000)
    bound = jensen_shannon(z, PRIOR)
    assert jensen_shannon(z, PRIOR) == bound
    assert jensen_shannon(4 * z, Gaussian(4)) == bound
