"""The one evaluation path: what it returns, that it repeats, and which way the grid of 2E points."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT

from aae import fit
from aae.config import EncoderName, ModelSettings, PriorName, RunConfig
from aae.evaluation import (
    REFERENCE,
    encode_holdout,
    evaluate,
    evaluate_training,
    percentile_grid,
    reconstruction_error,
    reference_prior,
)
from aae.models import Autoencoder
from aae.params import parse_params
from aae.priors import Gaussian
from aae.scorecard import measure, null_bands, score

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
ENCODERS = pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
NULL = null_bands(600, Gaussian(), draws=20)


def untrained(
    encoder: EncoderName = "deterministic", prior: PriorName = "gaussian", seed: int = 0
) -> tuple[RunConfig, Autoencoder]:
    update = {"encoder": encoder, "prior": prior, "seed": seed, "model": ModelSettings(hidden_units=16)}
    config = PARAMS.cells()[0].model_copy(update=update)
    return config, Autoencoder(encoder, 16, seed)


@ENCODERS
def test_a_row_an_image_with_its_digit_code_and_mean(
    encoder: EncoderName, x: torch.Tensor, y: np.ndarray
) -> None:
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
    encoder: EncoderName, x: torch.Tensor, y: np.ndarray
) -> None:
    config, autoencoder = untrained(encoder)
    codes, metrics = evaluate(config, autoencoder, x, y, NULL)
    percentile_grid(config, autoencoder, x, 3)
    evaluate_training(config, autoencoder, x, codes[["z1", "z2"]].to_numpy())
    codes_again, metrics_again = evaluate(config, autoencoder, x, y, NULL)
    pd.testing.assert_frame_equal(codes, codes_again, check_exact=True)
    assert metrics == metrics_again


@ENCODERS
def test_the_noise_of_sampled_codes_depends_on_the_runs_seed(encoder: EncoderName, x: torch.Tensor) -> None:
    config, autoencoder = untrained(encoder)
    one, other = (
        encode_holdout(run, autoencoder, x) for run in (config, config.model_copy(update={"seed": 1}))
    )
    assert np.array_equal(one, other) == (encoder == "deterministic")


def test_the_metrics_are_those_of_the_codes(x: torch.Tensor, y: np.ndarray) -> None:
    config, autoencoder = untrained("gaussian")
    codes, metrics = evaluate(config, autoencoder, x, y, NULL)
    z = codes[["z1", "z2"]].to_numpy()
    covariance = np.cov(z, rowvar=False)
    assert metrics["neighbour_accuracy"] == fit.neighbour_accuracy(z, y)
    expected = score(z, Gaussian(), NULL)
    for form in ("raw", "whitened"):
        assert metrics["codes"].pop(form) == pytest.approx(expected.pop(form), rel=1e-9)
    assert metrics["codes"] == pytest.approx(expected, rel=1e-9)
    means = codes[["mean1", "mean2"]].to_numpy()
    assert metrics["means"] == pytest.approx(measure(means, Gaussian()), rel=1e-9)
    assert metrics["code_mean"] == pytest.approx({"z1": z[:, 0].mean(), "z2": z[:, 1].mean()}, abs=1e-6)
    assert metrics["code_covariance"] == pytest.approx(
        {"z1z1": covariance[0, 0], "z1z2": covariance[0, 1], "z2z2": covariance[1, 1]}
    )
    assert metrics["null"] == NULL
    json.dumps(metrics, allow_nan=False)  # As the stage saves them.


def test_the_reconstruction_error_is_the_mean_square_over_all_pixels(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z = encode_holdout(config, autoencoder, x)
    expected = np.mean((autoencoder.decode(torch.from_numpy(z)).numpy() - x.numpy()) ** 2)
    assert reconstruction_error(autoencoder, z, x) == pytest.approx(expected, rel=1e-5)
    assert reconstruction_error(autoencoder, z, autoencoder.decode(torch.from_numpy(z))) == 0


def test_training_codes_have_every_measure_over_as_many_codes_as_the_hold_out_has(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z = encode_holdout(config, autoencoder, x[:200])
    training = evaluate_training(config, autoencoder, x, z)
    shift = training.pop("shift")
    assert training == measure(z, Gaussian())  # The first 200 training images are its hold-out here.
    z_train = encode_holdout(config, autoencoder, x)  # No noise: the same as the training codes.
    assert shift == pytest.approx(fit.sliced_w2_between(z, z_train, 1), rel=1e-9)


def test_the_shift_is_0_where_hold_out_and_training_images_are_the_same(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z = encode_holdout(config, autoencoder, x)
    assert evaluate_training(config, autoencoder, x, z)["shift"] == 0
    moved = evaluate_training(config, autoencoder, x, z + np.array([3, 4], dtype=np.float32))["shift"]
    assert moved == pytest.approx(5 / np.sqrt(2), rel=1e-5)


def test_a_run_without_a_prior_is_held_against_the_standard_normal() -> None:
    assert reference_prior(untrained(prior="none")[0]) is REFERENCE
    assert reference_prior(untrained(prior="gaussian")[0]) == Gaussian()
    assert Gaussian() == REFERENCE


def test_z1_grows_along_the_second_axis_of_the_grid_and_z2_along_the_first(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    images = percentile_grid(config, autoencoder, x, 5)
    assert images.shape == (5, 5, 784)
    # The middles of five equal steps of (0, 1) in N(0, 1): its percentiles 10, 30, 50, 70 and 90.
    percentiles = np.array([-1.2815516, -0.5244005, 0, 0.5244005, 1.2815516], dtype=np.float32)
    for row, z2 in enumerate(percentiles):
        for column, z1 in enumerate(percentiles):
            expected = autoencoder.decode(torch.tensor([[z1, z2]]))[0]
            np.testing.assert_allclose(images[row, column], expected, atol=1e-6)
    assert not np.allclose(images[0, 4], images[4, 0], atol=1e-6)


def test_without_a_prior_the_percentiles_are_those_of_the_codes(x: torch.Tensor) -> None:
    config, autoencoder = untrained(prior="none")
    images = percentile_grid(config, autoencoder, x, 4)
    z = encode_holdout(config, autoencoder, x)
    z1, z2 = np.quantile(z[:, 0], 0.875), np.quantile(z[:, 1], 0.125)
    expected = autoencoder.decode(torch.tensor([[z1, z2]], dtype=torch.float32))[0]
    np.testing.assert_allclose(images[0, 3], expected, atol=1e-6)


def test_with_a_prior_the_grid_does_not_depend_on_the_images(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    one, other = percentile_grid(config, autoencoder, x, 3), percentile_grid(config, autoencoder, x[:5], 3)
    np.testing.assert_array_equal(one, other)
