"""download: fetch MNIST's four IDX files, verified by SHA-256, into data/mnist."""

import os
from pathlib import Path

import _stage

from aae.data import mnist


def main() -> None:
    local = os.environ.get("AAE_MNIST_DIR")
    source = mnist.fetch(_stage.ROOT / "data/mnist", Path(local).expanduser() if local else None)
    _stage.say(f"wrote data/mnist: four files, verified, from {source}")


if __name__ == "__main__":
    _stage.run(main)
