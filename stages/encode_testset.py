"""encode-testset: codes of all images, their measures, the null distributions, curves over training."""

import _stage

from _params import DATA, TESTSET, TRAINING
from aae.data.images import read_images
from aae.model.parts import run_prior
from aae.runs.evaluation import MEASURES, evaluate_run
from aae.runs.nulls import find_null
from aae.runs.store import MANIFEST, locate
from aae.settings.config import load_config
from aae.system import artifacts


def main() -> None:
    store = locate(_stage.ROOT)
    store.adopt("training", TRAINING)
    config = load_config(TRAINING / "config.json")
    environment = artifacts.load_json(TRAINING / MANIFEST)["environment"]
    evaluated = evaluate_run(config, read_images(DATA, config), store, environment)
    measures = artifacts.load_json(evaluated / MEASURES)
    null = find_null(store, run_prior(config), measures["codes"], measures["training_codes"])
    artifacts.copy_folder(evaluated, TESTSET)
    artifacts.save_json(null, TESTSET / "null.json")
    _stage.say(
        f"wrote data/testset; KL(q || p) {measures['kl']:.3f} nats, "
        f"squared error {measures['reconstruction_error']:.4f}"
    )


if __name__ == "__main__":
    _stage.run(main)
