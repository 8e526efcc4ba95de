"""weights: the base run's encoder and decoder, small enough for git, and how near they are to all weights."""

import _stage

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from _params import DATA, TRAINING
from aae.data.images import read_images, to_unit
from aae.pretrained.fidelity import fidelity
from aae.pretrained.shrink import shrunk
from aae.runs.store import MANIFEST
from aae.runs.training import load_autoencoder
from aae.system import artifacts

WEIGHTS = DATA / "weights.safetensors"  # `make readme` copies it into the package.


def main() -> None:
    config, autoencoder = load_autoencoder(TRAINING)
    images = read_images(DATA, config)
    x = torch.from_numpy(to_unit(np.concatenate([images.x, images.x_evaluation])))
    with threadpool_limits(config.train.threads):  # NumPy's, on which the last digits depend.
        network = shrunk(config, autoencoder, x, artifacts.load_json(TRAINING / MANIFEST)["key"])
        numbers = fidelity(network, autoencoder, x)
    network.save(WEIGHTS)
    size = WEIGHTS.stat().st_size / 1e6
    rows = [{"name": name, "value": value} for name, value in {"megabytes": size, **numbers}.items()]
    artifacts.save_rows(rows, _stage.ROOT / "metrics/weights.json")
    _stage.say(f"wrote {WEIGHTS.relative_to(_stage.ROOT)}, {size:.1f} MB")


if __name__ == "__main__":
    _stage.run(main)
