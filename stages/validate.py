"""validate: refuse a params.yaml that is wrong anywhere, before DVC deletes what other stages made."""

import _stage

from _params import read_params
from aae.model.parts import run_prior
from aae.system import artifacts


def main() -> None:
    # First: DVC has just deleted it, and a refusal is to leave every file as it was.
    artifacts.save_json({"params.yaml": "valid"}, _stage.ROOT / "data/validated.json")
    params = read_params()
    runs = params.runs(params.ablation)
    for config in (params.base(), *(run.config for run in runs)):
        run_prior(config)
    _stage.say(f"params.yaml is valid; {len(runs)} runs in the ablation")


if __name__ == "__main__":
    _stage.run(main)
