"""The Parzen-window log-likelihood of MNIST's test images, as the stages of Table 1 need it."""

from pathlib import Path
from typing import Any

import _stage  # noqa: F401  (puts the library on the path)

import numpy as np

from aae.config import DataSettings
from aae.io.images import read_evaluation
from aae.measure.parzen import log_likelihood

SAMPLES = 10_000
CHOOSING = 1000  # Images that choose the bandwidth: the first of the last 10,000 training images.


def likelihood_about(samples: np.ndarray, mnist: Path) -> dict[str, Any]:
    """Of the test images; the bandwidth is chosen on training images that no model of the study has seen.

    Args:
        samples: pixels in [0, 1], (m, 784).
        mnist: the folder of the images.
    """
    validation, test = (
        read_evaluation(mnist, DataSettings(images="all", validation=held_out))[0].numpy()
        for held_out in (True, False)
    )
    return log_likelihood(samples, validation[:CHOOSING], test)
