"""How studies name the encoders that they compare."""

from collections.abc import Mapping
from typing import Any

from aae.config import RunConfig


def sigma_of(config: RunConfig) -> str | float | None:
    """The Gaussian encoder's sigma(x), "learned" or fixed; None of another encoder."""
    return config.model.sigma if config.encoder == "gaussian" else None


def named(run: Mapping[str, Any]) -> str:
    """A run's encoder in words, from its "encoder" and "sigma"."""
    if run["encoder"] != "gaussian":
        return str(run["encoder"])
    return "gaussian, learned sigma" if run["sigma"] == "learned" else f"gaussian, sigma {run['sigma']:g}"
