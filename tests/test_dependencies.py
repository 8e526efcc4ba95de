"""What a stage imports it depends on, by whole packages; and imports between packages run one way."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

PROBE = (
    "import importlib, sys; sys.path[:0] = [sys.argv[1]];"
    "list(map(importlib.import_module, sys.argv[2:]));"
    "print(*(m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)), sep='\\n')"
)
# From the ground up: each may import those before it.
LAYERS = (
    "errors", "processes", "model.parts", "settings", "data", "model", "measure", "compare", "draw", "runs",
    "studies", "report",
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


def late_imports(files: list[Path]) -> set[str]:
    """Modules of this project that files import within functions."""
    found: set[str] = set()
    for file in files:
        functions = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.FunctionDef)]
        nodes = [node for function in functions for node in ast.walk(function)]
        named = [n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module]
        found |= {name for name in named if name.startswith("aae.")}
    return found


def imported(script: Path, *more: str) -> set[Path]:
    """The files of this project that a stage's script imports, at once or within functions."""
    printed = subprocess.run(
        [sys.executable, "-c", PROBE, str(script.parent), script.stem, *more],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    own = {Path(line) for line in printed}
    return {path for path in own if path.is_relative_to(ROOT / "src") or path.parent == script.parent}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_what_it_imports(name: str) -> None:
    stage = STAGES[name]
    more = [f"aae.studies.{stage['study']}"] if name == "conclude" else []
    files = imported(stage["script"], *more)
    more += sorted(late_imports(sorted(files)) - {"aae.runs.cluster"})  # Which makes no other results.
    files = imported(stage["script"], *more)
    holds_code = {path for path in files if path.name != "__init__.py"}
    missing = {path for path in holds_code if not any(path.is_relative_to(dep) for dep in stage["deps"])}
    right = sorted({package_of(path) for path in holds_code})
    assert not missing, f"{name} is to depend on {', '.join(right)}"


def package_of(path: Path) -> str:
    """What a dependency list names: a package of src/aae, or a file."""
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
    """What is there for the type checker alone."""
    branches = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return {node for branch in branches for node in ast.walk(branch)}


def layer(module: str) -> int | None:
    """The place of a module's package in `LAYERS`; None of what stands above all of them."""
    fitting = [name for name in LAYERS if f"{module}.".startswith(f"{name}.")]
    return LAYERS.index(max(fitting, key=len)) if fitting else None
