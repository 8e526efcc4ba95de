"""Departures of codes from the prior: what the panels draw, and that no codes make them fail."""

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path
from scipy.ndimage import binary_erosion

from aae.draw.misfit_map import (
    ERRORS,
    draw_angles,
    draw_map,
    draw_radii,
    draw_shares,
    figure_where,
    smoothed_ratio,
)
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian

N = 10_000
Z = np.random.default_rng(0).standard_normal((N, 2))
PRIOR = Gaussian()
DENSITY = {"below_half": 0.2034, "below_quarter": 0.0561}
EDGES = np.linspace([-4, -4], [4, 4], 201).T
MIDDLES = (EDGES[0, 1:] + EDGES[0, :-1]) / 2


def panel() -> Axes:
    return Figure().add_subplot()


def map_of(z: np.ndarray, prior: Prior = PRIOR) -> tuple[np.ma.MaskedArray, np.ndarray]:
    """The map's log2 of densities, (z2, z1), masked where it is grey, and where it is dotted."""
    axes = panel()
    draw_map(axes, z, prior)
    (mesh,) = [item for item in axes.collections if isinstance(item, QuadMesh)]
    values: np.ma.MaskedArray = np.ma.asarray(mesh.get_array()).reshape(200, 200)
    dotted = np.zeros((200, 200), bool)
    cells = prior.mean + prior.std * np.stack(np.meshgrid(MIDDLES, MIDDLES), axis=-1).reshape(-1, 2)
    for item in axes.collections:
        if isinstance(item, QuadContourSet) and item.filled:
            for path in item.get_paths():
                for polygon in path.to_polygons():  # Outlines, and those of the holes in them.
                    dotted ^= Path(polygon).contains_points(cells).reshape(200, 200)
    return values, dotted


def within(radius: float, z1: float = 0, z2: float = 0) -> np.ndarray:
    """The map's cells, of a prior with standard deviation 1, within a disc."""
    return np.hypot(MIDDLES[None, :] - z1, MIDDLES[:, None] - z2) < radius


def samples(prior: Prior, n: int = N) -> np.ndarray:
    return prior.sample(n, torch.Generator().manual_seed(0)).numpy()


# The map.


@pytest.mark.parametrize("name", list(PRIORS))
def test_samples_of_every_prior_are_dotted_nearly_wherever_the_map_says_anything(name: str) -> None:
    prior = prior_class(name)(2.0)
    values, dotted = map_of(samples(prior, 70_000), prior)
    said = binary_erosion(~np.ma.getmaskarray(values))  # The dots end in the middle of the last cell.
    assert 5000 < said.sum() < 22_000
    assert abs(np.median(values.compressed())) < 0.1
    assert dotted[said].mean() > 0.985


def test_a_difference_is_dotted_up_to_three_errors_and_no_further() -> None:
    right = np.where(np.random.default_rng(1).random(N) < 0.75, 1, -1)  # On the right 3/2, left 1/2.
    z = np.stack([right * np.abs(Z[:, 0]), Z[:, 1]], axis=1)
    values, dotted = map_of(z)
    assert np.ma.median(values[within(0.6, z1=1)]) == pytest.approx(np.log2(1.5), abs=0.12)
    assert np.ma.median(values[within(0.6, z1=-1)]) == pytest.approx(-1, abs=0.12)
    _, errors, _ = smoothed_ratio(z, PRIOR, EDGES)
    inside = within(2)
    assert 0.1 < dotted[inside].mean() < 0.9
    # The hatching's outline runs between cells.
    assert np.abs(errors[inside & dotted]).max() < ERRORS + 0.5
    assert np.abs(errors[inside & ~dotted]).min() > ERRORS - 0.5


def test_where_too_few_samples_are_expected_the_map_says_nothing() -> None:
    for n, known, unknown in ((N, 2.0, 2.7), (2000, 1.0, 2.0)):
        hidden = np.ma.getmaskarray(map_of(Z[:n])[0])
        assert not hidden[within(known)].any()
        assert hidden[~within(unknown)].all()


def test_z1_grows_rightwards_and_z2_upwards_in_the_map() -> None:
    values, _ = map_of(Z[Z[:, 1] > 0][:4000])
    assert np.ma.median(values[within(0.4, z2=1)]) > 0.7
    assert np.ma.median(values[within(0.4, z2=-1)]) < -1.5


def test_a_hole_that_no_code_reaches_is_shown_and_not_left_blank() -> None:
    values, dotted = map_of(Z[np.hypot(Z[:, 0] - 0.5, Z[:, 1]) > 1])
    inside = within(0.2, z1=0.5)
    assert not np.ma.getmaskarray(values)[inside].any()
    assert values[inside].max() < -2
    assert not dotted[inside].any()


@pytest.mark.parametrize("std", [0.2, 5.0])
def test_the_map_is_in_the_priors_units(std: float) -> None:
    np.testing.assert_allclose(map_of(std * Z, Gaussian(std))[0], map_of(Z)[0], atol=0.01)


# The shares of the prior's mass.


def shares(z: np.ndarray, prior: Prior = PRIOR) -> dict[str, np.ndarray]:
    """The curve of the codes and that of samples by their labels, (log2 of the ratio, %) each."""
    axes = panel()
    draw_shares(axes, z, prior, DENSITY)
    assert axes.get_legend() is not None
    return {
        str(line.get_label()): np.asarray(line.get_xydata()).T
        for line in axes.lines
        if not str(line.get_label()).startswith("_")
    }


def test_a_lost_part_of_the_prior_is_the_share_that_the_curve_says() -> None:
    z = np.random.default_rng(3).standard_normal((40_000, 2))
    kept = z[z[:, 0] < 0.8416]  # 80% of the prior.
    (null_label, null), (label, (ratio, share)) = shares(kept).items()
    assert null_label == "as many of p(z)"
    assert share[np.searchsorted(ratio, -1)] == pytest.approx(20, abs=3)
    assert np.median(ratio) == pytest.approx(np.log2(1.25), abs=0.1)
    assert null[1][np.searchsorted(null[0], -1)] < 0.5
    assert label == f"{len(kept):,} codes:\n20% below 1/2\n5.6% below 1/4"


# The normal scores' radius and angle.


def curve_and_band(axes: Axes, kind: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The curve of one kind of codes, and its band's lower and upper edge."""
    curve = np.asarray(axes.lines[kind].get_ydata(), dtype=float)
    vertices = np.asarray(axes.collections[kind].get_paths()[0].vertices)
    one, other = vertices[1 : len(curve) + 1, 1], vertices[len(curve) + 2 : -1, 1][::-1]
    return curve, np.minimum(one, other), np.maximum(one, other)


@pytest.mark.parametrize("draw", [draw_radii, draw_angles])
@pytest.mark.parametrize("name", ["gaussian", "swiss_roll"])
def test_the_bands_hold_95_percent_of_prior_samples_at_every_radius_and_angle(draw, name) -> None:  # type: ignore[no-untyped-def]
    prior = prior_class(name)(2.0)
    held = []
    for scores in prior.to_normal(samples(prior, 60 * 200)).reshape(60, 200, 2):
        axes = panel()
        draw(axes, {"test": scores})
        curve, low, high = (values[20:-120] for values in curve_and_band(axes))
        held.append((low - 1e-9 <= curve) & (curve <= high + 1e-9))
    # The band of a count holds a little more. Neighbouring places move together: about 60 x 10 apart.
    assert 0.95 - 4 * np.sqrt(0.95 * 0.05 / 600) < np.mean(held) < 0.985


# All of it.


@pytest.mark.parametrize(
    ("name", "z"),
    [
        ("none", 50 * Z[:1000] + np.array([1e3, -1e3])),  # Without a prior codes may lie anywhere.
        ("uniform", 50 * Z[:1000] + np.array([1e3, -1e3])),
        ("gaussian", 1e-3 * Z[:1000]),
        ("gaussian", Z[:20].astype(np.float32)),
        ("swiss_roll", np.zeros((100, 2))),
    ],
)
def test_any_codes_can_be_drawn(name: str, z: np.ndarray) -> None:
    figure = figure_where({"test": z, "training": z}, prior_class(name)(), DENSITY, "title")
    FigureCanvasAgg(figure).draw()  # A warning on the way is an error.
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()
