"""validate: refuse a params.yaml that is wrong anywhere, before DVC deletes what other stages made."""

import _stage

from _params import read_params
from aae.io import artifacts
from aae.model.priors import run_prior


def main() -> None:
    # First: DVC has just deleted it, and a refusal is to leave every file as it was.
    artifacts.save_json({"params.yaml": "valid"}, _stage.ROOT / "data/validated.json")
    params = read_params()
    run_prior(params.base())
    for cell in params.ablation.cells:
        run_prior(params.cell(cell))
    _stage.say(f"params.yaml is valid; {len(params.ablation.cells)} cells of the ablation")


if __name__ == "__main__":
    _stage.run(main)
