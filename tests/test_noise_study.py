"""The study of noise: what its verdict says of given runs, and what its figure draws."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluated import evaluation, row_of
from tiny import make_config

from aae.compare.measures import MEASURES
from aae.studies import noise


def curves(loss: float = 0.7, reconstruction: float = 0.033, sigma: float = 1e-6) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": [1, 2],
            "encoder_adversarial_loss": [0.9, loss],
            "reconstruction_loss": [0.06, reconstruction],
            "sigma_low": 2 * [sigma / 2],
            "sigma_median": 2 * [sigma],
            "sigma_high": 2 * [2 * sigma],
        }
    )


def run(
    encoder: str, seed: int, sigma: object = "learned", kl: float = 0.09, error: float = 0.035,
    loss: float = 0.7, reconstruction: float = 0.033, found_sigma: float = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """A row of the study: KL, squared error of test images, and the last losses of training."""
    model, train = {"sigma": sigma}, {"adversarial_weight": 0.1}
    config = make_config(encoder=encoder, seed=seed, model=model, train=train)
    found = evaluation(kl, sigma=found_sigma) | {"reconstruction_error": error}
    return row_of(config, found) | noise.settings(config, curves(loss, reconstruction))


def study() -> list[dict[str, Any]]:
    """Two seeds of each variant: sigma 0.1 takes 0.02 nats off, for 0.004 of squared error."""
    rows = []
    for seed in range(2):
        rows += [
            run("deterministic", seed),
            run("gaussian", seed, 0.0),
            run(
                "gaussian",
                seed,
                0.1,
                kl=0.07,
                error=0.039 + 2e-4 * seed,
                loss=0.69,
                reconstruction=0.037 + 1e-5 * seed,
                found_sigma=0.1,
            ),
            run("gaussian", seed, found_sigma=1e-6 + seed * 1e-7),
            run("universal", seed),
        ]
    return rows


def test_the_verdict_says_what_learned_sigma_became_and_what_a_fixed_one_changes() -> None:
    learned, fixed = noise.verdict(study())
    assert learned.startswith(
        "With learned sigma the Gaussian encoder became nearly deterministic, with a median sigma(x) of 1"
    )
    # 0.037 + 0.1 * 0.69 with it, 0.033 + 0.1 * 0.7 without.
    assert fixed == (
        "Fixed sigma 0.1 instead of 0 (paired by seed, 2 of them): KL of training codes -0.020 nats (95% CI "
        "-0.020 to -0.020), squared error of test images +0.0041 (95% CI +0.0028 to +0.0054), the encoder's "
        "training objective +0.00300 (95% CI +0.00294 to +0.00307): the noise does not pay."
    )


@pytest.mark.parametrize(
    ("differences", "word"),
    [
        ([0.002, 0.0021], "the noise does not pay"),
        ([-0.002, -0.0021], "the noise pays"),
        ([0.002, 0.0], "whether the noise pays is not shown"),
        ([0.002], "whether the noise pays is not shown"),
    ],
)
def test_noise_pays_only_if_the_interval_of_the_objective_says_so(
    differences: list[float], word: str
) -> None:
    rows = []
    for seed, difference in enumerate(differences):
        rows += [run("gaussian", seed, 0.0), run("gaussian", seed, 0.1, reconstruction=0.033 + difference)]
    (sentence,) = noise.verdict(rows)
    assert sentence.endswith(f": {word}.")


def test_the_figure_has_every_run_and_the_learned_sigma_over_training() -> None:
    rows = study()
    figure = noise.figure(rows, [curves() for _ in rows])
    *panels, learned = figure.axes
    assert [axes.get_xlabel().replace("\n", " ") for axes in panels] == [
        MEASURES[name].label for name in noise.PANELS
    ]
    names = [text.get_text().replace(",\n", ", ") for text in panels[0].get_yticklabels()]
    assert names == [
        "deterministic",
        "gaussian, sigma 0",
        "gaussian, sigma 0.1",
        "gaussian, learned sigma",
        "universal",
    ]
    errors = [np.asarray(line.get_xdata()) for line in panels[2].lines if line.get_marker() == "o"]
    np.testing.assert_allclose(errors[2], [0.039, 0.0392])
    assert learned.get_yscale() == "log"
    assert len([line for line in learned.lines if len(np.asarray(line.get_xdata())) == 2]) == 2
