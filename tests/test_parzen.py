"""The Parzen-window log-likelihood, against SciPy's densities and a model whose likelihood is known."""

import numpy as np
import pytest
from conftest import failure
from scipy import stats
from sklearn.neighbors import KernelDensity

from aae.measure import parzen
from aae.measure.parzen import (
    LEAST,
    MOST,
    best_bandwidth,
    log_densities,
    log_likelihood,
    of_distances,
    squared_distances,
)

RNG = np.random.default_rng(0)


def test_it_is_scikit_learns_kernel_density_in_784_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parzen, "CHUNK", 64)  # Does not divide the number of images.
    x, samples = RNG.random((150, 784)).astype(np.float32), RNG.random((40, 784)).astype(np.float32)
    expected = KernelDensity(bandwidth=0.17).fit(samples.astype(float)).score_samples(x.astype(float))
    np.testing.assert_allclose(log_densities(x, samples, 0.17), expected, rtol=1e-9)


@pytest.mark.parametrize(("pixels", "std"), [(4, 0.15), (784, 0.05), (784, 0.3)])
def test_the_bandwidth_is_the_best_of_a_fine_grid_to_a_hundredth_of_a_nat(pixels: int, std: float) -> None:
    centres = RNG.random((10, pixels))  # Clusters, so that more than one scale could be taken for the best.
    x, samples = (
        centres[RNG.integers(10, size=n)] + std * RNG.standard_normal((n, pixels)) for n in (60, 80)
    )
    bandwidth, mean = best_bandwidth(x, samples)
    squares = squared_distances(x, samples)
    means = [of_distances(squares, each, pixels).mean() for each in np.geomspace(LEAST, MOST, 1000)]
    assert mean == pytest.approx(log_densities(x, samples, bandwidth).mean())
    assert mean > max(means) - 0.01
    assert 0.5 * std < bandwidth < 4 * std


@pytest.mark.parametrize("std", [0.001, 5.0])
def test_a_bandwidth_at_an_end_of_the_range_is_refused(std: float) -> None:
    x, samples = std * RNG.standard_normal((2, 50, 20))
    line = failure(lambda: log_likelihood(samples, x, x))
    assert line.startswith("measure log_likelihood: the best bandwidth, ")
    assert "at an end of the range that is searched, 0.03 to 1;" in line


def test_the_bandwidth_is_of_other_images_and_the_rest_is_of_the_test_images() -> None:
    samples, validation, test = (0.5 + 0.15 * RNG.standard_normal((400, 4)) for _ in range(3))
    test = test[:100]
    found = log_likelihood(samples, validation, test)
    assert (found["bandwidth"], found["validation"]) == best_bandwidth(validation, samples)
    each = log_densities(test, samples, found["bandwidth"])
    assert found["log_likelihood"] == pytest.approx(each.mean())
    assert found["standard_error"] == pytest.approx(stats.sem(each))
    assert found["samples"] == 400
