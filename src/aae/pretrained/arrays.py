"""Images and codes from what people have: arrays, tensors, tables and lists of numbers."""

from typing import Any

import numpy as np

from aae.system.errors import UserError

FAINT = 32  # Of 255; no picture of a digit is so dark.


def as_images(given: Any, shape: tuple[int, int]) -> np.ndarray:
    """Images in one form, of any size.

    Args:
        given: numbers from 0 to 1 or from 0 to 255, (n, height, width), (n, 1, height, width) or, of this
            shape, a row an image; or one image, (height, width) or a row.
        shape: height and width.

    Returns:
        Numbers in [0, 1], float32, (n, height, width).

    Raises:
        UserError: they have another form, or are other numbers.
    """
    array = as_numbers(given)
    height, width = shape
    if np.isnan(array).any():
        raise UserError("expected numbers from 0 to 1 or from 0 to 255; found one that is not a number")
    # Fractions a little above 1 are neither: an overshoot of scaled images is to be seen, as is x / 127.5.
    top = array.max(initial=0)
    highest = 1 if top <= 1 or (top < FAINT and (array % 1).any()) else 255
    if array.size and not (array.min() >= 0 and top <= highest):
        raise UserError(
            f"expected numbers from 0 to 1 or from 0 to 255; found {array.min():g} to {array.max():g}"
        )
    images = array.astype(np.float32) / highest
    if images.ndim in (1, 2) and images.shape[-1] == height * width:
        images = images.reshape(-1, height, width)
    elif images.ndim == 2:
        images = images[None]
    elif images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim != 3:
        raise UserError(f"expected images, (n, height, width) or (n, {height * width}); found {array.shape}")
    return images


def as_numbers(given: Any) -> np.ndarray:
    """The array of what is one, or can become one without a guess.

    Raises:
        UserError: it holds no real numbers, or rows of different lengths.
    """
    if hasattr(given, "detach"):  # NumPy takes no tensor that has a gradient, is on a GPU or bfloat16.
        given = given.detach().cpu()
        given = given.float() if given.is_floating_point() else given
    elif isinstance(given, list | tuple) and any(hasattr(each, "detach") for each in given):
        given = [as_numbers(each) for each in given]
    try:
        array = np.asarray(given)
        if array.dtype.kind == "O":  # Of a table whose columns differ in type.
            array = array.astype(np.float64)
    except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"expected numbers, found {type(given).__name__} ({reason})") from None
    if array.dtype.kind not in "buif":
        raise UserError(f"expected numbers, found {array.dtype.type.__name__}")
    return array
