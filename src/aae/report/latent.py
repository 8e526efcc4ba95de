"""Parts of the live latent space, as JSON takes them: codes, images, small decoders, and an encoder."""

import base64
import io
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from contourpy import contour_generator
from PIL import Image

from aae.data.images import to_unit
from aae.draw.contours import density_map
from aae.draw.plane import limits
from aae.draw.tiles import tiled
from aae.measure.percentiles import percentile_codes
from aae.model.networks import Autoencoder
from aae.model.priors.base import Prior
from aae.pretrained.shrink import shrink, small_encoder
from aae.report.rounding import Rounded, plain, rounded

SHOWN = 2000  # Test images that the page holds, spread evenly over the set.
COLUMNS = 50  # Images in a row of the sheet that holds them.
# Points along each side, of the plane and of its percentiles, at which units may be alive.
FINE, FINER = 200, 100
CONTOUR_STEP = 6  # Every so many points of a contour are kept.
EVERY = 3  # Of the points all over a plane, at which a decoder's pixels are compared with those of its copy.
RADIUS = 0.25  # Of the disc in which codes are counted, in the prior's standard deviations.
MAP = 81  # Points along each side of the plane, at which the prior's mass in such a disc is known.
DISC = 64  # Points of a disc.
# Of the slider over training: columns of the curves, and what they are.
CURVES = {
    "kl": "KL divergence of q(z) from p(z), nats",
    "discriminator_loss": f"discriminator's loss ({math.log(2):.3f}: it cannot tell codes from samples)",
}


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
    points = whole_plane(z, prior, low, high)
    return {
        "title": title,
        "low": low.tolist(),
        "high": high.tolist(),
        "codes": packed(in_steps(z, low, high)),
        "contours": contours(prior),
        "masses": list(prior.contour_masses),
        "grid": packed(percentile_codes(prior, z, side).astype(np.float32)),
        "layers": network(rounded(shrink(autoencoder.decoder, points), points.numpy()[::EVERY])),
    }


def drawing(autoencoder: Autoencoder, prior: Prior, z: np.ndarray, x: np.ndarray) -> dict[str, Any]:
    """Encoder of drawings, and what the prior expects near a code. Its noise, if it has any, is 0.

    Args:
        autoencoder: whose encoder it is.
        prior: which codes are held against.
        z: codes of the test images, (n, 2).
        x: all images as bytes, (m, height, width): units that none of them wakes are left out.

    Returns:
        "layers" of the encoder; "box", the side of the square that digits fill; "radius" of the discs in
        which codes are counted; and "expected", how many of n samples of the prior lie in the disc about
        each point of the plane, (`MAP`, `MAP`), or None without a prior.
    """
    layers = small_encoder(autoencoder, torch.from_numpy(to_unit(x)), z.shape[1])
    radius = RADIUS * prior.std
    return {
        "layers": network([plain(layer) for layer in layers]),
        "box": ink_box(x),
        "radius": radius,
        "expected": packed(expected(prior, z, radius)) if prior.constrains else None,
    }


def training(
    codes: Mapping[int, np.ndarray],
    curves: Mapping[int, Mapping[str, float]],
    z: np.ndarray,
    prior: Prior,
    shown: np.ndarray,
) -> dict[str, Any]:
    """The shown test images' codes over training, for the plane of the final codes.

    Args:
        codes: of the test images, (n, 2), by recorded epoch.
        curves: numbers by epoch, such as "kl".
        z: the final codes, (n, 2), which stand for the last epoch.
        prior: whose plane it is.
        shown: places of the images that the page holds, (k,).

    Returns:
        "epochs", their numbers; "codes" of the shown images at all but the last, which the plane holds;
        and "curves", each with its "title" and "values".
    """
    low, high = limits(z, prior)
    epochs = sorted(codes)
    before = np.array([codes[epoch][shown] for epoch in epochs[:-1]]).reshape(-1, len(shown), 2)
    return {
        "epochs": epochs,
        "codes": packed(in_steps(before, low, high)),
        "curves": [
            {"title": title, "values": values}
            for name, title in CURVES.items()
            if (values := [curves[epoch].get(name, math.nan) for epoch in epochs])
            and np.isfinite(values).all()
        ],
    }


def sheet(x: np.ndarray, shown: np.ndarray) -> dict[str, Any]:
    """Some images on one sheet.

    Args:
        x: all images as bytes, (n, height, width).
        shown: the places of those on the sheet, (k,).

    Returns:
        "columns", "places" (of each image on the sheet in the set, in the sheet's order), "height" and
        "width" of an image, and "image", the sheet itself.
    """
    rows = -(-len(shown) // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, *x.shape[1:]), np.uint8)
    tiles[: len(shown)] = x[shown]
    file = io.BytesIO()
    mosaic = Image.fromarray(tiled(tiles.reshape(rows, COLUMNS, *x.shape[1:])))
    mosaic.save(file, "WEBP", lossless=True, method=6, exact=True)
    height, width = x.shape[1:]
    return {
        "columns": COLUMNS,
        "places": shown.tolist(),
        "height": height,
        "width": width,
        "image": base64.b64encode(file.getvalue()).decode(),
    }


def shown_places(n: int) -> np.ndarray:
    """The places of at most `SHOWN` of n images, spread evenly."""
    return np.unique(np.linspace(0, n - 1, min(n, SHOWN)).astype(int))


def network(layers: list[Rounded]) -> list[dict[str, Any]]:
    """A perceptron's layers."""
    return [{name: packed(array) for name, array in layer._asdict().items()} for layer in layers]


def packed(array: np.ndarray) -> dict[str, Any]:
    """An array as its type, its shape and its bytes, deflated, in base64.

    All lowest bytes come first, then all second ones, and so on: alike bytes side by side take less.
    """
    data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    planes = data.reshape(-1, 1).view(np.uint8).T.tobytes()
    return {
        "type": str(array.dtype),
        "shape": list(array.shape),
        "data": base64.b64encode(zlib.compress(planes, 9)).decode(),
    }


def in_steps(z: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Codes as uint16 from one edge of a plane to the other; what lies beyond comes to lie on the edge."""
    most = np.iinfo(np.uint16).max
    return np.round((z - low) / (high - low) * most).clip(0, most).astype(np.uint16)


def ink_box(x: np.ndarray) -> int:
    """The side of the square that most images' ink fills: 20 of MNIST's 28 pixels."""
    sides = []
    for axis in (1, 2):
        inked = np.any(x > 0, axis=axis)
        sides.append(inked.shape[1] - inked.argmax(1) - inked[:, ::-1].argmax(1))
    return int(np.median(np.maximum(*sides)))


def expected(prior: Prior, z: np.ndarray, radius: float) -> np.ndarray:
    """Expected number of samples of the prior, of as many as z, within a radius of points of the plane.

    Args:
        prior: a distribution in the plane.
        z: codes, (n, 2), whose plane it is.
        radius: of the discs.

    Returns:
        (`MAP`, `MAP`), float32: the second coordinate along the first axis.
    """
    spiral = np.arange(DISC) + 0.5  # Covers a disc evenly.
    disc = np.sqrt(spiral / DISC) * np.exp(1j * np.pi * (1 + 5**0.5) * spiral)
    nodes = np.stack(np.meshgrid(*np.linspace(*limits(z, prior), MAP).T), axis=-1)
    points = nodes[..., None, :] + radius * np.stack([disc.real, disc.imag], axis=-1)
    density = np.exp(prior.log_density(points)).mean(-1)
    return (len(z) * np.pi * radius**2 * density).astype(np.float32)


def whole_plane(z: np.ndarray, prior: Prior, low: np.ndarray, high: np.ndarray) -> torch.Tensor:
    """Points all over a plane, densest where codes are: of a fine grid, of percentiles, and the codes."""
    even = np.stack(np.meshgrid(*np.linspace(low, high, FINE).T), axis=-1).reshape(-1, 2)
    points = np.concatenate([even, percentile_codes(prior, z, FINER), z])
    return torch.from_numpy(points.astype(np.float32))


def contours(prior: Prior) -> list[list[list[float]]]:
    """Lines of equal p(z), each a list of points."""
    if not prior.contour_masses:
        return []
    x, y, density, levels = density_map(prior)
    generator = contour_generator(x, y, density)
    lines = [line for level in levels for line in generator.lines(float(level))]
    return [np.round(np.concatenate([line[::CONTOUR_STEP], line[-1:]]), 3).tolist() for line in lines]
