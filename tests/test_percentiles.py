"""Figure 2E's grid: which way it points, and whose percentiles it is made of."""

from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT

from aae.data.datasets import SHAPE
from aae.measure.percentiles import percentile_grid
from aae.model.networks import Autoencoder
from aae.model.parts import PRIORS, prior_class
from aae.settings.config import RunConfig
from aae.settings.params import parse_params

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
Z = np.random.default_rng(0).standard_normal((200, 2)).astype(np.float32) ** 3  # Codes of some images.


def untrained(prior: str = "gaussian", std: float = 1.0, dim: int = 2) -> tuple[RunConfig, Autoencoder]:
    settings: dict[str, Any] = PARAMS.base().model_dump() | {"prior": prior}
    settings["model"] |= {"hidden_units": 16, "code_dim": dim, "prior_std": std}
    config = RunConfig.model_validate(settings)
    return config, Autoencoder(config, SHAPE)


def decoded(autoencoder: Autoencoder, code: np.ndarray) -> np.ndarray:
    return autoencoder.decode(torch.from_numpy(code.astype(np.float32))[None])[0].numpy()


def test_z1_grows_along_the_second_axis_of_the_grid_and_z2_along_the_first() -> None:
    config, autoencoder = untrained()
    images = percentile_grid(config, autoencoder, Z, 5)
    assert images.shape == (5, 5, 28, 28)
    # The middles of five equal steps of (0, 1) in N(0, 1): its percentiles 10, 30, 50, 70 and 90.
    percentiles = np.array([-1.2815516, -0.5244005, 0, 0.5244005, 1.2815516])
    for row, z2 in enumerate(percentiles):
        for column, z1 in enumerate(percentiles):
            np.testing.assert_allclose(
                images[row, column], decoded(autoencoder, np.array([z1, z2])), atol=1e-6
            )
    assert not np.allclose(images[0, 4], images[4, 0], atol=1e-6)


@pytest.mark.parametrize(
    "name", [name for name, prior in ((name, prior_class(name)) for name in PRIORS) if prior.constrains]
)
def test_with_a_prior_the_percentiles_are_its_own_and_do_not_depend_on_the_codes(name: str) -> None:
    config, autoencoder = untrained(name, std=5)
    images = percentile_grid(config, autoencoder, Z, 4)
    np.testing.assert_array_equal(images, percentile_grid(config, autoencoder, 7 * Z[:5], 4))
    u = np.array([0.125, 0.375, 0.625, 0.875])
    for row in range(4):
        for column in range(4):
            code = prior_class(name)(5).from_uniform(np.array([u[column], u[row]]))
            np.testing.assert_allclose(images[row, column], decoded(autoencoder, code), atol=1e-6)


def test_without_a_prior_the_percentiles_are_those_of_the_codes() -> None:
    config, autoencoder = untrained("none")
    images = percentile_grid(config, autoencoder, Z, 4)
    code = np.array([np.quantile(Z[:, 0], 0.875), np.quantile(Z[:, 1], 0.125)])
    np.testing.assert_allclose(images[0, 3], decoded(autoencoder, code), atol=1e-6)
    assert not np.allclose(images, percentile_grid(config, autoencoder, 2 * Z, 4), atol=1e-6)


@pytest.mark.parametrize("name", ["gaussian", "uniform", "none"])
def test_codes_outside_the_plane_have_an_empty_grid(name: str) -> None:
    images = percentile_grid(*untrained(name, dim=8), np.zeros((50, 8), np.float32), 15)
    assert images.shape == (0, 0, 28, 28)
