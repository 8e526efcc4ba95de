"""Images from what people have: PNG and the like, NPY, IDX; made to look like those the encoder knows."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aae.data.idx import parse_idx
from aae.pretrained.arrays import as_images
from aae.score.reading import Source
from aae.system.errors import UserError

ON_BLACK = 1 / 3  # Of the border, exactly 0: the ground is black, even if ink fills more of it.
INK = 0.15  # Of the strongest ink: what is fainter is paper.
CONTRAST = 0.125  # Between ink and paper, of black and white; less is noise of a scan.
BOX = 5 / 7  # Of an image's side, the longer side of its digit: 20 of 28 pixels, as in MNIST.
KINDS = "PNG, JPEG and the like, NPY, or IDX (plain or .gz)"


class Pictures(NamedTuple):
    """Images as the encoder knows them, and what was done to them."""

    images: np.ndarray
    """Numbers in [0, 1], float32, (n, height, width)."""
    fitted: int
    """Number of them that were cut, scaled and centred."""
    inverted: int
    """Number of these whose ink was darker than the ground."""


def read_pictures(path: Path, shape: tuple[int, int]) -> Pictures:
    """The images of a file.

    Those of the encoder's shape on black are taken as they are, and others fitted.

    Args:
        path: of the file; - is the standard input.
        shape: height and width of the encoder's images.

    Raises:
        UserError: it cannot be read, holds no images, or one without ink.
    """
    source = Source(path)
    content = source.content()
    if content.startswith(b"\0\0\x08"):
        array = parse_idx(content, source)
    elif content.startswith(b"\x93NUMPY"):
        array = _npy(source, content)
    else:
        array = _picture(source, content)
    try:
        grey = as_images(array, shape)
    except UserError as error:
        raise UserError(f"{source}: {error}") from None
    if 0 in grey.shape:
        raise UserError(f"{source}: no images, its shape is {array.shape}")
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    paper = np.median(border, axis=1)
    paper[np.quantile(border, ON_BLACK, axis=1) == 0] = 0
    darker, lighter = paper - grey.min((1, 2)), grey.max((1, 2)) - paper
    for place in np.flatnonzero(np.maximum(darker, lighter) < CONTRAST):
        name = f"{source}, image {place + 1}" if len(grey) > 1 else str(source)
        raise UserError(f"{name}: nothing on it is much darker or lighter than its border")
    wrong = (paper != 0) | (grey.shape[1:] != shape)
    images = grey if grey.shape[1:] == shape else np.zeros((len(grey), *shape), np.float32)
    for place in np.flatnonzero(wrong):
        images[place] = fitted(np.abs(grey[place] - paper[place]), shape)
    return Pictures(images, int(wrong.sum()), int((wrong & (darker > lighter)).sum()))


def fitted(ink: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A digit as MNIST has them: in a box of 20 of 28 pixels, its centre of mass amid the image.

    Args:
        ink: how far each pixel is from the paper, in [0, 1], (height, width); not all of them 0.
        shape: of the result.

    Returns:
        Numbers in [0, 1], float32; the strongest ink is 1.
    """
    from PIL import Image

    ink = np.where(ink < INK * ink.max(), 0, ink).astype(np.float32)
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX * min(shape) / max(cut.shape)
    height, width = (max(1, round(scale * side)) for side in cut.shape)
    small = np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.BILINEAR))
    digit = small / small.max()
    top, left = (_start(digit.sum(1 - axis), shape[axis]) for axis in (0, 1))
    result = np.zeros(shape, np.float32)
    result[top : top + height, left : left + width] = digit
    return result


def _start(mass: np.ndarray, side: int) -> int:
    """Start of a digit that fits on a side, with its centre of mass at the pixel side / 2, as MNIST's."""
    centre = float(mass @ np.arange(len(mass)) / mass.sum())
    return int(np.clip(round(side / 2 - centre), 0, side - len(mass)))


def _picture(source: Source, content: bytes) -> np.ndarray:
    """A picture, (1, height, width): floats as they are, else in [0, 1]; what is transparent is white."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content))
            # An MPO is a phone's JPEG with a preview beside it.
            if (frames := getattr(picture, "n_frames", 1)) > 1 and picture.format != "MPO":
                raise UserError(f"{source} holds {frames} pictures; expected one a file")
            picture.load()
    except UnidentifiedImageError:
        raise UserError(f"{source} is no picture; expected {KINDS}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UserError(f"{source} has too many pixels; make it smaller first") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{source} cannot be read as a picture ({error}); expected {KINDS}") from None
    turned = ImageOps.exif_transpose(picture)  # As a phone was held.
    if turned.mode == "F":
        return np.asarray(turned)[None]
    if turned.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255.
        return np.asarray(turned, dtype=np.float32)[None] / 65535
    if "A" in turned.getbands() or "transparency" in turned.info:
        layers = turned.convert("RGBA")
        turned = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return np.asarray(turned.convert("L"), dtype=np.float32)[None] / 255


def _npy(source: Source, content: bytes) -> np.ndarray:
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"{source} cannot be read as NPY ({error})") from None
    return np.asarray(loaded)
