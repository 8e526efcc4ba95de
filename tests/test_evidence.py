"""Divergences that evidence tells: bounds, blind to scale, not far off, and 0 where there is nothing."""

import numpy as np
import pytest
import torch
from quadrature import misfit_of
from torch import nn

from aae.measure.controls import checkerboard, jensen_shannon_of_checkerboard
from aae.measure.evidence import neighbour_jensen_shannon, probes, seen, told
from aae.measure.smoothed import kl_of_samples, smoothed_kl
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.mixture import Mixture
from aae.model.priors.uniform import Uniform

N = 10_000
ERROR = 0.004  # Three standard errors of a mean loss of 2 N points, a few tenths of a nat each.


def sample(prior: Prior, n: int = N, seed: int = 0) -> np.ndarray:
    return prior.sample(n, torch.Generator().manual_seed(seed)).numpy()


def logits(q: Prior, p: Prior, z: np.ndarray) -> np.ndarray:
    """Those of the best discriminator, for prior samples."""
    return (p.log_density(z) - q.log_density(z))[:, None]


# Evidence.


@pytest.mark.parametrize("scale", [1.0, -0.1, 5.0])
def test_the_best_logits_tell_the_divergence_whatever_their_scale_and_offset(scale: float) -> None:
    q, p = Gaussian(0.7), Gaussian()
    evidence = [scale * logits(q, p, sample(each)) + 2 for each in (p, q)]
    assert told(*evidence) == pytest.approx(misfit_of(q, p).jensen_shannon, abs=ERROR)


def test_evidence_of_nothing_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    assert abs(told(rng.standard_normal((N, 2)), rng.standard_normal((N, 2)))) < 0.0005
    assert told(np.ones((N, 1)), np.ones((N, 1))) == pytest.approx(0, abs=1e-6)


def test_what_is_certain_is_ln_2() -> None:
    assert told(np.full((500, 1), 9.0), np.full((500, 1), -9.0)) == pytest.approx(np.log(2), abs=0.01)


# The final discriminator.


class Best(nn.Module):
    """The best discriminator for codes of N(0, 0.7^2 I), times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """(n, 2) -> (n, 1)."""
        return self.factor * torch.from_numpy(logits(Gaussian(0.7), Gaussian(), z.double().numpy()))


def test_a_discriminator_that_sees_the_misfit_says_so_and_a_blind_one_does_not() -> None:
    z = sample(Gaussian(0.7), seed=1)
    expected = misfit_of(Gaussian(0.7), Gaussian()).jensen_shannon
    sees, blind = seen(Best(0.3), z, Gaussian()), seen(Best(0.0), z, Gaussian())
    assert sees["discriminator_jsd"] == pytest.approx(expected, abs=ERROR)
    assert blind["discriminator_jsd"] == pytest.approx(0, abs=1e-6)
    assert abs(sees["discriminator_jsd_null"]) < 0.001


# The densities of neighbours.


@pytest.mark.parametrize(
    ("q", "p", "share"),
    [(Gaussian(0.7), Gaussian(), 0.8), (Mixture(), Gaussian(), 0.9), (Gaussian(), Uniform(), 0.9)],
)
def test_neighbours_tell_nearly_the_divergence_and_no_more(q: Prior, p: Prior, share: float) -> None:
    expected = misfit_of(q, p).jensen_shannon
    assert share * expected < neighbour_jensen_shannon(sample(q), p) < expected + ERROR


@pytest.mark.parametrize("prior", [Gaussian(), Mixture(), Gaussian(5.0)])
def test_neighbours_tell_nothing_of_prior_samples(prior: Prior) -> None:
    assert abs(neighbour_jensen_shannon(sample(prior, seed=3), prior)) < 0.001


def test_neighbours_tell_a_part_of_fine_structure() -> None:
    z = checkerboard(30_000, 0.15, 0)
    assert 0.001 < neighbour_jensen_shannon(z, Gaussian()) < jensen_shannon_of_checkerboard()


def test_in_more_dimensions_there_are_trees_alone() -> None:
    assert set(probes(sample(Gaussian(dim=3), 300), Gaussian(dim=3))) == {"probe_jsd"}
    assert set(probes(sample(Gaussian(), 300), Gaussian())) == {"probe_jsd", "neighbour_jsd"}


# The blur.


def test_the_divergence_of_two_samples_is_that_of_their_distributions() -> None:
    a, b = sample(Gaussian(0.8), 40_000).astype(float), sample(Gaussian(), 40_000, 1).astype(float)
    assert kl_of_samples(a, b) == pytest.approx(misfit_of(Gaussian(0.8), Gaussian()).kl, abs=0.02)


def test_a_blur_takes_fine_structure_away_and_leaves_the_rest() -> None:
    fine, coarse = checkerboard(40_000, 0.3, 0), sample(Gaussian(0.8), 40_000)
    blurred = smoothed_kl(fine, Gaussian())
    assert list(blurred) == ["kl_smoothed_0.03", "kl_smoothed_0.05", "kl_smoothed_0.1"]
    assert blurred["kl_smoothed_0.03"] > 0.02
    assert abs(blurred["kl_smoothed_0.1"]) < 0.015
    kept = smoothed_kl(coarse, Gaussian())["kl_smoothed_0.1"]
    assert kept == pytest.approx(misfit_of(Gaussian(0.8), Gaussian()).kl, abs=0.02)
    assert smoothed_kl(5 * coarse, Gaussian(5.0))["kl_smoothed_0.1"] == pytest.approx(kept, abs=1e-6)
