"""The fit to a prior with components, part by part: each number answers to its own fault alone."""

import numpy as np
import pytest
from conftest import prior_samples

from aae.measure.components import component_fit
from aae.model.parts import prior_class

PRIOR = prior_class("mixture")()
N = 60_000


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    return prior_samples(PRIOR, N, 0)


@pytest.mark.parametrize("name", ["mixture", "swiss_roll"])
@pytest.mark.parametrize("std", [1.0, 3.0])
def test_prior_samples_have_no_misfit(name: str, std: float) -> None:
    prior = prior_class(name)(std)
    found = component_fit(prior_samples(prior, N, 0), prior)
    assert found["stray"] == pytest.approx(np.exp(-8), abs=3e-4)
    assert found["weights_misfit"] < 0.02
    assert abs(found["kl_within"]) < 0.01


def test_stray_codes_are_told_from_the_shape_of_the_others(z: np.ndarray) -> None:
    strayed = z.copy()
    strayed[: N // 50] = 0.0  # The middle of the ring: 4.4 of the long axis away.
    found = component_fit(strayed, PRIOR)
    assert found["stray"] == pytest.approx(0.02, abs=5e-4)
    assert found["weights_misfit"] < 0.02
    assert abs(found["kl_within"]) < 0.01


def test_an_empty_component_is_a_matter_of_weights(z: np.ndarray) -> None:
    found = component_fit(z[PRIOR.component(z) != 3], PRIOR)
    assert found["weights_misfit"] == pytest.approx(0.1, abs=0.01)
    assert abs(found["kl_within"]) < 0.01


def test_components_of_the_wrong_shape_have_the_divergence_of_gaussians(z: np.ndarray) -> None:
    angle = 2 * np.pi * PRIOR.component(z) / 10
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    narrow = z - 0.5 * (z * across).sum(1, keepdims=True) * across  # Half as wide.
    found = component_fit(narrow, PRIOR)
    assert found["kl_within"] == pytest.approx(np.log(2) - 0.5 * (1 - 0.25), abs=0.02)
    assert found["stray"] < 2e-3


def test_a_prior_without_components_has_no_such_fit() -> None:
    prior = prior_class("gaussian")()
    assert component_fit(prior_samples(prior, 100, 0), prior) == {}
