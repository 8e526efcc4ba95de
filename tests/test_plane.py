"""Figure 2A and the ablation's planes, asked as objects: what is drawn where; no pixels are compared."""

import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import assert_no_word_is_cut_off
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from aae.draw.plane import densest, figure_2a, figure_side_by_side
from aae.draw.style import DIGIT_COLOURS
from aae.model.priors import PRIORS, Gaussian, Prior, Uniform

Y = np.arange(200) % 10
Z = np.random.default_rng(0).standard_normal((200, 2))
UNCONSTRAINED = PRIORS["none"]()
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


def plane(z: np.ndarray, prior: Prior, y: np.ndarray = Y) -> Axes:
    return figure_2a(z, y, prior, "title", 4.0).axes[0]


@functools.cache
def plane_of_near_codes(name: str) -> Axes:
    """A prior's plane with all codes near the origin, so that the prior decides how much it shows."""
    return plane(0.01 * Z, PRIORS[name](STD))


@functools.cache
def prior_samples(name: str) -> np.ndarray:
    return PRIORS[name](STD).sample(20_000, torch.Generator().manual_seed(0)).numpy()


# Codes and their names.


def test_the_ten_digits_have_ten_colours() -> None:
    assert len({tuple(colour) for colour in DIGIT_COLOURS}) == 10


def test_every_code_is_a_point_in_its_digits_colour() -> None:
    scatter = points(plane(Z, Gaussian()))
    np.testing.assert_allclose(np.asarray(scatter.get_offsets()), Z)
    np.testing.assert_allclose(np.asarray(scatter.get_facecolor())[:, :3], DIGIT_COLOURS[Y, :3])
    assert scatter.get_sizes() == [4.0]


def test_every_digits_name_stands_where_its_codes_are_densest() -> None:
    # A dense cluster of 300 sevens and a wide one of 250: the median is in neither.
    wide = np.random.default_rng(1).standard_normal((550, 2))
    seven = np.concatenate([0.1 * wide[:300] + np.array([9, 9]), wide[300:] - np.array([9, 9])])
    axes = plane(np.concatenate([Z, seven]), Gaussian(), np.concatenate([Y, np.full(550, 7)]))
    names = {text.get_text(): text.get_position() for text in axes.texts}
    assert set(names) == set("0123456789")
    np.testing.assert_allclose(names["7"], [9, 9], atol=0.2)


def test_digits_whose_codes_are_densest_at_one_place_have_names_beside_each_other() -> None:
    cluster = 0.5 * np.random.default_rng(1).standard_normal((1000, 2))
    axes = plane(np.concatenate([cluster, cluster]), Gaussian(), np.repeat([4, 9], 1000))
    four, nine = (np.array(text.get_position()) for text in axes.texts)
    assert np.hypot(*(four - nine)) >= 0.05 * np.ptp(axes.get_xlim())


def test_a_name_that_no_place_keeps_apart_stands_where_the_codes_are_densest() -> None:
    z = np.random.default_rng(1).standard_normal((300, 2))
    assert densest(z, taken=[np.zeros(2)], apart=100).tolist() == densest(z).tolist()


def test_without_a_prior_no_names_lie_on_top_of_each_other() -> None:
    assert list(plane(Z, UNCONSTRAINED).texts) == []


def test_a_digit_that_no_image_shows_has_no_name_in_the_plane() -> None:
    axes = plane(Z[Y != 4], Gaussian(), Y[Y != 4])
    assert sorted(text.get_text() for text in axes.texts) == list("012356789")


# Contours.


@pytest.mark.parametrize("std", [0.2, 1.0, 5.0])
def test_the_contours_of_a_gaussian_hold_the_mass_they_say(std: float) -> None:
    lines = radii(plane(Z, Gaussian(std)))
    for line, mass in zip(lines, (0.5, 0.9, 0.99), strict=True):
        # Of N(0, I) in the plane, 1 - exp(-r^2 / 2) lies within r.
        np.testing.assert_allclose(line, std * np.sqrt(-2 * np.log(1 - mass)), rtol=0.01)


@CONSTRAINING
def test_the_contours_of_every_prior_hold_the_mass_they_say(name: str) -> None:
    (lines,) = contours(plane_of_near_codes(name))
    z = prior_samples(name)
    inside = sorted(path.contains_points(z).mean() for path in lines.get_paths())
    for share, mass in zip(inside, PRIORS[name].contour_masses, strict=True):
        # Four standard errors or, at the edge of a flat density, a cell of the grid on either side.
        assert share == pytest.approx(mass, abs=4 * np.sqrt(mass * (1 - mass) / len(z)) or 0.006)


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_contour_of_the_uniform_prior_is_the_edge_of_its_square(std: float) -> None:
    (lines,) = contours(plane(0.01 * Z, Uniform(std)))
    (edge,) = lines.get_paths()
    vertices = np.asarray(edge.vertices)
    np.testing.assert_allclose(np.abs(vertices).max(1), np.sqrt(3) * std, rtol=0.004)
    low, high = vertices.min(0), vertices.max(0)
    np.testing.assert_allclose([-low, high], np.sqrt(3) * std, rtol=0.004)


@pytest.mark.parametrize("far", [40, 1000, 1e6])
def test_the_contours_stay_right_however_far_codes_lie(far: float) -> None:
    z = Z.copy()
    z[0] = [far, 0]
    for line, mass in zip(radii(plane(z, Gaussian())), (0.5, 0.9, 0.99), strict=True):
        np.testing.assert_allclose(line, np.sqrt(-2 * np.log(1 - mass)), rtol=0.01)


def test_without_a_prior_there_are_no_contours() -> None:
    assert contours(plane(Z, UNCONSTRAINED)) == []


def test_the_legend_lists_the_digits_and_the_contours_if_there_are_any() -> None:
    def labels(prior: Prior) -> list[str]:
        legend = plane(Z, prior).get_legend()
        assert legend is not None
        return [text.get_text() for text in legend.get_texts()]

    assert labels(UNCONSTRAINED) == list("0123456789")
    assert labels(Gaussian()) == [*"0123456789", "p(z): 50%, 90%, 99%"]
    assert labels(Uniform()) == [*"0123456789", "p(z): 100%"]


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
    axes = plane(z, PRIORS[name]())
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert right - left == pytest.approx(top - bottom)
    assert axes.get_aspect() == 1
    assert left < z[:, 0].min() < z[:, 0].max() < right
    assert bottom < z[:, 1].min() < z[:, 1].max() < top


@CONSTRAINING
def test_the_plane_shows_the_whole_prior_and_all_its_contours(name: str) -> None:
    axes = plane_of_near_codes(name)
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    z = prior_samples(name)
    assert np.mean((low < z) & (z < high)) > 0.999
    (lines,) = contours(axes)
    vertices = np.concatenate([path.vertices for path in lines.get_paths()])
    assert ((low < vertices) & (vertices < high)).all()
    assert (high - low < 1.2 * np.ptp(z, axis=0).max()).all()


@pytest.mark.parametrize("name", ["gaussian", "uniform", "mixture"])
def test_the_plane_is_centred_on_a_symmetric_prior(name: str) -> None:
    axes = plane_of_near_codes(name)
    np.testing.assert_allclose([sum(axes.get_xlim()), sum(axes.get_ylim())], 0, atol=1e-9)


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_plane_of_a_gaussian_reaches_3_6_standard_deviations(std: float) -> None:
    left, right = plane(0.01 * Z, Gaussian(std)).get_xlim()
    assert right == pytest.approx(-left) == pytest.approx(1.05 * 3.6 * std)


def test_without_a_prior_the_plane_is_no_larger_than_the_codes_need() -> None:
    left, right = plane(0.01 * Z, UNCONSTRAINED).get_xlim()
    assert right - left < 0.01 * 1.2 * np.ptp(Z, axis=0).max()


# The ablation's planes.


def test_planes_stand_in_rows_each_with_its_own_title_and_prior() -> None:
    priors = [Gaussian(), UNCONSTRAINED, Gaussian(), UNCONSTRAINED, Uniform()]
    panels = [(f"panel {place}", Z + place, Y, prior) for place, prior in enumerate(priors)]
    figure = figure_side_by_side(panels, 2, 3.0)
    assert [axes.get_title() for axes in figure.axes] == [title for title, *_ in panels]
    assert [len(contours(axes)) for axes in figure.axes] == [1, 0, 1, 0, 1]
    specs = [axes.get_subplotspec() for axes in figure.axes]
    places = [(spec.rowspan.start, spec.colspan.start) for spec in specs if spec is not None]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    np.testing.assert_allclose(np.asarray(points(figure.axes[3]).get_offsets()), Z + 3)
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [*"0123456789", "p(z): 50%, 90%, 99%", "p(z): 100%"]


# All of them.


def longest_title(prior: Prior) -> str:
    return (
        f"Figure 2A: deterministic encoder, prior: {prior.name}, 10,000 labels\n"
        f"sliced W2 to {prior.description} 0.031; null 0.018 (0.014 to 0.024)"
    )


@pytest.mark.parametrize(
    "figure",
    [
        *(figure_2a(Z, Y, kind(), longest_title(kind()), 4.0) for kind in PRIORS.values()),
        figure_2a(30 * Z, Y, UNCONSTRAINED, "a title\nof two lines", 4.0),
        figure_side_by_side([("a title\nof two lines", Z, Y, Gaussian())] * 4, 2, 4.0),
        figure_side_by_side([("title", Z, Y, Gaussian()), ("title", Z, Y, Uniform())], 1, 4.0),
    ],
)
def test_no_word_is_cut_off_at_the_edge(figure: Figure, tmp_path: Path) -> None:
    figure.savefig(tmp_path / "figure.png", dpi=100)
    assert_no_word_is_cut_off(figure, FigureCanvasAgg(figure).get_renderer())
