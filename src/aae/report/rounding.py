"""Weights of a perceptron as small integers, so that a page can hold several."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from aae.pretrained.network import Layer
from aae.pretrained.shrink import SMALL

TOLERANCE = 2 / 255  # Largest error of a pixel that rounding may bring.
COARSE, FINE = 7, 15  # Bits of a weight beside its sign: to begin with, and at most.
DAMPING = 1e-6  # Of the second moments of a layer's inputs, as a share of their mean.


class Rounded(NamedTuple):
    """A linear layer whose weights are integers times the scale of their row."""

    weight: np.ndarray
    """(outputs, inputs), int8 or int16; or as they were, where these are few."""
    scale: np.ndarray
    """(outputs,), float32."""
    bias: np.ndarray
    """(outputs,), float32."""


def rounded(layers: Sequence[Layer], x: np.ndarray) -> list[Rounded]:
    """A decoder's layers in as few bits a weight as keep its pixels within `TOLERANCE`.

    Args:
        layers: of a perceptron whose outputs are logits of pixels.
        x: inputs, (n, inputs), at which the tolerance holds.
    """
    with threadpool_limits(1):  # The number of threads would change the last bits.
        target = pixels([plain(layer) for layer in layers], x)
        for bits in range(COARSE, FINE):
            result = _rounded(layers, x, 2**bits - 1)
            if np.abs(pixels(result, x) - target).max() <= TOLERANCE:
                return result
    return [plain(layer) for layer in layers]


def plain(layer: Layer) -> Rounded:
    """A layer as it is."""
    return Rounded(layer.weight, np.ones(len(layer.bias), np.float32), layer.bias)


def pixels(layers: Sequence[Rounded], x: np.ndarray) -> np.ndarray:
    """Images in (0, 1) that a decoder gives, (n, pixels)."""
    for layer in layers[:-1]:
        x = np.maximum(_linear(layer, x), 0)
    with np.errstate(over="ignore"):  # Of a pixel that is as good as 0.
        return np.asarray(1 / (1 + np.exp(-_linear(layers[-1], x))))


def _linear(layer: Rounded, x: np.ndarray) -> np.ndarray:
    return np.asarray((x @ layer.weight.astype(np.float32).T) * layer.scale + layer.bias)


def _rounded(layers: Sequence[Layer], x: np.ndarray, most: int) -> list[Rounded]:
    """Layers whose weights are integers up to `most`."""
    result = []
    for layer in layers:
        result.append(plain(layer) if layer.weight.size <= SMALL else _round(layer, x, most))
        x = np.maximum(_linear(result[-1], x), 0)
    return result


def _round(layer: Layer, x: np.ndarray, most: int) -> Rounded:
    """One layer, its weights rounded one by one; those still to come make up for each error.

    This is GPTQ (Frantar et al. 2022, arXiv:2210.17323). Codes have two dimensions, so the units of a decoder
    vary together, and one weight can stand in for another: errors are a tenth of those of plain rounding.
    The bias comes last and is not rounded.
    """
    inputs = np.concatenate([x, np.ones((len(x), 1))], 1, dtype=np.float64)
    moments = inputs.T @ inputs / len(x)
    moments[np.diag_indices_from(moments)] += DAMPING * np.trace(moments) / len(moments)
    order = np.append(np.argsort(-np.diag(moments)[:-1], kind="stable"), len(moments) - 1)
    # The upper Cholesky factor of the inverse; from the reversed matrix, as an inverse may lose its symmetry.
    last_first = order[::-1]
    spread = np.linalg.inv(np.linalg.cholesky(moments[np.ix_(last_first, last_first)])[::-1, ::-1])
    weight = np.concatenate([layer.weight, layer.bias[:, None]], 1).astype(np.float64)[:, order]
    scale = (np.abs(layer.weight).max(1).astype(np.float32) / most).clip(np.finfo(np.float32).tiny)
    result = np.zeros(layer.weight.shape, np.int8 if most <= np.iinfo(np.int8).max else np.int16)
    for place, column in enumerate(order[:-1]):
        step = np.round(weight[:, place] / scale).clip(-most, most)
        result[:, column] = step
        error = (weight[:, place] - step * scale) / spread[place, place]
        weight[:, place + 1 :] -= np.outer(error, spread[place, place + 1 :])
    return Rounded(result, scale, weight[:, -1].astype(np.float32))
