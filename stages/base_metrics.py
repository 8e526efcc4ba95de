"""base-metrics: the base run's numbers and curves, where git keeps them and DVC's tables show them."""

import _stage

from aae.io import artifacts
from aae.measure.summary import cell_row, details, headline
from aae.model.priors import run_prior

# Columns of which dvc.yaml makes plots, and which not every objective has: there they are empty.
PLOTTED = ["discriminator_loss", "encoder_adversarial_loss"]
RUN = _stage.ROOT / "data/runs/base"


def main() -> None:
    config = artifacts.load_config(RUN / "config.json")
    null = artifacts.load_json(_stage.ROOT / "data/null_bands.json")[run_prior(config).name]
    evaluation = artifacts.load_json(RUN / "evaluation.json")
    row = cell_row(config, evaluation)
    numbers = headline(row)
    artifacts.save_json(numbers, _stage.ROOT / "metrics/testset.json")
    artifacts.save_rows(details(row, evaluation, null), _stage.ROOT / "metrics/details.json")
    curves = artifacts.load_table(RUN / "training.csv")
    curves = curves.reindex(columns=curves.columns.union(PLOTTED, sort=False))
    artifacts.save_table(curves.to_dict("records"), _stage.ROOT / "plots/training.csv")
    _stage.say(
        "wrote metrics/testset.json, metrics/details.json and plots/training.csv; "
        f"KL(q || p) {numbers['kl']:.3f} nats"
    )


if __name__ == "__main__":
    _stage.run(main)
