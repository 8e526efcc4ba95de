"""null-bands: what samples of each prior give, as many as there are images."""

import _stage

from tqdm import tqdm

from _params import read_params
from aae.errors import UserError
from aae.io import artifacts
from aae.io.images import read_evaluation, read_training
from aae.measure.nulls import LARGE_SAMPLES, SAMPLES, large_null_bands, null_bands
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
    dim = params.model.code_dim
    # What `none` is measured against is among the priors that constrain.
    kinds = {kind.name: kind for kind in PRIORS.values() if kind.constrains and (dim == 2 or not kind.planar)}
    bands = {}
    with tqdm(total=len(kinds) * (SAMPLES + LARGE_SAMPLES), unit="sample", leave=False, disable=None) as bar:
        for name, kind in kinds.items():
            prior = kind(dim=dim)
            bands[name] = null_bands(n, prior, on_sample=bar.update)
            bands[name] |= large_null_bands(n, m, prior, on_sample=bar.update)
    artifacts.save_json(artifacts.rounded(bands), _stage.ROOT / "data/null_bands.json")
    means = ", ".join(f"{name} {band['raw']['kl']['mean']:.4f}" for name, band in bands.items())
    _stage.say(f"wrote data/null_bands.json; KL of {n:,} samples of each prior, nats: {means}")


if __name__ == "__main__":
    _stage.run(main)
