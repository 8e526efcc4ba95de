"""base-metrics: the base run's numbers and curves, where git keeps them and DVC's tables show them."""

import _stage

from _params import TESTSET, TRAINING
from aae.compare.summary import details, headline, with_excess
from aae.system import artifacts

# Columns of which dvc.yaml makes plots, and which not every objective has: there they are empty.
PLOTTED = ["discriminator_loss", "encoder_adversarial_loss"]


def main() -> None:
    environment = artifacts.load_json(TRAINING / "entry.json")["environment"]
    measures, null = (artifacts.load_json(TESTSET / f"{name}.json") for name in ("measures", "null"))
    row = with_excess(measures, null)
    numbers = headline(row)
    artifacts.save_json(numbers, _stage.ROOT / "metrics/testset.json")
    artifacts.save_rows(details(row, null, environment), _stage.ROOT / "metrics/details.json")
    curves = artifacts.load_table(TESTSET / "curves.csv")
    curves = curves.reindex(columns=curves.columns.union(PLOTTED, sort=False))
    artifacts.save_table(curves.to_dict("records"), _stage.ROOT / "plots/training.csv")
    _stage.say(
        "wrote metrics/testset.json, metrics/details.json and plots/training.csv; "
        f"KL(q || p) {numbers['kl']:.3f} nats"
    )


if __name__ == "__main__":
    _stage.run(main)
