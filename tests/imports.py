"""Which of this project's files a stage imports, and which ones its dependencies name."""

import ast
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from conftest import ROOT

ROOMS = {
    ROOT / "src/aae" / room / "__init__.py" for room in (".", "draw", "io", "measure", "model", "studies")
}
PROBE = (
    "import importlib, sys; sys.path[:0] = [sys.argv[1]];"
    "list(map(importlib.import_module, sys.argv[2:]));"
    "print(*(m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)), sep='\\n')"
)


def listed(deps: Iterable[Path]) -> set[Path]:
    """The modules that dependencies name, themselves or by their folder; rooms hold no code."""
    own = [dep.resolve() for dep in deps]
    own = [dep for dep in own if dep.is_relative_to(ROOT / "src") or dep.is_relative_to(ROOT / "stages")]
    return {file for dep in own for file in ([dep] if dep.suffix == ".py" else dep.rglob("*.py"))} - ROOMS


def imported(script: Path, *more: str) -> set[Path]:
    """The modules of this project that a stage's script imports, within its functions as well.

    Args:
        script: the stage's.
        more: modules that it imports by a computed name.
    """
    functions = [
        node for node in ast.walk(ast.parse(script.read_text())) if isinstance(node, ast.FunctionDef)
    ]
    nodes = [node for function in functions for node in ast.walk(function)]
    late = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    printed = subprocess.run(
        [sys.executable, "-c", PROBE, str(script.parent), script.stem, *late, *more],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return {
        path
        for path in map(Path, printed)
        if path.is_relative_to(ROOT / "src") or path.parent == script.parent
    } - ROOMS
