"""The priors, encoders, objectives and architectures that settings can name, each by the place of its class.

To add one: write the class in a module of its own and enter it here; params.yaml may then name it.
Nothing here computes: a run's key follows the modules of its own parts, and not this table.
"""

from __future__ import annotations

import functools
import pkgutil
from typing import TYPE_CHECKING, Any

from aae.system.errors import UserError

if TYPE_CHECKING:  # Priors are for figures too, which need no torch: its import takes seconds.
    import torch

    from aae.model.architectures.base import Architecture
    from aae.model.encoders.base import Encoder
    from aae.model.objectives.base import Objective
    from aae.model.priors.base import Prior
    from aae.settings.config import RunConfig

PRIORS = {
    "gaussian": "aae.model.priors.gaussian:Gaussian",
    "uniform": "aae.model.priors.uniform:Uniform",
    "mixture": "aae.model.priors.mixture:Mixture",
    "swiss_roll": "aae.model.priors.swiss_roll:SwissRoll",
    "none": "aae.model.priors.unconstrained:Unconstrained",
}
ENCODERS = {
    "deterministic": "aae.model.encoders.deterministic:DeterministicEncoder",
    "gaussian": "aae.model.encoders.gaussian:GaussianEncoder",
    "universal": "aae.model.encoders.universal:UniversalEncoder",
}
OBJECTIVES = {
    "adversarial": "aae.model.objectives.adversarial:Adversarial",
    "variational": "aae.model.objectives.variational:Variational",
}
ARCHITECTURES = {
    "perceptron": "aae.model.architectures.perceptron:Perceptrons",
}
# What `prior: none` makes of any objective.
UNREGULARIZED = "aae.model.objectives.unregularized:Unregularized"


def prior_class(name: str) -> type[Prior]:
    """The class of the prior that params.yaml calls so."""
    return _class(PRIORS[name])


def modules_of(config: RunConfig) -> list[str]:
    """The modules of a run's prior, encoder, objective and architecture."""
    places = (
        PRIORS[config.prior],
        ENCODERS[config.encoder],
        _objective(config),
        ARCHITECTURES[config.model.architecture],
    )
    return [place.partition(":")[0] for place in places]


def make_architecture(config: RunConfig, shape: tuple[int, int]) -> Architecture:
    """Architecture that makes a run's networks for images of a shape."""
    kind: type[Architecture] = _class(ARCHITECTURES[config.model.architecture])
    return kind(config.model, shape)


def make_encoder(config: RunConfig, architecture: Architecture, generator: torch.Generator) -> Encoder:
    """A run's encoder with fresh weights, which the generator draws."""
    kind: type[Encoder] = _class(ENCODERS[config.encoder])
    return kind(config.model, architecture, generator)


def make_objective(config: RunConfig, device: torch.device) -> Objective:
    """A run's objective with fresh networks of its own."""
    kind: type[Objective] = _class(_objective(config))
    return kind(config, device)


def run_prior(config: RunConfig) -> Prior:
    """The prior of a run or, for a run without one, what its codes are measured against.

    Raises:
        UserError: the prior does not go with another setting of the run.
    """
    prior = _prior(config.prior, config.model.prior_std, config.model.code_dim)
    if config.objective_name == "variational" and not prior.positive_density:
        kinds = {name: prior_class(name) for name in PRIORS}
        allowed = ", ".join(name for name, kind in kinds.items() if kind.positive_density and kind.constrains)
        raise UserError(
            f"params.yaml: prior: {config.prior} has places of density 0, to which KL(q(z|x) || p(z)) is "
            f"infinite; with objective: variational allowed: {allowed}"
        )
    if config.labels and not prior.components:
        allowed = ", ".join(name for name in PRIORS if prior_class(name).components)
        raise UserError(
            f"params.yaml: prior: {config.prior} has no components for digits to be assigned to; "
            f"with labels above 0 allowed: {allowed}"
        )
    return prior


def _objective(config: RunConfig) -> str:
    return OBJECTIVES.get(config.objective_name, UNREGULARIZED)


def _class(place: str) -> Any:
    try:
        return pkgutil.resolve_name(place)
    except (ImportError, AttributeError) as error:
        raise UserError(f"{place}, which src/aae/model/parts.py names, cannot be had: {error}") from None


@functools.cache  # Some take long to make, and to draw.
def _prior(name: str, std: float, dim: int) -> Prior:
    return prior_class(name)(std, dim)
