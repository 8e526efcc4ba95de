"""Fit of codes to a prior with components, part by part: stray codes, weights, and the shape of each."""

import numpy as np
from scipy import special

from aae.measure.divergence import NEIGHBOURS, marginal_kl
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian

REACH = 4.0  # A component's standard deviations within which a code belongs to it: exp(-8) of N(0, I) do not.


def component_fit(z: np.ndarray, prior: Prior) -> dict[str, float]:
    """Three numbers where one KL divergence would mix them: 1% of stray codes can be most of it.

    Args:
        z: codes, (n, 2).
        prior: each of its components is N(0, I) in the normal scores of its percentiles.

    Returns:
        "stray", the share of codes beyond `REACH` of their nearest component; "weights_misfit", the total
        variation between the shares of the other codes in each component and equal ones; and "kl_within", the
        mean over these codes of KL(q || p) in nats between the codes of their component and that component.
        Nothing for a prior without components.
    """
    if not prior.components:
        return {}
    which = prior.component(z)
    scores = within(z, which, prior)
    near = (scores**2).sum(1) <= REACH**2
    which, scores = which[near], scores[near]
    counts = np.bincount(which, minlength=prior.components)
    shares = counts / max(counts.sum(), 1)
    kls = [
        marginal_kl(scores[which == place], Gaussian()) if count > NEIGHBOURS + 1 else 0.0
        for place, count in enumerate(counts)
    ]
    return {
        "stray": float(1 - near.mean()),
        "weights_misfit": float(np.abs(shares - 1 / prior.components).sum() / 2),
        "kl_within": float(shares @ kls),
    }


def within(z: np.ndarray, which: np.ndarray, prior: Prior) -> np.ndarray:
    """Codes' places in their components, in these components' standard deviations, (n, 2).

    Args:
        z: codes, (n, 2).
        which: the component of each, (n,).
        prior: the components'.
    """
    u = prior.to_uniform(z.astype(np.float64))
    along = u[:, 0] * prior.components - which
    # Rounding; what is farther than this is stray.
    ends = np.clip(np.stack([along, u[:, 1]], axis=1), 1e-15, 1 - 1e-15)
    return np.asarray(special.ndtri(ends))
