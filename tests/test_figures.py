"""The figures, asked as objects: what is drawn where; no pixels are compared."""

from pathlib import Path

import numpy as np
import pytest
from conftest import assert_no_word_is_cut_off
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from aae.figures import (
    CONTOUR_MASSES,
    DIGIT_COLOURS,
    TICKS,
    densest,
    figure_2a,
    figure_2e,
    figure_grids_side_by_side,
    figure_side_by_side,
)
from aae.priors import Gaussian, Prior

Y = np.arange(200) % 10
Z = np.random.default_rng(0).standard_normal((200, 2))
PRIORS = pytest.mark.parametrize("prior", [Gaussian(), Gaussian(5), None])


def contours(axes: Axes) -> list[QuadContourSet]:
    return [artist for artist in axes.collections if isinstance(artist, QuadContourSet)]


def points(axes: Axes) -> PathCollection:
    (scatter,) = [artist for artist in axes.collections if isinstance(artist, PathCollection)]
    return scatter


def radii(axes: Axes) -> list[np.ndarray]:
    """The distances of each contour line's vertices from the origin, innermost line first."""
    (lines,) = contours(axes)
    return sorted((np.linalg.norm(path.vertices, axis=1) for path in lines.get_paths()), key=np.mean)


def plane(z: np.ndarray, prior: Prior | None, y: np.ndarray = Y) -> Axes:
    return figure_2a(z, y, prior, "title", 4.0).axes[0]


# Figure 2A.


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
    assert list(plane(Z, None).texts) == []


def test_the_legend_lists_the_digits_and_the_contours_if_there_are_any() -> None:
    def labels(prior: Prior | None) -> list[str]:
        legend = plane(Z, prior).get_legend()
        assert legend is not None
        return [text.get_text() for text in legend.get_texts()]

    assert labels(None) == list("0123456789")
    assert labels(Gaussian()) == [*"0123456789", "p(z): 50%, 90%, 99%"]


@pytest.mark.parametrize("std", [0.2, 1.0, 5.0])
def test_the_contours_of_a_gaussian_hold_the_mass_they_say(std: float) -> None:
    lines = radii(plane(Z, Gaussian(std)))
    assert len(lines) == len(CONTOUR_MASSES)
    for line, mass in zip(lines, CONTOUR_MASSES, strict=True):
        # Of N(0, I) in the plane, 1 - exp(-r^2 / 2) lies within r.
        np.testing.assert_allclose(line, std * np.sqrt(-2 * np.log(1 - mass)), rtol=0.03)


@pytest.mark.parametrize("far", [40, 1000, 1e6])
def test_the_contours_stay_right_however_far_codes_lie(far: float) -> None:
    z = Z.copy()
    z[0] = [far, 0]
    for line, mass in zip(radii(plane(z, Gaussian())), CONTOUR_MASSES, strict=True):
        np.testing.assert_allclose(line, np.sqrt(-2 * np.log(1 - mass)), rtol=0.01)


def test_without_a_prior_there_are_no_contours() -> None:
    assert contours(plane(Z, None)) == []


@PRIORS
@pytest.mark.parametrize("spread", [0.01, 1, 30])
def test_the_plane_is_square_and_holds_every_code(prior: Prior | None, spread: float) -> None:
    z = spread * Z + (0 if prior else [100, -3])
    axes = plane(z, prior)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert right - left == pytest.approx(top - bottom)
    assert axes.get_aspect() == 1
    assert left < z[:, 0].min() < z[:, 0].max() < right
    assert bottom < z[:, 1].min() < z[:, 1].max() < top


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_with_a_prior_the_plane_is_centred_on_it_and_shows_all_its_contours(std: float) -> None:
    axes = plane(0.01 * Z, Gaussian(std))
    assert axes.get_xlim() == pytest.approx((-3.6 * std, 3.6 * std))
    assert radii(axes)[-1].max() < 3.6 * std


def test_without_a_prior_the_plane_is_no_larger_than_the_codes_need() -> None:
    left, right = plane(0.01 * Z, None).get_xlim()
    assert right - left < 0.01 * 1.2 * np.ptp(Z, axis=0).max()


def test_a_digit_that_no_image_shows_has_no_name_in_the_plane() -> None:
    axes = plane(Z[Y != 4], Gaussian(), Y[Y != 4])
    assert sorted(text.get_text() for text in axes.texts) == list("012356789")


# Figure 2E.


def distinct_images(rows: int, columns: int) -> np.ndarray:
    """Images of one grey each, which grows along columns, then rows; their second pixel is white."""
    images = np.repeat(np.linspace(0.1, 0.9, rows * columns), 784).reshape(rows, columns, 784)
    images[:, :, 1] = 1
    return images


def mosaic(axes: Axes) -> np.ndarray:
    (image,) = axes.images
    assert image.origin == "upper"  # The array's first row is at the top.
    assert list(image.get_extent()) == [0, 1, 0, 1]
    assert image.get_clim() == (0, 1)
    return np.asarray(image.get_array())


def test_the_mosaic_has_z1_rightwards_and_z2_upwards_and_images_upright() -> None:
    images = distinct_images(3, 4)
    pixels = mosaic(figure_2e(images, "title", "percentile of {}").axes[0])
    assert pixels.shape == (3 * 28, 4 * 28)
    for row in range(3):
        for column in range(4):
            top = 28 * (2 - row)
            cell = pixels[top : top + 28, 28 * column : 28 * (column + 1)]
            np.testing.assert_array_equal(cell.ravel(), images[row, column])
    assert pixels[-28, 1] == images[0, 0, 1] == 1  # In the bottom left cell.


def test_the_axes_of_2e_are_percentiles_named_after_their_dimension() -> None:
    axes = figure_2e(distinct_images(2, 2), "title", "percentile of {}").axes[0]
    labels = ["5%", "25%", "50%", "75%", "95%"]
    assert [label.get_text() for label in axes.get_xticklabels()] == labels
    assert [label.get_text() for label in axes.get_yticklabels()] == labels
    np.testing.assert_allclose(axes.get_xticks(), TICKS)
    np.testing.assert_allclose(axes.get_yticks(), TICKS)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("percentile of $z_1$", "percentile of $z_2$")
    assert axes.get_title() == "title"


# The ablation's figures.


def places(figure: Figure) -> list[tuple[int, int]]:
    """Row and column of each panel."""
    specs = [axes.get_subplotspec() for axes in figure.axes]
    return [(spec.rowspan.start, spec.colspan.start) for spec in specs if spec is not None]


def test_planes_stand_in_rows_each_with_its_own_title_and_prior() -> None:
    priors = [Gaussian(), None, Gaussian(), None, Gaussian()]
    panels = [(f"panel {place}", Z + place, Y, prior) for place, prior in enumerate(priors)]
    figure = figure_side_by_side(panels, 2, 3.0)
    assert [axes.get_title() for axes in figure.axes] == [title for title, *_ in panels]
    assert [len(contours(axes)) for axes in figure.axes] == [1, 0, 1, 0, 1]
    assert places(figure) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    np.testing.assert_allclose(np.asarray(points(figure.axes[3]).get_offsets()), Z + 3)


def test_mosaics_stand_in_rows_each_with_its_own_title_and_images() -> None:
    panels = [(f"panel {place}", distinct_images(2, 2) ** (place + 1)) for place in range(3)]
    figure = figure_grids_side_by_side(panels, 3)
    assert [axes.get_title() for axes in figure.axes] == [title for title, _ in panels]
    assert places(figure) == [(0, 0), (0, 1), (0, 2)]
    np.testing.assert_array_equal(mosaic(figure.axes[2])[-28:, :28].ravel(), panels[2][1][0, 0])


# All of them.


@pytest.mark.parametrize(
    "figure",
    [
        figure_2a(Z, Y, Gaussian(), "a title\nof two lines", 4.0),
        figure_2a(30 * Z, Y, None, "a title\nof two lines", 4.0),
        figure_2e(np.zeros((3, 3, 784)), "a title\nof two lines", "percentile of {}"),
        figure_side_by_side([("a title\nof two lines", Z, Y, Gaussian())] * 4, 2, 4.0),
        figure_grids_side_by_side([("a title\nof two lines", np.zeros((3, 3, 784)))] * 4, 2),
    ],
)
def test_no_word_is_cut_off_at_the_edge(figure: Figure, tmp_path: Path) -> None:
    figure.savefig(tmp_path / "figure.png", dpi=100)
    assert_no_word_is_cut_off(figure, FigureCanvasAgg(figure).get_renderer())
