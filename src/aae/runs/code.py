"""The meaning of code: a name for it that a comment, a docstring or a blank line does not change."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aae.system.errors import UserError

# Fields of syntax trees that say nothing of the meaning, and that Python versions fill differently.
IGNORED = {"ctx", "kind", "type_comment", "type_ignores"}


def meaning(roots: Iterable[str], inside: str, without: str = "") -> str:
    """SHA-256 of the meaning of modules, and of all that they import.

    The same on Python 3.11 to 3.14.

    Args:
        roots: the modules' names.
        inside: the package within which imports are followed, at the top of a file or in a function.
        without: a module in it that is not: a table of names, say.
    """
    digest = hashlib.sha256()
    for name in sorted(reached(roots, inside, without)):
        digest.update(f"{name} {_module(name)[0]}\n".encode())
    return digest.hexdigest()


def reached(roots: Iterable[str], inside: str, without: str = "") -> set[str]:
    """The names of the modules that count; arguments as in `meaning`."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found and name != without:
            found.add(name)
            waiting += [each for each in _module(name)[1] if each.startswith(f"{inside}.")]
    return found


def syntax(source: str) -> str:
    """The syntax tree of Python source as text, without docstrings and comments."""
    return " ".join(_told(ast.parse(source)))


@cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """The SHA-256 of a module's syntax, and the modules of the same project that it imports."""
    project = f"{name.partition('.')[0]}."
    path = _file(name)
    if path is None:
        raise UserError(f"there is no module {name}; is it right in src/aae/model/parts.py?")
    source = path.read_text(encoding="utf-8")
    imports = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports += [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
    own = tuple(each for each in imports if each.startswith(project) and _file(each))
    return hashlib.sha256(syntax(source).encode()).hexdigest(), own


@cache
def _file(name: str) -> Path | None:
    """A module's file; None if it is none, but a function of one, or a package, which holds no code.

    Only the top package is looked for: to find a module by Python's own means imports those above it.
    """
    top, *below = name.split(".")
    spec = find_spec(top)
    places = (spec and spec.submodule_search_locations) or []
    paths = (Path(place, *below).with_suffix(".py") for place in places)
    return next((path for path in paths if path.is_file()), None)


def _told(node: Any) -> Iterator[str]:
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for field in sorted(set(node._fields) - IGNORED):
            value = getattr(node, field, None)
            if isinstance(node, ast.JoinedStr):
                value = _merged(node.values)
            if value is not None and value != []:
                yield f"{field}:"
                yield from _told(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for each in node:
            if not _is_string_statement(each):
                yield from _told(each)
        yield "]"
    else:
        yield f"{type(node).__name__} {node!r}"


def _is_string_statement(node: Any) -> bool:
    """A docstring, of an attribute too."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _merged(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string: Python 3.12 and later cut its constants into several, some of them empty."""
    result: list[ast.expr] = []
    for value in values:
        last = result[-1] if result else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            result[-1] = ast.Constant(f"{last.value!s}{value.value!s}")
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            result.append(value)
    return result
