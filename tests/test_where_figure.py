"""Where codes depart from the prior: what the four panels draw, and that no codes make them fail."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import assert_no_word_is_cut_off
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import to_rgba_array
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aae.draw.fit import draw_angles, draw_density_ratio, draw_radii, figure_where
from aae.draw.style import DIGIT_COLOURS
from aae.measure.distances import sliced_w2, transport_costs
from aae.model.priors import PRIORS, Gaussian, Prior

N = 10_000
Z = np.random.default_rng(0).standard_normal((N, 2))
Y = np.arange(N) % 10
PRIOR = Gaussian()


def where(z: np.ndarray, y: np.ndarray | None = None, prior: Prior = PRIOR) -> Figure:
    return figure_where(z, Y[: len(z)] if y is None else y, prior, "title")


def panel(figure: Figure, title: str) -> Axes:
    (axes,) = [axes for axes in figure.axes if axes.get_title().startswith(title)]
    return axes


def ratio(z: np.ndarray, prior: Prior = PRIOR) -> np.ma.MaskedArray:
    """The map's log2 of densities, (z2, z1), masked where it is not shown."""
    axes = Figure().add_subplot()
    draw_density_ratio(axes, z, prior)
    (mesh,) = [item for item in axes.collections if isinstance(item, QuadMesh)]
    values: np.ma.MaskedArray = np.ma.asarray(mesh.get_array())
    return values.reshape(200, 200)


def within(radius: float, z1: float = 0, z2: float = 0) -> np.ndarray:
    """The map's pixels, of a prior with standard deviation 1, within a disc."""
    middles = np.linspace(-3.98, 3.98, 200)
    return np.hypot(middles[None, :] - z1, middles[:, None] - z2) < radius


def samples(prior: Prior, n: int = N) -> np.ndarray:
    return prior.sample(n, torch.Generator().manual_seed(0)).numpy()


# The map.


def test_prior_samples_are_as_dense_as_the_prior_in_the_centre() -> None:
    centre = ratio(Z)[within(1)]
    assert not np.ma.getmaskarray(centre).any()
    assert np.abs(centre).max() < 0.5  # A few hundred samples under the kernel.
    assert abs(centre.mean()) < 0.05


@pytest.mark.parametrize("name", list(PRIORS))
def test_samples_of_every_prior_are_as_dense_as_the_prior_wherever_the_map_says_anything(name: str) -> None:
    prior = PRIORS[name](2.0)
    values = ratio(samples(prior), prior).compressed()
    # Of the map's 40,000 pixels as many as the prior takes: the uniform's square has 7500.
    assert 4000 < len(values) < 20_000
    assert abs(np.median(values)) < 0.1
    assert np.mean(np.abs(values) < 0.5) > 0.9


@pytest.mark.parametrize(("name", "lines"), [("uniform", 1), ("none", 0)])
def test_the_map_has_the_priors_contours_if_there_are_any(name: str, lines: int) -> None:
    axes = Figure().add_subplot()
    draw_density_ratio(axes, Z, PRIORS[name]())
    assert len([item for item in axes.collections if isinstance(item, QuadContourSet)]) == lines
    assert ("lines: contours of p" in axes.get_title()) == bool(lines)


def test_where_too_few_samples_are_expected_the_map_says_nothing() -> None:
    values = ratio(Z)
    assert not np.ma.getmaskarray(values[within(2.5)]).any()
    assert np.ma.getmaskarray(values[~within(3)]).all()
    few = ratio(Z[:500])
    assert np.ma.getmaskarray(few[~within(2)]).all()
    assert not np.ma.getmaskarray(few[within(1)]).any()


def test_codes_that_are_denser_or_less_dense_are_at_log2_of_the_ratio() -> None:
    right = np.where(np.random.default_rng(1).random(N) < 2 / 3, 1, -1)  # On the right 4/3, left 2/3.
    values = ratio(np.stack([right * np.abs(Z[:, 0]), Z[:, 1]], axis=1))
    assert np.ma.median(values[within(0.6, z1=1)]) == pytest.approx(np.log2(4 / 3), abs=0.12)
    assert np.ma.median(values[within(0.6, z1=-1)]) == pytest.approx(np.log2(2 / 3), abs=0.12)


def test_z1_grows_rightwards_and_z2_upwards_in_the_map() -> None:
    values = ratio(Z[Z[:, 1] > 0][:4000])
    assert np.ma.median(values[within(0.4, z2=1)]) > 0.7
    assert np.ma.median(values[within(0.4, z2=-1)]) < -1.5


def test_a_hole_that_no_code_reaches_is_shown_and_not_left_blank() -> None:
    values = ratio(Z[np.hypot(Z[:, 0] - 0.5, Z[:, 1]) > 1])
    inside = values[within(0.2, z1=0.5)]
    assert not np.ma.getmaskarray(inside).any()
    assert inside.max() < -1.5
    assert np.isfinite(inside).all()


@pytest.mark.parametrize("std", [0.2, 5.0])
def test_the_map_is_in_the_priors_units(std: float) -> None:
    np.testing.assert_allclose(ratio(std * Z, Gaussian(std)), ratio(Z), atol=0.01)


# The digits' shares.


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


# The normal scores' radius and angle.


def curve_and_band(axes: Axes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The codes' curve, and the band's lower and upper edge."""
    curve = max(axes.lines, key=lambda line: len(np.asarray(line.get_xdata())))
    (band,) = [item for item in axes.collections if isinstance(item, PolyCollection)]
    vertices = np.asarray(band.get_paths()[0].vertices)
    n = len(np.asarray(curve.get_ydata()))
    one, other = vertices[1 : n + 1, 1], vertices[n + 2 : 2 * n + 2, 1][::-1]
    return np.asarray(curve.get_ydata(), dtype=float), np.minimum(one, other), np.maximum(one, other)


@pytest.mark.parametrize("draw", [draw_radii, draw_angles])
@pytest.mark.parametrize("name", ["gaussian", "swiss_roll"])
def test_the_bands_of_radius_and_angle_hold_95_percent_of_prior_samples_at_every_quantile(
    draw: Callable[[Axes, np.ndarray], None], name: str
) -> None:
    prior = PRIORS[name](2.0)
    held = []
    for scores in prior.to_normal(samples(prior, 6000)).reshape(30, 200, 2):
        axes = Figure().add_subplot()
        draw(axes, scores)
        values, low, high = curve_and_band(axes)
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
    axes = panel(where(Z[(angles < 40) | (angles > 76)]), "Angle")
    (curve,) = [line for line in axes.lines if len(np.asarray(line.get_xdata())) > 2]
    at, values = (np.asarray(data, dtype=float) for data in (curve.get_xdata(), curve.get_ydata()))
    before, after = (values[np.searchsorted(at, angle)] for angle in (39, 77))
    assert before - after == pytest.approx(10, abs=1.5)


# All of it.


@pytest.mark.parametrize(
    ("name", "z"),
    [
        ("gaussian", Z[:1000]),
        ("none", 50 * Z[:1000] + np.array([1e3, -1e3])),  # Without a prior codes may lie anywhere.
        ("uniform", 50 * Z[:1000] + np.array([1e3, -1e3])),
        ("gaussian", 1e-3 * Z[:1000]),
        ("gaussian", Z[:100].astype(np.float32)),
        ("swiss_roll", np.zeros((100, 2))),
    ],
)
def test_any_codes_can_be_drawn(name: str, z: np.ndarray) -> None:
    figure = where(z, prior=PRIORS[name]())
    FigureCanvasAgg(figure).draw()  # A warning on the way is an error.
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()
        for line in axes.lines:
            assert np.isfinite(np.asarray(line.get_xydata(), dtype=float)).all()


@pytest.mark.parametrize("figure", [where(Z), where(30 * Z, prior=PRIORS["none"]())])
def test_no_word_is_cut_off_at_the_edge_or_lies_in_the_next_panel(figure: Figure, tmp_path: Path) -> None:
    figure.savefig(tmp_path / "figure.png", dpi=100)
    renderer = FigureCanvasAgg(figure).get_renderer()
    assert_no_word_is_cut_off(figure, renderer)
    boxes = [axes.title.get_window_extent(renderer) for axes in figure.axes if axes.get_title()]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
