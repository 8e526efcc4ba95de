"""Evaluate a trained run, or take its numbers from the store."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from aae.data.images import Images, to_unit
from aae.model.parts import run_prior
from aae.runs.code import meaning
from aae.runs.names import short_hash
from aae.runs.store import Store
from aae.runs.training import KIND as TRAINING
from aae.runs.training import load_autoencoder, load_discriminator, training_key
from aae.settings.config import RunConfig
from aae.system import artifacts
from aae.system.errors import UserError

KIND = "evaluation"
MEASURES = "measures.json"


def evaluation_key(config: RunConfig, images: Images, extra: tuple[str, ...] = ()) -> str:
    """The name of a run's numbers: its training run, what measures it, and that code's meaning."""
    extra = applicable(extra, config)
    modules = ["aae.measure.evaluation", *(EXTRA[name].module for name in extra)]
    code = meaning(modules, inside="aae.measure")
    return short_hash(training_key(config, images), *extra, code)


def evaluate_run(
    config: RunConfig, images: Images, store: Store, environment: str, extra: tuple[str, ...] = ()
) -> Path:
    """The folder in the store of a run's evaluation; evaluates it if it is not there.

    Args:
        config: the run's settings, as asked; it is in the store already.
        images: what it learned from and is evaluated on.
        store: where results lie.
        environment: of the training run.
        extra: measures beyond those that every run has, of `EXTRA`.

    Returns:
        A folder with measures.json (numbers by name, nine digits), codes.csv (of the evaluation images) and
        curves.csv (over training).

    Raises:
        UserError: the codes cannot be measured.
    """
    key = evaluation_key(config, images, extra)
    if found := store.find(KIND, key, environment):
        return found
    with store.lock(KIND, key, environment):
        if found := store.find(KIND, key, environment):
            return found
        trained = store.find(TRAINING, training_key(config, images), environment)
        if trained is None:
            raise UserError(f"{config.title}, seed {config.seed}: it is not trained yet in {environment}")
        with store.make(KIND, key, environment) as folder:
            write_evaluation(trained, images, folder, extra)
    evaluated = store.find(KIND, key, environment)
    assert evaluated is not None
    return evaluated


def write_evaluation(trained: Path, images: Images, folder: Path, extra: tuple[str, ...]) -> None:
    """Measure the training run in one folder, and write what `evaluate_run` says into another."""
    from aae.measure.evaluation import evaluate  # Imports SciPy and scikit-learn, which take a second.

    config, autoencoder = load_autoencoder(trained)
    codes = artifacts.load_arrays(trained / "codes.safetensors")
    history = artifacts.load_table(trained / "history.csv")
    discriminator = load_discriminator(config, trained)
    evaluation = to_unit(images.x_evaluation), images.y_evaluation
    with threadpool_limits(config.train.threads):
        found = evaluate(config, autoencoder, discriminator, codes, evaluation, images.x, history)
        measures: dict[str, Any] = dict(found.measures)
        for name in applicable(extra, config):
            measures |= EXTRA[name].measure(Evaluated(config, autoencoder, codes, images))
    artifacts.save_json(artifacts.rounded(measures), folder / MEASURES)
    artifacts.save_table(found.codes.to_dict("records"), folder / "codes.csv")
    artifacts.save_table(found.curves.to_dict("records"), folder / "curves.csv")


class Evaluated(NamedTuple):
    """Inputs that a measure beyond those of every run can be computed from."""

    config: RunConfig
    autoencoder: Any
    codes: Mapping[str, Any]
    """As training left them, by name."""
    images: Images


def _components(run: Evaluated) -> dict[str, float]:
    from aae.measure.components import component_fit

    return component_fit(run.codes["evaluation"], run_prior(run.config))


def _likelihood(run: Evaluated) -> dict[str, float]:
    from aae.measure.likelihood import likelihood_of_run

    require_unseen(run.images)
    parts = run.images.x_validation, run.images.x_evaluation
    unit = (to_unit(part).reshape(len(part), -1) for part in parts)
    return likelihood_of_run(run.config, run.autoencoder, run.codes, *unit)


def _manifold(run: Evaluated) -> dict[str, float]:
    from aae.measure.manifold import manifold

    training = to_unit(run.images.x), run.images.y_known
    evaluation = to_unit(run.images.x_evaluation), run.images.y_evaluation
    return manifold(run.config, run.autoencoder, run.codes["evaluation"], training, evaluation)


def _smoothed(run: Evaluated) -> dict[str, float]:
    from aae.measure.smoothed import smoothed_kl

    return smoothed_kl(run.codes["training"], run_prior(run.config))


class Extra(NamedTuple):
    """A measure that a grid can ask for."""

    module: str
    """Module that it is in: its meaning is part of the evaluation's key."""
    measure: Callable[[Evaluated], dict[str, float]]
    applies: Callable[[RunConfig], object] = lambda config: True
    """To runs with these settings; others share the evaluations of grids that do not ask for it."""


EXTRA = {
    "components": Extra("aae.measure.components", _components, lambda config: run_prior(config).components),
    "log_likelihood": Extra("aae.measure.likelihood", _likelihood),
    "manifold": Extra("aae.measure.manifold", _manifold),
    "smoothed_kl": Extra("aae.measure.smoothed", _smoothed),
}


def applicable(extra: tuple[str, ...], config: RunConfig) -> tuple[str, ...]:
    """The measures among `extra` that a run has, in the order of `EXTRA`."""
    return tuple(name for name, each in EXTRA.items() if name in extra and each.applies(config))


def require_unseen(images: Images) -> None:
    """Refuse a run that learned from the images that choose the bandwidth.

    Raises:
        UserError: it did; how many images it may learn from.
    """
    if len(images.x) > (there := images.total - len(images.x_validation)):
        raise UserError(
            "params.yaml: data.images: the last training images choose the bandwidth of log_likelihood, so "
            f"that a run may learn from {there} at most, not {len(images.x)}"
        )
