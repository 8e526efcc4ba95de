"""The Parzen-window log-likelihood, against SciPy's densities and a model whose likelihood is known."""

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import KernelDensity

from aae.measure import parzen
from aae.measure.parzen import BANDWIDTHS, log_densities, log_likelihood

RNG = np.random.default_rng(0)


def test_it_is_scikit_learns_kernel_density_in_784_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parzen, "CHUNK", 64)  # Does not divide the number of images.
    x, samples = RNG.random((150, 784)).astype(np.float32), RNG.random((40, 784)).astype(np.float32)
    (found,) = log_densities(x, samples, (0.17,))
    expected = KernelDensity(bandwidth=0.17).fit(samples.astype(float)).score_samples(x.astype(float))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_bandwidth_is_the_best_for_other_images_and_the_rest_is_of_the_test_images() -> None:
    samples, validation, test = (0.5 + 0.15 * RNG.standard_normal((400, 4)) for _ in range(3))
    test = test[:100]
    found = log_likelihood(samples, validation, test)
    means = [log_densities(validation, samples, [bandwidth]).mean() for bandwidth in BANDWIDTHS]
    assert found["bandwidth"] == BANDWIDTHS[int(np.argmax(means))]
    assert found["validation"] == pytest.approx(max(means))
    each = log_densities(test, samples, [found["bandwidth"]])[0]
    assert found["log_likelihood"] == pytest.approx(each.mean())
    assert found["standard_error"] == pytest.approx(stats.sem(each))
    assert found["samples"] == 400
