"""The one evaluation path: what it returns, that it repeats, and what it holds codes against."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from tiny import make_config

from aae.data.datasets import SHAPE
from aae.measure import digits, distances, divergence
from aae.measure.density import density_misfit
from aae.measure.evaluation import Evaluation, blocks, evaluate
from aae.measure.percentiles import percentile_grid
from aae.measure.probe import jensen_shannon
from aae.measure.scorecard import measure
from aae.model.discriminator import make_discriminator
from aae.model.encoding import final_codes
from aae.model.networks import Autoencoder
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.gaussian import Gaussian
from aae.settings.config import RunConfig

ENCODERS = pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
HISTORY = pd.DataFrame(
    {"epoch": [1, 2], "reconstruction_loss": [0.06, 0.05], "discriminator_loss": [0.7, 0.68]}
)
N, M = 200, 400  # Evaluation and training images.

Run = tuple[RunConfig, Autoencoder]


def untrained(encoder: str = "deterministic", model: dict[str, Any] | None = None, **settings: Any) -> Run:
    config = make_config(encoder=encoder, model=model, **settings)
    return config, Autoencoder(config, SHAPE)


def codes_of(run: Run, x: torch.Tensor, n: int = N) -> dict[str, np.ndarray]:
    """The first n images are for evaluation, the others for training."""
    return {name: value.numpy() for name, value in final_codes(*run, x[n:], x[:n]).items()}


def evaluated(
    run: Run,
    x: torch.Tensor,
    y: np.ndarray,
    history: pd.DataFrame = HISTORY,
    n: int = N,
    discriminated: bool = True,
) -> Evaluation:
    discriminator = make_discriminator(run[0], 0) if discriminated else None
    images = x[:n].numpy(), y[:n]
    pixels = (255 * x[n:]).byte().numpy()
    return evaluate(*run, discriminator, codes_of(run, x, n), images, pixels, history)


# Codes.


@ENCODERS
def test_the_same_call_gives_the_same_bits_whatever_was_drawn_before(
    encoder: str, x: torch.Tensor, y: np.ndarray
) -> None:
    run = untrained(encoder)
    once = evaluated(run, x, y)
    percentile_grid(*run, codes_of(run, x)["evaluation"], 3)
    again = evaluated(run, x, y)
    pd.testing.assert_frame_equal(once.codes, again.codes, check_exact=True)
    assert once.measures == again.measures


# Measures.


@ENCODERS
def test_the_measures_are_those_of_the_codes(encoder: str, x: torch.Tensor, y: np.ndarray) -> None:
    run = untrained(encoder)
    measures, codes = evaluated(run, x, y).measures, codes_of(run, x)
    z, z_training = codes["evaluation"], codes["training"]
    json.dumps(measures, allow_nan=False)  # As the store keeps them.
    assert (measures["codes"], measures["training_codes"]) == (N, M)
    assert measures["neighbour_accuracy"] == digits.neighbour_accuracy(z, y[:N])
    assert "component_accuracy" not in measures
    expected = measure(z, Gaussian()) | density_misfit(np.concatenate([z, z_training]), Gaussian())
    whitened = measure(distances.match_moments(z, Gaussian()), Gaussian())
    expected |= {f"{name}_whitened": value for name, value in whitened.items()}
    assert {name: measures[name] for name in expected} == expected
    decoded = run[1].decode(torch.from_numpy(z))
    assert measures["reconstruction_error"] == pytest.approx(F.mse_loss(decoded, x[:N]).item(), rel=1e-6)
    assert measures["probe_jsd"] == jensen_shannon(z_training, Gaussian())
    assert measures["mean_2"] == pytest.approx(z[:, 1].mean(), abs=1e-6)
    assert measures["covariance_1_2"] == pytest.approx(np.cov(z, rowvar=False)[0, 1], rel=1e-6)


@pytest.mark.parametrize("name", PRIORS)
def test_codes_are_held_against_the_prior_of_the_run_in_its_scale(
    name: str, x: torch.Tensor, y: np.ndarray
) -> None:
    prior = prior_class(name)(0.1)
    run = untrained(prior=name, model={"prior_std": 0.1})
    measures, codes = evaluated(run, x, y).measures, codes_of(run, x)
    assert measures["kl"] == measure(codes["evaluation"], prior)["kl"]
    assert measures["kl_training"] == divergence.marginal_kl(codes["training"], prior)
    assert measures["shift"] == distances.sliced_w2_between(codes["evaluation"], codes["training"], 0.1)
    assert measures["total_variation"] > 0.3
    if prior.components:
        expected = digits.component_accuracy(codes["evaluation"], y[:N], prior)
        assert measures["component_accuracy"] == expected
    else:
        assert "component_accuracy" not in measures


def test_codes_in_8_d_have_a_column_a_dimension_and_the_measures_that_need_no_plane(
    x: torch.Tensor, y: np.ndarray
) -> None:
    found = evaluated(untrained("gaussian", {"code_dim": 8}), x, y)
    names = [f"{column}{d}" for column in ("z", "mean") for d in range(1, 9)]
    assert found.codes.columns.tolist() == ["label", *names]
    assert "holes" not in found.measures
    assert {"kl", "sliced_w2", "c2st_accuracy", "covariance_7_8"} <= set(found.measures)
    json.dumps(found.measures, allow_nan=False)


# The training images.


def test_the_training_error_is_that_of_all_training_images(x: torch.Tensor, y: np.ndarray) -> None:
    run = untrained("gaussian")
    z = codes_of(run, x)["training"]
    decoded = run[1].decode(torch.from_numpy(z))
    expected = F.mse_loss(decoded, (255 * x[N:]).byte().float() / 255).item()
    assert evaluated(run, x, y).measures["training_error"] == pytest.approx(expected, rel=1e-6)


def test_blocks_are_consecutive_and_as_many_as_fit() -> None:
    z = np.random.default_rng(0).standard_normal((1100, 2)).astype(np.float32)
    z[300:600] *= 0.2
    found = blocks(z, 300, Gaussian())
    each = [divergence.marginal_kl(z[start : start + 300], Gaussian()) for start in (0, 300, 600)]
    assert found["kl_blocks"] == pytest.approx(np.mean(each))
    assert (found["kl_blocks_low"], found["kl_blocks_high"]) == (min(each), each[1])
    assert min(each) < found["kl_random"] < found["kl_blocks"]
    assert blocks(z[:599], 300, Gaussian()) == {}


# The discriminator and the probes.


def test_what_the_discriminator_sees_is_measured_where_there_is_one(x: torch.Tensor, y: np.ndarray) -> None:
    measures = evaluated(untrained(), x, y).measures
    assert {"probe_jsd", "neighbour_jsd", "discriminator_jsd", "discriminator_jsd_null"} <= set(measures)
    without = evaluated(untrained(), x, y, discriminated=False).measures
    assert set(measures) - set(without) == {"discriminator_jsd", "discriminator_jsd_null"}
