"""Parts of the live latent space, as JSON takes them: codes, images, and small decoders."""

import base64
import io
from typing import Any

import numpy as np
import torch
from contourpy import contour_generator
from PIL import Image

from aae.draw.contours import density_map
from aae.draw.plane import limits
from aae.draw.tiles import tiled
from aae.model.networks import Autoencoder
from aae.model.priors.base import Prior
from aae.pretrained.shrink import shrink

SHOWN = 2000  # Test images that the page holds, spread evenly over the set.
COLUMNS = 50  # Images in a row of the sheet that holds them.
FINE, FINER = (
    200,
    100,
)  # Points along each side, of the plane and of its percentiles, at which units may be alive.
CONTOUR_STEP = 6  # Every so many points of a contour are kept.


def space(title: str, autoencoder: Autoencoder, prior: Prior, z: np.ndarray, side: int) -> dict[str, Any]:
    """One plane of codes with the decoder that goes with it.

    Args:
        title: what the page calls it.
        autoencoder: whose decoder draws the plane's points.
        prior: whose contours and percentiles the page shows.
        z: codes of the test images, (n, 2).
        side: images along each side of the grid of percentiles (Figure 2E).
    """
    low, high = limits(z, prior)
    return {
        "title": title,
        "low": low.tolist(),
        "high": high.tolist(),
        "codes": packed(z.astype(np.float32)),
        "contours": contours(prior),
        "grid": packed(percentile_codes(prior, z, side).astype(np.float32)),
        "layers": [
            {"weight": packed(weight), "bias": packed(bias)}
            for weight, bias in shrink(autoencoder.decoder, whole_plane(z, prior, low, high))
        ],
    }


def sheet(x: np.ndarray, shown: np.ndarray) -> dict[str, Any]:
    """Some images on one sheet.

    Args:
        x: all images as bytes, (n, height, width).
        shown: the places of those on the sheet, (k,).

    Returns:
        "columns", "places" (of each image on the sheet in the set, in the sheet's order), "height" and
        "width" of an image, and "png".
    """
    rows = -(-len(shown) // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, *x.shape[1:]), np.uint8)
    tiles[: len(shown)] = x[shown]
    file = io.BytesIO()
    Image.fromarray(tiled(tiles.reshape(rows, COLUMNS, *x.shape[1:]))).save(file, "PNG", optimize=True)
    height, width = x.shape[1:]
    return {
        "columns": COLUMNS,
        "places": shown.tolist(),
        "height": height,
        "width": width,
        "png": base64.b64encode(file.getvalue()).decode(),
    }


def shown_places(n: int) -> np.ndarray:
    """The places of at most `SHOWN` of n images, spread evenly."""
    return np.unique(np.linspace(0, n - 1, min(n, SHOWN)).astype(int))


def packed(array: np.ndarray) -> dict[str, Any]:
    """An array as its type, shape and bytes (little-endian, base64)."""
    data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {
        "type": str(array.dtype),
        "shape": list(array.shape),
        "data": base64.b64encode(data.tobytes()).decode(),
    }


def whole_plane(z: np.ndarray, prior: Prior, low: np.ndarray, high: np.ndarray) -> torch.Tensor:
    """Points all over a plane, densest where codes are: of a fine grid, of percentiles, and the codes."""
    even = np.stack(np.meshgrid(*np.linspace(low, high, FINE).T), axis=-1).reshape(-1, 2)
    points = np.concatenate([even, percentile_codes(prior, z, FINER), z])
    return torch.from_numpy(points.astype(np.float32))


def percentile_codes(prior: Prior, z: np.ndarray, side: int) -> np.ndarray:
    """The codes of Figure 2E's images, (side * side, 2)."""
    u = (np.arange(side) + 0.5) / side
    return prior.percentiles(np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2), z)


def contours(prior: Prior) -> list[list[list[float]]]:
    """Lines of equal p(z), each a list of points."""
    if not prior.contour_masses:
        return []
    x, y, density, levels = density_map(prior)
    generator = contour_generator(x, y, density)
    lines = [line for level in levels for line in generator.lines(float(level))]
    return [np.round(np.concatenate([line[::CONTOUR_STEP], line[-1:]]), 3).tolist() for line in lines]
