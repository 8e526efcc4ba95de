"""Images decoded from all over the prior: their distance from the data, and their digits (Figure 2E)."""

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from aae.measure.percentiles import percentile_codes, percentile_grid
from aae.model.networks import Autoencoder
from aae.model.parts import run_prior
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator
from aae.settings.config import RunConfig

SIDE = 20  # Percentiles along each dimension, as in Figure 2E.
FINE = 100  # The same where digits are told: 10,000 images of equal mass.
UNSURE = 0.9  # Probability of the likeliest digit below which a classifier is unsure.
HIDDEN, EPOCHS, BATCH = 256, 10, 200  # Of the classifier: 97.8% of MNIST's test images, 10 s on one core.
CHUNK = 200  # Images at a time whose distances to all training images are in memory.

Labelled = tuple[np.ndarray, np.ndarray]


def manifold(
    config: RunConfig, autoencoder: Autoencoder, z: np.ndarray, training: Labelled, evaluation: Labelled
) -> dict[str, float]:
    """Tell if what lies between codes looks like data.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        z: codes of the evaluation images, (n, 2).
        training: images in [0, 1], (m, height, width), and their labels, (m,).
        evaluation: the same of the n evaluation images.

    Returns:
        Mean distances to the nearest training image: "decoded_distance" of images decoded from `SIDE` x
        `SIDE` percentiles, "reconstruction_distance" of reconstructions of as many evaluation images, and
        "image_distance" of these images themselves. "return_median" and "return_p95" of |E(D(z)) - z| at
        the percentiles, in the prior's standard deviations (without a prior: the codes'). Shares of images
        of which a classifier is unsure: "unsure" of the prior's mass, "unsure_reconstructions" and
        "unsure_images" of all evaluation images. "classifier_accuracy" on these.

    Raises:
        UserError: codes do not lie in a plane.
    """
    prior = run_prior(config)
    prior.require_plane("the measure manifold")
    (x_training, y_training), (x, y) = training, evaluation
    decoded = percentile_grid(config, autoencoder, z, SIDE)
    few = torch.randperm(len(x), generator=named_generator(0, "images beside Figure 2E"))[: SIDE**2].numpy()
    reconstructed = autoencoder.decode(torch.from_numpy(z)).numpy()
    images = {"decoded": decoded, "reconstruction": reconstructed[few], "image": x[few]}
    distances = {
        f"{name}_distance": float(nearest(flat(part), flat(x_training)).mean())
        for name, part in images.items()
    }
    back = returns(config, autoencoder, z, decoded)
    with threadpool_limits(1):  # Of more threads the sums depend on their number.
        classifier = train_classifier(flat(x_training), y_training)
        fine = percentile_grid(config, autoencoder, z, FINE)
        shares = {
            "unsure": unsure(classifier, flat(fine)),
            "unsure_reconstructions": unsure(classifier, flat(reconstructed)),
            "unsure_images": unsure(classifier, flat(x)),
            "classifier_accuracy": float(classifier.score(flat(x), y)),
        }
    returned = {"return_median": float(np.median(back)), "return_p95": float(np.quantile(back, 0.95))}
    return {**distances, **returned, **shares}


def flat(x: np.ndarray) -> np.ndarray:
    """Images, (..., height, width), as rows of pixels, float32, (n, pixels)."""
    height, width = x.shape[-2:]
    return x.reshape(-1, height * width).astype(np.float32, copy=False)


def nearest(x: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The Euclidean distance of each image, (n, pixels), to the nearest of others, (m, pixels): (n,)."""
    lengths = np.square(others).sum(1)
    squares = [
        (lengths - 2 * part @ others.T).min(1) + np.square(part).sum(1)
        for part in (x[start : start + CHUNK] for start in range(0, len(x), CHUNK))
    ]
    return np.asarray(np.sqrt(np.maximum(np.concatenate(squares), 0)))


def returns(config: RunConfig, autoencoder: Autoencoder, z: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """The length of E(D(z)) - z at the percentiles, in the prior's standard deviations.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        z: codes of the evaluation images, (n, 2).
        decoded: images, (side, side, height, width), from `percentile_grid`.

    Returns:
        (side * side,). A random encoder's codes are drawn.
    """
    prior = run_prior(config)
    at = percentile_codes(prior, z, len(decoded))
    images = torch.from_numpy(decoded).flatten(0, 1)
    again = autoencoder.encode(images, named_generator(config.seed, "codes of decoded percentiles")).numpy()
    return np.asarray(np.linalg.norm(again - at, axis=1) / unit(prior, z))


def unit(prior: Prior, z: np.ndarray) -> float:
    """The prior's standard deviation or, where nothing draws codes to it, that of codes, (n, dim)."""
    return prior.std if prior.constrains else float(np.sqrt(z.var(0).mean()))


def train_classifier(x: np.ndarray, y: np.ndarray) -> MLPClassifier:
    """A classifier with one hidden layer, after a few epochs: the same for the same images.

    Args:
        x: images in [0, 1], (m, pixels).
        y: their labels, (m,).
    """
    classifier = MLPClassifier(HIDDEN, batch_size=min(BATCH, len(x)), random_state=0)
    for _ in range(EPOCHS):
        classifier.partial_fit(x, y, classes=np.unique(y))
    return classifier


def unsure(classifier: MLPClassifier, x: np.ndarray) -> float:
    """The share of images, (n, pixels), of which no label has a probability of `UNSURE`."""
    return float((classifier.predict_proba(x).max(1) < UNSURE).mean())
