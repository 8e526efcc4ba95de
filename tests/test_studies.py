"""Studies: their stages are the root's, share its training runs, and leave it and its tables alone."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from clones import Clone, make_clone, ran, restored
from conftest import ROOT

from aae.params import parse_ablation

STUDIES = sorted(folder.parent.name for folder in ROOT.glob("studies/*/dvc.yaml"))
TWINS = {"train": "ablation-train", "evaluate": "ablation-evaluate"}


def stages(path: str) -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / path).read_text())["stages"]


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_s_training_and_evaluation_are_the_root_s_to_the_run_cache(study: str) -> None:
    """Command, dependencies and outputs, seen from the run's folder, and its depth are equal."""
    for name, twin in TWINS.items():
        stage, root_stage = stages(f"studies/{study}/dvc.yaml")[name], stages("dvc.yaml")[twin]
        for key in ("cmd", "deps", "outs"):
            assert stage[key] == root_stage[key], key
        seen_from_the_tree = PurePosixPath("studies", study, stage["wdir"]).parts
        assert seen_from_the_tree[2:4] == ("..", "..")
        assert len(seen_from_the_tree[4:]) == len(PurePosixPath(root_stage["wdir"]).parts)


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_s_settings_and_summary_depend_on_what_the_root_s_do(study: str) -> None:
    found, of_root = stages(f"studies/{study}/dvc.yaml"), stages("dvc.yaml")
    for key in ("deps", "params"):
        assert found["configure"][key] == of_root["ablation-configure"][key], key
    places = {"../../" + dep for dep in of_root["ablation"]["deps"] if dep != "data/ablation"}
    assert set(found["summarise"]["deps"]) == places | {f"../../data/{study}"}


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_adds_nothing_to_the_root_s_tables(study: str) -> None:
    for name, stage in stages(f"studies/{study}/dvc.yaml").items():
        assert not {"metrics", "plots"} & set(stage), name


def test_the_study_of_encoders_is_the_root_s_ablation_with_more_seeds() -> None:
    study, root = (
        parse_ablation((ROOT / folder / "params.yaml").read_text()) for folder in ("studies/encoders", ".")
    )
    assert study.margins == root.margins
    assert set(study.cells) > set(root.cells)
    constrained = [cell for cell in study.cells if "-none-" not in cell]
    encoders = ("deterministic", "gaussian", "universal")
    assert constrained == [f"{encoder}-gaussian-{seed}" for encoder in encoders for seed in range(8)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> tuple[Clone, str]:
    """A clone after one cell of the root and then all of a study with two encoders and two seeds."""
    clone = make_clone(tmp_path_factory.mktemp("studies"), sample_folder)
    dropped = [f"    - {encoder}-gaussian-{seed}\n" for encoder in ("deterministic", "gaussian", "universal")
               for seed in range(8) if encoder == "universal" or seed > 1]  # fmt: skip
    clone.edit("studies/encoders/params.yaml", *((line, "") for line in dropped))
    clone.dvc("repro", "ablation-evaluate@gaussian-gaussian-0")
    return clone, clone.dvc("repro", "--recursive", "studies")


def test_a_study_restores_what_the_root_has_trained_and_evaluated(clone: tuple[Clone, str]) -> None:
    _, printed = clone
    where = "studies/encoders/dvc.yaml:"
    shared = {f"{where}{name}@gaussian-gaussian-0" for name in TWINS}
    assert shared <= restored(printed)
    others = (
        "deterministic-gaussian-0",
        "deterministic-gaussian-1",
        "gaussian-gaussian-1",
        "deterministic-none-0",
    )
    assert {f"{where}train@{cell}" for cell in others} <= ran(printed)


def test_a_study_writes_its_tables_and_figures_into_its_own_folder(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    rows = json.loads((tree.folder / "studies/encoders/metrics/contrasts.json").read_text())
    assert {row["seeds"] for row in rows} == {2}
    assert (tree.folder / "studies/encoders/plots/ablation_fit.png").stat().st_size
    assert not (tree.folder / "metrics").exists()


def test_the_root_does_not_run_studies(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    assert not [name for name in ran(tree.dvc("repro")) if name.startswith("studies")]
    assert "studies" not in tree.dvc("metrics", "show")


def test_a_new_cell_costs_its_own_stages_and_the_summary(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    tree.edit("studies/encoders/params.yaml", ("  margins", "    - universal-gaussian-5\n  margins"))
    where = "studies/encoders/dvc.yaml:"
    own = {f"{where}{name}@universal-gaussian-5" for name in ("configure", *TWINS)}
    assert ran(tree.dvc("repro", "--recursive", "studies")) == own | {f"{where}summarise"}
