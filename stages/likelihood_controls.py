"""likelihood-controls: the log-likelihood of the test images about what is no model's sample (Table 1).

Usage: likelihood_controls.py FOLDER
10,000 training images, and the centres of 10,000 clusters of training images, which are known to beat most
models (Theis et al. 2016).
"""

import sys
from pathlib import Path

import _stage

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from _likelihood import SAMPLES, likelihood_about
from aae.errors import UserError
from aae.io import artifacts, mnist
from aae.io.images import HELD_OUT

MNIST = _stage.ROOT / "data/mnist"
PASSES = 10  # Of k-means over the images: with five images a cluster it changes little after.


def main() -> None:
    match sys.argv[1:]:
        case [folder]:
            pass
        case _:
            raise UserError("usage: likelihood_controls.py FOLDER")
    x, _ = mnist.read(MNIST, "train")
    images = x[: len(x) - len(x) // HELD_OUT].astype(np.float32) / 255
    controls = {
        "training images": images[:SAMPLES],
        "k-means centres": centres(images, min(SAMPLES, len(images))),
    }
    rows = [{"name": name} | likelihood_about(samples, MNIST) for name, samples in controls.items()]
    artifacts.save_rows(rows, Path(folder) / "controls.json")
    _stage.say(
        f"wrote {folder}/controls.json; log-likelihoods "
        + ", ".join(f"{row['log_likelihood']:.1f} nats about {row['name']}" for row in rows)
    )


def centres(images: np.ndarray, n: int) -> np.ndarray:
    """Of n clusters of images, (m, 784), by `PASSES` of k-means from n of them: (n, 784)."""
    # Of more than two threads the sums depend on which is done first.
    with threadpool_limits(2):
        found = KMeans(n, init="random", n_init=1, max_iter=PASSES, random_state=0, tol=0).fit(images)
    return np.asarray(found.cluster_centers_)


if __name__ == "__main__":
    _stage.run(main)
