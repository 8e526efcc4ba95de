"""configure: validate params.yaml and write one run's config.json, `auto` resolved for this machine.

Usage: configure.py FOLDER           (the base run)
       configure.py FOLDER CELL      (one of the ablation, such as gaussian-none-0, or of a study, such
                                      as gaussian-gaussian-0,train.epochs=20)
"""

import sys
from pathlib import Path

import _stage

from _params import read_params
from aae.errors import UserError
from aae.io import artifacts
from aae.model.priors import run_prior


def main() -> None:
    match sys.argv[1:]:
        case [folder]:
            config = read_params().base()
        case [folder, cell]:
            config = read_params().cell(cell)
        case _:
            raise UserError("usage: configure.py FOLDER [CELL]")
    run_prior(config)

    from aae.model.numerics import resolve  # Imports torch, which takes seconds.

    config = resolve(config)
    artifacts.save_config(config, Path(folder) / "config.json")
    _stage.say(
        f"wrote {folder}/config.json; {config.title}, seed {config.seed}, "
        f"{config.train.precision} on {config.train.device}"
    )


if __name__ == "__main__":
    _stage.run(main)
