"""The Parzen-window log-likelihood of images about samples of a model (paper, section 3 and Table 1).

An estimate that the field has learned not to trust: in 784 dimensions its ranking of models follows neither
their likelihood nor how their samples look (Theis, van den Oord and Bethge 2016, arXiv:1511.01844).
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from aae.system.errors import UserError

LEAST, MOST = 0.03, 1.0  # Bandwidths among which the best is searched, in units of a pixel.
TOLERANCE = 1e-4  # Of ln bandwidth: with 784 pixels 0.00001 nats, as the curvature there is about -2 pixels.
CHUNK = 500  # Images at a time: 40 MB of distances to 10,000 samples.


def squared_distances(x: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Between images, (n, pixels), and samples, (m, pixels): (n, m), float64."""
    x, samples = (each.astype(np.float64, copy=False) for each in (x, samples))
    return np.asarray(np.square(x).sum(1)[:, None] + np.square(samples).sum(1) - 2 * x @ samples.T)


def of_distances(squares: np.ndarray, bandwidth: float, pixels: int) -> np.ndarray:
    """Ln of the mean over samples of N(x; sample, bandwidth² I), from `squared_distances`: nats, (n,)."""
    constant = np.log(squares.shape[1]) + 0.5 * pixels * np.log(2 * np.pi * bandwidth**2)
    return np.asarray(logsumexp(-squares / (2 * bandwidth**2), axis=1) - constant)


def log_densities(x: np.ndarray, samples: np.ndarray, bandwidth: float) -> np.ndarray:
    """Ln of the mean over samples of N(x; sample, bandwidth² I).

    Args:
        x: images, pixels in [0, 1], (n, pixels).
        samples: centres of the window, (m, pixels).
        bandwidth: standard deviation of the window, in units of a pixel.

    Returns:
        Nats, (n,).
    """
    samples = samples.astype(np.float64)  # Once, not for each part.
    parts = (x[start : start + CHUNK] for start in range(0, len(x), CHUNK))
    pixels = x.shape[1]
    return np.concatenate(
        [of_distances(squared_distances(part, samples), bandwidth, pixels) for part in parts]
    )


def best_bandwidth(x: np.ndarray, samples: np.ndarray) -> tuple[float, float]:
    """The bandwidth of the highest mean log-density of images, to within 0.01 nats of that.

    At the best one, bandwidth² is a mean squared difference a pixel of images and the samples near them: at
    most 1 with pixels in [0, 1], and 0.0009 at the lower end, a fifteenth of the squared error of Table 1's
    reconstructions. Samples so near would be copies of the images.

    Args:
        x: images, (n, pixels).
        samples: centres of the window, (m, pixels).

    Returns:
        The bandwidth, in units of a pixel, four digits, and that mean, in nats.

    Raises:
        UserError: the best lies at an end of the range that is searched.
    """
    squares, pixels = squared_distances(x, samples), x.shape[1]
    ends = float(np.log(LEAST)), float(np.log(MOST))
    found = minimize_scalar(
        lambda ln: -of_distances(squares, np.exp(ln), pixels).mean(),
        bounds=ends,
        method="bounded",
        options={"xatol": TOLERANCE},
    )
    bandwidth = float(f"{np.exp(found.x):.4g}")  # Off the last bits of sums, which depend on threads.
    if min(abs(found.x - end) for end in ends) < 10 * TOLERANCE:
        raise UserError(
            f"measure log_likelihood: the best bandwidth, {bandwidth:.3g}, is at an end of the range that is "
            f"searched, {LEAST:g} to {MOST:g}; pixels of images and samples must lie in [0, 1], and samples "
            "must be no copies of the images that choose it"
        )
    return bandwidth, float(of_distances(squares, bandwidth, pixels).mean())


def log_likelihood(samples: np.ndarray, validation: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """The mean log-likelihood of test images, with the bandwidth that is best for other images.

    Args:
        samples: centres of the window, (m, pixels).
        validation: images that no model was trained on and that choose the bandwidth, (v, pixels).
        test: the images in question, (n, pixels).

    Returns:
        samples, their number; bandwidth; validation, the mean log-likelihood of those images;
        log_likelihood, that of the test images, and its standard_error over images, all in nats.

    Raises:
        UserError: no bandwidth is best (`best_bandwidth`).
    """
    bandwidth, of_validation = best_bandwidth(validation, samples)
    found = log_densities(test, samples, bandwidth)
    return {
        "samples": len(samples),
        "bandwidth": bandwidth,
        "validation": of_validation,
        "log_likelihood": float(found.mean()),
        "standard_error": float(found.std(ddof=1) / np.sqrt(len(found))),
    }
