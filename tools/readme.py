"""Write the numbers of metrics/ and benchmarks/results/ into README.md and docs/, between their marks."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

import results
from aae.params import parse_study
from tables import bench_tables, chaos_sentence, growth_table

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *(f"docs/{name}.md" for name in ("how-to", "measures", "performance", "results"))]
STUDY = "studies/encoders"  # The ablation with more seeds.


def main() -> None:
    """Rewrite the pages in place."""
    for name in PAGES:
        path = ROOT / name
        path.write_text(fill(path.read_text(encoding="utf-8"), ROOT), encoding="utf-8")


def fill(text: str, root: Path) -> str:
    """A page's text with every marked block made anew from the results below `root`."""
    bench = root / "benchmarks/results"

    def rows(name: str, job: str = ".") -> Any:
        return _json(root / job / f"metrics/{name}.json")

    def answer() -> str:
        job = STUDY if (root / STUDY / "metrics").exists() else "."
        return results.answer(*(rows(name, job) for name in ("ablation", "variants", "contrasts")))

    def study(block: Callable[[Any], str], name: str) -> str:
        if (root / STUDY / "metrics").exists():
            return block(rows(name, STUDY))
        return f"Not run yet: `dvc repro {STUDY}/dvc.yaml` makes it.\n"

    blocks: dict[str, Callable[[], str]] = {
        "answer": answer,
        "base": lambda: results.base_table(rows("details")),
        "ablation": lambda: results.ablation_table(rows("variants")),
        "verdicts": lambda: results.sentences(rows("answer")),
        "contrasts": lambda: results.contrast_table(rows("contrasts")),
        "targets": lambda: study(results.target_table, "variants"),
        "encoders-ablation": lambda: study(results.ablation_table, "variants"),
        "encoders-verdicts": lambda: study(results.sentences, "answer"),
        "encoders-contrasts": lambda: study(results.contrast_table, "contrasts"),
        "controls": lambda: results.control_table(rows("controls")),
        "bench": lambda: bench_tables(
            _json(bench / "machine_peers.json"),
            pd.read_csv(bench / "speed.csv"),
            pd.read_csv(bench / "quality.csv"),
        ),
        "growth": lambda: growth_table(
            _json(bench / "machine_growth.json"), pd.read_csv(bench / "growth.csv")
        ),
        "chaos": lambda: chaos_sentence(pd.read_csv(bench / "chaos.csv", index_col="event")["count"]),
    }
    for path in sorted(root.glob("studies/*/metrics/means.json")):
        folder = path.parents[1]
        blocks[folder.name] = partial(study_block, folder)
    for name, block in blocks.items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if first in text:
            before, rest = text.split(first)
            text = before + first + block() + last + rest.split(last)[1]
    return text


def study_block(folder: Path) -> str:
    """What a study predicted, what came out, and its table."""
    prediction = parse_study((folder / "params.yaml").read_text(encoding="utf-8")).prediction
    found, means = (_json(folder / f"metrics/{name}.json") for name in ("answer", "means"))
    return (
        f"**Predicted before the run:** {prediction.strip()}\n\n**What came out:**\n\n"
        f"{results.sentences(found)}\n{results.study_table(means)}"
    )


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
