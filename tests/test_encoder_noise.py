"""Randomness of an encoder: sigma(x) and entropy of encoders whose noise is known."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from tiny import make_config

from aae.data.datasets import SHAPE
from aae.measure.evaluation import encoder_noise
from aae.model.architectures.perceptron import Perceptrons
from aae.model.encoders.base import Codes, Encoder
from aae.model.encoding import DRAWS, final_codes
from aae.model.networks import Autoencoder
from aae.settings.config import ModelSettings, RunConfig

GAUSSIAN_ENTROPY = 0.5 * np.log(2 * np.pi * np.e)  # Of N(0, 1), in nats.
X = torch.rand(500, *SHAPE, generator=torch.Generator().manual_seed(0))


def untrained(encoder: str, **model: Any) -> tuple[RunConfig, Autoencoder]:
    config = make_config(encoder=encoder, model=model)
    return config, Autoencoder(config, SHAPE)


class Posterior(NamedTuple):
    """Sampled codes of images, and the moments of q(z|x)."""

    z: np.ndarray
    mean: np.ndarray
    std: np.ndarray


def encode(config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor) -> Posterior:
    codes = final_codes(config, autoencoder, x[:1], x)
    return Posterior(*(codes[f"evaluation{part}"].numpy() for part in ("", " mean", " std")))


# The numbers.


def test_median_and_percentile_are_over_images_and_dimensions_and_the_entropy_is_their_mean() -> None:
    sigma = np.arange(1.0, 201).reshape(100, 2)
    numbers = encoder_noise(sigma)
    assert numbers["sigma_median"] == 100.5
    assert numbers["sigma_p95"] == pytest.approx(np.quantile(sigma, 0.95))
    assert numbers["entropy"] == pytest.approx(2 * GAUSSIAN_ENTROPY + 2 * np.log(sigma).mean())


def test_no_noise_at_all_has_no_entropy() -> None:
    assert encoder_noise(np.zeros((10, 2))) == {"sigma_median": 0, "sigma_p95": 0}


# The encoders.


@pytest.mark.parametrize("sigma", [0.5, 0.01, 0.0])
def test_a_gaussian_encoder_of_known_sigma_is_told_by_it(sigma: float) -> None:
    posterior = encode(*untrained("gaussian", sigma=sigma, prior_std=3.0), X)
    np.testing.assert_allclose(posterior.std, 3 * sigma, rtol=1e-6)
    assert np.std(posterior.z - posterior.mean) == pytest.approx(3 * sigma, rel=0.1)


def test_a_learned_sigma_is_the_encoders_own_image_by_image() -> None:
    config, autoencoder = untrained("gaussian")
    codes = autoencoder.posterior(X, torch.Generator().manual_seed(0))
    assert codes.mean is not None
    assert codes.std is not None
    posterior = encode(config, autoencoder, X)
    np.testing.assert_array_equal(posterior.std, codes.std)
    np.testing.assert_array_equal(posterior.mean, codes.mean)


class Noisy(Encoder):
    """z ~ N((1, -2), diag sigma^2), of which it tells nothing but samples."""

    sigma = torch.tensor([0.5, 0.02])

    def draw_noise(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """N(0, I)."""
        return torch.randn(n, 2, generator=generator)

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Codes:
        """One code an image, whatever it shows."""
        assert noise is not None
        return Codes(torch.tensor([1.0, -2.0]) + self.sigma * noise)


def test_an_encoder_that_gives_samples_alone_is_told_by_these() -> None:
    config, autoencoder = untrained("universal")
    settings: ModelSettings = config.model
    autoencoder.encoder = Noisy(settings, Perceptrons(settings, SHAPE), torch.Generator())
    z, mean, std = encode(config, autoencoder, X)
    # Of 16 draws: the standard deviation has an error of 1 / sqrt(30), the mean one of 1 / 4.
    sigma = Noisy.sigma.numpy()
    np.testing.assert_allclose(np.sqrt((std**2).mean(0)), sigma, rtol=0.04)
    np.testing.assert_allclose(std.std(0), sigma / np.sqrt(2 * (DRAWS - 1)), rtol=0.15)
    np.testing.assert_allclose(mean.mean(0), [1, -2], atol=0.05)
    np.testing.assert_allclose(mean.std(0), sigma / np.sqrt(DRAWS), rtol=0.15)
    np.testing.assert_allclose(z.std(0), sigma, rtol=0.15)
    expected = 2 * GAUSSIAN_ENTROPY + np.log(sigma).sum()
    assert encoder_noise(std)["entropy"] == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
def test_the_noise_of_sampled_codes_depends_on_the_runs_seed(encoder: str) -> None:
    config, autoencoder = untrained(encoder)
    one, other = (encode(run, autoencoder, X) for run in (config, config.model_copy(update={"seed": 1})))
    assert np.array_equal(one.z, other.z) == (encoder == "deterministic")
    np.testing.assert_array_equal(encode(config, autoencoder, X).z, one.z)
