"""Null distributions, as the store keeps them: by prior, number of codes, dimensions and code."""

import json
from collections.abc import Callable
from typing import Any

from aae.model import parts
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.runs.code import meaning
from aae.runs.names import short_hash
from aae.runs.store import Store
from aae.system import artifacts
from aae.system.errors import UserError

Null = dict[str, Any]  # What `aae.measure.nulls` gives for one prior.
LEAST_CODES = 100
# Of each distribution beyond the plane. Trees find neighbours the slower the more dimensions there are: as
# many samples as in the plane take twenty minutes in eight.
SAMPLES_BEYOND = (30, 6)


def find_null(
    store: Store, prior: Prior, n: int, m: int, on_sample: Callable[[], object] = lambda: None
) -> Null:
    """Null distributions of a prior: `null_bands` of n codes, and `large_null_bands` of n and m.

    Args:
        store: where they lie; what is not there takes a quarter of a minute, and some in more dimensions.
        prior: the distribution that codes should follow.
        n: codes of evaluation images.
        m: codes of training images.
        on_sample: called after each sample.

    Raises:
        UserError: too few codes to measure.
    """
    if min(n, m) < LEAST_CODES:
        raise UserError(
            f"params.yaml: data.images: {min(n, m)} are too few to measure; at least {LEAST_CODES}"
        )
    # Measures have the prior's standard deviation as their unit. What `none` is measured against has a name.
    unit = prior_class(prior.name)(dim=prior.dim)
    few, fewer = ({"samples": samples} if prior.dim > 2 else {} for samples in SAMPLES_BEYOND)

    def small() -> Null:
        from aae.measure.nulls import null_bands  # Imports SciPy, which takes a second.

        return null_bands(n, unit, **few, on_sample=on_sample)

    def large() -> Null:
        from aae.measure.nulls import large_null_bands

        return large_null_bands(n, m, unit, **fewer, on_sample=on_sample)

    kept = _kept(store, prior, (n, *few.values()), small)
    return kept | _kept(store, prior, (n, m, *fewer.values()), large)


def _kept(store: Store, prior: Prior, sizes: tuple[int, ...], measure: Callable[[], Null]) -> Null:
    path = store.folder / "nulls" / f"{null_key(prior, sizes)}.json"
    if not path.exists():
        artifacts.save_json(artifacts.rounded(measure()), path)
    return dict(artifacts.load_json(path))


def null_key(prior: Prior, sizes: tuple[int, ...]) -> str:
    """The name of null distributions of so many samples."""
    measured = meaning(["aae.measure.nulls"], inside="aae.measure")
    module = parts.PRIORS[prior.name].partition(":")[0]
    drawn = meaning([module, "aae.model.randomness"], inside="aae.model", without="aae.model.parts")
    return short_hash(json.dumps([prior.name, prior.dim, sizes]), measured, drawn)
