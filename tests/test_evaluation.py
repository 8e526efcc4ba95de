"""The one evaluation path: what it returns, that it repeats, and what it holds codes against."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT

from aae.config import RunConfig
from aae.measure import digits, distances
from aae.measure.evaluation import encode, evaluate, evaluate_training, reconstruction_error
from aae.measure.percentiles import percentile_grid
from aae.measure.scorecard import measure, null_bands, score
from aae.model.networks import Autoencoder
from aae.model.priors import PRIORS, Gaussian
from aae.params import parse_params

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
ENCODERS = pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
NULL = null_bands(600, Gaussian(), samples=20)


def untrained(
    encoder: str = "deterministic", prior: str = "gaussian", seed: int = 0, **model: object
) -> tuple[RunConfig, Autoencoder]:
    settings: dict[str, Any] = PARAMS.base().model_dump() | {"encoder": encoder, "prior": prior, "seed": seed}
    settings["model"] |= {"hidden_units": 16, **model}
    config = RunConfig.model_validate(settings)
    return config, Autoencoder(config)


@ENCODERS
def test_a_row_an_image_with_its_digit_code_and_mean(encoder: str, x: torch.Tensor, y: np.ndarray) -> None:
    codes, _ = evaluate(*untrained(encoder), x, y, NULL)
    assert codes.columns.tolist() == ["label", "z1", "z2", "mean1", "mean2"]
    assert codes.dtypes.astype(str).tolist() == ["uint8", *["float32"] * 4]
    np.testing.assert_array_equal(codes["label"], y)
    same = np.array_equal(codes[["z1", "z2"]], codes[["mean1", "mean2"]])
    assert same == (encoder == "deterministic")


def test_codes_are_the_encoders_image_by_image(x: torch.Tensor, y: np.ndarray) -> None:
    config, autoencoder = untrained()
    codes, _ = evaluate(config, autoencoder, x, y, NULL)
    expected = autoencoder.encoder.net(x[17:18]).detach().numpy()[0]
    np.testing.assert_allclose(codes.loc[17, ["z1", "z2"]].astype(float), expected, atol=1e-6)


@ENCODERS
def test_the_same_call_gives_the_same_bits_whatever_was_drawn_before(
    encoder: str, x: torch.Tensor, y: np.ndarray
) -> None:
    config, autoencoder = untrained(encoder)
    codes, metrics = evaluate(config, autoencoder, x, y, NULL)
    percentile_grid(config, autoencoder, codes[["z1", "z2"]].to_numpy(), 3)
    evaluate_training(config, autoencoder, x, codes[["z1", "z2"]].to_numpy())
    codes_again, metrics_again = evaluate(config, autoencoder, x, y, NULL)
    pd.testing.assert_frame_equal(codes, codes_again, check_exact=True)
    assert metrics == metrics_again


@ENCODERS
def test_the_noise_of_sampled_codes_depends_on_the_runs_seed(encoder: str, x: torch.Tensor) -> None:
    config, autoencoder = untrained(encoder)
    one, other = (encode(run, autoencoder, x) for run in (config, config.model_copy(update={"seed": 1})))
    assert np.array_equal(one, other) == (encoder == "deterministic")


def test_the_metrics_are_those_of_the_codes(x: torch.Tensor, y: np.ndarray) -> None:
    config, autoencoder = untrained("gaussian")
    codes, metrics = evaluate(config, autoencoder, x, y, NULL)
    z = codes[["z1", "z2"]].to_numpy()
    covariance = np.cov(z, rowvar=False)
    assert metrics["neighbour_accuracy"] == digits.neighbour_accuracy(z, y)
    expected = score(z, Gaussian(), NULL)
    for form in ("raw", "whitened"):
        assert metrics["codes"].pop(form) == pytest.approx(expected.pop(form), rel=1e-9)
    assert metrics["codes"] == pytest.approx(expected, rel=1e-9)
    means = codes[["mean1", "mean2"]].to_numpy()
    assert metrics["means"] == pytest.approx(measure(means, Gaussian()), rel=1e-9)
    assert metrics["code_mean"] == pytest.approx(z.mean(0).tolist(), abs=1e-6)
    assert np.array(metrics["code_covariance"]) == pytest.approx(covariance, rel=1e-6)
    assert "component_accuracy" not in metrics
    json.dumps(metrics, allow_nan=False)  # As the stage saves them.


def test_the_reconstruction_error_is_the_mean_square_over_all_pixels(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z = encode(config, autoencoder, x)
    expected = np.mean((autoencoder.decode(torch.from_numpy(z)).numpy() - x.numpy()) ** 2)
    assert reconstruction_error(autoencoder, z, x) == pytest.approx(expected, rel=1e-5)
    assert reconstruction_error(autoencoder, z, autoencoder.decode(torch.from_numpy(z))) == 0


def test_training_codes_have_every_measure_over_as_many_codes_as_the_test_set_has(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z = encode(config, autoencoder, x[:200])
    training = evaluate_training(config, autoencoder, x, z)
    shift = training.pop("shift")
    assert training == measure(z, Gaussian())  # The first 200 training images are its test images here.
    z_train = encode(config, autoencoder, x)  # No noise: the same as the training codes.
    assert shift == pytest.approx(distances.sliced_w2_between(z, z_train, 1), rel=1e-9)


def test_the_shift_is_0_where_test_and_training_images_are_the_same(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z = encode(config, autoencoder, x)
    assert evaluate_training(config, autoencoder, x, z)["shift"] == 0
    moved = evaluate_training(config, autoencoder, x, z + np.array([3, 4], dtype=np.float32))["shift"]
    assert moved == pytest.approx(5 / np.sqrt(2), rel=1e-5)


def test_fewer_training_codes_than_test_codes_are_all_measured_and_have_no_shift(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z = encode(config, autoencoder, x)
    training = evaluate_training(config, autoencoder, x[:200], z)
    assert training == measure(z[:200], Gaussian())


@ENCODERS
def test_a_deterministic_encoders_means_are_measured_as_its_codes(
    encoder: str, x: torch.Tensor, y: np.ndarray
) -> None:
    _, metrics = evaluate(*untrained(encoder), x, y, NULL)
    assert (metrics["means"] == metrics["codes"]["raw"]) == (encoder == "deterministic")


@pytest.mark.parametrize("name", PRIORS)
def test_codes_are_held_against_the_prior_of_the_run_in_its_scale(
    name: str, x: torch.Tensor, y: np.ndarray
) -> None:
    x, y = x[:200], y[:200]
    config, autoencoder = untrained(prior=name, prior_std=5.0)
    prior = PRIORS[name](5)
    null = null_bands(200, prior, samples=5)
    codes, metrics = evaluate(config, autoencoder, x, y, null)
    z = codes[["z1", "z2"]].to_numpy()
    assert metrics["codes"]["raw"] == pytest.approx(measure(z, prior), rel=1e-9)
    mean = null["raw"]["sliced_w2"]["mean"]
    assert metrics["codes"]["fit_ratio"] == pytest.approx(distances.sliced_w2(z, prior) / mean, rel=1e-9)
    training = evaluate_training(config, autoencoder, x, z)
    assert training.pop("shift") == pytest.approx(0, abs=1e-9)
    assert training == pytest.approx(metrics["codes"]["raw"], rel=1e-9)
    if prior.components:
        assert metrics["component_accuracy"] == digits.component_accuracy(z, y, prior)
    else:
        assert "component_accuracy" not in metrics


def test_codes_in_8_d_have_a_column_a_dimension_and_the_measures_that_need_no_plane(
    x: torch.Tensor, y: np.ndarray
) -> None:
    prior = Gaussian(dim=8)
    null = null_bands(600, prior, samples=5)
    codes, metrics = evaluate(*untrained("gaussian", code_dim=8), x, y, null)
    names = [f"{column}{d}" for column in ("z", "mean") for d in range(1, 9)]
    assert codes.columns.tolist() == ["label", *names]
    assert list(metrics["codes"]["raw"]) == list(null["raw"])
    assert np.shape(metrics["code_mean"]) == (8,)
    assert np.shape(metrics["code_covariance"]) == (8, 8)
