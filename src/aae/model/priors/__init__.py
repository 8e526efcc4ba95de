"""The priors p(z) that params.yaml can name: one class each.

To add one: write a subclass of `Prior`, enter it in `PRIORS`, and add its name to
`aae.config.PriorName`. Training, measures and figures ask the object for all else.
"""

import functools

from aae.config import RunConfig
from aae.errors import UserError
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian, Unconstrained
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.priors.uniform import Uniform

__all__ = ["PRIORS", "Gaussian", "Mixture", "Prior", "SwissRoll", "Unconstrained", "Uniform", "run_prior"]

PRIORS: dict[str, type[Prior]] = {
    "gaussian": Gaussian,
    "uniform": Uniform,
    "mixture": Mixture,
    "swiss_roll": SwissRoll,
    "none": Unconstrained,
}


def run_prior(config: RunConfig) -> Prior:
    """The prior of a run or, for a run without one, what its codes are measured against.

    Raises:
        UserError: the prior does not go with another setting of the run.
    """
    prior = _prior(config.prior, config.model.prior_std, config.model.code_dim)
    if config.objective_name == "variational" and not prior.positive_density:
        allowed = ", ".join(
            name for name, kind in PRIORS.items() if kind.positive_density and kind.constrains
        )
        raise UserError(
            f"params.yaml: prior: {config.prior} has places of density 0, to which KL(q(z|x) || p(z)) is "
            f"infinite; with objective: variational allowed: {allowed}"
        )
    if config.labels and not prior.components:
        allowed = ", ".join(name for name, kind in PRIORS.items() if kind.components)
        raise UserError(
            f"params.yaml: prior: {config.prior} has no components for digits to be assigned to; "
            f"with labels above 0 allowed: {allowed}"
        )
    return prior


@functools.cache  # Some take long to make, and to draw.
def _prior(name: str, std: float, dim: int) -> Prior:
    return PRIORS[name](std, dim)
