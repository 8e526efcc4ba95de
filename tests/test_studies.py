"""The studies under the real dvc, with a tiny training budget: they share training runs with the main job."""

import json
from pathlib import Path

import pytest
import yaml
from clones import Clone, make_clone, ran, restored
from conftest import ROOT

STUDY = "studies/encoders/dvc.yaml"
CELLS = ["deterministic-gaussian-0", "gaussian-gaussian-0", "universal-gaussian-0", "universal-gaussian-1"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> tuple[Clone, str]:
    """A clone after the main job and then the study, and what the study printed."""
    clone = make_clone(tmp_path_factory.mktemp("studies"), sample_folder)
    content = {"ablation": {"cells": CELLS, "margins": {"kl": 0.02, "sliced_w2": 0.01}}}
    (clone.folder / "studies/encoders/params.yaml").write_text(yaml.safe_dump(content))
    clone.commit()
    clone.dvc("repro")
    return clone, clone.dvc("repro", STUDY)


def test_what_the_main_job_has_made_is_restored(finished: tuple[Clone, str]) -> None:
    _, output = finished
    for stage in ("train", "evaluate"):
        assert {f"{STUDY}:{stage}@{cell}" for cell in CELLS[:2]} <= restored(output)
        assert {f"{STUDY}:{stage}@{cell}" for cell in CELLS[2:]} <= ran(output)


def test_its_tables_are_of_its_own_cells(finished: tuple[Clone, str]) -> None:
    clone, _ = finished
    rows = json.loads((clone.folder / "studies/encoders/metrics/ablation.json").read_text())
    assert [f"{row['encoder']}-{row['prior']}-{row['seed']}" for row in rows] == CELLS
    assert (clone.folder / "studies/encoders/plots/ablation_fit.png").stat().st_size > 0


def test_the_main_job_and_its_tables_leave_it_alone(finished: tuple[Clone, str]) -> None:
    clone, _ = finished
    assert STUDY not in clone.dvc("repro", "--dry", "--force")
    assert "studies" not in clone.dvc("metrics", "show", "--json")


def test_a_new_cell_costs_its_own_stages_only(finished: tuple[Clone, str]) -> None:
    clone, _ = finished
    path = clone.folder / "studies/encoders/params.yaml"
    content = yaml.safe_load(path.read_text())
    content["ablation"]["cells"].append("deterministic-none-3")
    path.write_text(yaml.safe_dump(content))
    output = clone.dvc("repro", STUDY)
    stages = ("configure", "train", "evaluate")
    new = {f"{STUDY}:{stage}@deterministic-none-3" for stage in stages}
    assert ran(output) == new | {f"{STUDY}:summarise"}


def test_stages_of_a_study_are_those_of_the_main_job() -> None:
    study, main = (yaml.safe_load((ROOT / path).read_text())["stages"] for path in (STUDY, "dvc.yaml"))
    pairs = {"configure": "ablation-configure", "train": "ablation-train", "evaluate": "ablation-evaluate"}
    for name, twin in pairs.items():
        assert study[name]["deps"] == main[twin]["deps"], name
        cells = [
            stage["cmd"].replace("data/encoders", "data/ablation") for stage in (study[name], main[twin])
        ]
        assert cells[0] == cells[1]
    for name in ("train", "evaluate"):  # Equal keys of the run cache: equal paths from the run's folder.
        assert study[name]["outs"] == main[pairs[name]]["outs"]
        assert study[name]["wdir"] == "../../data/encoders/${item.cell}"
    summary = [dep.removeprefix("../../").replace("data/encoders", "data/ablation")
               for dep in study["summarise"]["deps"]]  # fmt: skip
    assert summary == main["ablation"]["deps"]


def test_its_cells_hold_those_of_the_main_job() -> None:
    study, main = (
        yaml.safe_load((ROOT / path).read_text())["ablation"]
        for path in ("studies/encoders/params.yaml", "params.yaml")
    )
    assert set(main["cells"]) <= set(study["cells"])
    assert study["margins"] == main["margins"]
