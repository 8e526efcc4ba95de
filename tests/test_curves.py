"""The curves over training: the losses, and what each epoch's codes say."""

import numpy as np
import pandas as pd
import pytest

from aae.measure.curves import training_curves
from aae.measure.distances import sliced_w2
from aae.measure.divergence import marginal_kl
from aae.measure.probe import jensen_shannon
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.gaussian import Gaussian

EPOCHS = 3
HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "reconstruction_loss": [0.06, 0.05, 0.04],
        "discriminator_loss": [0.7, np.nan, 0.5],
        "learning_rate": [1e-3, 2e-3, 0.0],
    }
)


def normal_samples(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((200, 2)).astype(np.float32)


@pytest.fixture
def codes() -> dict[str, np.ndarray]:
    """As `train` records them, here in another order."""
    saved: dict[str, np.ndarray] = {}
    for epoch in range(EPOCHS, 0, -1):
        saved[f"training {epoch:06d}"] = normal_samples(epoch) / np.float32(epoch)
        saved[f"sigma {epoch:06d}"] = np.linspace(0, epoch, 400, dtype=np.float32).reshape(200, 2)
        saved[f"evaluation {epoch:06d}"] = normal_samples(100 + epoch) * np.float32(epoch)
    return saved


@pytest.mark.parametrize("name", PRIORS)
def test_a_row_an_epoch_with_each_epochs_own_codes(name: str, codes: dict[str, np.ndarray]) -> None:
    prior = prior_class(name)()
    curves = training_curves(HISTORY, codes, prior)
    added = ["kl", "kl_training", "sliced_w2", "probe_jsd", "discriminator_jsd"]
    added += ["sigma_low", "sigma_median", "sigma_high"]
    assert curves.columns.tolist() == [*HISTORY.columns, *added]
    pd.testing.assert_frame_equal(curves[HISTORY.columns], HISTORY)
    for row, epoch in enumerate(("000001", "000002", "000003")):
        evaluation, training = codes[f"evaluation {epoch}"], codes[f"training {epoch}"]
        assert curves["kl"][row] == marginal_kl(evaluation, prior)
        assert curves["sliced_w2"][row] == sliced_w2(evaluation, prior)
        assert curves["kl_training"][row] == marginal_kl(training, prior)
        assert curves["probe_jsd"][row] == jensen_shannon(training, prior)


def test_sigma_has_its_quantiles_in_the_priors_standard_deviations_where_it_was_recorded(
    codes: dict[str, np.ndarray],
) -> None:
    curves = training_curves(HISTORY, codes, Gaussian(std=5.0))
    epochs = HISTORY["epoch"].to_numpy()
    for name, share in (("sigma_low", 0.05), ("sigma_median", 0.5), ("sigma_high", 0.95)):
        np.testing.assert_allclose(curves[name], share * epochs / 5, rtol=1e-5)
    without = {name: each for name, each in codes.items() if not name.startswith("sigma")}
    assert not {"sigma_low", "sigma_median"} & set(training_curves(HISTORY, without, Gaussian()))


def test_the_discriminators_divergence_is_ln_2_minus_its_loss_where_it_has_one(
    codes: dict[str, np.ndarray],
) -> None:
    curves = training_curves(HISTORY, codes, Gaussian())
    np.testing.assert_allclose(curves["discriminator_jsd"], np.log(2) - HISTORY["discriminator_loss"])


def test_without_a_discriminator_of_codes_there_is_no_such_column(codes: dict[str, np.ndarray]) -> None:
    without = training_curves(HISTORY.drop(columns="discriminator_loss"), codes, Gaussian())
    assert "discriminator_jsd" not in without
    assert "discriminator_jsd" not in training_curves(HISTORY, codes, prior_class("mixture")(), labels=100)
