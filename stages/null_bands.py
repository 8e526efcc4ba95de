"""null-bands: what samples of each prior give, as many as there are images."""

import _stage

from _params import read_params
from aae.errors import UserError
from aae.io import artifacts
from aae.io.images import read_evaluation, read_training
from aae.measure.nulls import large_null_bands, null_bands
from aae.measure.scorecard import LEAST_CODES
from aae.model.numerics import prepare_process
from aae.model.priors import PRIORS

MNIST = _stage.ROOT / "data/mnist"


def main() -> None:
    params = read_params()
    prepare_process(params.train)
    n = len(read_evaluation(MNIST, params.data)[1])
    m = len(read_training(MNIST, params.base())[1])
    if m < LEAST_CODES:
        raise UserError(f"params.yaml: data.images: {m} are too few to measure; at least {LEAST_CODES}")
    bands = {}
    for kind in PRIORS.values():
        if kind.name not in bands and (params.model.code_dim == 2 or not kind.planar):
            prior = kind(dim=params.model.code_dim)
            bands[kind.name] = null_bands(n, prior) | large_null_bands(n, m, prior)
    artifacts.save_json(artifacts.rounded(bands), _stage.ROOT / "data/null_bands.json")


if __name__ == "__main__":
    _stage.run(main)
