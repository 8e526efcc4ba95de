"""The Parzen-window log-likelihood of test images about samples of a model, and about controls (Table 1)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from aae.measure.parzen import log_likelihood
from aae.model.networks import Autoencoder
from aae.model.parts import run_prior
from aae.model.randomness import named_generator
from aae.settings.config import RunConfig

SAMPLES = 10_000
CHOOSING = 1000  # Images that choose the bandwidth: the first of the validation set.
PASSES = 10  # Of k-means over the images: with five images a cluster it changes little after.


def likelihood_of_run(
    config: RunConfig,
    autoencoder: Autoencoder,
    codes: Mapping[str, np.ndarray],
    x_validation: np.ndarray,
    x_test: np.ndarray,
) -> dict[str, float]:
    """Log-likelihood of the test images about decoded samples of p(z), and about decoded codes.

    The codes tell what the samples lack. Each set of centres has a bandwidth of its own. From samples to
    training codes q(z) takes the place of p(z). Among test codes every test image finds its own
    reconstruction.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        codes: "training", (m, code_dim), and "evaluation", of the test images, (n, code_dim).
        x_validation: images in [0, 1] that it did not learn from, (k, pixels): they choose the bandwidths.
        x_test: images in [0, 1], (n, pixels).

    Returns:
        Of `SAMPLES` samples of p(z) "log_likelihood" in nats, its "standard_error" over images, and
        "bandwidth"; and "log_likelihood_training_codes", "bandwidth_training_codes",
        "log_likelihood_test_codes" and "bandwidth_test_codes" of as many codes, or all where there are fewer.

    Raises:
        UserError: no bandwidth is best (`aae.measure.parzen.best_bandwidth`).
    """

    def about(z: torch.Tensor) -> dict[str, float]:
        samples = autoencoder.decode(z).flatten(1).numpy()
        return log_likelihood(samples, x_validation[:CHOOSING], x_test)

    prior = run_prior(config)
    result = about(prior.sample(SAMPLES, named_generator(config.seed, "samples for the likelihood")))
    for name, kind in (("training", "training"), ("test", "evaluation")):
        z = torch.as_tensor(codes[kind])
        order = torch.randperm(
            len(z), generator=named_generator(config.seed, f"{name} codes for the likelihood")
        )
        found = about(z[order[:SAMPLES]])
        result |= {f"{key}_{name}_codes": found[key] for key in ("log_likelihood", "bandwidth")}
    return result


def likelihood_controls(x: np.ndarray, x_validation: np.ndarray, x_test: np.ndarray) -> list[dict[str, Any]]:
    """Log-likelihood of the test images about what is no model's sample.

    That is 10,000 training images, and the centres of 10,000 clusters of training images, which are known to
    beat most models (Theis et al. 2016).

    Args:
        x: training images in [0, 1], (m, pixels).
        x_validation: others, which choose the bandwidth.
        x_test: images in [0, 1], (n, pixels).

    Returns:
        A row a control: "name", and the numbers of `likelihood_of_run`.
    """
    controls = {"training images": x[:SAMPLES], "k-means centres": centres(x, min(SAMPLES, len(x)))}
    return [
        {"name": name} | log_likelihood(samples, x_validation[:CHOOSING], x_test)
        for name, samples in controls.items()
    ]


def centres(x: np.ndarray, n: int) -> np.ndarray:
    """Centres of n clusters of images, (m, pixels), by `PASSES` of k-means from n of them: (n, pixels)."""
    # Of more than two threads the sums depend on which is done first.
    with threadpool_limits(2):
        found = KMeans(n, init="random", n_init=1, max_iter=PASSES, random_state=0, tol=0).fit(x)
    return np.asarray(found.cluster_centers_)
