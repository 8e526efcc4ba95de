"""The one evaluation path: what it returns, that it repeats, and which way the grid of 2E points."""

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT

from aae import fit
from aae.config import EncoderName, ModelSettings, PriorName, RunConfig
from aae.evaluation import (
    REFERENCE,
    encode_images,
    evaluate,
    measure_fit,
    percentile_grid,
    reconstruction_error,
    reference_prior,
)
from aae.models import Autoencoder
from aae.params import parse_params
from aae.priors import Gaussian
from aae.randomness import named_generator

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
ENCODERS = pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
NULL = fit.sliced_w2_null(600, Gaussian(), draws=20)


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
    encode_images(config, autoencoder, x, "train")
    codes_again, metrics_again = evaluate(config, autoencoder, x, y, NULL)
    pd.testing.assert_frame_equal(codes, codes_again, check_exact=True)
    assert metrics == metrics_again


@pytest.mark.parametrize("encoder", ["gaussian", "universal"])
def test_the_noise_depends_on_the_runs_seed_and_on_the_name_of_the_images(
    encoder: EncoderName, x: torch.Tensor
) -> None:
    config, autoencoder = untrained(encoder)
    other_seed = config.model_copy(update={"seed": 1})
    calls = [(config, "hold-out"), (config, "train"), (other_seed, "hold-out")]
    results = [encode_images(run, autoencoder, x, name) for run, name in calls]
    assert len({z.tobytes() for z, _ in results}) == 3
    # The mean of the universal encoder is one over draws, the Gaussian encoder's is exact.
    assert len({mean.tobytes() for _, mean in results}) == (3 if encoder == "universal" else 1)


def test_the_metrics_are_those_of_the_codes(x: torch.Tensor, y: np.ndarray) -> None:
    config, autoencoder = untrained("gaussian")
    codes, metrics = evaluate(config, autoencoder, x, y, NULL)
    z = codes[["z1", "z2"]].to_numpy()
    covariance = np.cov(z, rowvar=False)
    assert metrics["neighbour_accuracy"] == fit.neighbour_accuracy(z, y)
    mean = codes[["mean1", "mean2"]].to_numpy()
    assert metrics["codes"] == pytest.approx(measure_fit(z, Gaussian(), NULL), rel=1e-5)
    assert metrics["means"] == pytest.approx(measure_fit(mean, Gaussian(), NULL), rel=1e-5)
    assert metrics["code_mean"] == pytest.approx({"z1": z[:, 0].mean(), "z2": z[:, 1].mean()}, abs=1e-6)
    assert metrics["code_covariance"] == pytest.approx(
        {"z1z1": covariance[0, 0], "z1z2": covariance[0, 1], "z2z2": covariance[1, 1]}
    )
    assert metrics["sliced_w2_null"] == {"mean": NULL.mean, "std": NULL.std}


def test_the_reconstruction_error_is_the_mean_square_over_all_pixels(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    z, _ = encode_images(config, autoencoder, x, "hold-out")
    expected = np.mean((autoencoder.decode(torch.from_numpy(z)).numpy() - x.numpy()) ** 2)
    assert reconstruction_error(autoencoder, z, x) == pytest.approx(expected, rel=1e-5)
    assert reconstruction_error(autoencoder, z, autoencoder.decode(torch.from_numpy(z))) == 0


def test_the_fit_is_told_as_a_distance_a_multiple_of_the_floor_and_after_whitening() -> None:
    z = Gaussian(5).sample(600, named_generator(0, "codes")).numpy() + 20
    measured = measure_fit(z, Gaussian(5), NULL)
    assert measured["sliced_w2"] == pytest.approx(4, abs=0.2)  # |s| / sqrt(2) = 20, in units of 5.
    assert measured["fit_ratio"] == measured["sliced_w2"] / NULL.mean
    assert measured["sliced_w2_whitened"] < NULL.mean


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
    z, _ = encode_images(config, autoencoder, x, "hold-out")
    z1, z2 = np.quantile(z[:, 0], 0.875), np.quantile(z[:, 1], 0.125)
    expected = autoencoder.decode(torch.tensor([[z1, z2]], dtype=torch.float32))[0]
    np.testing.assert_allclose(images[0, 3], expected, atol=1e-6)


def test_with_a_prior_the_grid_does_not_depend_on_the_images(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    one, other = percentile_grid(config, autoencoder, x, 3), percentile_grid(config, autoencoder, x[:5], 3)
    np.testing.assert_array_equal(one, other)
