"""What dvc.yaml says: names, descriptions, and dependencies on exactly what each stage imports."""

import ast
import subprocess
import sys
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml
from conftest import ROOT
from imports import ROOMS, imported, listed

# Stages of a cell, and what the root calls them.
OF_A_CELL = {"configure": "configure", "train": "train", "evaluate": "encode-testset"}


def stage_definitions(path: str = "dvc.yaml") -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / path).read_text())["stages"]


def test_the_stages_have_the_names_that_users_know() -> None:
    names = {"download", "train", "encode-testset", "plot-2A", "plot-fit", "sample-grid-2E", "ablation"}
    assert names <= set(stage_definitions())


def test_every_stage_and_every_plot_has_a_description() -> None:
    for name, stage in [*stage_definitions().items(), *stage_definitions("cells/dvc.yaml").items()]:
        assert stage.get("desc"), name
        for kind in ("plots", "metrics"):
            for output in stage.get(kind, []):
                assert all(options.get("desc") for options in output.values()), output


def test_no_stage_is_kept_from_the_run_cache() -> None:
    """DVC saves no stage there that has an out with `cache: false` which is neither metric nor plot."""
    for name, stage in stage_definitions().items():
        outs = [out for out in stage["outs"] if isinstance(out, dict)] if "outs" in stage else []
        assert all(options.get("cache", True) for out in outs for options in out.values()), name


@pytest.mark.parametrize("name", list(stage_definitions()))
def test_a_stage_depends_on_exactly_the_modules_that_it_imports(name: str) -> None:
    stage = stage_definitions()[name]
    folder = ROOT / ("x/x/x" if "wdir" in stage else ".")  # Each wdir lies three folders deep.
    script = (folder / stage["cmd"].split()[2]).resolve()  # exec python <script>
    assert listed(folder / dep for dep in stage["deps"]) == imported(script)


def test_the_cells_have_the_root_s_stages() -> None:
    assert set(stage_definitions("cells/dvc.yaml")) == set(OF_A_CELL)


@pytest.mark.parametrize("name", OF_A_CELL)
def test_a_cell_s_stage_is_the_root_s_to_the_run_cache(name: str) -> None:
    """Command, dependencies and outputs, seen from the run's folder, and its depth are equal."""
    cell = stage_definitions("cells/dvc.yaml")[name]
    root_stage = stage_definitions()[OF_A_CELL[name]]
    assert cell["deps"] == root_stage["deps"]
    if name == "configure":
        return
    assert (cell["cmd"], cell["outs"]) == (root_stage["cmd"], root_stage["outs"])
    parent, *below = PurePosixPath(cell["wdir"]).parts
    assert parent == ".."
    assert len(below) == len(PurePosixPath(root_stage["wdir"]).parts)


def test_what_no_stage_lists_holds_no_code() -> None:
    for file in ROOMS:
        assert len(ast.parse(file.read_text()).body) == 1, file  # The docstring.


@pytest.mark.parametrize(
    "name", ["ablation", "base_metrics", "configure", "download", "plot_2A", "plot_fit", "validate"]
)
def test_a_stage_that_needs_no_torch_does_not_import_it(name: str) -> None:
    probe = f"import sys; sys.path[:0] = ['stages']; import {name}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=ROOT).returncode == 0


def test_no_parameter_has_a_name_that_the_run_cache_ignores() -> None:
    """DVC leaves `size` and `nfiles` out of the run cache's key, wherever they stand."""

    def names(content: Any) -> set[str]:
        if not isinstance(content, dict):
            return set()
        return set(content).union(*map(names, content.values()))

    assert names(yaml.safe_load((ROOT / "params.yaml").read_text())).isdisjoint({"size", "nfiles"})
