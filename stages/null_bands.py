"""null-bands: what samples of each prior give, as many as there are evaluation images."""

import _stage

from _params import read_params
from aae.io import artifacts
from aae.io.images import read_evaluation
from aae.measure.scorecard import null_bands
from aae.model.numerics import prepare_process
from aae.model.priors import PRIORS


def main() -> None:
    params = read_params()
    prepare_process(params.train)
    n = len(read_evaluation(_stage.ROOT / "data/mnist", params.data)[1])
    bands = {}
    for kind in PRIORS.values():
        if kind.name not in bands and (params.model.code_dim == 2 or not kind.planar):
            bands[kind.name] = null_bands(n, kind(dim=params.model.code_dim))
    artifacts.save_json(artifacts.rounded(bands), _stage.ROOT / "data/null_bands.json")


if __name__ == "__main__":
    _stage.run(main)
