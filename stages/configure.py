"""configure: validate params.yaml and write one run's config.json.

Usage: configure.py ENCODER PRIOR SEED FOLDER
"""

import sys
from pathlib import Path

import _stage

from _params import read_params
from aae import artifacts
from aae.config import RunConfig


def main() -> None:
    params = read_params()  # First of all: the arguments come from it.
    encoder, prior, seed, folder = sys.argv[1:]
    config = RunConfig.model_validate(
        {
            "encoder": encoder,
            "prior": prior,
            "seed": int(seed),
            "model": params.model,
            "train": params.train,
        }
    )
    artifacts.save_config(config, Path(folder) / "config.json")


if __name__ == "__main__":
    _stage.run(main)
