"""Images from what people have: PNG and the like, NPY, IDX; made to look like those the encoder knows."""

import gzip
import io
import zlib
from pathlib import Path

import numpy as np

from aae.data.idx import parse_idx
from aae.system.errors import UserError

INK = 0.15  # Of the darkest ink: what is fainter is paper.
BOX = 5 / 7  # Of an image's side, the longer side of its digit: 20 of 28 pixels, as in MNIST.
MOST_PIXELS = 50_000_000  # Of a picture.
KINDS = "PNG, JPEG and the like, NPY, or IDX (plain or .gz)"


def read_pictures(path: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
    """The images of a file, as the encoder knows them.

    Arrays of the encoder's shape, and pictures of its size on a dark ground, are taken as they are. What else
    there is, is inverted, cut, scaled and centred by `prepared`.

    Args:
        path: of the file.
        shape: height and width of the encoder's images.

    Returns:
        Bytes, or numbers in [0, 1], (n, height, width); and what was done to them, in words, or "".

    Raises:
        UserError: it cannot be read, or holds no images.
    """
    try:
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} cannot be unpacked ({error})") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    if content.startswith(b"\0\0\x08"):
        return _of_shape(path, parse_idx(content, path), shape), ""
    if content.startswith(b"\x93NUMPY"):
        return _of_shape(path, _npy(path, content), shape), ""
    grey = _grey(path, content)
    if grey.shape == shape and not _light_ground(grey):
        return grey[None], ""
    done = "scaled and centred as MNIST is"
    return prepared(path, grey, shape)[None], f"inverted, {done}" if _light_ground(grey) else done


def prepared(path: Path, grey: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A picture as MNIST has them: light ink on black, in a box of 20 of 28 pixels, its centre of mass amid.

    Args:
        path: of its file, for messages.
        grey: bytes, (height, width); the paper is what stands at its border.
        shape: of the result.

    Raises:
        UserError: there is no ink.
    """
    from PIL import Image

    paper = float(np.median(_border(grey)))
    ink = np.abs(grey - paper)
    if ink.max() < 32:  # Of 255; noise of a scan.
        raise UserError(f"{path}: nothing is drawn on it that is much darker or lighter than its border")
    ink = np.where(ink < INK * ink.max(), 0, ink / ink.max())
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX * min(shape) / max(cut.shape)
    height, width = (max(1, round(scale * side)) for side in cut.shape)
    small = Image.fromarray((255 * cut).astype(np.uint8)).resize((width, height), Image.Resampling.BOX)
    digit = np.asarray(small, dtype=np.float64)
    result = np.zeros(shape, np.uint8)
    top, left = (_start(digit.sum(1 - axis), shape[axis]) for axis in (0, 1))
    result[top : top + height, left : left + width] = digit
    return result


def _start(mass: np.ndarray, side: int) -> int:
    """Where a digit begins whose centre of mass along an axis is amid that side, and which fits on it."""
    centre = float(mass @ (np.arange(len(mass)) + 0.5) / mass.sum())
    return int(np.clip(round(side / 2 - centre), 0, side - len(mass)))


def _border(grey: np.ndarray) -> np.ndarray:
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def _light_ground(grey: np.ndarray) -> bool:
    return bool(np.median(_border(grey)) > 127)


def _grey(path: Path, content: bytes) -> np.ndarray:
    """A picture as bytes, (height, width); what is transparent is white."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UserError(f"{path}: {picture.width} x {picture.height} pixels are too many")
            if "A" in picture.getbands() or "transparency" in picture.info:
                layers = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
            return np.asarray(picture.convert("L"))
    except UnidentifiedImageError:
        raise UserError(f"{path} is no picture; expected {KINDS}") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path} cannot be read as a picture ({error}); expected {KINDS}") from None


def _npy(path: Path, content: bytes) -> np.ndarray:
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"{path} cannot be read as NPY ({error})") from None
    if array.dtype.kind not in "uif":
        raise UserError(f"{path}: expected bytes or numbers from 0 to 1, found {array.dtype}")
    return array if array.dtype == np.uint8 or array.dtype.kind == "f" else _bytes(path, array)


def _bytes(path: Path, array: np.ndarray) -> np.ndarray:
    """Whole numbers from 0 to 255 of another type."""
    if array.size and not 0 <= array.min() <= array.max() <= 255:
        raise UserError(f"{path}: expected numbers from 0 to 255, found {array.min()} to {array.max()}")
    return array.astype(np.uint8)


def _of_shape(path: Path, array: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    if array.shape == shape or (array.ndim == 2 and array.shape[1] == height * width):
        array = array.reshape(-1, height, width)
    if array.ndim != 3 or array.shape[1:] != shape:
        raise UserError(
            f"{path}: expected images of shape (n, {height}, {width}) or (n, {height * width}), found "
            f"{array.shape}"
        )
    return array
