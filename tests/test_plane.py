"""Figure 2A and the ablation's planes, asked as objects: what is drawn where; no pixels are compared."""

import functools

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aae.draw.plane import figure_2a, figure_side_by_side
from aae.draw.style import DIGIT_COLOURS
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.uniform import Uniform

Y = np.arange(200) % 10
Z = np.random.default_rng(0).standard_normal((200, 2))
UNCONSTRAINED = prior_class("none")()
STD = 2.0  # Of the priors whose planes several tests look at.
CONSTRAINING = pytest.mark.parametrize("name", [name for name in PRIORS if name != "none"])


def contours(axes: Axes) -> list[QuadContourSet]:
    return [artist for artist in axes.collections if isinstance(artist, QuadContourSet)]


def points(axes: Axes) -> PathCollection:
    (scatter,) = [artist for artist in axes.collections if isinstance(artist, PathCollection)]
    return scatter


def radii(axes: Axes) -> list[np.ndarray]:
    """The distances of each contour line's vertices from the origin, innermost line first."""
    (lines,) = contours(axes)
    return sorted((np.linalg.norm(path.vertices, axis=1) for path in lines.get_paths()), key=np.mean)


def figure(z: np.ndarray, prior: Prior, y: np.ndarray = Y) -> Figure:
    return figure_2a(z, y, prior, 0.01 * Z if prior.constrains else None, "title", 4.0)


def plane(z: np.ndarray, prior: Prior, y: np.ndarray = Y) -> Axes:
    return figure(z, prior, y).axes[0]


def corners(axes: Axes) -> np.ndarray:
    """Lower left and upper right corner, a row each."""
    return np.array([axes.get_xlim(), axes.get_ylim()]).T


@functools.cache
def plane_of_near_codes(name: str) -> Axes:
    """A prior's plane with all codes near the origin, so that the prior decides how much it shows."""
    return plane(0.01 * Z, prior_class(name)(STD))


@functools.cache
def prior_samples(name: str) -> np.ndarray:
    return prior_class(name)(STD).sample(20_000, torch.Generator().manual_seed(0)).numpy()


# Codes, their names, and the plane beside them.


def test_every_code_is_a_point_in_its_digits_colour() -> None:
    scatter = points(plane(Z, Gaussian()))
    np.testing.assert_allclose(np.asarray(scatter.get_offsets()), Z)
    np.testing.assert_allclose(np.asarray(scatter.get_facecolor())[:, :3], DIGIT_COLOURS[Y, :3])
    assert scatter.get_sizes() == [4.0]


def test_beside_the_codes_are_samples_of_the_prior_in_grey_on_the_same_scale() -> None:
    null = 9 * np.random.default_rng(2).standard_normal((300, 2))
    codes, beside = figure_2a(5 * Z, Y, Gaussian(), null, "title", 4.0).axes
    np.testing.assert_allclose(np.asarray(points(beside).get_offsets()), null)
    assert points(beside).get_sizes() == points(codes).get_sizes()
    ((red, green, blue, _),) = np.asarray(points(beside).get_facecolor())
    assert red == green == blue
    np.testing.assert_array_equal(corners(beside), corners(codes))
    assert (corners(codes)[0] < null.min(0)).all()
    assert (corners(codes)[1] > null.max(0)).all()
    assert len(contours(beside)) == len(contours(codes)) == 1


def test_without_a_prior_the_crowded_middle_is_enlarged_instead() -> None:
    z = np.concatenate([0.1 * Z, 50 * Z[:10]])
    codes, beside = figure(z, UNCONSTRAINED, np.concatenate([Y, Y[:10]])).axes
    (low, high) = corners(beside)
    assert ((low <= z) & (z <= high)).all(1).mean() == pytest.approx(0.8, abs=0.01)
    assert (high - low).max() < 1 < 100 < np.ptp(corners(codes)[:, 0])
    np.testing.assert_allclose(np.asarray(points(beside).get_offsets()), z)
    (square,) = codes.patches
    assert isinstance(square, Rectangle)
    np.testing.assert_allclose([square.get_xy(), np.add(square.get_xy(), (high - low))], [low, high])


def test_without_a_prior_names_in_the_crowded_middle_stand_where_it_is_enlarged() -> None:
    z = np.concatenate([0.1 * np.repeat(Z, 4, axis=0) + [3, 3], 0.5 * Z + [90, 0]])
    codes, beside = figure(z, UNCONSTRAINED, np.repeat([1, 7], [800, 200])).axes
    assert [text.get_text() for text in codes.texts] == ["7"]
    assert [text.get_text() for text in beside.texts] == ["1"]


# Contours.


@CONSTRAINING
def test_the_contours_of_every_prior_hold_the_mass_they_say(name: str) -> None:
    (lines,) = contours(plane_of_near_codes(name))
    z = prior_samples(name)
    inside = sorted(path.contains_points(z).mean() for path in lines.get_paths())
    for share, mass in zip(inside, prior_class(name).contour_masses, strict=True):
        # Four standard errors or, at the edge of a flat density, a cell of the grid on either side.
        assert share == pytest.approx(mass, abs=4 * np.sqrt(mass * (1 - mass) / len(z)) or 0.006)


@pytest.mark.parametrize("far", [40, 1000, 1e6])
def test_the_contours_stay_right_however_far_codes_lie(far: float) -> None:
    z = Z.copy()
    z[0] = [far, 0]
    for line, mass in zip(radii(plane(z, Gaussian())), (0.5, 0.9, 0.99), strict=True):
        np.testing.assert_allclose(line, np.sqrt(-2 * np.log(1 - mass)), rtol=0.01)


def test_the_legend_lists_the_digits_and_the_contours_if_there_are_any() -> None:
    def labels(prior: Prior) -> list[str]:
        (legend,) = figure(Z, prior).legends
        return [text.get_text() for text in legend.get_texts()]

    assert labels(UNCONSTRAINED) == list("0123456789")
    assert [len(labels(kind)) for kind in (Gaussian(), Uniform())] == [11, 11]
    assert "50%, 90%, 99%" in labels(Gaussian())[-1]


# Limits.


@pytest.mark.parametrize(
    ("name", "spread"),
    [
        *((name, spread) for name in ("gaussian", "uniform", "none") for spread in (0.01, 1, 30)),
        ("mixture", 30),
    ],
)
def test_the_plane_is_square_and_holds_every_code(name: str, spread: float) -> None:
    z = spread * Z + ([100, -3] if name == "none" else 0)
    axes = plane(z, prior_class(name)())
    low, high = corners(axes)
    assert np.ptp(high - low) == pytest.approx(0, abs=1e-9 * spread)
    assert axes.get_aspect() == 1
    assert ((low < z) & (z < high)).all()


@CONSTRAINING
def test_the_plane_shows_the_whole_prior_and_all_its_contours(name: str) -> None:
    axes = plane_of_near_codes(name)
    low, high = corners(axes)
    z = prior_samples(name)
    assert np.mean((low < z) & (z < high)) > 0.999
    (lines,) = contours(axes)
    vertices = np.concatenate([path.vertices for path in lines.get_paths()])
    assert ((low < vertices) & (vertices < high)).all()
    assert (high - low < 1.2 * np.ptp(z, axis=0).max()).all()


# The ablation's planes.


def test_planes_stand_in_rows_each_with_its_own_title_and_prior() -> None:
    priors = [Gaussian(), UNCONSTRAINED, Gaussian(), UNCONSTRAINED, Uniform()]
    panels = [(f"panel {place}", Z + place, Y, prior) for place, prior in enumerate(priors)]
    planes = figure_side_by_side(panels, 2, 3.0)
    assert [axes.get_title() for axes in planes.axes] == [title for title, *_ in panels]
    assert [len(contours(axes)) for axes in planes.axes] == [1, 0, 1, 0, 1]
    specs = [axes.get_subplotspec() for axes in planes.axes]
    places = [(spec.rowspan.start, spec.colspan.start) for spec in specs if spec is not None]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


def test_planes_are_on_one_scale_that_holds_all_but_those_without_a_prior_which_say_so() -> None:
    priors = [Gaussian(), UNCONSTRAINED, Gaussian(2.0)]
    codes = [Z, 50 * Z, 3 * Z + [4, 0]]
    panels = [("title", z, Y, prior) for z, prior in zip(codes, priors, strict=True)]
    planes = figure_side_by_side(panels, 3, 3.0)
    one, none, other = planes.axes
    np.testing.assert_array_equal(corners(one), corners(other))
    low, high = corners(one)
    assert ((low < codes[2]) & (codes[2] < high)).all()
    assert np.ptp(corners(none)[:, 0]) > 5 * (high - low)[0]
    assert [axes.get_xlabel() for axes in planes.axes] == ["$z_1$", "$z_1$ (on a scale of its own)", "$z_1$"]
