"""likelihood: the log-likelihood of the test images under a Parzen window about a run's samples (Table 1).

Runs inside the run's folder.
"""

from pathlib import Path

import _stage

from _likelihood import SAMPLES, likelihood_about
from _run import read_run
from aae.errors import UserError
from aae.io import artifacts
from aae.io.images import HELD_OUT, read_training
from aae.model.priors import run_prior
from aae.randomness import named_generator

RUN = Path()
MNIST = Path("../../mnist")


def main() -> None:
    config, autoencoder = read_run(RUN)
    seen, _, total = read_training(MNIST, config)
    if len(seen) > (there := total - total // HELD_OUT):
        raise UserError(
            f"params.yaml: cells: data.images: the last training images choose the bandwidth, so that a run "
            f"may learn from {there} at most, not {len(seen)}"
        )
    z = run_prior(config).sample(SAMPLES, named_generator(config.seed, "samples for the likelihood"))
    found = likelihood_about(autoencoder.decode(z).numpy(), MNIST)
    artifacts.save_json(artifacts.rounded(found), RUN / "likelihood.json")
    _stage.say(
        f"wrote likelihood.json; log-likelihood {found['log_likelihood']:.1f} nats "
        f"(standard error {found['standard_error']:.1f}), bandwidth {found['bandwidth']}"
    )


if __name__ == "__main__":
    _stage.run(main)
