"""Studies: their stages are the root's, share its training runs, and leave it and its tables alone."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from clones import Clone, make_clone, ran, restored
from conftest import ROOT
from imports import imported, listed

from aae.cells import cells_of as cells_in
from aae.params import parse_ablation

STUDIES = sorted(folder.parent.name for folder in ROOT.glob("studies/*/dvc.yaml"))
OF_A_RUN = ("train", "evaluate")


def cells_of(study: str) -> dict[str, str]:
    return cells_in((ROOT / "studies" / study / "params.yaml").read_text())


def stages(path: str) -> dict[str, dict[str, Any]]:
    """Of a dvc.yaml; where cells have names, what each of them does."""
    found = yaml.safe_load((ROOT / path).read_text())["stages"]
    return {name: stage.get("do", stage) for name, stage in found.items()}


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_s_training_and_evaluation_are_the_root_s_to_the_run_cache(study: str) -> None:
    """Command, dependencies and outputs, seen from the run's folder, and its depth are equal."""
    for name in OF_A_RUN:
        stage, root_stage = stages(f"studies/{study}/dvc.yaml")[name], stages("cells/dvc.yaml")[name]
        for key in ("cmd", "deps", "outs"):
            assert stage[key] == root_stage[key], key
        seen_from_the_tree = PurePosixPath("studies", study, stage["wdir"]).parts
        assert seen_from_the_tree[2:4] == ("..", "..")
        assert len(seen_from_the_tree[4:]) == len(PurePosixPath(root_stage["wdir"]).parts[1:])


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_s_settings_depend_on_what_the_root_s_do(study: str) -> None:
    found, of_root = (
        stages(f"studies/{study}/dvc.yaml")["configure"],
        stages("cells/dvc.yaml")["configure"],
    )
    assert (found["deps"], found["params"]) == (of_root["deps"], of_root["params"])


@pytest.mark.parametrize(
    ("study", "name"),
    [
        (study, name)
        for study in STUDIES
        for name in stages(f"studies/{study}/dvc.yaml")
        if name not in ("configure", *OF_A_RUN, "summarise")
    ],
)
def test_what_a_study_adds_depends_on_exactly_the_modules_that_it_imports(study: str, name: str) -> None:
    stage = stages(f"studies/{study}/dvc.yaml")[name]
    place = ROOT / "studies" / study / stage["wdir"]
    _, _, script, *_ = stage["cmd"].split()  # exec python <script>
    assert listed(place / dep for dep in stage["deps"]) == imported((place / script).resolve())


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_s_summary_depends_on_exactly_the_modules_that_it_imports(study: str) -> None:
    summary = stages(f"studies/{study}/dvc.yaml")["summarise"]
    folder = ROOT / "studies" / study
    _, _, script, *arguments = summary["cmd"].split()  # exec python <script>
    more = [f"aae.studies.{study}"] if arguments[0] == study else []
    assert listed(folder / dep for dep in summary["deps"]) == imported((folder / script).resolve(), *more)
    assert f"../../data/{study}" in summary["deps"]
    assert summary["params"] == list(yaml.safe_load((folder / "params.yaml").read_text()))[-1:]


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


PLAIN = ("deterministic-gaussian-0", "gaussian-gaussian-0")  # Cells with the root's settings, trained first.
EVERY_6TH = (
    "train.regularization_interval=6,train.adversarial_weight_start=0.024,train.adversarial_weight=0.6"
)
KEPT = {  # Of each study, the cells that its smoke test runs, by the names of their folders.
    "claims": {PLAIN[0], "gaussian-mixture-0,objective=variational"},
    "figures": {"2B", "2C", "2D", "3_swiss_roll"},
    "table1": {"ours_0", "paper_0"},
    "encoders": {*PLAIN, "deterministic-none-0"},
    "noise": {*PLAIN, "gaussian-gaussian-0,model.sigma=0.1"},
    "limit": {
        f"deterministic-gaussian-0,train.epochs={epochs}{more}"
        for epochs in (7, 14)
        for more in ("", f",{EVERY_6TH}")
    },
    "images": {*PLAIN, "deterministic-gaussian-0,data.images=300", "gaussian-gaussian-0,data.images=300"},
    "tradeoff": {
        PLAIN[0],
        "deterministic-gaussian-0,train.adversarial_weight_start=0.04,train.adversarial_weight=1.0",
        "gaussian-gaussian-0,objective=variational",
        "deterministic-none-0",
    },
}
SMALLER = {  # For settings that 600 images do not allow, or from which so short a run learns nothing.
    "figures": {"labels=10000": "labels=100"},
    "table1": {
        "data.images=50000": "data.images=100",
        "model.initial_weights=normal,": "",
        "train.epochs=20": "train.epochs=2",
    },
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> tuple[Clone, str]:
    """A clone after two cells of the root and then a few cells of every study, with a tiny budget."""
    clone = make_clone(tmp_path_factory.mktemp("studies"), sample_folder, STUDIES)
    for study in STUDIES:
        kept = KEPT[study]
        dropped = set(cells_of(study)) - kept
        assert kept <= set(cells_of(study)), study
        lines = {
            name: f"- {name}\n" if name == cell else f"{name}: {cell}\n"
            for name, cell in cells_of(study).items()
        }
        clone.edit(f"studies/{study}/params.yaml", *((lines[name], "#\n") for name in dropped))
        clone.edit(f"studies/{study}/params.yaml", *SMALLER.get(study, {}).items())
    clone.dvc("repro", *(f"cells/dvc.yaml:evaluate@{cell}" for cell in PLAIN))
    return clone, clone.dvc("repro", "--recursive", "studies")


def test_every_study_has_a_smoke_test() -> None:
    assert set(STUDIES) <= set(KEPT)


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_restores_what_the_root_has_trained_and_evaluated(
    study: str, clone: tuple[Clone, str]
) -> None:
    _, printed = clone
    where = f"studies/{study}/dvc.yaml:"
    own = {f"{where}{name}@{cell}" for name in OF_A_RUN for cell in KEPT[study]}
    shared = {f"{where}{name}@{cell}" for name in OF_A_RUN for cell in KEPT[study] & set(PLAIN)}
    assert shared <= restored(printed)
    assert own <= restored(printed) | ran(printed)


def test_cells_that_no_other_has_are_trained(clone: tuple[Clone, str]) -> None:
    """Once each, whichever study came first."""
    _, printed = clone
    settings = [cell for study in STUDIES for name, cell in cells_of(study).items() if name in KEPT[study]]
    trained = [name for name in ran(printed) if ":train@" in name]
    assert len(trained) == len(set(settings) - set(PLAIN))


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_writes_its_tables_and_figures_into_its_own_folder(
    study: str, clone: tuple[Clone, str]
) -> None:
    tree, _ = clone
    summary = stages(f"studies/{study}/dvc.yaml")["summarise"]
    for out in summary["outs"]:
        (path,) = out
        assert (tree.folder / "studies" / study / path).stat().st_size
    assert not (tree.folder / "metrics").exists()


def test_a_study_counts_all_of_its_cells(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    rows = json.loads((tree.folder / "studies/encoders/metrics/ablation.json").read_text())
    cells = ["-".join(str(row[key]) for key in ("encoder", "prior", "seed")) for row in rows]
    assert cells == ["deterministic-gaussian-0", "gaussian-gaussian-0", "deterministic-none-0"]


def test_the_root_runs_no_study(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    assert (tree.folder / "studies/encoders/dvc.yaml").exists()
    would_run = ran(tree.dvc("repro", "--dry", "--force"))
    assert "report" in would_run
    assert not [name for name in would_run if name.startswith("studies")]


def test_the_root_s_tables_leave_studies_out(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    assert "studies" not in tree.dvc("metrics", "show")


def test_a_new_cell_costs_its_own_stages_and_the_summary(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    tree.edit("studies/encoders/params.yaml", ("  margins", "    - universal-gaussian-5\n  margins"))
    where = "studies/encoders/dvc.yaml:"
    own = {f"{where}{name}@universal-gaussian-5" for name in ("configure", *OF_A_RUN)}
    assert ran(tree.dvc("repro", "--recursive", "studies")) == own | {f"{where}summarise"}


def test_a_wrong_cell_is_refused_in_one_line_that_says_what_is_allowed(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    tree.edit("studies/encoders/params.yaml", ("deterministic-none-0", "deterministic-nil-0"))
    printed = tree.dvc("repro", "studies/encoders/dvc.yaml", status=255)
    assert "'deterministic-nil-0' is no cell; allowed: ENCODER-PRIOR-SEED, such as gaussian-none-0" in printed
    assert "Traceback" not in printed
