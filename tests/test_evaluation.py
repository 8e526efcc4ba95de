"""The one evaluation path: what it returns, that it repeats, and what it holds codes against."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from tiny import make_config

from aae.config import RunConfig
from aae.measure import digits, distances, divergence
from aae.measure.density import density_misfit
from aae.measure.evaluation import Evaluation, evaluate
from aae.measure.nulls import large_null_bands, null_bands
from aae.measure.percentiles import percentile_grid
from aae.measure.probe import jensen_shannon
from aae.measure.scorecard import Null, measure, score
from aae.model.networks import Autoencoder
from aae.model.priors import PRIORS, Gaussian, Prior

ENCODERS = pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
HISTORY = pd.DataFrame(
    {"epoch": [1, 2], "reconstruction_loss": [0.06, 0.05], "discriminator_loss": [0.7, 0.68]}
)
N, M = 200, 400  # Evaluation and training images.


def bands(prior: Prior, n: int = N, m: int = M) -> Null:
    return null_bands(n, prior, samples=4) | large_null_bands(n, m, prior, samples=3)


@pytest.fixture(scope="module")
def null() -> Null:
    return bands(Gaussian())


Run = tuple[RunConfig, Autoencoder]


def untrained(encoder: str = "deterministic", model: dict[str, Any] | None = None, **settings: Any) -> Run:
    config = make_config(encoder=encoder, model=model, **settings)
    return config, Autoencoder(config)


def evaluated(
    run: Run, x: torch.Tensor, y: np.ndarray, null: Null, history: pd.DataFrame = HISTORY, n: int = N
) -> Evaluation:
    """The first n images are for evaluation, the others for training."""
    return evaluate(*run, (x[:n], y[:n]), x[n:], history, null)


def codes_of(evaluation: Evaluation, column: str = "z") -> np.ndarray:
    table = evaluation.codes[[name for name in evaluation.codes.columns if name.startswith(column)]]
    return np.array(table, order="C")  # As networks give them: another order could move a last digit.


# Codes.


@ENCODERS
def test_a_row_an_image_with_its_digit_code_and_mean(
    encoder: str, x: torch.Tensor, y: np.ndarray, null: Null
) -> None:
    codes, training_codes, metrics = evaluated(untrained(encoder), x, y, null)
    assert codes.columns.tolist() == ["label", "z1", "z2", "mean1", "mean2"]
    assert codes.dtypes.astype(str).tolist() == ["uint8", *["float32"] * 4]
    np.testing.assert_array_equal(codes["label"], y[:N])
    assert training_codes.shape == (M, 2)
    assert training_codes.dtype == np.float32
    same = np.array_equal(codes[["z1", "z2"]], codes[["mean1", "mean2"]])
    assert same == (encoder == "deterministic")
    assert (metrics["means"] == metrics["codes"]["raw"]) == same


def test_codes_are_the_encoders_image_by_image(x: torch.Tensor, y: np.ndarray, null: Null) -> None:
    config, autoencoder = untrained()
    codes, training_codes, _ = evaluated((config, autoencoder), x, y, null)
    z = autoencoder.encoder.net(x).detach().numpy()
    np.testing.assert_allclose(codes[["z1", "z2"]], z[:N], atol=1e-6)
    np.testing.assert_allclose(training_codes, z[N:], atol=1e-6)


@ENCODERS
def test_the_same_call_gives_the_same_bits_whatever_was_drawn_before(
    encoder: str, x: torch.Tensor, y: np.ndarray, null: Null
) -> None:
    run = untrained(encoder)
    once = evaluated(run, x, y, null)
    percentile_grid(*run, codes_of(once), 3)
    again = evaluated(run, x, y, null)
    pd.testing.assert_frame_equal(once.codes, again.codes, check_exact=True)
    np.testing.assert_array_equal(once.training_codes, again.training_codes)
    assert once.metrics == again.metrics


# Metrics.


@ENCODERS
def test_the_metrics_are_those_of_the_codes(encoder: str, x: torch.Tensor, y: np.ndarray, null: Null) -> None:
    config, autoencoder = untrained(encoder)
    evaluation = evaluated((config, autoencoder), x, y, null)
    metrics, z, z_training = evaluation.metrics, codes_of(evaluation), evaluation.training_codes
    json.dumps(metrics, allow_nan=False)  # As the stage saves them.
    assert metrics["neighbour_accuracy"] == digits.neighbour_accuracy(z, y[:N])
    assert "component_accuracy" not in metrics
    assert metrics["codes"] == score(z, Gaussian(), null)
    assert metrics["means"] == measure(codes_of(evaluation, "mean"), Gaussian())
    decoded = autoencoder.decode(torch.from_numpy(z))
    assert metrics["reconstruction_error"] == pytest.approx(F.mse_loss(decoded, x[:N]).item(), rel=1e-6)
    assert metrics["density"] == {"n": N + M} | density_misfit(np.concatenate([z, z_training]), Gaussian())
    assert metrics["discriminator"]["probe_jsd"] == jensen_shannon(z_training, Gaussian())
    assert metrics["code_mean"] == pytest.approx(z.mean(0).tolist(), abs=1e-6)
    assert np.array(metrics["code_covariance"]) == pytest.approx(np.cov(z, rowvar=False), rel=1e-6)


def test_the_fit_of_the_training_codes_is_that_of_all_of_them(
    x: torch.Tensor, y: np.ndarray, null: Null
) -> None:
    evaluation = evaluated(untrained("gaussian"), x, y, null)
    z, z_training = codes_of(evaluation), evaluation.training_codes
    distance = distances.sliced_w2(z_training, Gaussian())
    shift = distances.sliced_w2_between(z, z_training, 1)
    assert evaluation.metrics["training"] == {
        "n": M,
        "kl": divergence.marginal_kl(z_training, Gaussian()),
        "sliced_w2": distance,
        "shift": shift,
        "sliced_w2_excess": distances.excess(distance, null["training"]["sliced_w2"]["mean"]),
        "shift_excess": distances.excess(shift, null["shift"]["mean"]),
    }


def test_without_bands_for_as_many_codes_there_is_no_excess(
    x: torch.Tensor, y: np.ndarray, null: Null
) -> None:
    run = untrained()
    fewer_training = evaluate(*run, (x[:N], y[:N]), x[N:-1], HISTORY, null).metrics
    assert list(fewer_training["training"]) == ["n", "kl", "sliced_w2", "shift"]
    assert "sliced_w2_excess" in fewer_training["codes"]
    fewer = evaluate(*run, (x[: N - 1], y[: N - 1]), x[N:], HISTORY, null).metrics
    assert list(fewer["training"]) == ["n", "kl", "sliced_w2", "shift", "sliced_w2_excess"]
    assert "sliced_w2_excess" not in fewer["codes"]


def test_fewer_training_codes_than_test_codes_have_no_shift(x: torch.Tensor, y: np.ndarray) -> None:
    evaluation = evaluated(untrained(), x, y, bands(Gaussian(), 400, 200), n=400)
    assert list(evaluation.metrics["training"]) == ["n", "kl", "sliced_w2", "sliced_w2_excess"]


@pytest.mark.parametrize("name", PRIORS)
def test_codes_are_held_against_the_prior_of_the_run_in_its_scale(
    name: str, x: torch.Tensor, y: np.ndarray
) -> None:
    prior = PRIORS[name](0.1)
    evaluation = evaluated(untrained(prior=name, model={"prior_std": 0.1}), x, y, bands(prior))
    metrics, z, z_training = evaluation.metrics, codes_of(evaluation), evaluation.training_codes
    assert metrics["codes"]["raw"] == measure(z, prior)
    assert metrics["training"]["kl"] == divergence.marginal_kl(z_training, prior)
    assert metrics["training"]["shift"] == distances.sliced_w2_between(z, z_training, 0.1)
    assert metrics["density"]["total_variation"] > 0.3
    if prior.components:
        assert metrics["component_accuracy"] == digits.component_accuracy(z, y[:N], prior)
    else:
        assert "component_accuracy" not in metrics


def test_codes_in_8_d_have_a_column_a_dimension_and_the_measures_that_need_no_plane(
    x: torch.Tensor, y: np.ndarray
) -> None:
    null = bands(Gaussian(dim=8))
    codes, training_codes, metrics = evaluated(untrained("gaussian", {"code_dim": 8}), x, y, null)
    names = [f"{column}{d}" for column in ("z", "mean") for d in range(1, 9)]
    assert codes.columns.tolist() == ["label", *names]
    assert training_codes.shape == (M, 8)
    assert list(metrics["codes"]["raw"]) == list(null["raw"])
    assert list(metrics["density"]) == list(null["density"])
    assert np.shape(metrics["code_covariance"]) == (8, 8)
    json.dumps(metrics, allow_nan=False)


# The discriminator.


def test_the_gap_is_what_the_last_loss_did_not_see(x: torch.Tensor, y: np.ndarray, null: Null) -> None:
    numbers = evaluated(untrained(), x, y, null).metrics["discriminator"]
    assert list(numbers) == ["probe_jsd", "jsd", "gap"]
    assert numbers["jsd"] == pytest.approx(np.log(2) - 0.68)
    assert numbers["gap"] == numbers["probe_jsd"] - numbers["jsd"]


@pytest.mark.parametrize(
    ("settings", "history"),
    [
        ({"prior": "none"}, HISTORY[["epoch", "reconstruction_loss"]]),
        ({}, HISTORY.assign(discriminator_loss=[0.7, np.nan])),
        ({"prior": "mixture", "labels": 100}, HISTORY),
    ],
    ids=["none", "no loss in the last epoch", "of pairs of code and label"],
)
def test_without_a_discriminator_of_codes_there_is_no_gap(
    settings: dict[str, Any], history: pd.DataFrame, x: torch.Tensor, y: np.ndarray, null: Null
) -> None:
    metrics = evaluated(untrained(**settings), x, y, null, history).metrics
    assert list(metrics["discriminator"]) == ["probe_jsd"]
