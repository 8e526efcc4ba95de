"""The digits' colours, as far apart as eyes of both kinds need them, by their distance in CIELAB."""

import itertools

import numpy as np
import pytest

from aae.draw.plane import ALPHA
from aae.draw.style import DIGIT_COLOURS

RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
# What a colour looks like to eyes without cones of one kind, in linear RGB (Machado et al. 2009).
EYES = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
# Digits whose codes are neighbours in the nine runs with the Gaussian prior of version 0.4.0: of pairs of
# neighbours with different digits 84%.
TOUCHING = [(4, 9), (3, 5), (3, 8), (5, 8), (7, 9), (4, 7), (2, 8), (0, 6), (2, 3), (5, 6)]
LEAST = {"normal": 30, "deuteranopia": 25, "protanopia": 25}  # Of touching digits.
LEAST_OF_ALL = {"normal": 20, "deuteranopia": 10, "protanopia": 10}


def lab(rgb: np.ndarray, eyes: np.ndarray = EYES["normal"]) -> np.ndarray:
    """CIELAB of sRGB colours in [0, 1], (..., 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = (np.clip(linear @ eyes.T, 0, 1) @ RGB_TO_XYZ.T) / WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def on_white() -> np.ndarray:
    """The digits' colours as single points show them."""
    return ALPHA * DIGIT_COLOURS[:, :3] + 1 - ALPHA


def test_cielab_is_that_of_the_standard() -> None:
    np.testing.assert_allclose(lab(np.ones(3)), [100, 0, 0], atol=0.01)
    np.testing.assert_allclose(lab(np.array([1.0, 0, 0])), [53.24, 80.09, 67.20], atol=0.02)


@pytest.mark.parametrize("eyes", list(EYES))
def test_digits_are_told_apart_and_those_that_touch_clearly(eyes: str) -> None:
    colours = lab(on_white(), EYES[eyes])
    apart = {pair: np.linalg.norm(colours[pair[0]] - colours[pair[1]]) for pair in pairs()}
    assert {pair: value for pair, value in apart.items() if value < LEAST_OF_ALL[eyes]} == {}
    assert {pair: apart[pair] for pair in TOUCHING if apart[pair] < LEAST[eyes]} == {}


def pairs() -> list[tuple[int, int]]:
    return list(itertools.combinations(range(len(DIGIT_COLOURS)), 2))


def test_every_colour_shows_on_white_and_none_is_the_grey_of_the_prior() -> None:
    lightness, *plane = lab(on_white()).T
    assert len(lightness) == 10
    assert lightness.max() < 83
    assert np.hypot(*plane).min() > 20
