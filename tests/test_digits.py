"""Measures of how well codes keep the digits apart: by their neighbours, and by the prior's components."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aae.measure.digits import component_accuracy, neighbour_accuracy
from aae.model.priors.base import Prior
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll

# Neighbours.


def possible_accuracies(z: np.ndarray, y: np.ndarray, k: int) -> tuple[float, float]:
    """Lowest and highest accuracy over all choices among neighbours that are equally far."""
    lowest, highest = [], []
    for place in range(len(z)):
        distances = ((z - z[place]) ** 2).sum(1)
        distances[place] = np.iinfo(distances.dtype).max
        limit = np.sort(distances)[k - 1]
        nearer, tied = y[distances < limit], y[distances == limit]
        right = [
            np.bincount([*nearer, *chosen]).argmax() == y[place]
            for chosen in combinations(tied, k - len(nearer))
        ]
        lowest.append(all(right))
        highest.append(any(right))
    return float(np.mean(lowest)), float(np.mean(highest))


@settings(deadline=None, max_examples=100)
@given(st.integers(5, 14), st.integers(1, 4), st.sampled_from([1, 2, 3, 1000]), st.integers(0, 2**32))
def test_neighbour_accuracy_is_what_brute_force_gives(n: int, k: int, spread: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    z = generator.integers(0, spread, (n, 2))  # Many duplicates where the spread is small.
    y = generator.integers(0, 3, n).astype(np.uint8)
    lowest, highest = possible_accuracies(z, y, k)
    assert lowest <= neighbour_accuracy(z.astype(np.float32), y, k) <= highest


def test_a_code_has_no_vote_on_its_own_digit() -> None:
    pairs = np.repeat(np.arange(100.0), 2)
    z = np.stack([10 * pairs, np.tile([0.0, 1.0], 100)], axis=1)
    assert neighbour_accuracy(z, np.tile([0, 1], 100), k=1) == 0


# Components.


EACH = pytest.mark.parametrize(
    "prior",
    [Mixture(), Mixture(5), SwissRoll(), SwissRoll(5)],
    ids=["mixture", "wide mixture", "swiss roll", "wide swiss roll"],
)


def samples_of_digits(prior: Prior, y: np.ndarray) -> np.ndarray:
    generator = torch.Generator().manual_seed(0)
    return prior.sample_components(torch.from_numpy(y), generator).numpy()


@EACH
def test_samples_of_each_digits_component_are_all_named_right(prior: Prior) -> None:
    y = np.random.default_rng(0).integers(0, 10, 5000)
    z = samples_of_digits(prior, y)
    # Components of the mixture overlap in 0.02% of its mass.
    assert component_accuracy(z, y, prior) > 0.998
    assert component_accuracy(z, (y + 1) % 10, prior) < 0.002
