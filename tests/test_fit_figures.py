"""The figures of the fit, asked as objects: what is drawn where, and that no codes make them fail."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import assert_no_word_is_cut_off
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aae.figures import DIGIT_COLOURS
from aae.fit import sliced_w2, transport_costs
from aae.fit_figures import figure_fit, figure_when, figure_where
from aae.priors import Gaussian

N = 10_000
Z = np.random.default_rng(0).standard_normal((N, 2))
Y = np.arange(N) % 10
PRIOR = Gaussian()
FLOOR = (0.014, 0.024)


def where(z: np.ndarray, y: np.ndarray | None = None, prior: Gaussian = PRIOR) -> Figure:
    return figure_where(z, Y[: len(z)] if y is None else y, prior, "title")


def panel(figure: Figure, title: str) -> Axes:
    (axes,) = [axes for axes in figure.axes if axes.get_title().startswith(title)]
    return axes


def ratio(figure: Figure) -> np.ma.MaskedArray:
    """The map's log2 of densities, (z2, z1), masked where it is not shown."""
    (mesh,) = [item for item in panel(figure, "Density").collections if isinstance(item, QuadMesh)]
    values: np.ma.MaskedArray = np.ma.asarray(mesh.get_array())
    return values.reshape(200, 200)


def within(radius: float, z1: float = 0, z2: float = 0) -> np.ndarray:
    """The map's pixels, of a prior with standard deviation 1, within a disc."""
    middles = np.linspace(-3.98, 3.98, 200)
    return np.hypot(middles[None, :] - z1, middles[:, None] - z2) < radius


def rendered(figure: Figure) -> FigureCanvasAgg:
    """Drawn in earnest: a warning on the way is an error."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas


# How good.


def test_every_seeds_distance_is_a_point_in_its_variants_row_beside_the_mean() -> None:
    fits = [
        ("one", np.array([0.03, 0.05, 0.04])),
        ("other", np.array([0.7])),
        ("third", np.array([9.0, 2.0])),
    ]
    axes = figure_fit(fits, (0.014, 0.022), "sliced W2").axes[0]
    drawn = {
        marker: sorted(
            (float(row), float(distance))
            for line in axes.lines
            if line.get_marker() == marker
            for distance, row in np.asarray(line.get_xydata())
        )
        for marker in ("o", "|")
    }
    assert drawn["o"] == sorted((row, d) for row, (_, distances) in enumerate(fits) for d in distances)
    np.testing.assert_allclose(drawn["|"], [(0, 0.04), (1, 0.7), (2, 5.5)])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "other", "third"]
    assert axes.get_xlabel() == "sliced W2"


def test_the_first_variant_stands_at_the_top_on_a_logarithmic_axis() -> None:
    axes = figure_fit([("one", np.array([0.03])), ("other", np.array([3.0]))], (0.014, 0.022), "w").axes[0]
    bottom, top = axes.get_ylim()
    assert bottom > 1 > 0 > top
    assert axes.get_xscale() == "log"


def test_the_floor_of_true_draws_spans_what_it_is_given() -> None:
    axes = figure_fit([("one", np.array([0.03]))], (0.014, 0.022), "w").axes[0]
    (band,) = axes.patches
    assert isinstance(band, Rectangle)
    left, right = band.get_x(), band.get_x() + band.get_width()
    assert (left, right) == pytest.approx((0.014, 0.022))


# Where.


def test_true_draws_are_as_dense_as_the_prior_in_the_centre() -> None:
    values = ratio(where(Z))
    centre = values[within(1)]
    assert not np.ma.getmaskarray(centre).any()
    assert np.abs(centre).max() < 0.5  # A few hundred draws under the kernel.
    assert abs(centre.mean()) < 0.05


def test_where_too_few_draws_are_due_the_map_says_nothing() -> None:
    values = ratio(where(Z))
    assert not np.ma.getmaskarray(values[within(2.5)]).any()
    assert np.ma.getmaskarray(values[~within(3)]).all()
    few = ratio(where(Z[:500]))
    assert np.ma.getmaskarray(few[~within(2)]).all()
    assert not np.ma.getmaskarray(few[within(1)]).any()


def test_codes_twice_as_dense_are_at_1_and_half_as_dense_at_minus_1() -> None:
    right = np.where(np.random.default_rng(1).random(N) < 2 / 3, 1, -1)  # On the right 4/3, left 2/3.
    values = ratio(where(np.stack([right * np.abs(Z[:, 0]), Z[:, 1]], axis=1)))
    assert np.ma.median(values[within(0.6, z1=1)]) == pytest.approx(np.log2(4 / 3), abs=0.12)
    assert np.ma.median(values[within(0.6, z1=-1)]) == pytest.approx(np.log2(2 / 3), abs=0.12)


def test_z1_grows_rightwards_and_z2_upwards_in_the_map() -> None:
    values = ratio(where(Z[Z[:, 1] > 0][:4000]))
    assert np.ma.median(values[within(0.4, z2=1)]) > 0.7
    assert np.ma.median(values[within(0.4, z2=-1)]) < -1.5


def test_a_hole_that_no_code_reaches_is_shown_and_not_left_blank() -> None:
    values = ratio(where(Z[np.hypot(Z[:, 0] - 0.5, Z[:, 1]) > 1]))
    inside = values[within(0.2, z1=0.5)]
    assert not np.ma.getmaskarray(inside).any()
    assert inside.max() < -1.5
    assert np.isfinite(inside).all()


@pytest.mark.parametrize("std", [0.2, 5.0])
def test_the_map_is_in_the_priors_units(std: float) -> None:
    np.testing.assert_allclose(ratio(where(std * Z, prior=Gaussian(std))), ratio(where(Z)), atol=0.01)


def heights(axes: Axes) -> list[float]:
    return [patch.get_height() for patch in axes.patches if isinstance(patch, Rectangle)]


def test_the_digits_shares_of_the_misfit_sum_to_100_and_are_those_of_their_codes() -> None:
    z = Z + np.where(Y == 3, 2.0, 0)[:, None]
    axes = panel(where(z), "Each digit")
    assert sum(heights(axes)) == pytest.approx(100)
    expected = 100 * transport_costs(z, PRIOR)[Y == 3].mean() / 10 / sliced_w2(z, PRIOR) ** 2
    assert heights(axes)[3] == pytest.approx(expected, rel=1e-9)
    (images,) = axes.lines
    np.testing.assert_allclose(np.asarray(images.get_ydata(), dtype=float), 10)


def test_a_digit_that_no_image_shows_has_no_bar_and_the_others_keep_their_colours() -> None:
    kept = (Y != 0) & (Y != 7)
    axes = panel(where(Z[kept], Y[kept]), "Each digit")
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list("12345689")
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    np.testing.assert_allclose(
        to_rgba_array([bar.get_facecolor() for bar in bars]), DIGIT_COLOURS[[1, 2, 3, 4, 5, 6, 8, 9]]
    )
    assert sum(heights(axes)) == pytest.approx(100)


def curve_and_band(axes: Axes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The codes' curve, and the band's lower and upper edge."""
    curve = max(axes.lines, key=lambda line: len(np.asarray(line.get_xdata())))
    (band,) = [item for item in axes.collections if isinstance(item, PolyCollection)]
    vertices = np.asarray(band.get_paths()[0].vertices)
    n = len(np.asarray(curve.get_ydata()))
    one, other = vertices[1 : n + 1, 1], vertices[n + 2 : 2 * n + 2, 1][::-1]
    return np.asarray(curve.get_ydata(), dtype=float), np.minimum(one, other), np.maximum(one, other)


@pytest.mark.parametrize("title", ["Radius", "Angle"])
def test_the_bands_of_radius_and_angle_hold_95_percent_of_true_draws_at_every_quantile(title: str) -> None:
    held = []
    for seed in range(30):
        z = np.random.default_rng(seed).standard_normal((200, 2))
        values, low, high = curve_and_band(panel(where(z), title))
        held.append((low <= values) & (values <= high))
    # Neighbouring quantiles move together: about 30 x 10 independent ones.
    assert np.mean(held) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 300))


def test_codes_too_far_out_lie_above_0_by_as_much() -> None:
    axes = panel(where(1.1 * Z), "Radius")
    values, _, high = curve_and_band(axes)
    assert values[N // 2] == pytest.approx(0.1 * np.sqrt(2 * np.log(2)), abs=0.03)  # A tenth of the median.
    assert (values > high)[N // 10 : -N // 100].all()


def test_the_angles_curve_falls_by_the_share_that_a_lost_mode_took() -> None:
    angles = np.degrees(np.arctan2(Z[:, 1], Z[:, 0]))
    axes = panel(where(Z[(angles < 40) | (angles > 76)], Y[(angles < 40) | (angles > 76)]), "Angle")
    (curve,) = [line for line in axes.lines if len(np.asarray(line.get_xdata())) > 2]
    at, values = (np.asarray(data, dtype=float) for data in (curve.get_xdata(), curve.get_ydata()))
    before, after = (values[np.searchsorted(at, angle)] for angle in (39, 77))
    assert before - after == pytest.approx(10, abs=1.5)


@pytest.mark.parametrize(
    "z",
    [
        Z,
        50 * Z + np.array([1e3, -1e3]),  # Without a prior codes may lie anywhere.
        1e-3 * Z,
        Z[:100],
        np.zeros((100, 2)),
        Z.astype(np.float32),
    ],
)
def test_any_codes_can_be_drawn(z: np.ndarray) -> None:
    figure = where(z)
    rendered(figure)
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()
        for line in axes.lines:
            assert np.isfinite(np.asarray(line.get_xydata(), dtype=float)).all()


# When.


def curves(epochs: int, adversarial: float = 0.7) -> pd.DataFrame:
    epoch = np.arange(1, epochs + 1)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "sliced_w2": 1 / epoch,
            "off_centre": 0.5 / epoch,
            "discriminator_loss": adversarial,
            "encoder_adversarial_loss": adversarial,
        }
    )


def test_the_fit_stands_above_the_losses_over_the_same_epochs() -> None:
    above, below = figure_when(curves(5), FLOOR, "title").axes
    drawn = {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in above.lines}
    np.testing.assert_allclose(drawn["sliced W2"], 1 / np.arange(1, 6))
    np.testing.assert_allclose(drawn["distance of the mean from 0"], 0.5 / np.arange(1, 6))
    assert above.get_yscale() == "log"
    assert above.get_xlim() == below.get_xlim()
    (band,) = above.patches
    assert isinstance(band, Rectangle)
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx(FLOOR)
    assert [np.asarray(line.get_ydata(), dtype=float)[0] for line in below.lines] == pytest.approx(
        [np.log(2), 0.7, 0.7]
    )


@pytest.mark.parametrize("adversarial", [0.7, np.nan])
@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_any_training_can_be_drawn_with_whole_epochs_along_the_axis(epochs: int, adversarial: float) -> None:
    figure = figure_when(curves(epochs, adversarial), FLOOR, "title")
    rendered(figure)
    assert all(float(tick).is_integer() for tick in figure.axes[1].get_xticks())
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()


def test_without_a_prior_no_loss_is_named_that_is_not_there() -> None:
    legend = figure_when(curves(3, np.nan), FLOOR, "title").axes[1].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ln 2: nothing told apart"]


# All of them.


@pytest.mark.parametrize(
    "figure",
    [
        figure_fit(
            [("deterministic encoder, prior: gaussian", np.array([0.05, 5]))] * 4, (0.01, 0.02), "fit"
        ),
        where(Z),
        where(30 * Z),
        figure_when(curves(10), FLOOR, "a title"),
        figure_when(curves(1, np.nan), FLOOR, "a title"),
    ],
)
def test_no_word_is_cut_off_at_the_edge_or_lies_in_the_next_panel(figure: Figure, tmp_path: Path) -> None:
    figure.savefig(tmp_path / "figure.png", dpi=100)
    renderer = rendered(figure).get_renderer()
    assert_no_word_is_cut_off(figure, renderer)
    boxes = [axes.title.get_window_extent(renderer) for axes in figure.axes if axes.get_title()]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
