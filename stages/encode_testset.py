"""encode-testset: the base run's codes of all images, their measures, and the curves over training."""

import _stage

from _params import DATA, TESTSET, TRAINING, open_store
from aae.data.images import read_images
from aae.runs import artifacts
from aae.runs.evaluation import MEASURES, evaluate_run
from aae.runs.store import MANIFEST


def main() -> None:
    store = open_store()
    store.adopt("training", TRAINING)
    config = artifacts.load_config(TRAINING / "config.json")
    environment = artifacts.load_json(TRAINING / MANIFEST)["environment"]
    images = read_images(DATA, config)
    artifacts.copy_folder(evaluate_run(config, images, store, environment), TESTSET)
    measures = artifacts.load_json(TESTSET / MEASURES)
    _stage.say(
        f"wrote data/testset; KL(q || p) {measures['kl']:.3f} nats, "
        f"squared error {measures['reconstruction_error']:.4f}"
    )


if __name__ == "__main__":
    _stage.run(main)
