"""What each measure must catch, by how much, and what it cannot see: known errors at known sizes.

All at n = 10,000, the number of hold-out images; means over a few seeds, since one sample's noise is
as large as some of the errors.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from conftest import MEASURES
from scipy import integrate, stats

from aae import controls, fit, opinions
from aae.priors import Gaussian
from aae.scorecard import NULL_DRAWS, null_bands

PRIOR = Gaussian()
N = 10_000
SEEDS = range(4)


CONTROLS: dict[str, Callable[[int, int], np.ndarray]] = {
    "true_draws": controls.draws,
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
        samples = [fit.whiten(z) for z in samples]
    return {name: float(np.mean([measure(z) for z in samples])) for name, measure in MEASURES.items()}


@pytest.fixture(scope="module")
def null() -> dict[str, dict[str, dict[str, float]]]:
    """From fewer draws than the project reports it with."""
    assert NULL_DRAWS > 40
    return null_bands(N, PRIOR, draws=40)


# At least this many times the highest of true draws; what is not named lies inside their band.
CAUGHT: dict[tuple[str, str], dict[str, float]] = {
    ("true_draws", "raw"): {},
    ("shift", "raw"): {"sliced_w2": 1.3, "mmd": 1.2, "ks_z1": 1.2},
    ("scale", "raw"): {"sliced_w2": 2, "mmd": 2, "ks_radius": 2.5, "ks_z1": 1.02, "ks_z2": 1.02},
    ("correlation", "raw"): {"sliced_w2": 1.4, "mmd": 1.4},
    ("hole", "raw"): {"sliced_w2": 1.4, "mmd": 1.9, "ks_radius": 1.2, "ks_z1": 1.5, "ks_z2": 1.2, "holes": 4},
    ("lost_mode", "raw"): {"sliced_w2": 4, "mmd": 4.5, "ks_z1": 3, "ks_z2": 3.5, "holes": 9},
    ("heavy_tail", "raw"): {
        "sliced_w2": 6, "mmd": 6, "ks_radius": 7.5, "ks_z1": 2.4, "ks_z2": 2.4, "holes": 1.2,
    },
    ("true_draws", "whitened"): {},
    ("shift", "whitened"): {},
    ("scale", "whitened"): {},
    ("correlation", "whitened"): {},
    ("hole", "whitened"): {
        "sliced_w2": 1.4, "mmd": 1.9, "ks_radius": 1.02, "ks_z1": 1.4, "ks_z2": 1.4, "holes": 3.5,
    },
    ("lost_mode", "whitened"): {"sliced_w2": 1.8, "mmd": 2.5, "ks_z1": 2.3, "ks_z2": 1.2, "holes": 6.5},
    ("heavy_tail", "whitened"): {
        "sliced_w2": 8, "mmd": 8.5, "ks_radius": 8, "ks_z1": 3, "ks_z2": 3.5, "holes": 1.2,
    },
}  # fmt: skip


@pytest.mark.parametrize(("control", "form"), CAUGHT)
def test_every_measure_catches_the_errors_that_it_can_see_and_no_others(
    control: str, form: str, null: dict[str, dict[str, dict[str, float]]]
) -> None:
    caught = CAUGHT[control, form]
    values = measured(control, form)
    for name, value in values.items():
        times = value / null[form][name]["high"]
        if name in caught:
            assert times > caught[name], name
        else:
            assert times <= 1, name


def test_whitened_codes_do_not_know_of_a_shift_or_a_scale() -> None:
    for control in ("shift", "scale"):
        assert measured(control, "whitened") == pytest.approx(measured("true_draws", "whitened"), abs=1e-6)


def squares_with_noise(exact: float) -> float:
    """What a finite sample at the exact distance is expected to give: its own noise adds its square."""
    return float(np.sqrt(exact**2 + measured("true_draws", "raw")["sliced_w2"] ** 2))


def tail_distance() -> float:
    """W2 of the rescaled t to the normal: root mean square of the difference of their quantiles."""

    def square(u: float) -> float:
        return float((np.sqrt(3 / 5) * stats.t.ppf(u, 5) - stats.norm.ppf(u)) ** 2)

    return float(np.sqrt(2 * integrate.quad(square, 0.5, 1 - 1e-9, limit=500)[0]))


@pytest.mark.parametrize(
    ("control", "exact", "tolerance"),
    [
        ("shift", 0.05 / np.sqrt(2), 0.2),
        ("scale", 0.05, 0.1),
        # Along t the standard deviation is sqrt(1 + 0.1 sin 2t), of which 0.05 |sin 2t| is the error.
        ("correlation", 0.05 / np.sqrt(2), 0.2),
        ("heavy_tail", tail_distance(), 0.2),
    ],
)
def test_the_sliced_distance_of_a_known_error_is_what_geometry_gives(
    control: str, exact: float, tolerance: float
) -> None:
    assert measured(control, "raw")["sliced_w2"] == pytest.approx(squares_with_noise(exact), rel=tolerance)


def test_the_kernel_sees_a_shift_of_known_size() -> None:
    expected = np.sqrt(2 / 3 * (1 - np.exp(-(0.05**2) / 6)) + measured("true_draws", "raw")["mmd"] ** 2)
    assert measured("shift", "raw")["mmd"] == pytest.approx(expected, rel=0.2)


def test_the_radius_sees_a_scale_of_known_size() -> None:
    r = np.linspace(0, 4, 4001)
    expected = np.abs(stats.rayleigh.cdf(r / 0.95) - stats.rayleigh.cdf(r)).max()
    assert measured("scale", "raw")["ks_radius"] == pytest.approx(expected, abs=0.01)


def test_holes_are_nearly_as_large_as_the_mass_that_was_taken_out() -> None:
    # Cells at the rim are reached; true draws leave a few empty as well.
    chance = measured("true_draws", "raw")["holes"]
    assert 0.8 * 0.0425 < measured("hole", "raw")["holes"] - chance < 0.0425
    assert 0.8 * 0.1 < measured("lost_mode", "raw")["holes"] - chance < 0.1


def test_the_classifier_catches_a_lost_mode_and_a_heavy_tail() -> None:
    error = opinions.c2st_standard_error(N)
    # It can gain no more than the total variation: half of the mass that is gone, here 0.05.
    assert 0.5 + 4 * error < opinions.c2st_accuracy(controls.lost_mode(N, 0), PRIOR) < 0.55 + 4 * error
    assert opinions.c2st_accuracy(controls.heavy_tail(N, 0), PRIOR) > 0.5 + 8 * error


def test_the_fit_ratio_is_near_1_for_true_draws_and_about_2_for_a_shift_by_a_twentieth(
    null: dict[str, dict[str, dict[str, float]]],
) -> None:
    mean = null["raw"]["sliced_w2"]["mean"]
    # Standard errors of these means of ten: 0.05 and 0.11.
    assert np.mean(
        [fit.sliced_w2(controls.draws(N, seed), PRIOR) for seed in range(10)]
    ) / mean == pytest.approx(1, abs=0.2)
    assert np.mean(
        [fit.sliced_w2(controls.shift(N, seed), PRIOR) for seed in range(10)]
    ) / mean == pytest.approx(2.1, abs=0.4)
