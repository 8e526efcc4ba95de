"""Two-sample and goodness-of-fit tests' statistics: each sees other kinds of misfit.

What each can and cannot see stands in docs/measures.md. `ks_radius` takes normal scores
(`Prior.to_normal`) and `holes` percentiles (`Prior.to_uniform`), and so they serve every prior.
"""

import numpy as np
from scipy import stats
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

CODES_A_CELL = 5  # Expected in each of the cells of `holes`: prior samples then leave exp(-5) of them empty.


def c2st_accuracy(z: np.ndarray, prior: Prior) -> float:
    """C2ST accuracy: that of a fresh classifier of codes and as many prior samples; chance is 0.5.

    Classifier two-sample test (Lopez-Paz and Oquab, ICLR 2017, arXiv:1610.06545), with their
    nearest-neighbour classifier, k = sqrt(n). Each half of the data is classified by the other half.
    The prior samples are the same for all codes of one n, so that accuracies can be compared.

    Args:
        z: codes, (n, dim).
        prior: the distribution that they should follow.
    """
    n = len(z)
    samples = prior.sample(n, named_generator(0, "classifier's prior samples")).numpy()
    points = np.concatenate([samples, z]).astype(np.float64)
    labels = np.repeat([0, 1], n)
    halves = StratifiedKFold(2, shuffle=True, random_state=0)
    predicted = cross_val_predict(KNeighborsClassifier(round(np.sqrt(n))), points, labels, cv=halves)
    return float(np.mean(predicted == labels))


def c2st_standard_error(n: int) -> float:
    """Standard error of `c2st_accuracy` under the null.

    More than that of 2n fair coins, 0.5 / sqrt(2n): where one half of the data has by chance more
    codes than samples and the other half too, each classifies the other right. Two sums of signs agree
    so with correlation 2 / pi, the limit for many neighbours; for fewer the error is a little smaller.
    """
    return float(0.5 * np.sqrt((1 + 2 / np.pi) / (2 * n)))


def ks_radius(z: np.ndarray) -> float:
    """Kolmogorov-Smirnov statistic of the radius: largest difference between its CDF and the null's.

    Args:
        z: normal scores, (n, dim); under the null their radius is chi, in the plane Rayleigh.
    """
    radius = np.linalg.norm(z, axis=1)
    return float(stats.ks_1samp(radius, stats.chi(z.shape[1]).cdf, method="asymp").statistic)


def holes(u: np.ndarray) -> float:
    """Prior mass in cells that no code reaches.

    The cells are those of Figure 2E: products of equal steps of percentiles along each dimension,
    all of the same mass, as many as leave `CODES_A_CELL` codes for each.

    Args:
        u: percentiles of the codes, (n, 2).
    """
    side = max(1, int(np.sqrt(len(u) / CODES_A_CELL)))
    places = np.minimum((u.astype(np.float64) * side).astype(int), side - 1)
    reached = len(np.unique(places[:, 0] * side + places[:, 1]))
    return 1 - reached / side**2
