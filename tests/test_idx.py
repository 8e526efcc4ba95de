"""Reading a data set: only whole IDX files are read, and any other is refused in one line."""

import contextlib
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLE, failure
from hypothesis import given, settings
from hypothesis import strategies as st

from aae.data import idx
from aae.system.errors import UserError


def as_idx(array: np.ndarray) -> bytes:
    """An array of bytes as an IDX file."""
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


WHOLE_ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
WHOLE = as_idx(WHOLE_ARRAY)


@pytest.fixture(scope="session")
def idx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that a test may overwrite as often as it likes."""
    return tmp_path_factory.mktemp("idx") / "file"


def test_the_sample_reads_as_images_with_their_rows_and_digits_in_order(sample_folder: Path) -> None:
    x, y = idx.read(sample_folder / "mnist", "train")
    with gzip.open(SAMPLE / "train-images-idx3-ubyte.gz") as stream:
        pixels = stream.read()[16:]
    assert (x.shape, x.tobytes()) == ((600, 28, 28), pixels)
    assert y[:5].tolist() == [5, 0, 4, 1, 9]  # The best known digits of all.
    assert idx.read(sample_folder / "mnist", "t10k")[1].shape == (200,)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(0, 2**32))
def test_any_array_of_bytes_is_read_back(idx_file: Path, shape: list[int], seed: int) -> None:
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    idx_file.write_bytes(as_idx(array))
    np.testing.assert_array_equal(idx.read_idx(idx_file), array, strict=True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        *((WHOLE[:length], "") for length in range(len(WHOLE))),
        *((WHOLE + bytes(extra), "its header promises 40") for extra in (1, 100)),
        *(
            (magic + WHOLE[4:], "no IDX file of unsigned bytes")
            for magic in (b"\0\0\x09\x03", b"\0\x01\x08\x03", b"\x1f\x8b\x08\x03", b"\0\0\x08\0")
        ),
    ],
)
def test_a_file_that_ends_early_or_late_or_is_of_another_kind_is_refused(
    idx_file: Path, content: bytes, reason: str
) -> None:
    idx_file.write_bytes(content)
    line = failure(lambda: idx.read_idx(idx_file))
    assert str(idx_file) in line
    assert reason in line


@settings(deadline=None, max_examples=100)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_changed_byte_is_refused_or_read_as_it_stands(idx_file: Path, place: int, value: int) -> None:
    content = bytearray(WHOLE)
    content[place] = value
    idx_file.write_bytes(content)
    if place < 16:  # In the header.
        with contextlib.suppress(UserError):
            assert as_idx(idx.read_idx(idx_file)) == content
    else:
        assert as_idx(idx.read_idx(idx_file)) == content


def test_a_missing_file_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    line = failure(lambda: idx.read(tmp_path, "train"))
    assert "train-images-idx3-ubyte is missing" in line
    assert "dvc repro download" in line


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (np.zeros((3, 28, 28)), np.array([0, 10, 9]), "a label 10; allowed: 0 to 9"),
        (np.zeros((3, 28, 28)), np.zeros(2), "3 images but 2 labels"),
        (np.zeros((0, 28, 28)), np.zeros(0), "0 images but 0 labels"),
        (np.zeros((3, 28, 27)), np.zeros(3), "not 28 x 28 images and labels"),
        (np.zeros((3, 784)), np.zeros(3), "not 28 x 28 images and labels"),
        (np.zeros((3, 28, 28)), np.zeros((3, 1)), "not 28 x 28 images and labels"),
        (np.zeros(3), np.zeros((3, 28, 28)), "not 28 x 28 images and labels"),
    ],
)
def test_files_that_are_whole_but_of_another_shape_are_refused(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, reason: str
) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(as_idx(images.astype(np.uint8)))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(as_idx(labels.astype(np.uint8)))
    assert reason in failure(lambda: idx.read(tmp_path, "t10k"))
