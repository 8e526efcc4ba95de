"""Errors of known kind and size: what each measure must catch, by how much, and what it cannot see.

All at n = 10,000, the number of test images; means over a few seeds, since one sample's noise is
as large as some of the errors.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from conftest import MEASURES

from aae.measure import controls
from aae.measure.density import density_misfit
from aae.measure.distances import excess, match_moments
from aae.measure.nulls import SAMPLES, null_bands
from aae.measure.probe import jensen_shannon
from aae.measure.scorecard import Null
from aae.model.priors.gaussian import Gaussian

PRIOR = Gaussian()
N = 10_000
SEEDS = range(4)


CONTROLS: dict[str, Callable[[int, int], np.ndarray]] = {
    "exact": controls.exact,
    "shift": controls.shift,
    "scale": controls.scale,
    "correlation": controls.correlation,
    "hole": controls.hole,
    "lost_mode": controls.lost_mode,
    "heavy_tail": controls.heavy_tail,
}


@cache
def measured(control: str, form: str) -> dict[str, float]:
    """Every measure's mean over the seeds."""
    samples = [CONTROLS[control](N, seed) for seed in SEEDS]
    if form == "whitened":
        samples = [match_moments(z, PRIOR) for z in samples]
    return {name: float(np.mean([measure(z) for z in samples])) for name, measure in MEASURES.items()}


@pytest.fixture(scope="module")
def null() -> Null:
    """From fewer samples than the project reports it with."""
    assert SAMPLES > 60
    return null_bands(N, PRIOR, samples=60)


# At least this many times the upper end of the null band; what is not named lies inside it.
CAUGHT: dict[tuple[str, str], dict[str, float]] = {
    ("exact", "raw"): {},
    ("shift", "raw"): {"sliced_w2": 1.3},
    ("scale", "raw"): {"sliced_w2": 2, "ks_radius": 2.5},
    ("correlation", "raw"): {"sliced_w2": 1.4},
    ("hole", "raw"): {"kl": 3, "sliced_w2": 1.4, "ks_radius": 1.2, "holes": 4},
    ("lost_mode", "raw"): {"kl": 6.5, "sliced_w2": 4, "holes": 9},
    ("heavy_tail", "raw"): {"kl": 7.5, "sliced_w2": 6, "ks_radius": 7.5, "holes": 1.2},
    ("exact", "whitened"): {},
    ("shift", "whitened"): {},
    ("scale", "whitened"): {},
    ("correlation", "whitened"): {},
    ("hole", "whitened"): {"kl": 3, "sliced_w2": 1.4, "ks_radius": 1.02, "holes": 3.5},
    ("lost_mode", "whitened"): {"kl": 5.5, "sliced_w2": 1.8, "holes": 6.5},
    ("heavy_tail", "whitened"): {"kl": 7.5, "sliced_w2": 8, "ks_radius": 8, "holes": 1.2},
}


AT_THE_EDGE = {("scale", "raw", "kl"), ("correlation", "raw", "kl")}  # Of the null band.


@pytest.mark.parametrize(("control", "form"), CAUGHT)
def test_every_measure_catches_the_errors_that_it_can_see_and_no_others(
    control: str, form: str, null: Null
) -> None:
    caught = CAUGHT[control, form]
    values = measured(control, form)
    assert values.pop("outside") == 0  # N(0, I) has no place of density 0.
    for name, value in values.items():
        times = value / null[form][name]["high"]
        if (control, form, name) in AT_THE_EDGE:
            assert times == pytest.approx(1, abs=0.3), name
        elif name in caught:
            assert times > caught[name], name
        else:
            assert times <= 1, name


def squares_with_noise(exact: float) -> float:
    """Value that a finite sample at the exact distance is expected to give: its own noise adds its square."""
    return float(np.sqrt(exact**2 + measured("exact", "raw")["sliced_w2"] ** 2))


@pytest.mark.parametrize(
    ("control", "exact", "tolerance"),
    [
        ("shift", 0.05 / np.sqrt(2), 0.2),
        ("scale", 0.05, 0.1),
        # Along t the standard deviation is sqrt(1 + 0.1 sin 2t), of which 0.05 |sin 2t| is the error.
        ("correlation", 0.05 / np.sqrt(2), 0.2),
    ],
)
def test_the_sliced_distance_of_a_known_error_is_what_geometry_gives(
    control: str, exact: float, tolerance: float
) -> None:
    assert measured(control, "raw")["sliced_w2"] == pytest.approx(squares_with_noise(exact), rel=tolerance)


@pytest.mark.parametrize(
    ("control", "exact"),
    [
        ("shift", 0.05**2 / 2),
        ("scale", 0.95**2 - 1 - 2 * np.log(0.95)),
        ("correlation", -0.5 * np.log(1 - 0.1**2)),
        ("hole", -np.log(1 - 0.0425)),
        ("lost_mode", -np.log(0.9)),
    ],
)
def test_the_divergence_of_a_known_error_is_the_closed_form(control: str, exact: float) -> None:
    """Divergence of codes with mass m taken out is -ln(1 - m); four estimates' mean has an error of 0.003."""
    assert measured(control, "raw")["kl"] == pytest.approx(exact, abs=0.015)


def test_the_excess_is_the_distance_that_geometry_gives(null: Null) -> None:
    mean = null["raw"]["sliced_w2"]["mean"]
    assert excess(measured("exact", "raw")["sliced_w2"], mean) < 0.01
    assert excess(measured("scale", "raw")["sliced_w2"], mean) == pytest.approx(0.05, abs=0.005)
    assert excess(measured("shift", "raw")["sliced_w2"], mean) == pytest.approx(0.05 / np.sqrt(2), abs=0.01)


@pytest.mark.parametrize(("control", "mass"), [("hole", 0.0425), ("lost_mode", 0.1)])
def test_of_the_mass_that_was_taken_out_total_variation_and_probe_find_nearly_all(
    control: str, mass: float
) -> None:
    z = CONTROLS[control](3 * N, 0)
    numbers = density_misfit(z, PRIOR)
    error = 0.5 * np.sqrt(2 / (3 * N))
    for name in ("total_variation", "below_half"):
        assert mass - 0.03 < numbers[name] < mass + 4 * error, name
    # Where codes are q is p / (1 - m), elsewhere 0.
    rest = 1 - mass
    expected = 0.5 * (mass * np.log(2) + rest * np.log(2 * rest / (1 + rest)) + np.log(2 / (1 + rest)))
    assert 0.6 * expected < jensen_shannon(z, PRIOR) < expected + 0.005


@pytest.mark.parametrize("side", [0.05, 0.5])
def test_a_checkerboard_has_its_contrast_and_the_divergence_that_is_said(side: float) -> None:
    z = controls.checkerboard(40_000, side, 0)
    assert z.shape == (40_000, 2)
    dense = np.floor(z / side).sum(1) % 2 == 0
    assert dense.mean() == pytest.approx((1 + controls.CONTRAST) / 2, abs=0.01)
    # By its definition: half the divergences of q and of p from their middle.
    q = np.array([(1 + controls.CONTRAST) / 2, (1 - controls.CONTRAST) / 2])
    p = np.array([0.5, 0.5])
    middle = (p + q) / 2
    expected = 0.5 * np.sum(q * np.log(q / middle)) + 0.5 * np.sum(p * np.log(p / middle))
    assert controls.jensen_shannon_of_checkerboard() == pytest.approx(expected)
