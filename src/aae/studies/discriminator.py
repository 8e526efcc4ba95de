"""discriminator: is what is left of the misfit what the discriminator cannot see?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aae.compare.equivalence import compare
from aae.compare.measures import MEASURES
from aae.compare.summary import over_seeds
from aae.compare.verdicts import (
    Numbers,
    above_null,
    better_probe,
    detectable,
    equivalence,
    in_words,
    interval,
    seen,
    sight,
    significance,
    spread,
)
from aae.draw.seeds import figure_seeds
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.pictures import kept_pictures
from aae.studies.variants import Rows, by_variant, paired, start

BY = ("discriminator", "epochs")  # What a variant's runs have in common in the table.
PAPER = "the paper's"
CHANGED = ("kl_training", "kl", "training_error", "neighbour_accuracy")
TOLD_BY = {
    "kl_training": "KL",
    "sliced_w2_training": "sliced W2",
    "probe_jsd": "boosted trees",
    "neighbour_jsd": "neighbours' densities",
}
SAME_ERROR = 0.02  # Share of the paper's discriminator's training error within which another's is equivalent.
DEFAULT_BUFFER = 5
NO_RECONSTRUCTION = 100.0  # Adversarial weight from which on the reconstruction loss counts for nothing.
TRADED = {  # By whether KL of training codes and of test codes is less without a reconstruction loss.
    (True, True): "Part of what remains is the price of reconstruction",
    (True, False): "Part of what remains on training codes is the price of reconstruction",
    (False, True): "Part of what remains on test codes is the price of reconstruction",
    (False, False): "What remains is not shown to be the price of reconstruction",
}
WHY = {
    "little": "On training codes it is mostly what the paper's discriminator does not see.",
    "most": "Not the discriminator's sight: it sees most of what is left on training codes.",
    "open": "How much of it the discriminator sees is open.",
    "nothing": "No probe finds anything on training codes.",
    "1 seed": "One seed does not tell how much of it the discriminator sees.",
}


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figures, and what came out."""
    null = grid.nulls["gaussian"]
    concluded = summarise(grid, BY, settings, lambda rows: verdict(rows, null), figure)
    pictures = kept_pictures(
        grid,
        lambda run, row: (
            f"{named(settings(run.config))}\nseed {run.config.seed}, KL of training codes "
            f"{row['kl_training']:.3f} nats"
        ),
    )
    rows: Any = concluded.tables["runs"]
    means = [row for numbers in groups(rows, null).values() for row in numbers.values()]
    tables = concluded.tables | {"variants": means, "changes": changes(rows)}
    return Conclusion(tables, concluded.figures | pictures)


def settings(config: RunConfig) -> dict[str, Any]:
    """The discriminator of a run in words, and its epochs."""
    name = f"{config.model.fourier_features} Fourier features" if config.model.fourier_features else PAPER
    if config.train.code_buffer != DEFAULT_BUFFER:
        name += f", buffer of {config.train.code_buffer}"
    if config.train.adversarial_weight >= NO_RECONSTRUCTION:
        name += ", no reconstruction"
    return {"discriminator": name, "epochs": config.train.epochs}


def named(run: Mapping[str, Any]) -> str:
    """A variant in words."""
    return f"{run['discriminator']}, {run['epochs']} epochs"


def figure(rows: Rows) -> Figure:
    """Every variant and seed by four measures."""
    title = (
        "What the discriminator can see, and for how long it looks; deterministic encoder, prior: gaussian"
    )
    return figure_seeds(by_variant(rows, CHANGED, named), title)


def verdict(rows: Rows, null: Mapping[str, Any]) -> list[str]:
    """Verdict by rules that were written down before the runs.

    Of each variant: by which measures its training codes are told from the prior (the 95% interval over seeds
    lies above the null band); what its final discriminators see (`sight`); how much worse than blocks of
    training codes test codes fit. Then, of every two variants that differ in one thing and paired by seed,
    how much of the misfit it removes (`removes`), and what it costs in training error, which is equivalent
    within `SAME_ERROR` of the other's or not.

    Args:
        rows: the study's runs.
        null: the null distribution of the prior.
    """
    found = groups(rows, null)
    sentences = []
    for key, numbers in found.items():
        runs = of_variant(rows, key)
        who = f"{start(named(numbers['kl']))} ({numbers['kl']['seeds']} seeds)"
        clauses = [f"training codes are {told(numbers)}", sight(numbers, runs), step(numbers, runs)]
        sentences.append(f"{who}: {'; '.join(filter(None, clauses))}.")
    for before, after in differing(list(found)):
        words = change(of_variant(rows, before), of_variant(rows, after), found[before])
        sentences.append(f"{start(_words(after))}, beside {_words(before)}: {words}.")
    return sentences


def changes(rows: Rows) -> list[dict[str, Any]]:
    """Effect of a change of one thing on fit and error, paired by seed, for every two variants that have it.

    Returns:
        A row a change and measure: the variants in words ("before", "after"), measure, and the numbers of
        `compare`, after minus before; the training error has `SAME_ERROR` as its margin.
    """
    pairs = differing(list(dict.fromkeys(tuple(row[name] for name in BY) for row in rows)))
    return [
        {"before": _words(before), "after": _words(after), "measure": measure}
        | _compared(of_variant(rows, after), of_variant(rows, before), measure)
        for before, after in pairs
        for measure in CHANGED
    ]


def _words(key: tuple[Any, ...]) -> str:
    return named(dict(zip(BY, key, strict=True)))


def _compared(new: Rows, old: Rows, measure: str) -> dict[str, Any]:
    pair = paired(new, old, measure)
    return compare(*pair, SAME_ERROR * float(pair[1].mean()) if measure == "training_error" else None)


def differing(keys: Sequence[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Every two variants, by the values of `BY`, of which the second changes one thing of the first."""
    return [
        (before, after)
        for before, after in permutations(keys, 2)
        if (before[0] == after[0] and before[1] < after[1])
        or (before[1] == after[1] and after[0].startswith(f"{before[0]}, "))
        or (before[1] == after[1] and before[0] == PAPER and after[0].endswith("Fourier features"))
    ]


def of_variant(rows: Rows, key: tuple[Any, ...]) -> list[Mapping[str, Any]]:
    """The runs that have these values of `BY`."""
    return [row for row in rows if tuple(row[name] for name in BY) == key]


def groups(rows: Rows, null: Mapping[str, Any]) -> dict[tuple[Any, ...], dict[str, dict[str, Any]]]:
    """Means over seeds of each variant, by measure, beside the null distribution."""
    result: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in over_seeds(rows, BY):
        band = MEASURES[row["measure"]].band(null)
        beside = {"null": band.get("mean"), "null_high": band.get("high")}
        result.setdefault(tuple(row[name] for name in BY), {})[row["measure"]] = row | beside
    return result


def answer(rows: Rows, variants: Rows) -> str:
    """Say what is left of the misfit, and why, in plain words.

    Args:
        rows: a row a run, from the study's metrics.
        variants: over seeds, from the study's metrics.
    """
    found: dict[tuple[str, int], dict[str, Mapping[str, Any]]] = {}
    for row in variants:
        found.setdefault((row["discriminator"], row["epochs"]), {})[row["measure"]] = row
    name, paper = next((key, each) for key, each in found.items() if key[0] == PAPER)
    of_paper = of_variant(rows, name)
    share = max(0.0, paper["discriminator_jsd"]["mean"] / paper[better_probe(paper)]["mean"])
    text = (
        f"**What is left, and why?** {WHY[seen(paper, of_paper)]} Of the difference that another classifier "
        f"finds there, it sees {share:.0%} ({paper['kl']['seeds']} seeds)."
    )
    for key, numbers in found.items():
        if key[0].endswith("Fourier features") and key[1] == name[1]:
            runs, before, after = of_variant(rows, key), paper["kl_training"], numbers["kl_training"]
            test, error, neighbours = (
                _compared(runs, of_paper, measure)["difference"]
                for measure in ("kl", "training_error", "neighbour_accuracy")
            )
            more = error / paper["training_error"]["mean"]
            text += (
                f" Shown {key[0]} of a code as well (cosines that show fine structure), it leaves "
                f"{after['mean']:.3f} instead of {before['mean']:.3f} nats on training codes; prior samples "
                f"measure {after['null']:.3f}. The divergence of test codes changes by {test:+.3f} nats. The "
                f"squared error of training images changes by {more:+.1%}, neighbour accuracy by "
                f"{neighbours:+.3f}."
            )
            text += _longer(found, key) + _alone(rows, found, key)
    return text


def _longer(found: Mapping[tuple[str, int], Numbers], key: tuple[str, int]) -> str:
    """Say what the longest runs of a variant leave, where there are such runs of several seeds."""
    epochs = max(epochs for name, epochs in found if name == key[0])
    kl = found[key[0], epochs]["kl_training"]
    if epochs == key[1] or kl["low"] is None:
        return ""
    left = f"{kl['mean']:z.3f} ({interval(kl, 'z.3f')})"
    return f" After {epochs} epochs it leaves {left}, and training codes are {told(found[key[0], epochs])}."


def _alone(rows: Rows, found: Mapping[tuple[str, int], Numbers], key: tuple[str, int]) -> str:
    """Say what a variant leaves without a reconstruction loss, where there are such runs of several seeds."""
    other = f"{key[0]}, no reconstruction", key[1]
    alone, beside = of_variant(rows, other), of_variant(rows, key)
    if len(alone) < 2:
        return ""
    kl, neighbours = (found[other][name]["mean"] for name in ("kl", "neighbour_accuracy"))
    lower = [_compared(alone, beside, name)["high"] < 0 for name in ("kl_training", "kl")]
    worse = _compared(alone, beside, "sliced_w2_excess")["low"] > 0
    return (
        f" {TRADED[lower[0], lower[1]]}: where the adversarial loss outweighs it by far, test codes are "
        f"{kl:.3f} nats off. Neighbour accuracy is then {neighbours:.3f} instead of "
        f"{found[key]['neighbour_accuracy']['mean']:.3f}"
        f"{', and location and spread fit worse' if worse else ''}."
    )


def told(numbers: Mapping[str, Mapping[str, Any]]) -> str:
    """By which measures training codes are told from the prior."""
    found = [name for measure, name in TOLD_BY.items() if measure in numbers and above_null(numbers[measure])]
    return f"told from the prior by {in_words(found) if found else 'no measure here'}"


def step(numbers: Mapping[str, Mapping[str, Any]], runs: Rows) -> str:
    """Say how much worse test codes fit than blocks of as many training codes."""
    if "kl_blocks" not in numbers:
        return ""
    test, blocks = (np.array([run[name] for run in runs]) for name in ("kl", "kl_blocks"))
    row = compare(test, blocks, None)
    beyond = sum(run["kl"] > run["kl_blocks_high"] for run in runs)
    return (
        f"test codes have {row['difference']:+.3f} nats ({spread(row, '+.3f')}) beside blocks of as many "
        f"consecutive training codes, and more than every block in {beyond} of {len(runs)} runs"
    )


def change(old: Rows, new: Rows, before: Mapping[str, Mapping[str, Any]]) -> str:
    """Say how much of the misfit a change removes, and what it costs in training error.

    Args:
        old: the runs of the variant that is changed.
        new: those of the other.
        before: the first one's means over seeds, beside the null distribution.
    """
    error = _compared(new, old, "training_error")
    share = f"{error['difference'] / before['training_error']['mean']:+.1%}"
    margin = f"±{SAME_ERROR:.0%}"
    words = f", {significance(error)}, {equivalence(error, margin)}" if error["low"] is not None else ""
    fit = removes(_compared(new, old, "kl_training"), before["kl_training"])
    return f"KL(q || p) of training codes {fit}; squared error of training images {share}{words}"


def removes(row: Mapping[str, Any], kl: Mapping[str, Any]) -> str:
    """Say how much of the misfit of training codes a change removes.

    The rule: where the density is not told from the prior's before (`above_null`), nothing is removed,
    but a change may add some, if the 95% interval of the paired difference lies above 0. Else it removes
    most of what is left beyond prior samples if the interval lies below minus half of that; part of it if
    below 0; it adds to it if above. If the interval has 0 in it, no effect is shown, and the effect that
    would be found in 80% of cases is said.

    Args:
        row: of `compare`, after minus before.
        kl: before, beside the null distribution.
    """
    left = kl["mean"] - kl["null"]
    words = f"{row['difference']:+.3f} ({spread(row, '+.3f')})"
    if row["low"] is None:
        return words
    if not above_null(kl):
        adds = ", and it adds to them" if row["low"] > 0 else ""
        return f"{words}: before, {left:.3f} nats beyond prior samples do not tell them apart{adds}"
    if row["low"] > 0:
        return f"{words}: it adds to the {left:.3f} nats beyond prior samples"
    if row["high"] >= 0:
        return f"{words}: no effect shown ({detectable(row, '.3f')})"
    share = "most" if row["high"] < -left / 2 else "part"
    return f"{words}: it removes {share} of the {left:.3f} nats beyond prior samples"
