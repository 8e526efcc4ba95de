"""controls: what every measure says of codes with known errors, and what probes find of fine structure."""

import _stage

import pandas as pd

from aae.data.datasets import TEST_IMAGES, TRAINING_IMAGES
from aae.measure.controls import CONTROLS, checkerboard, jensen_shannon_of_checkerboard
from aae.measure.divergence import marginal_kl
from aae.measure.evidence import probes
from aae.measure.scorecard import measure
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.runs.nulls import find_null
from aae.runs.store import locate
from aae.system import artifacts

SAMPLES = 5
SIDES = (0.03, 0.05, 0.1, 0.3)  # Of a checkerboard's squares, in standard deviations of the prior.


def main() -> None:
    prior = prior_class("gaussian")()  # The controls are errors of N(0, I).
    null = find_null(locate(_stage.ROOT), prior, TEST_IMAGES, TRAINING_IMAGES)["raw"]
    high = {name: band["high"] for name, band in null.items() if name != "outside"}  # N(0, I) has none.
    rows = []
    for name, control in CONTROLS.items():
        values = pd.DataFrame([measure(control(TEST_IMAGES, seed), prior) for seed in range(SAMPLES)]).mean()
        rows.append({"codes": name, **{measure: values[measure] for measure in high}})
    rows.append({"codes": "upper end of the null band", **high})
    artifacts.save_rows(rows, _stage.ROOT / "metrics/controls.json")
    artifacts.save_rows([fine_structure(side, prior) for side in SIDES], _stage.ROOT / "metrics/probes.json")
    _stage.say(
        f"wrote metrics/controls.json; KL(q || p) of samples of the prior at most {high['kl']:.3f} nats"
    )


def fine_structure(side: float, prior: Prior) -> dict[str, float]:
    """The divergence of a checkerboard, and what is found of it in as many codes as training images."""
    z = checkerboard(TRAINING_IMAGES, side, 0)
    exact = jensen_shannon_of_checkerboard()
    return {"side": side, "exact": exact, **probes(z, prior), "quarter_of_kl": marginal_kl(z, prior) / 4}


if __name__ == "__main__":
    _stage.run(main)
