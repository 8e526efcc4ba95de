"""Course of a run over training: what the panels draw, and that there are none without content."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aae.draw.training_curves import figure_when

BAND = (-0.009, 0.015)
OBJECTIVES = {
    "adversarial": {"discriminator_loss": 0.69, "encoder_adversarial_loss": 0.8},
    "variational": {"kl_divergence": 4.0},
    "unregularized": {},
}
FIT, DIVERGENCE = "Fit of the codes: KL(q(z) || p(z))", "Jensen-Shannon divergence of q(z) and p(z)"
OBJECTIVE = "Objective: KL(q(z|x) || p(z)), mean over the images"
SIGMA = "Noise of the encoder: sigma(x)"
LOSS, RATE = "Reconstruction loss, mean over the epoch", "Learning rate of encoder and decoder"


def curves(epochs: int, objective: str = "adversarial") -> pd.DataFrame:
    """The curves of a training run, with the columns in the order of training.csv."""
    epoch = np.arange(1, epochs + 1)
    columns = {
        "epoch": epoch,
        "reconstruction_loss": 0.04,
        **OBJECTIVES[objective],
        "learning_rate": 0.003 / epoch,
        "kl": 1 / epoch,
        "kl_training": 0.8 / epoch,
        "sliced_w2": 0.1 / epoch,
        "probe_jsd": 0.1 / epoch,
    }
    return pd.DataFrame(columns | ({"discriminator_jsd": 0.01} if objective == "adversarial" else {}))


def panels(figure: Figure) -> dict[str, Axes]:
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def lines(axes: Axes) -> dict[str, np.ndarray]:
    """The heights of each line with a label, by its label."""
    named = {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in axes.lines}
    return {label: values for label, values in named.items() if not label.startswith("_")}


@pytest.mark.parametrize(
    ("objective", "titles"),
    [
        ("adversarial", [FIT, DIVERGENCE, LOSS, RATE]),
        ("variational", [FIT, DIVERGENCE, OBJECTIVE, LOSS, RATE]),
        ("unregularized", [FIT, DIVERGENCE, LOSS, RATE]),
    ],
)
def test_the_panels_are_those_for_which_the_run_has_curves(objective: str, titles: list[str]) -> None:
    figure = figure_when(curves(5, objective), BAND, "test", "title")
    assert list(panels(figure)) == titles
    assert all(axes.lines for axes in figure.axes)
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


def test_the_fit_of_both_kinds_of_codes_is_on_a_logarithmic_axis_beside_the_null_band() -> None:
    axes = panels(figure_when(curves(5), BAND, "validation", "title"))[FIT]
    assert list(lines(axes)) == ["validation codes", "as many of the\nfirst training codes"]
    np.testing.assert_allclose(lines(axes)["validation codes"], 1 / np.arange(1, 6))
    np.testing.assert_allclose(lines(axes)["as many of the\nfirst training codes"], 0.8 / np.arange(1, 6))
    assert axes.get_yscale() == "log"
    (band,) = axes.patches
    assert isinstance(band, Rectangle)
    assert band.get_y() == axes.get_ylim()[0] > 0  # The band's own lower end is below 0.
    assert band.get_y() + band.get_height() == pytest.approx(BAND[1])


def test_the_probe_stands_beside_the_discriminator() -> None:
    axes = panels(figure_when(curves(5), BAND, "test", "title"))[DIVERGENCE]
    probe, seen = lines(axes).values()
    np.testing.assert_allclose(probe, 0.1 / np.arange(1, 6))
    np.testing.assert_allclose(seen, 0.01)


@pytest.mark.parametrize("objective", list(OBJECTIVES))
@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_any_run_can_be_drawn_with_whole_epochs_along_the_axis(epochs: int, objective: str) -> None:
    figure = figure_when(curves(epochs, objective), BAND, "test", "title")
    FigureCanvasAgg(figure).draw()
    assert all(float(tick).is_integer() for tick in figure.axes[-1].get_xticks())


def test_estimates_below_0_leave_the_others_in_sight() -> None:
    table = curves(4)
    table["kl"] = [0.5, 0.1, -0.001, 0.02]
    table["probe_jsd"] = [0.1, 0.0, -0.01, -0.01]
    figure = figure_when(table, BAND, "test", "title")
    FigureCanvasAgg(figure).draw()
    low, high = panels(figure)[FIT].get_ylim()
    assert 0 < low < 0.015 < 0.8 < high
    assert panels(figure)[DIVERGENCE].get_ylim()[0] < -0.01


def test_the_noise_of_the_encoder_has_a_panel_where_there_is_any() -> None:
    noise = {"sigma_low": [1e-3, 1e-7], "sigma_median": [1e-2, 1e-6], "sigma_high": [1e-1, 0.0]}
    noisy = curves(2).assign(**noise)
    axes = panels(figure_when(noisy, BAND, "test", "title"))[SIGMA]
    assert axes.get_yscale() == "log"
    assert lines(axes)["median"].tolist() == noise["sigma_median"]
    still = curves(2).assign(**dict.fromkeys(noise, 0.0))
    assert SIGMA not in panels(figure_when(still, BAND, "test", "title"))
