"""Many images as one; apart from figures, as it needs no Matplotlib."""

import numpy as np


def tiled(images: np.ndarray) -> np.ndarray:
    """One picture of many: (rows, columns, height, width) -> (rows * height, columns * width)."""
    rows, columns, height, width = images.shape
    return images.swapaxes(1, 2).reshape(rows * height, columns * width)
