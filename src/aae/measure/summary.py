"""The ablation's tables: a row a cell, then mean and standard deviation over seeds per variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy import stats

from aae.config import RunConfig

if TYPE_CHECKING:
    from aae.measure.scorecard import Null  # Whose measures need torch, as this does not.

VARIANT = ["encoder", "prior"]
ACCURACIES = ["neighbour_accuracy", "component_accuracy"]
CONTRAST = ["prior", "encoders", "measure", "difference", "low", "high", "seed_std"]
# The verdict's rule, in the prior's standard deviations. Codes from the prior but a tenth too wide or
# too narrow are at the distance 0.1, those shifted by 0.14 as well.
CLOSE = 0.1
ROUGH = 0.3
CHANCE = 0.55  # C2ST accuracy up to which codes count as close to chance.
COMPARED = ["kl", "sliced_w2", "c2st_accuracy", "reconstruction_error", "neighbour_accuracy"]


def cell_name(config: RunConfig) -> str:
    """The name that DVC's matrix gives to a cell: {encoder}-{prior}-{seed}."""
    return f"{config.encoder}-{config.prior}-{config.seed}"


def cell_row(config: RunConfig, evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """One row of the ablation's table: codes of the evaluation images, then whitened, then training codes.

    Args:
        config: the cell's settings.
        evaluation: what `aae.measure.evaluation` said of it: metrics, and under "training" those of
            the training codes.
    """
    codes, training = evaluation["codes"], dict(evaluation["training"])
    accuracies = {name: evaluation[name] for name in ACCURACIES if name in evaluation}
    return {
        "encoder": config.encoder,
        "prior": config.prior,
        "seed": config.seed,
        "reconstruction_error": evaluation["reconstruction_error"],
        **accuracies,
        **codes["raw"],
        "fit_ratio": codes["fit_ratio"],
        "sliced_w2_low": codes["sliced_w2_low"],
        "sliced_w2_high": codes["sliced_w2_high"],
        "sliced_w2_means": evaluation["means"]["sliced_w2"],
        "sliced_w2_train_to_test": training.pop("shift", None),
        **{f"{name}_whitened": value for name, value in codes["whitened"].items()},
        **{f"{name}_train": value for name, value in training.items()},
    }


def summarise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over seeds of every number, per variant "{encoder}-{prior}".

    The standard deviation (n - 1) is None where there is but one seed.
    """
    summary: dict[str, Any] = {}
    for names, group in pd.DataFrame(rows).groupby(VARIANT, sort=False):
        numbers = group.drop(columns=[*VARIANT, "seed"]).dropna(axis="columns", how="all")
        several = len(group) > 1
        summary["-".join(map(str, names))] = {
            "seeds": len(group),
            **{
                name: {
                    "mean": float(values.mean()),
                    "std": float(values.std()) if several else None,
                }
                for name, values in numbers.items()
            },
        }
    return summary


def verdicts(rows: Sequence[Mapping[str, Any]], nulls: Mapping[str, Null]) -> dict[str, str]:
    """In words, per variant, whether q(z) fits p(z): by the rule that docs/results.md states.

    For evaluation and training codes alike. Every seed's inside the null band: exactly. Else, by the
    means over seeds: closely up to `CLOSE`, roughly up to `ROUGH`, else not; and exactly or closely
    only if the C2ST accuracy is at most `CHANCE`.

    Args:
        rows: the ablation's table.
        nulls: the null bands of each prior that the rows name, for as many codes.
    """
    words = {}
    for names, group in pd.DataFrame(rows).groupby(VARIANT, sort=False):
        null = nulls[str(group["prior"].iloc[0])]
        distance = max(group["sliced_w2"].mean(), group["sliced_w2_train"].mean())
        accuracy = max(group["c2st_accuracy"].mean(), group["c2st_accuracy_train"].mean())
        farthest = max(group["sliced_w2"].max(), group["sliced_w2_train"].max())
        if farthest <= null["raw"]["sliced_w2"]["high"] and accuracy <= CHANCE:
            word = "exactly"
        elif distance <= CLOSE and accuracy <= CHANCE:
            word = "closely"
        elif distance <= ROUGH:
            word = "roughly"
        else:
            word = "not"
        words["-".join(map(str, names))] = word
    return words


def contrasts(rows: Sequence[Mapping[str, Any]], measures: Sequence[str]) -> list[dict[str, Any]]:
    """Every two encoders of each prior, paired by seed: does the type of encoder matter?

    Runs of one seed share the decoder's first weights, the batch order and the prior's samples.

    Args:
        rows: the ablation's table.
        measures: columns to compare.

    Returns:
        Rows of `CONTRAST`: prior, encoders ("a - b"), measure, mean difference, ends of its 95% t interval
        ("low", "high"), and the standard deviation over seeds of the measure itself ("seed_std"), for
        scale. The last three are None with one seed.
    """
    result = []
    for prior, cells in pd.DataFrame(rows).groupby("prior", sort=False):
        for a, b in combinations(cells["encoder"].unique(), 2):
            for measure in measures:
                if measure not in cells or cells[measure].isna().any():  # Not defined for this prior.
                    continue
                table = cells.pivot(index="seed", columns="encoder", values=measure)
                difference = (table[a] - table[b]).to_numpy()
                mean, seeds = float(difference.mean()), len(difference)
                reach = None
                if seeds > 1:
                    reach = float(stats.t.ppf(0.975, seeds - 1) * difference.std(ddof=1) / seeds**0.5)
                result.append(
                    {
                        "prior": prior,
                        "encoders": f"{a} - {b}",
                        "measure": measure,
                        "difference": mean,
                        "low": None if reach is None else mean - reach,
                        "high": None if reach is None else mean + reach,
                        "seed_std": float(table[[a, b]].std().mean()) if seeds > 1 else None,
                    }
                )
    return result


def answer(
    words: Mapping[str, str],
    summary: Mapping[str, Any],
    compared: Sequence[Mapping[str, Any]],
    references: Mapping[str, str],
) -> list[str]:
    """The project's question, answered in a sentence a variant and a sentence a pair of encoders.

    Args:
        words: from `verdicts`.
        summary: from `summarise`.
        compared: from `contrasts`; those of the sliced W2 are used.
        references: what figures call the distribution that codes of each prior are held against.
    """
    sentences = []
    for variant, word in words.items():
        encoder, prior = variant.split("-")
        verdict = "disagree" if word == "not" else f"agree {word}"
        distance, ratio, accuracy = (
            summary[variant][name]["mean"] for name in ("sliced_w2", "fit_ratio", "c2st_accuracy")
        )
        sentences.append(
            f"Prior {prior}, {encoder} encoder: q(z) and {references[prior]} {verdict} (sliced W2 "
            f"{distance:.3f}, {ratio:.1f} times the null's mean; C2ST accuracy {accuracy:.1%})."
        )
    for row in compared:
        if row["measure"] != "sliced_w2" or row["low"] is None:
            continue
        differs = row["low"] > 0 or row["high"] < 0
        sentences.append(
            f"Prior {row['prior']}, {row['encoders']}, paired by seed: {row['difference']:+.3f} in sliced W2 "
            f"(95% CI {row['low']:+.3f} to {row['high']:+.3f}), "
            + ("significant." if differs else "not significant.")
        )
    return sentences
