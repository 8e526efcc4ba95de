"""Imports of a stage are its dependencies, by whole packages; and imports between packages run one way."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

# A process a script, forked from one that has what takes long to import. Where a run is made decides no bit
# of it, so that clusters are left out.
PROBE = """
import ast, importlib, json, multiprocessing, sys
import distributed, matplotlib.figure, pandas, pydantic, scipy.stats, sklearn.neighbors, torch, torchvision

def files():
    paths = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
    return [path for path in paths if path.startswith((sys.argv[1] + "/src/", sys.argv[1] + "/stages/"))]

def late(path):
    functions = [n for n in ast.walk(ast.parse(open(path).read())) if isinstance(n, ast.FunctionDef)]
    nodes = [node for function in functions for node in ast.walk(function)]
    return [n.module for n in nodes if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("aae.")]

def imported(names):
    sys.path[:0] = [sys.argv[1] + "/stages", sys.argv[1] + "/src"]
    for name in names:
        importlib.import_module(name)
    for name in {name for path in files() for name in late(path)} - {"aae.runs.cluster"}:
        importlib.import_module(name)
    return files()

with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    print(json.dumps(pool.map(imported, json.loads(sys.argv[2]), chunksize=1)))
"""
# From the ground up: each may import those before it.
LAYERS = (
    "system", "model.parts", "data.datasets", "settings", "data", "model", "measure", "compare", "draw",
    "runs", "studies", "pretrained", "report",
)  # fmt: skip


def stages() -> dict[str, dict[str, Any]]:
    """Every stage, with its dependencies as paths from the root; of a study's, the first."""
    found = {}
    for path in ("dvc.yaml", "studies/dvc.yaml"):
        content = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
        for name, stage in content["stages"].items():
            study = stage.get("foreach", [""])[0]
            body = stage.get("do", stage)
            place = (ROOT / path).parent / body.get("wdir", ".").replace("${item}", study)
            found[name] = {
                "script": (place / body["cmd"].split()[2]).resolve(),
                "study": study,
                "deps": [(place / dep).resolve() for dep in body["deps"]],
            }
    return found


STAGES = stages()


@pytest.fixture(scope="module")
def imported() -> dict[str, list[Path]]:
    """By stage the files of this project that its script imports, at once or within functions."""
    names = [
        [stage["script"].stem, *([f"aae.studies.{stage['study']}"] if name == "conclude" else [])]
        for name, stage in STAGES.items()
    ]
    command = [sys.executable, "-c", PROBE, str(ROOT), json.dumps(names)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: list(map(Path, files)) for name, files in zip(STAGES, json.loads(printed), strict=True)}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_what_it_imports(name: str, imported: dict[str, list[Path]]) -> None:
    deps = [dep for dep in STAGES[name]["deps"] if dep.is_relative_to(ROOT / "src") or dep.suffix == ".py"]
    holds_code = {path for path in imported[name] if path.name != "__init__.py"}
    right = sorted({package_of(path) for path in holds_code})
    assert {str(dep.relative_to(ROOT)) for dep in deps} == set(right), f"{name} is to depend on {right}"


def package_of(path: Path) -> str:
    """Name in a dependency list: a package of src/aae, or a file."""
    return "/".join(path.relative_to(ROOT).parts[:3])


def test_imports_between_packages_run_one_way() -> None:
    for path in sorted((ROOT / "src/aae").rglob("*.py")):
        own = layer(".".join(path.relative_to(ROOT / "src/aae").with_suffix("").parts))
        if own is None:
            continue
        tree = ast.parse(path.read_text())
        for node in set(ast.walk(tree)) - for_types(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aae."):
                other = layer((node.module or "").removeprefix("aae."))
                assert other is None or other <= own, f"{path} imports {node.module}"


def for_types(tree: ast.Module) -> set[ast.AST]:
    """Nodes that are there for the type checker alone."""
    branches = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return {node for branch in branches for node in ast.walk(branch)}


def layer(module: str) -> int | None:
    """The place of a module's package in `LAYERS`; None of what stands above all of them."""
    fitting = [name for name in LAYERS if f"{module}.".startswith(f"{name}.")]
    return LAYERS.index(max(fitting, key=len)) if fitting else None
