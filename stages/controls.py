"""controls: what every measure says of codes with known errors, beside the band of true draws."""

import _stage

import pandas as pd

from aae import artifacts
from aae.controls import CONTROLS
from aae.priors import Gaussian
from aae.scorecard import measure, null_bands

N = 10_000  # As many as there are hold-out images.
SAMPLES = 5


def main() -> None:
    prior = Gaussian()
    rows = []
    for name, control in CONTROLS.items():
        values = pd.DataFrame([measure(control(N, seed), prior) for seed in range(SAMPLES)])
        rows.append({"codes": name, **values.mean()})
    high = {name: band["high"] for name, band in null_bands(N, prior)["raw"].items()}
    rows.append({"codes": "upper end of the band of true draws", **high})
    artifacts.save_table(rows, _stage.ROOT / "metrics/controls.csv")


if __name__ == "__main__":
    _stage.run(main)
