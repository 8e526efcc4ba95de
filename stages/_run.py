"""A finished training run, as the stages after it need it."""

from pathlib import Path

import _stage  # noqa: F401  (puts the library on the path)

from aae.config import RunConfig
from aae.errors import UserError
from aae.io import artifacts
from aae.model.networks import Autoencoder
from aae.model.numerics import prepare_process


def read_run(folder: Path) -> tuple[RunConfig, Autoencoder]:
    """The settings and the trained networks of the run in `folder`, in a process prepared for them."""
    config = artifacts.load_config(folder / "config.json")
    prepare_process(config.train)
    autoencoder = Autoencoder(config)
    weights = folder / "weights.safetensors"
    try:
        autoencoder.load_state_dict(artifacts.load_tensors(weights))
    except RuntimeError:  # torch's own message is many lines long.
        raise UserError(f"{weights} are not of the networks in {folder / 'config.json'}") from None
    return config, autoencoder
