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
    null = artifacts.load_json(_stage.ROOT / "data/null_bands.json")[prior.name]["raw"]
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
