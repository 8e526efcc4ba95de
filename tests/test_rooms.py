"""The structure of the code: rooms import one way, nothing in a circle, and no file is long."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from conftest import ROOT

FOLDERS = ("src", "stages", "tools", "benchmarks", "tests")
# What each room may import of the others; all may import the modules beside the rooms, and only those
# of these that are named here import rooms.
MAY_IMPORT = {
    "io": set(),
    "model": set(),
    "measure": {"model"},
    "draw": {"model", "measure"},
    "studies": {"measure", "draw"},
    "report": {"model", "measure", "draw"},
    "score": {"io", "model", "measure"},
    "sweep": {"model"},
}


def files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def module(file: Path) -> str:
    """The name by which others import a file."""
    parts = file.relative_to(ROOT / "src").parts if "src" in file.parts else (file.name,)
    return ".".join(parts).removesuffix(".py").removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """What a file imports when it runs, within functions as well, but not for type checkers alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_above_250_lines(folder: str) -> None:
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in files(folder)}
    assert {name: length for name, length in lengths.items() if length > 250} == {}


def test_rooms_import_one_way() -> None:
    found = {
        (room, other)
        for file in files("src")
        for other in imports(file)
        if other.startswith("aae.") and len(module(file).split(".")) > 1
        for room, other in [(module(file).split(".")[1], other.split(".")[1])]
        if room != other and other in {"io", "model", "measure", "draw"}
    }
    assert found, "nothing was found to check"
    assert {(room, other) for room, other in found if other not in MAY_IMPORT.get(room, set())} == set()


def test_no_imports_run_in_a_circle() -> None:
    modules = {module(file): file for file in files("src", "stages", "tools", "benchmarks")}
    graph = {
        name: {other for other in imports(file) if other in modules and other != name}
        for name, file in modules.items()
    }
    # A package's own list of its modules is no circle, as they do not import the package.
    order = list(TopologicalSorter(graph).static_order())  # Raises CycleError.
    assert set(order) == set(modules)


def test_the_library_knows_no_paths_of_the_pipeline() -> None:
    named = [
        file.name
        for file in files("src")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and str(node.value).startswith(("data/", "metrics/", "plots/", "../"))
    ]
    assert named == []
