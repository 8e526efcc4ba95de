"""report: figures, numbers and a live latent space in one HTML file that needs nothing else."""

from pathlib import Path
from typing import Any

import _stage

import numpy as np

from _params import DATA, TESTSET, TRAINING, read_params
from aae.data.images import read_images
from aae.model.parts import run_prior
from aae.report import latent, page, results, told
from aae.runs.training import load_autoencoder
from aae.settings.config import RunConfig, load_config
from aae.system import artifacts

ROOT = _stage.ROOT
ABLATION = ROOT / "data/ablation"
TABLES = ("details", "ablation", "variants", "contrasts", "answer", "controls")


def main() -> None:
    params = read_params()
    config = load_config(TRAINING / "config.json")
    prior = run_prior(config)
    prior.require_plane("the report")
    others = ablation_runs(config)
    runs = [load_autoencoder(folder) for folder in (TRAINING, *others)]
    codes = [codes_of(folder) for folder in (TESTSET, *others)]
    spaces = [
        latent.space(each.title, autoencoder, run_prior(each), z, params.grid_2E.side)
        for (each, autoencoder), z in zip(runs, codes, strict=True)
    ]
    images = read_images(DATA, config)
    x, y = images.x_evaluation, images.y_evaluation
    shown = latent.shown_places(len(y))
    rows = {name: artifacts.load_json(ROOT / f"metrics/{name}.json") for name in TABLES}
    deviations = (ROOT / "docs/deviations.md").read_text(encoding="utf-8").split("\n", 1)[1]

    html = page.render(
        spaces=spaces,
        digits=y,
        sheet=latent.sheet(x, shown),
        drawing=latent.drawing(runs[0][1], prior, codes[0], np.concatenate([images.x, x])),
        training=latent.training(*over_training(), codes[0], prior, shown),
        answer=page.block(told.answer(ROOT)),
        figures=[picture(ROOT / f"plots/{name}.png") for name in ("2A", "2E", "where", "when")],
        fills=page.block(results.fills(rows["details"])),
        base_answer=page.block(results.base_answer(rows["details"])),
        base=page.block(results.base_table(rows["details"])),
        controls=page.block(results.control_table(rows["controls"])),
        ablation_answer=page.block(results.ablation_answer(rows["variants"])),
        ablation=page.block(results.ablation_table(rows["variants"])),
        verdicts=page.block(results.sentences(rows["answer"])),
        ablation_figures=[picture(ROOT / f"plots/ablation_{name}.png") for name in ("2A", "2E", "fit")],
        studies=[
            study | {"figure": picture(study["figure"], study["title"], study["alt"], study["command"])}
            for study in told.studies(ROOT)
        ],
        deviations=page.block(deviations),
        settings=config.model_dump_json(indent=2),
    )
    with artifacts.atomic(ROOT / "plots/report.html") as partial:
        partial.write_text(html, encoding="utf-8")
    _stage.say(f"wrote plots/report.html, {len(html.encode()) / 1e6:.1f} MB: open it in a browser")


def ablation_runs(base: RunConfig) -> list[Path]:
    """The folders of the ablation's runs but the base run's: with a prior first."""
    folders = sorted(path.parent for path in ABLATION.glob("*/config.json"))
    configs = {folder: load_config(folder / "config.json") for folder in folders}
    others = [folder for folder in folders if configs[folder] != base]
    return sorted(others, key=lambda folder: not run_prior(configs[folder]).constrains)


def codes_of(evaluated: Path) -> np.ndarray:
    """A run's codes of the test images, (n, 2)."""
    return artifacts.load_table(evaluated / "codes.csv")[["z1", "z2"]].to_numpy()


def over_training() -> tuple[dict[int, np.ndarray], dict[int, Any]]:
    """Codes of the test images, and numbers, of the base run's recorded epochs."""
    arrays = artifacts.load_arrays(TRAINING / "codes.safetensors")
    found = {key.removeprefix("evaluation "): codes for key, codes in arrays.items()}
    curves = artifacts.load_table(TESTSET / "curves.csv").to_dict("records")
    return (
        {int(epoch): codes for epoch, codes in found.items() if epoch.isdigit()},
        {int(row["epoch"]): row for row in curves},
    )


def picture(png: Path, *words: str) -> dict[str, str]:
    """A picture of the page."""
    return page.picture(png.read_bytes(), *(words or page.FIGURES[png.stem]))


if __name__ == "__main__":
    _stage.run(main)
