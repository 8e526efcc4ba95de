"""controls: what every measure says of codes with known errors, beside the null band."""

import _stage

import pandas as pd

from aae.data.datasets import TEST_IMAGES, TRAINING_IMAGES
from aae.measure.controls import CONTROLS
from aae.measure.scorecard import measure
from aae.model.parts import prior_class
from aae.runs.nulls import find_null
from aae.runs.store import locate
from aae.system import artifacts

SAMPLES = 5


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
    _stage.say(
        f"wrote metrics/controls.json; KL(q || p) of samples of the prior at most {high['kl']:.3f} nats"
    )


if __name__ == "__main__":
    _stage.run(main)
