"""Read the IDX files of a data set: whole ones, and no others."""

import math
import struct
from pathlib import Path

import numpy as np

from aae.data.datasets import CLASSES, SHAPE
from aae.system.errors import UserError


def read(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read one split.

    Args:
        folder: holds the four IDX files.
        split: "train" or "t10k".

    Returns:
        Images, uint8, (n, height, width), and labels, uint8, (n,).

    Raises:
        UserError: a file is missing, or is no whole IDX file of the right shape.
    """
    x = read_idx(folder / f"{split}-images-idx3-ubyte")
    y = read_idx(folder / f"{split}-labels-idx1-ubyte")
    if x.shape[1:] != SHAPE or y.ndim != 1:
        size = " x ".join(map(str, SHAPE))
        raise UserError(f"{folder}: {split} holds {x.shape} and {y.shape}, not {size} images and labels")
    if len(x) != len(y) or len(x) == 0:
        raise UserError(f"{folder}: {split} has {len(x):,} images but {len(y):,} labels")
    if y.max() >= CLASSES:
        raise UserError(f"{folder}: {split} has a label {y.max()}; allowed: 0 to {CLASSES - 1}")
    return x, y


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes.

    Raises:
        UserError: it is missing, or none.
    """
    try:
        return parse_idx(path.read_bytes(), path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro download` fetches it") from None


def parse_idx(content: bytes, path: object) -> np.ndarray:
    """The array in an IDX file of bytes: magic 00 00 08 and the rank, then the sizes, then the bytes.

    Args:
        content: of the file.
        path: what messages call the file.

    Raises:
        UserError: not such a file, or its length is not what its header promises.
    """
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
