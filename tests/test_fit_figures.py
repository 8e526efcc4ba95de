"""How good the fit is and how it went over training: what the figures draw, and that nothing fails them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import assert_no_word_is_cut_off
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aae.draw.fit import figure_fit, figure_when

BAND = (0.014, 0.024)
LOSSES = {
    "adversarial": {"discriminator_loss": 0.7, "encoder_adversarial_loss": 0.8},
    "variational": {"kl_divergence": 4.0},
    "unregularized": {},
}


def ydata(axes: Axes) -> dict[str, np.ndarray]:
    """The heights of each line of a panel, by its label."""
    return {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in axes.lines}


def legend_labels(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


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


def test_the_null_band_spans_what_it_is_given() -> None:
    axes = figure_fit([("one", np.array([0.03]))], (0.014, 0.022), "w").axes[0]
    (band,) = axes.patches
    assert isinstance(band, Rectangle)
    left, right = band.get_x(), band.get_x() + band.get_width()
    assert (left, right) == pytest.approx((0.014, 0.022))


# When.


def curves(epochs: int, objective: str = "adversarial") -> pd.DataFrame:
    """The curves of a training run, with the columns in the order of training.csv."""
    epoch = np.arange(1, epochs + 1)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "reconstruction_loss": 0.04,
            **LOSSES[objective],
            "sliced_w2": 1 / epoch,
            "mean_distance": 0.5 / epoch,
        }
    )


def test_the_fit_stands_above_the_losses_over_the_same_epochs() -> None:
    above, below = figure_when(curves(5), BAND, "title").axes
    np.testing.assert_allclose(ydata(above)["sliced W2"], 1 / np.arange(1, 6))
    np.testing.assert_allclose(ydata(above)["distance of the means"], 0.5 / np.arange(1, 6))
    assert above.get_yscale() == "log"
    assert above.get_xlim() == below.get_xlim()
    (band,) = above.patches
    assert isinstance(band, Rectangle)
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx(BAND)


@pytest.mark.parametrize(
    ("objective", "drawn"),
    [
        (
            "adversarial",
            {
                "ln 2: discriminator at chance": np.log(2),
                "discriminator loss": 0.7,
                "encoder adversarial loss": 0.8,
            },
        ),
        ("variational", {"KL divergence": 4.0}),
        ("unregularized", {"reconstruction loss": 0.04}),
    ],
)
def test_the_losses_are_those_of_the_objective_and_no_other_is_named(
    objective: str, drawn: dict[str, float]
) -> None:
    below = figure_when(curves(3, objective), BAND, "title").axes[1]
    assert {label: line[-1] for label, line in ydata(below).items()} == pytest.approx(drawn)
    assert legend_labels(below) == list(drawn)


@pytest.mark.parametrize("objective", list(LOSSES))
@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_any_training_run_can_be_drawn_with_whole_epochs_along_the_axis(epochs: int, objective: str) -> None:
    figure = figure_when(curves(epochs, objective), BAND, "title")
    FigureCanvasAgg(figure).draw()
    assert all(float(tick).is_integer() for tick in figure.axes[1].get_xticks())
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()


# Both of them.


@pytest.mark.parametrize(
    "figure",
    [
        figure_fit([("deterministic encoder, prior: swiss_roll", np.array([0.05, 5]))] * 4, BAND, "fit"),
        *(figure_when(curves(10, objective), BAND, "a title") for objective in LOSSES),
        figure_when(curves(1), BAND, "a title"),
    ],
)
def test_no_word_is_cut_off_at_the_edge(figure: Figure, tmp_path: Path) -> None:
    figure.savefig(tmp_path / "figure.png", dpi=100)
    assert_no_word_is_cut_off(figure, FigureCanvasAgg(figure).get_renderer())
