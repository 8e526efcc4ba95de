"""The ablation's stage: where it reads and writes, in the main job and in a study alike."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from conftest import ROOT
from evaluated import NULL, ablation, config_of

from aae.io import artifacts

CELLS = ablation(seeds=2)


def run(job: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "stages/ablation.py"), *arguments],
        cwd=job, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluated cells, and those of another grid, beside the null bands."""
    tree = tmp_path_factory.mktemp("ablation")
    rng = np.random.default_rng(0)
    artifacts.save_json({"gaussian": NULL}, tree / "data/null_bands.json")
    for cell, found in CELLS.items():
        folder = tree / "data/encoders" / cell
        artifacts.save_config(config_of(cell), folder / "config.json")
        artifacts.save_json(found, folder / "evaluation.json")
        codes = [
            {"label": i % 10, "z1": z[0], "z2": z[1]} for i, z in enumerate(rng.standard_normal((200, 2)))
        ]
        artifacts.save_table(codes, folder / "codes.csv")
        images = torch.from_numpy(rng.random((3, 3, 784), dtype=np.float32))
        artifacts.save_tensors({"images": images}, folder / "grid.safetensors")
    (tree / "data/encoders/universal-none-9").mkdir()
    return tree


def test_a_study_gets_its_tables_and_figures_beside_its_params(tree: Path) -> None:
    job = tree / "studies/encoders"
    job.mkdir(parents=True)
    settings = {"cells": list(CELLS), "margins": {"kl": 0.02, "sliced_w2": 0.01}}
    (job / "params.yaml").write_text(yaml.safe_dump({"ablation": settings}))
    done = run(job, "../../data/encoders")
    assert done.returncode == 0, done.stderr
    assert "universal-none-9, no cells of this grid" in done.stderr
    tables = {path.stem: json.loads(path.read_text()) for path in (job / "metrics").iterdir()}
    assert set(tables) == {"ablation", "variants", "contrasts", "answer"}
    named = [f"{row['encoder']}-{row['prior']}-{row['seed']}" for row in tables["ablation"]]
    assert named == list(CELLS)
    assert len({row["variant"] for row in tables["variants"]}) == 4
    # Nothing holds the codes of runs without a prior anywhere: they are not compared.
    assert {row["prior"] for row in tables["contrasts"]} == {"gaussian"}
    assert {row["margin"] for row in tables["contrasts"] if row["measure"] == "sliced_w2"} == {0.01}
    assert all(isinstance(sentence, str) for sentence in tables["answer"])
    assert {path.name for path in (job / "plots").iterdir()} == {
        "ablation_2A.png", "ablation_2E.png", "ablation_fit.png",
    }  # fmt: skip


def test_without_a_folder_of_cells_it_says_how_it_is_used(tree: Path) -> None:
    done = run(tree)
    assert done.returncode == 1
    assert done.stderr == "ablation: usage: ablation.py FOLDER_OF_CELLS\n"
