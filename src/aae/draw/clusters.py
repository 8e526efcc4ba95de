"""Places of the digits' names: at each cluster that a digit's codes form in the plane."""

import numpy as np
from scipy import ndimage

CELLS = 200  # Along each side of the plane.
BANDWIDTH = 0.014  # Of the density's Gaussian kernel, as a share of the plane's side.
# Shares of a digit's codes in its densest regions, whose parts may be clusters.
CORES = (0.95, 0.9, 0.8, 0.7, 0.6)
LEAST_SHARE = 0.08  # Of all codes of a digit that a part holds to count.
LEAST_CODES = 10  # That it holds as well, unless it is the largest.


def name_places(
    z: np.ndarray, y: np.ndarray, low: np.ndarray, high: np.ndarray, apart: float
) -> list[tuple[int, np.ndarray]]:
    """Places to write the digits, so that each of their clusters has a name and no names overlap.

    A name stands where its digit's codes are dense and few others' are among them; if another name is
    there already, at the next best place in the cluster, and if there is none, nowhere.

    Args:
        z: codes, (n, 2).
        y: digits, (n,).
        low: lower left corner of the plane that is shown, (2,); names stand within the corners.
        high: its upper right corner, (2,).
        apart: how far the middles of names stay from each other, in units of z.

    Returns:
        Digits and places, (2,).
    """
    edges = list(np.linspace(low, high, CELLS + 1).T)
    digits = [int(digit) for digit in np.unique(y)]
    counts = [np.histogram2d(z[y == digit, 0], z[y == digit, 1], bins=edges)[0] for digit in digits]
    densities = [ndimage.gaussian_filter(count, BANDWIDTH * CELLS, mode="constant") for count in counts]
    total = np.maximum(np.sum(densities, axis=0), np.finfo(float).tiny)
    clusters = [
        (digit, cells, density**2 / total)
        for digit, count, density in zip(digits, counts, densities, strict=True)
        for cells in find_clusters(count, density, LEAST_SHARE * np.sum(y == digit))
    ]
    axes = [(each[1:] + each[:-1]) / 2 for each in edges]
    middles = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    free = np.all((middles - low >= apart / 2) & (high - middles >= apart / 2), axis=-1)
    places = []
    # The smallest come first, as they have the fewest places to go.
    for digit, cells, merit in sorted(clusters, key=lambda cluster: int(cluster[1].sum())):
        open_cells = cells & free
        if open_cells.any():
            place = middles[np.unravel_index(np.argmax(np.where(open_cells, merit, -1)), merit.shape)]
            places.append((digit, place))
            free &= np.hypot(*np.moveaxis(middles - place, -1, 0)) >= apart
    return places


def find_clusters(count: np.ndarray, density: np.ndarray, least: float) -> list[np.ndarray]:
    """The parts into which the region falls where a digit's codes are densest.

    A part that falls apart within a smaller and denser region counts as the parts of that.

    Args:
        count: codes in each cell, (k, k).
        density: the same, smoothed.
        least: codes that a part holds to count.

    Returns:
        The cells of each, (k, k) booleans.
    """
    codes = count.sum()
    if not codes:
        return []
    order = np.argsort(-density, axis=None)
    inside = np.cumsum(count.ravel()[order])
    clusters: list[np.ndarray] = []
    for core in CORES:
        region = density >= density.ravel()[order][np.searchsorted(inside, core * codes)]
        labels, number = ndimage.label(region, structure=np.ones((3, 3)))
        held = ndimage.sum_labels(count, labels, np.arange(1, number + 1))
        large = held >= max(least, min(LEAST_CODES, held.max()))
        parts = [labels == label for label in np.flatnonzero(large) + 1]
        inner = [[part for part in parts if (part & cluster).any()] for cluster in clusters]
        clusters = [
            cells
            for cluster, within in zip(clusters, inner, strict=True)
            for cells in (within if len(within) > 1 else [cluster])
        ] or parts
    return clusters
