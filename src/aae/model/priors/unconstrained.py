"""Stand-in for a prior where codes are not constrained."""

import numpy as np

from aae.model.priors.gaussian import Gaussian


class Unconstrained(Gaussian):
    """No prior: codes go where reconstruction takes them, and are measured against N(0, std^2 I).

    Figures draw nothing of it, and the percentiles of Figure 2E are those of the codes themselves.
    """

    coordinates = ("the codes' $z_1$", "the codes' $z_2$")
    contour_masses = ()
    constrains = False

    def percentiles(self, u: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The codes' own percentiles, dimension by dimension."""
        z = z.astype(np.float64)
        return np.stack([np.quantile(z[:, d], u[..., d]) for d in range(z.shape[1])], axis=-1)
