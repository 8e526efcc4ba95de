"""Write the numbers of metrics/ and benchmarks/results/ into README.md and docs/, between their marks."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from aae.measure.scorecard import MEASURES
from aae.measure.summary import CLOSE
from tables import bench_tables, chaos_sentence, growth_table, table

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "docs/how-to.md", "docs/measures.md", "docs/performance.md", "docs/results.md"]
COLUMNS = {  # Title and format of a number of the ablation.
    "reconstruction_error": ("error per pixel", ".4f"),
    "neighbour_accuracy": ("neighbour accuracy", ".3f"),
    "kl": ("KL, test codes", ".3f"),
    "kl_train": ("KL, training codes", ".3f"),
    "sliced_w2": ("sliced W2, test codes", ".3f"),
    "sliced_w2_train": ("sliced W2, training codes", ".3f"),
    "sliced_w2_means": ("sliced W2, means", ".3f"),
    "sliced_w2_whitened": ("sliced W2, whitened", ".3f"),
    "c2st_accuracy": ("C2ST accuracy", ".3f"),
    "holes": ("holes", ".3f"),
}


def main() -> None:
    """Rewrite the pages in place."""
    for name in PAGES:
        path = ROOT / name
        path.write_text(fill(path.read_text(encoding="utf-8"), ROOT), encoding="utf-8")


def fill(text: str, root: Path) -> str:
    """A page's text with every marked block made anew from the results below `root`."""
    ablation = _json(root / "metrics/ablation.json")
    results = root / "benchmarks/results"
    blocks = {
        "answer": answer(ablation, pd.read_csv(root / "metrics/contrasts.csv")),
        "base": base_table(_json(root / "metrics/testset.json")),
        "ablation": ablation_table(ablation),
        "verdicts": "".join(f"- {sentence}\n" for sentence in ablation["answer"]),
        "controls": control_table(pd.read_csv(root / "metrics/controls.csv")),
        "contrasts": contrast_table(pd.read_csv(root / "metrics/contrasts.csv")),
        "bench": bench_tables(
            _json(results / "machine_peers.json"),
            pd.read_csv(results / "speed.csv"),
            pd.read_csv(results / "quality.csv"),
        ),
        "growth": growth_table(_json(results / "machine_growth.json"), pd.read_csv(results / "growth.csv")),
        "chaos": chaos_sentence(pd.read_csv(results / "chaos.csv", index_col="event")["count"]),
    }
    for name, block in blocks.items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if first in text:
            before, rest = text.split(first)
            text = before + first + block + last + rest.split(last)[1]
    return text


def answer(ablation: dict[str, Any], contrasts: pd.DataFrame) -> str:
    """The project's question, answered for newcomers in three sentences."""
    constrained = [name.split("-")[0] for name in ablation["variants"] if name.endswith("-gaussian")]
    with_prior = [ablation["variants"][f"{encoder}-gaussian"] for encoder in constrained]
    without = [values for name, values in ablation["variants"].items() if name.endswith("-none")]
    null = ablation["null"]["gaussian"]["raw"]
    pair = contrasts[contrasts["encoders"] == "deterministic - gaussian"].set_index("measure").loc["kl"]
    significant = pair["low"] > 0 or pair["high"] < 0
    moments = all(each["sliced_w2"]["mean"] <= CLOSE for each in with_prior)
    density = all(each["kl"]["mean"] <= null["kl"]["high"] for each in with_prior)
    return (
        f"1. **Location and scale {'fit closely' if moments else 'do not fit'}, the density "
        f"{'fits' if density else 'does not fit'}.** With the discriminator, the codes of the test set are "
        f"{_range(with_prior, 'sliced_w2', '.3f')} standard deviations from the prior (sliced W2; prior "
        f"samples: {null['sliced_w2']['mean']:.3f}) and {_range(with_prior, 'kl', '.2f')} nats (KL "
        f"divergence; prior samples: {null['kl']['mean']:.3f}).\n"
        f"2. **Without the discriminator** they are {_range(without, 'sliced_w2', '.1f')} standard "
        "deviations away.\n"
        f"3. **The type of encoder {'matters' if significant else 'makes no significant difference'}.** "
        f"Deterministic minus Gaussian: {pair['difference']:+.3f} nats (95% CI {pair['low']:+.3f} to "
        f"{pair['high']:+.3f}; {with_prior[0]['seeds']} seeds; equivalence was not tested).\n"
    )


def _range(variants: list[dict[str, Any]], name: str, form: str) -> str:
    """The lowest and the highest mean over seeds."""
    means = sorted(variant[name]["mean"] for variant in variants)
    return " to ".join(dict.fromkeys(f"{mean:{form}}" for mean in (means[0], means[-1])))


def base_table(metrics: dict[str, Any]) -> str:
    """What the base run measures on the 10,000 test images, beside the null bands."""
    codes, null, machine = (metrics[key] for key in ("codes", "null", "trained_with"))
    lines = [["measure", "codes", "null (95%)", "whitened codes", "null, whitened (95%)"], ["---"] * 5]
    for name in codes["raw"]:
        line = [MEASURES[name].title]
        for form in ("raw", "whitened"):
            band = null[form][name]
            line += [
                f"{codes[form][name]:.4f}",
                f"{band['mean']:.4f} ({band['low']:.4f} to {band['high']:.4f})",
            ]
        lines.append(line)
    mean, covariance = metrics["code_mean"], metrics["code_covariance"]
    return (
        f"Mean squared error per pixel {metrics['reconstruction_error']:.4f}, neighbour accuracy (k = 10, "
        f"leave one out) {metrics['neighbour_accuracy']:.3f}. KL **{codes['raw']['kl']:.3f} nats** on test "
        f"codes, {metrics['training']['kl']:.3f} on as many training codes. Sliced W2 "
        f"**{codes['raw']['sliced_w2']:.4f}** (95% bootstrap interval {codes['sliced_w2_low']:.4f} to "
        f"{codes['sliced_w2_high']:.4f}). Mean of the codes ({mean[0]:.3f}, {mean[1]:.3f}), covariance "
        f"{covariance[0][0]:.3f}, {covariance[1][1]:.3f}, off the diagonal {covariance[0][1]:.3f}. Trained "
        f"by torch {machine['torch']} ({machine['capability']}).\n\n{table(lines)}"
    )


def control_table(controls: pd.DataFrame) -> str:
    """What each measure says of codes with known errors, as multiples of the null band's upper end."""
    high = controls.iloc[-1]
    names = [name for name in controls.columns if name != "codes"]
    lines = [["codes", *(MEASURES[name].title for name in names)], ["---"] * (1 + len(names))]
    for _, row in controls.iloc[:-1].iterrows():
        line = [str(row["codes"])]
        for name in names:
            # An accuracy is no distance from 0: it stands as it is.
            said = f"{row[name]:.3f}" if name == "c2st_accuracy" else f"{row[name] / high[name]:.2f}"
            line.append(f"**{said}**" if row[name] > high[name] else said)
        lines.append(line)
    return table(lines)


def ablation_table(metrics: dict[str, Any]) -> str:
    """Mean and standard deviation over seeds, a row a variant."""
    header = ["encoder - prior", "seeds", "verdict", *(title for title, _ in COLUMNS.values())]
    lines = [header, ["---"] * len(header)]
    for variant, numbers in metrics["variants"].items():
        cells = [variant.replace("-", " - "), str(numbers["seeds"]), metrics["verdicts"][variant]]
        for key, (_, form) in COLUMNS.items():
            mean, std = numbers[key]["mean"], numbers[key]["std"]
            cells.append(f"{mean:{form}}" + ("" if std is None else f" ± {std:{form}}"))
        lines.append(cells)
    return table(lines)


def contrast_table(contrasts: pd.DataFrame) -> str:
    """Differences between encoders under a prior, paired by seed."""
    header = ["prior", "encoders", "measure", "difference (95% CI)", "standard deviation over seeds"]
    lines = [header, ["---"] * len(header)]
    lines.extend(
        [
            str(row.prior),
            str(row.encoders),
            str(row.measure).replace("_", " "),
            f"{row.difference:+.4f} ({row.low:+.4f} to {row.high:+.4f})",
            f"{row.seed_std:.4f}",
        ]
        for row in contrasts.itertuples()
    )
    return table(lines)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
