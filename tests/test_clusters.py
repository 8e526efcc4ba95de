"""Places of the digits' names: one at each cluster, where the digit can be seen, and none on another."""

import numpy as np
import pytest

from aae.draw.clusters import name_places

LOW, HIGH = np.array([-4.0, -4.0]), np.array([4.0, 4.0])
APART = 0.4
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((4000, 2))


def places(*groups: tuple[int, np.ndarray]) -> list[tuple[int, np.ndarray]]:
    """Names of groups of codes, a digit and its codes each."""
    y = np.concatenate([np.full(len(z), digit) for digit, z in groups])
    return name_places(np.concatenate([z for _, z in groups]), y, LOW, HIGH, APART)


def cluster(n: int, at: tuple[float, float], spread: float = 0.2) -> np.ndarray:
    return spread * NOISE[:n] + np.array(at)


def test_a_name_stands_in_the_middle_of_each_cluster() -> None:
    at = [(2, 2), (-2, 1), (0, -3)]
    found = places(*((3, cluster(500, each)) for each in at), (5, cluster(500, (3, -3))))
    assert sorted(digit for digit, _ in found) == [3, 3, 3, 5]
    for each in at:
        assert min(np.hypot(*(place - each)) for digit, place in found if digit == 3) < 0.25


def test_clusters_that_a_bridge_joins_are_two_and_a_sparse_one_beside_them_counts() -> None:
    bridge = np.stack([np.linspace(-2, 2, 500), np.zeros(500)], axis=1)
    dense = [cluster(700, (-2, 0)), cluster(700, (2, 0)), bridge]
    found = places((3, np.concatenate([*dense, cluster(250, (0, 2.5), 0.3)])))
    assert sorted((round(place[0]), round(place[1] / 2.5)) for _, place in found) == [(-2, 0), (0, 1), (2, 0)]


@pytest.mark.parametrize("spread", [0.1, 0.5, 1.2])
def test_one_round_cluster_has_one_name_however_wide(spread: float) -> None:
    assert len(places((3, cluster(1000, (0, 0), spread)))) == 1


@pytest.mark.parametrize(("share", "names"), [(0.04, 1), (0.2, 2)])
def test_a_cluster_needs_a_share_of_the_digits_codes(share: float, names: int) -> None:
    few = round(1000 * share)
    assert len(places((3, cluster(1000 - few, (-2, 0))), (3, cluster(few, (2, 0), 0.1)))) == names


def test_a_name_stands_where_no_other_digit_hides_its_own() -> None:
    # The densest part of digit 4 lies under the ten times as dense digit 9.
    four = np.concatenate([cluster(300, (0, 0), 0.3), cluster(260, (0.9, 0), 0.3)])
    found = dict(places((4, four), (9, cluster(3000, (-0.2, 0), 0.25))))
    assert found[4][0] > 0.6
    assert abs(found[9][0] + 0.2) < 0.3


def test_names_keep_apart_from_each_other_and_from_the_edges() -> None:
    for corner in ((3.9, 3.9), (-3.9, -3.9)):
        found = places(*((digit, cluster(400, corner, 0.5)) for digit in range(10)))
        assert len({digit for digit, _ in found}) > 3
        at = np.array([place for _, place in found])
        gaps = np.hypot(*(at[:, None] - at[None]).T)
        assert gaps[np.triu_indices(len(at), 1)].min() >= APART
        assert np.abs(at).max() <= 4 - APART / 2
