"""controls: what every measure says of codes with known errors, beside the null band."""

import _stage

import pandas as pd

from _params import open_store
from aae.measure.controls import CONTROLS
from aae.measure.scorecard import measure
from aae.model.parts import prior_class
from aae.runs import artifacts
from aae.runs.nulls import find_null

N, M = 10_000, 60_000  # As many as there are test and training images.
SAMPLES = 5


def main() -> None:
    prior = prior_class("gaussian")()  # The controls are errors of N(0, I).
    null = find_null(open_store(), prior, N, M)["raw"]
    high = {name: band["high"] for name, band in null.items() if name != "outside"}  # N(0, I) has none.
    rows = []
    for name, control in CONTROLS.items():
        values = pd.DataFrame([measure(control(N, seed), prior) for seed in range(SAMPLES)]).mean()
        rows.append({"codes": name, **{measure: values[measure] for measure in high}})
    rows.append({"codes": "upper end of the null band", **high})
    artifacts.save_rows(rows, _stage.ROOT / "metrics/controls.json")
    _stage.say(
        f"wrote metrics/controls.json; KL(q || p) of samples of the prior at most {high['kl']:.3f} nats"
    )


if __name__ == "__main__":
    _stage.run(main)
