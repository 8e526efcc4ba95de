"""What tests share: a small sample of real MNIST."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from aae import mnist

torch.set_num_threads(1)  # Tiny networks gain nothing from a second thread, and lose where cores are busy.

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests/mnist-sample"


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's four IDX files, unpacked: 600 training and 200 hold-out images."""
    folder = tmp_path_factory.mktemp("mnist")
    for packed in sorted(SAMPLE.glob("*.gz")):
        with gzip.open(packed) as stream, (folder / packed.stem).open("wb") as file:
            shutil.copyfileobj(stream, file)
    return folder


@pytest.fixture(scope="session")
def x(sample_folder: Path) -> torch.Tensor:
    """600 training images in [0, 1], (600, 784)."""
    return torch.from_numpy(mnist.read(sample_folder, "train")[0].copy()).float() / 255


@pytest.fixture(scope="session")
def y(sample_folder: Path) -> np.ndarray:
    """Their labels, (600,)."""
    return mnist.read(sample_folder, "train")[1]
