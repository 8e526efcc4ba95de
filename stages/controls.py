"""controls: what every measure says of codes with known errors, beside the null band."""

import _stage

import pandas as pd

from aae.io import artifacts
from aae.measure.controls import CONTROLS
from aae.measure.scorecard import measure
from aae.model.priors import PRIORS

N = 10_000  # As many as there are test images.
SAMPLES = 5


def main() -> None:
    prior = PRIORS["gaussian"]()  # The controls are errors of N(0, I).
    rows = []
    for name, control in CONTROLS.items():
        values = pd.DataFrame([measure(control(N, seed), prior) for seed in range(SAMPLES)])
        rows.append({"codes": name, **values.mean()})
    null = artifacts.load_json(_stage.ROOT / "data/null_bands.json")[prior.name]["raw"]
    rows.append(
        {"codes": "upper end of the null band", **{name: band["high"] for name, band in null.items()}}
    )
    artifacts.save_table(rows, _stage.ROOT / "metrics/controls.csv")


if __name__ == "__main__":
    _stage.run(main)
