"""Write the numbers of metrics/ and benchmarks/results/ into README.md and docs/, between their marks."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from aae.report import results, told
from aae.studies import claims
from aae.system.artifacts import load_json
from tables import (
    bench_tables,
    card_table,
    change_table,
    claim_table,
    figures_table,
    likelihood_table,
    paper_table,
    weights_sentence,
)

ROOT = Path(__file__).resolve().parents[1]
SIGHT = (
    "kl_training",
    "kl_smoothed_0.05",
    "kl",
    "kl_blocks",
    "total_variation",
    "neighbour_jsd",
    "discriminator_jsd",
    "training_error",
    "neighbour_accuracy",
)
SHAPE = ("kl", "kl_whitened", "sliced_w2_excess", "below_quarter", "reconstruction_error")
NAMES = ("measures", "model-card", "paper", "performance", "results", "studies")
PAGES = ["README.md", *(f"docs/{name}.md" for name in NAMES)]
CLAIMS = "docs/claims.json"
STUDY = "studies/encoders"  # The ablation with more seeds.


def main() -> None:
    """Rewrite the pages and docs/claims.json in place."""
    (ROOT / CLAIMS).write_text(claims_file(ROOT), encoding="utf-8")
    if (made := ROOT / "plots/report.html").exists():  # Where `dvc repro` has run.
        shutil.copy(made, ROOT / "docs/report.html")
    if (made := ROOT / "data/weights.safetensors").exists():
        shutil.copy(made, ROOT / "src/aae/weights/base.safetensors")
    for name in PAGES:
        path = ROOT / name
        path.write_text(fill(path.read_text(encoding="utf-8"), ROOT), encoding="utf-8")


def fill(text: str, root: Path) -> str:
    """A page's text with every marked block made anew from the results below `root`."""
    bench = root / "benchmarks/results"

    def rows(name: str, job: str = ".") -> Any:
        return load_json(root / job / f"metrics/{name}.json")

    def figure_by_figure() -> str:
        return paper_table(judged(root), rows("table", "studies/table1"))

    blocks: dict[str, Callable[[], str]] = {
        "answer": lambda: told.answer(root),
        "short": lambda: short_answer(told.answer(root)),
        "base": lambda: results.base_table(rows("details"), results.BASE),
        "targets": lambda: results.target_table(rows("variants", STUDY)),
        "encoders-ablation": lambda: results.ablation_table(rows("variants", STUDY)),
        "encoders-contrasts": lambda: judged_contrasts(rows("contrasts", STUDY)),
        "card": lambda: card_table(rows("testset")),
        "weights": lambda: weights_sentence(rows("weights")),
        "controls": lambda: results.control_table(rows("controls")),
        "probes": lambda: results.probe_table(rows("probes")),
        "bench": lambda: bench_tables(
            load_json(bench / "machine.json"),
            pd.read_csv(bench / "speed.csv"),
            pd.read_csv(bench / "quality.csv"),
        ),
        "figure-by-figure": figure_by_figure,
        "vaes": lambda: vaes_block(rows("means", "studies/claims")),
    }
    for path in root.glob("studies/*/metrics/answer.json"):
        folder = path.parents[1]
        blocks[folder.name] = partial(BLOCKS.get(folder.name, study_block), folder)
    for name, block in blocks.items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if first in text:
            before, rest = text.split(first)
            text = before + first + block() + last + rest.split(last)[1]
    return text


def short_answer(answer: str) -> str:
    """The answers alone: the bold start of each paragraph, with a sentence more where that only asks."""
    short = []
    for paragraph in answer.strip().split("\n\n"):
        start, rest = paragraph.removeprefix("**").split("**", 1)
        short.append(f"{start}{rest.split('. ')[0]}." if start.endswith("?") else start)
    return f"**{' '.join(short)}**\n"


def judged_contrasts(contrasts: list[dict[str, Any]]) -> str:
    """The comparisons of encoders that the answer counts."""
    return results.contrast_table([row for row in contrasts if row["margin"] is not None])


def study_block(folder: Path) -> str:
    """The means of a study."""
    return results.study_table(load_json(folder / "metrics/means.json"))


def discriminator_block(folder: Path) -> str:
    """The means of the discriminator's study, and what each change does."""
    means, changes = (load_json(folder / f"metrics/{name}.json") for name in ("means", "changes"))
    return f"{results.study_table(means, SIGHT)}\n{change_table(changes)}"


def sentences_block(folder: Path) -> str:
    """Outcome of a study."""
    return results.sentences(load_json(folder / "metrics/answer.json"))


def claims_block(folder: Path) -> str:
    """The paper's claims, and what was measured of each."""
    return claim_table(judged(folder.parents[1]))


def judged(root: Path) -> list[claims.Claim]:
    """The paper's claims, by the runs of every study."""
    paths = root.glob("studies/*/metrics/runs.json")
    return claims.judged({path.parents[1].name: load_json(path) for path in paths})


def claims_file(root: Path) -> str:
    """The paper's claims for machines: each with its verdict, and where its numbers can be looked up."""
    return json.dumps([_claim(root, claim) for claim in judged(root)], indent=2, ensure_ascii=False) + "\n"


def _claim(root: Path, claim: claims.Claim) -> dict[str, Any]:
    said, study = claim.said, claim.said.study
    main = claim.statements[0] if claim.statements else None
    return {
        "statement": said.name,
        "figure": said.figure,
        "quote" if said.quoted else "paraphrase": said.words.strip("“”"),
        "prediction": _predicted(root / "studies" / study, said.name) if study else None,
        "verdict": claim.verdict,
        "measured": claim.found or None,
        "interval": [main.low, main.high] if main and main.low is not None else None,
        "paper_settings": claim.in_papers_settings,
        "command": f"dvc repro studies/dvc.yaml:conclude@{study}" if study else None,
        "evidence": [_evidence(study, number) for each in claim.statements for number in each.numbers],
    }


def _predicted(folder: Path, name: str) -> str | None:
    """The sentence of a study's prediction on a claim, which begins as the claim's name does.

    All of it where no sentence is on a claim.
    """
    prediction = " ".join(told.prediction(folder).split())
    about = {
        said.name: f"{sentence.rstrip('.')}."
        for sentence in prediction.split(". ")
        for said in claims.CLAIMS
        if said.name.startswith(sentence.partition(":")[0])
    }
    return about.get(name) if about else prediction


def _evidence(study: str, number: claims.Number) -> dict[str, Any]:
    """A number's place: file, what its row has in common with others of the variant, and the key there."""
    where, key = dict(number.where), number.measure
    if study == "table1":
        name, where = "table", {"samples": f"AAE, {where['recipe']}"}
    elif study == "figures":  # A run each.
        name = "runs"
    else:
        name, where, key = "means", {**where, "measure": number.measure}, "mean"
    path = f"studies/{study}/metrics/{name}.json"
    return {"path": path, "where": where, "key": key, "value": number.value}


def vaes_block(means: list[dict[str, Any]]) -> str:
    """The AAE and each VAE with the Gaussian prior: fit, shape, holes and error."""
    shown = [
        {key: value for key, value in row.items() if key not in {"encoder", "prior", "labels"}}
        for row in means
        if row["prior"] == "gaussian"
        and (row["objective"] == "variational" or row["encoder"] == "deterministic")
    ]
    return results.study_table(shown, SHAPE)


def figures_block(folder: Path) -> str:
    """The paper's figures, and what was measured of each."""
    return figures_table(load_json(folder / "metrics/runs.json"))


def table1_block(folder: Path) -> str:
    """Table 1, with our runs and controls in it."""
    return likelihood_table(load_json(folder / "metrics/table.json"))


BLOCKS: dict[str, Callable[[Path], str]] = {  # Of studies that are told in another way than most.
    "claims": claims_block,
    "discriminator": discriminator_block,
    "figures": figures_block,
    "paper": sentences_block,
    "percentiles": sentences_block,
    "table1": table1_block,
}


if __name__ == "__main__":
    main()
