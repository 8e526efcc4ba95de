"""report: figures, numbers and a live latent space in one HTML file that needs nothing else."""

from pathlib import Path
from typing import Any

import _stage

from _params import DATA, TESTSET, TRAINING, read_params
from aae.data.images import read_evaluation
from aae.model.parts import run_prior
from aae.report import latent, page, results
from aae.runs.training import load_autoencoder
from aae.settings.config import load_config
from aae.system import artifacts

ROOT = _stage.ROOT
ABLATION = ROOT / "data/ablation"
TABLES = ("details", "ablation", "variants", "contrasts", "answer", "controls")


def main() -> None:
    params = read_params()
    config = load_config(TRAINING / "config.json")
    run_prior(config).require_plane("the report")
    runs = [(TRAINING, TESTSET), *((folder, folder) for folder in without_prior())]
    spaces = [plane(trained, evaluated, params.grid_2E.side) for trained, evaluated in runs]
    x, y = read_evaluation(DATA, config.data)
    rows = {name: artifacts.load_json(ROOT / f"metrics/{name}.json") for name in TABLES}
    found = artifacts.load_json(ROOT / "docs/studies.json")
    answer = found["answer"] or results.answer(rows["ablation"], rows["variants"], rows["contrasts"])
    deviations = (ROOT / "docs/deviations.md").read_text(encoding="utf-8").split("\n", 1)[1]

    html = page.render(
        spaces=spaces,
        digits=y,
        sheet=latent.sheet(x, latent.shown_places(len(y))),
        answer=page.block(answer),
        figures=[picture(ROOT / f"plots/{name}.png") for name in ("2A", "2E", "where", "when")],
        base=page.block(results.base_table(rows["details"])),
        controls=page.block(results.control_table(rows["controls"])),
        ablation=page.block(results.ablation_table(rows["variants"])),
        verdicts=page.block(results.sentences(rows["answer"])),
        ablation_figures=[picture(ROOT / f"plots/ablation_{name}.png") for name in ("2A", "2E", "fit")],
        studies=[
            study
            | {"figure": picture(ROOT / study["figure"], study["title"], study["alt"], study["command"])}
            for study in found["studies"]
        ],
        deviations=page.block(deviations),
        settings=config.model_dump_json(indent=2),
    )
    with artifacts.atomic(ROOT / "plots/report.html") as partial:
        partial.write_text(html, encoding="utf-8")
    _stage.say(f"wrote plots/report.html, {len(html.encode()) / 1e6:.1f} MB: open it in a browser")


def without_prior() -> list[Path]:
    """The folder of the ablation's first run without a prior, if it has one."""
    folders = sorted(path.parent for path in ABLATION.glob("*/config.json"))
    free = [each for each in folders if not run_prior(load_config(each / "config.json")).constrains]
    return free[:1]


def plane(trained: Path, evaluated: Path, side: int) -> dict[str, Any]:
    """A run's plane of codes, with its decoder."""
    config, autoencoder = load_autoencoder(trained)
    z = artifacts.load_table(evaluated / "codes.csv")[["z1", "z2"]].to_numpy()
    return latent.space(config.title, autoencoder, run_prior(config), z, side)


def picture(png: Path, *words: str) -> dict[str, str]:
    """A picture of the page."""
    return page.picture(png.read_bytes(), *(words or page.FIGURES[png.stem]))


if __name__ == "__main__":
    _stage.run(main)
