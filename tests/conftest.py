"""Helpers that tests share: a small sample of real MNIST, the measures by name, and a check of figures."""

import gzip
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from aae.data import idx
from aae.measure import scorecard
from aae.measure.scorecard import Measure, Sample
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.system.errors import UserError

torch.set_num_threads(1)  # Tiny networks gain nothing from a second thread, and lose where cores are busy.

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests/mnist-sample"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that run DVC first: they take minutes, and one that starts last keeps the others waiting."""
    items.sort(key=lambda item: not hasattr(getattr(item, "module", None), "make_clone"))


def against_standard_normal(measure: Measure) -> Callable[[np.ndarray], float]:
    """The measure of codes against N(0, I)."""
    prior = Gaussian()
    return lambda z: measure.of(Sample(z, prior))


# All whose null distribution is sampled; the classifier's is known.
MEASURES: dict[str, Callable[[np.ndarray], float]] = {
    name: against_standard_normal(measure)
    for name, measure in scorecard.MEASURES.items()
    if measure.null_error is None
}


def normal_samples(n: int, seed: int = 0, dim: int = 2) -> np.ndarray:
    """Samples of N(0, I), (n, dim), from a generator that the measures do not use."""
    return np.random.default_rng(seed).standard_normal((n, dim))


def prior_samples(prior: Prior, n: int, seed: int = 0) -> np.ndarray:
    """Samples of a prior, (n, dim), from a generator that the measures do not use."""
    return prior.sample(n, torch.Generator().manual_seed(seed)).numpy()


def failure(action: Callable[[], object]) -> str:
    """The one line that an action fails with."""
    with pytest.raises(UserError) as caught:
        action()
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    return line


@pytest.fixture(autouse=True)
def _keep_small_numbers() -> Iterator[None]:
    """Training flushes subnormal numbers to 0 in its whole process; other tests in it are not to see that."""
    torch.set_flush_denormal(False)
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets: "mnist" holds the sample's four IDX files, 600 training and 200 test images."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "mnist").mkdir()
    for packed in sorted(SAMPLE.glob("*.gz")):
        with gzip.open(packed) as stream, (folder / "mnist" / packed.stem).open("wb") as file:
            shutil.copyfileobj(stream, file)
    return folder


@pytest.fixture(scope="session")
def x(sample_folder: Path) -> torch.Tensor:
    """600 training images in [0, 1], (600, 28, 28)."""
    return torch.from_numpy(idx.read(sample_folder / "mnist", "train")[0].copy()).float() / 255


@pytest.fixture(scope="session")
def y(sample_folder: Path) -> np.ndarray:
    """Their labels, (600,)."""
    return idx.read(sample_folder / "mnist", "train")[1]
