"""Outcomes of studies, from the files that they committed."""

from importlib import import_module
from pathlib import Path
from typing import Any

from aae.report import results
from aae.settings.params import parse_study
from aae.studies import discriminator
from aae.system import artifacts

ENCODERS = "encoders"  # The ablation with more seeds: the answer is of its runs, where there are any.


def answer(root: Path) -> str:
    """The project's questions, answered by the encoders' study or else the ablation, in Markdown.

    Args:
        root: the folder of params.yaml.
    """
    folder = _metrics(root, ENCODERS)
    if not folder.is_dir():
        folder = root / "metrics"
    ablation, variants, contrasts = (
        artifacts.load_json(folder / f"{name}.json") for name in ("ablation", "variants", "contrasts")
    )
    left = _metrics(root, "discriminator")
    if not left.is_dir():
        return results.answer(ablation, variants, contrasts)
    runs, means = (artifacts.load_json(left / f"{name}.json") for name in ("runs", "variants"))
    return results.answer(ablation, variants, contrasts, discriminator.answer(runs, means))


def studies(root: Path) -> list[dict[str, Any]]:
    """Every study with one figure: "title", "prediction", "answer" (sentences), "figure", "alt", "command".

    Those of the paper's other figures have several, on docs/paper.md.
    """
    found = []
    for path in sorted(root.glob("studies/*/metrics/answer.json")):
        folder = path.parents[1]
        name = folder.name
        figure = folder / "plots" / ("ablation_fit.png" if name == ENCODERS else "study.png")
        if figure.exists():
            _, _, title = (import_module(f"aae.studies.{name}").__doc__ or "").partition(": ")
            found.append(
                {
                    "title": f"{name}: {title.strip()}",
                    "prediction": prediction(folder),
                    "answer": artifacts.load_json(path),
                    "figure": figure,
                    "alt": f"Figure of the study {name}; what it shows is said in the sentences above it.",
                    "command": f"dvc repro studies/dvc.yaml:conclude@{name}",
                }
            )
    return found


def prediction(folder: Path) -> str:
    """Prediction of a study, written before its runs."""
    return parse_study((folder / "params.yaml").read_text(encoding="utf-8")).prediction.strip()


def _metrics(root: Path, study: str) -> Path:
    return root / "studies" / study / "metrics"
