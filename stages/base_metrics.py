"""base-metrics: the base run's numbers and curves, where git keeps them and DVC's tables show them."""

import _stage

from aae.io import artifacts
from aae.model.priors import run_prior

RUN = _stage.ROOT / "data/runs/base"


def main() -> None:
    prior = run_prior(artifacts.load_config(RUN / "config.json"))
    null = artifacts.load_json(_stage.ROOT / "data/null_bands.json")[prior.name]
    evaluation = artifacts.load_json(RUN / "evaluation.json")
    artifacts.save_json({**evaluation, "null": null}, _stage.ROOT / "metrics/testset.json")
    curves = artifacts.load_table(RUN / "training.csv")
    artifacts.save_table(curves.to_dict("records"), _stage.ROOT / "plots/training.csv")


if __name__ == "__main__":
    _stage.run(main)
