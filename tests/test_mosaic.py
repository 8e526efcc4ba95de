"""Figure 2E and the ablation's mosaics, asked as objects: what is drawn where."""

import numpy as np
import pytest
from matplotlib.axes import Axes

from aae.draw.mosaic import figure_2e, figure_grids_side_by_side
from aae.model.parts import prior_class

COORDINATES = ("$z_1$", "$z_2$")


def distinct_images(rows: int, columns: int) -> np.ndarray:
    """Images of one grey each, which grows along columns, then rows; their second pixel is white."""
    images = np.repeat(np.linspace(0.1, 0.9, rows * columns), 784).reshape(rows, columns, 28, 28)
    images[:, :, 0, 1] = 1
    return images


def mosaic(axes: Axes) -> np.ndarray:
    (image,) = axes.images
    assert image.origin == "upper"  # The array's first row is at the top.
    assert list(image.get_extent()) == [0, 1, 0, 1]
    assert image.get_clim() == (0, 1)
    return np.asarray(image.get_array())


def test_the_mosaic_has_the_first_coordinate_rightwards_and_the_second_upwards_and_images_upright() -> None:
    images = distinct_images(3, 4)
    pixels = mosaic(figure_2e(images, "title", COORDINATES).axes[0])
    assert pixels.shape == (3 * 28, 4 * 28)
    for row in range(3):
        for column in range(4):
            top = 28 * (2 - row)
            cell = pixels[top : top + 28, 28 * column : 28 * (column + 1)]
            np.testing.assert_array_equal(cell, images[row, column])
    assert pixels[-28, 1] == images[0, 0, 0, 1] == 1  # In the bottom left cell.


def test_the_axes_of_2e_are_percentiles() -> None:
    axes = figure_2e(distinct_images(2, 2), "title", COORDINATES).axes[0]
    for axis in (axes.xaxis, axes.yaxis):
        named = {
            label.get_text(): place
            for label, place in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
        }
        assert named == pytest.approx({f"{share}%": share / 100 for share in (5, 25, 50, 75, 95)})


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("gaussian", "percentile of $z_1$", "percentile of $z_2$"),
        ("swiss_roll", "percentile of arc length", "percentile of offset"),
        ("none", "percentile of the codes' $z_1$", "percentile of the codes' $z_2$"),
    ],
)
def test_the_axes_of_2e_are_named_after_the_priors_coordinates(name: str, first: str, second: str) -> None:
    axes = figure_2e(distinct_images(2, 2), "title", prior_class(name).coordinates).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (first, second)


def test_mosaics_stand_in_rows_each_with_its_own_title_and_images() -> None:
    panels = [(f"panel {place}", distinct_images(2, 2) ** (place + 1)) for place in range(3)]
    figure = figure_grids_side_by_side(panels, 3)
    assert [axes.get_title() for axes in figure.axes] == [title for title, _ in panels]
    specs = [axes.get_subplotspec() for axes in figure.axes]
    places = [(spec.rowspan.start, spec.colspan.start) for spec in specs if spec is not None]
    assert places == [(0, 0), (0, 1), (0, 2)]
    np.testing.assert_array_equal(mosaic(figure.axes[2])[-28:, :28], panels[2][1][0, 0])
