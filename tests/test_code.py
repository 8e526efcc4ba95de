"""The name of code's meaning: what changes it, what does not, and that Python versions agree."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, failure

from aae.runs.code import meaning, reached, syntax

SOURCE = '''"""A module."""

import math


class Circle:
    """A circle."""

    radius: float
    """In metres."""

    def area(self, *, scale: float = 1.0) -> str:
        """Its area, in words."""
        # Exact.
        return f"{math.pi * self.radius**2 * scale:.3f} m²{'' if scale else None!r:>{4}} of {self=}"
'''
SHOW = """
import hashlib, json, sys
from aae.runs.code import syntax
print([hashlib.sha256(syntax(source).encode()).hexdigest() for source in json.load(sys.stdin)])
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        # Exact.\n", ""),
        ('"""Its area, in words."""', '"""Area."""'),
        ('    """In metres."""\n', ""),
        ("\n\nclass", "\n\n\n\nclass"),
        ('"""A module."""\n', ""),
    ],
)
def test_words_about_code_leave_its_meaning(old: str, new: str) -> None:
    assert old in SOURCE
    assert syntax(SOURCE.replace(old, new)) == syntax(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("1.0", "2.0"), ("**2", "**3"), (" m²", " m2"), ("math.pi", "math.tau"), (":.3f", ":.4f")],
)
def test_a_changed_constant_or_name_changes_it(old: str, new: str) -> None:
    assert old in SOURCE
    assert syntax(SOURCE.replace(old, new)) != syntax(SOURCE)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_python_versions_agree(version: str) -> None:
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    python = managed[-1] if managed else shutil.which(f"python{version}")
    if not python:
        pytest.skip(f"there is no Python {version} here")
    command = [python, "-c", SHOW]
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": ""}
    sources = [SOURCE, *(path.read_text() for path in sorted((ROOT / "src/aae").rglob("*.py")))]
    told = subprocess.run(
        command, input=json.dumps(sources), env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout == f"{[hashlib.sha256(syntax(each).encode()).hexdigest() for each in sources]}\n"


def test_imports_are_followed_inside_a_package_and_tables_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "aaetoy"
    (package / "kinds").mkdir(parents=True)
    for name, text in {
        "__init__": "",
        "kinds/__init__": "",
        "core": "from aaetoy import table\nfrom aaetoy.kinds import base\n",
        "table": "from aaetoy.kinds import red\n",
        "kinds/base": "import math\n",
        "kinds/red": "def f():\n    from aaetoy.kinds.base import math\n",
        "other": "",
    }.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert sys.path[0] == str(tmp_path)
    within = {"inside": "aaetoy", "without": "aaetoy.table"}
    assert reached(["aaetoy.core"], **within) == {"aaetoy.core", "aaetoy.kinds.base"}
    assert reached(["aaetoy.kinds.red"], **within) == {"aaetoy.kinds.red", "aaetoy.kinds.base"}
    assert meaning(["aaetoy.core"], **within) != meaning(["aaetoy.kinds.red"], **within)


def test_a_module_that_is_not_there_is_named() -> None:
    assert "aae.model.priors.nowhere" in failure(lambda: meaning(["aae.model.priors.nowhere"], inside="aae"))
