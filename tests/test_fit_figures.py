"""Quality of the fit of every variant and seed: what the figure draws."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from scipy import stats

from aae.draw.fit import figure_fit

BAND = (0.014, 0.022)
VALUES = [("one", np.array([0.03, 0.05, 0.04])), ("other", np.array([0.7])), ("third", np.array([9.0, 2.0]))]


def panel(values: list[tuple[str, np.ndarray]] = VALUES) -> Axes:
    return figure_fit([("sliced W2", BAND, values)], "").axes[0]


def drawn(axes: Axes, marker: str) -> list[tuple[float, float]]:
    """Values and rows of all markers of one kind, by value."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    return sorted((float(x), float(y)) for line in lines for x, y in np.asarray(line.get_xydata()))


def test_every_seeds_value_is_a_dot_in_its_variants_row_above_their_mean() -> None:
    axes = panel()
    dots, means = drawn(axes, "o"), drawn(axes, "D")
    assert [value for value, _ in dots] == sorted(value for _, seeds in VALUES for value in seeds)
    assert [round(row) for _, row in dots] == [0, 0, 0, 1, 2, 2]
    np.testing.assert_allclose([value for value, _ in means], [0.04, 0.7, 5.5])
    assert [round(row) for _, row in means] == [0, 1, 2]
    assert max(row % 1 for _, row in means) < min(row % 1 for _, row in dots)  # Rows count downwards.
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "other", "third"]
    bottom, top = axes.get_ylim()
    assert bottom > 2 > 0 > top


def test_the_means_interval_is_students() -> None:
    axes = panel()
    lengths = [
        np.ptp(bar.get_segments()[0][:, 0]) for bar in axes.collections if hasattr(bar, "get_segments")
    ]
    for length, (_, seeds) in zip(lengths, VALUES, strict=True):
        if len(seeds) == 1:
            assert length == 0
        else:
            low, high = stats.t.interval(0.95, len(seeds) - 1, np.mean(seeds), stats.sem(seeds))
            assert length == pytest.approx(high - low)


def test_the_null_band_spans_what_it_is_given() -> None:
    (band,) = panel().patches
    assert isinstance(band, Rectangle)
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx(BAND)
