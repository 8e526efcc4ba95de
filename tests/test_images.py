"""Which images a run learns from, and on which it is evaluated."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, failure

from aae.data import idx
from aae.data.datasets import UNLABELLED
from aae.data.images import read_images
from aae.settings.config import RunConfig
from aae.settings.params import parse_params

BASE = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8")).base().model_dump()


def config(images: str | int = "all", validation: bool = False, labels: int = 0) -> RunConfig:
    data = {"name": "mnist", "images": images, "validation": validation}
    return RunConfig.model_validate(BASE | {"prior": "mixture", "labels": labels, "data": data})


@pytest.fixture
def folder(sample_folder: Path, tmp_path: Path) -> Path:
    """A copy of the sample's four files, of which a test may delete some."""
    return Path(shutil.copytree(sample_folder, tmp_path / "data"))


def delete(folder: Path, split: str) -> None:
    for path in folder.glob(f"mnist/{split}-*"):
        path.unlink()


# What a run learns from: 600 training images in the sample, 500 of them without the validation set.


@pytest.mark.parametrize(
    ("images", "validation", "n"),
    [
        ("all", False, 600),
        (50, False, 50),
        (600, False, 600),
        ("all", True, 500),
        (50, True, 50),
        (500, True, 500),
    ],
)
def test_a_run_learns_from_the_first_images_it_asks_for(
    sample_folder: Path, images: str | int, validation: bool, n: int
) -> None:
    found = read_images(sample_folder, config(images, validation))
    expected_x, expected_y = idx.read(sample_folder / "mnist", "train")
    assert (str(found.x.dtype), str(found.y.dtype)) == ("uint8", "int64")
    np.testing.assert_array_equal(found.x, expected_x[:n])
    np.testing.assert_array_equal(found.y, expected_y[:n])
    assert found.total == 600


@pytest.mark.parametrize("validation", [False, True])
@pytest.mark.parametrize("labels", [1, 30, 50])
def test_only_the_first_labels_are_known_and_all_others_are_unlabelled(
    sample_folder: Path, labels: int, validation: bool
) -> None:
    images = read_images(sample_folder, config(50, validation, labels))
    digits, y = idx.read(sample_folder / "mnist", "train")[1], images.y
    assert len(images.x) == len(y) == 50
    np.testing.assert_array_equal(y[:labels], digits[:labels])
    assert (y[labels:] == UNLABELLED).all()
    assert UNLABELLED not in digits


@pytest.mark.parametrize(
    ("run", "line"),
    [
        (config(601), "params.yaml: data.images: 601 is more than the 600 training images"),
        (config(501, validation=True), "params.yaml: data.images: 501 is more than the 500 training images"),
        (config(labels=601), "params.yaml: labels: 601 is more than the 600 training images"),
        (config(50, labels=51), "params.yaml: labels: 51 is more than the 50 training images"),
        (
            config(validation=True, labels=501),
            "params.yaml: labels: 501 is more than the 500 training images",
        ),
    ],
)
def test_more_images_or_labels_than_there_are_is_refused(
    sample_folder: Path, run: RunConfig, line: str
) -> None:
    assert failure(lambda: read_images(sample_folder, run)) == line


# What a run is evaluated on.


@pytest.mark.parametrize(("validation", "split", "first"), [(False, "t10k", 0), (True, "train", 500)])
def test_a_run_is_evaluated_on_the_test_images_or_the_last_sixth_of_the_training_images(
    sample_folder: Path, validation: bool, split: str, first: int
) -> None:
    images = read_images(sample_folder, config(validation=validation))
    found = images.x_evaluation, images.y_evaluation
    for part, expected in zip(found, idx.read(sample_folder / "mnist", split), strict=True):
        np.testing.assert_array_equal(part, expected[first:])


def test_with_a_validation_set_the_test_files_are_never_opened(folder: Path) -> None:
    delete(folder, "t10k")
    images = read_images(folder, config(validation=True))
    assert (len(images.x), len(images.x_evaluation)) == (500, 100)
    line = failure(lambda: read_images(folder, config()))
    assert "t10k-images-idx3-ubyte is missing" in line


def test_the_digest_is_of_all_that_a_run_sees(sample_folder: Path, folder: Path) -> None:
    digest = read_images(sample_folder, config()).digest
    assert read_images(folder, config()).digest == digest
    others = {
        read_images(folder, each).digest for each in (config(50), config(validation=True), config(labels=9))
    }
    labels = folder / "mnist/t10k-labels-idx1-ubyte"
    content = bytearray(labels.read_bytes())
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(bytes(content))
    others.add(read_images(folder, config()).digest)
    assert len(others - {digest}) == 4
