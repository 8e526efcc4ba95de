"""Temporary clones of this tree with a tiny training budget, and what DVC says it did there."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import ROOT

from aae.runs.rows import CURVES, PICTURES, RUNS

TINY = {
    "hidden_units: 1000": "hidden_units: 16",
    "epochs: 18 ": "epochs: 1 ",
    "batch_size: 150": "batch_size: 100",
    "threads: 2": "threads: 1",
    "    universal: {encoder: universal}\n    no_prior: {prior: none}\n": "",
}
# Of a null distribution.
FEW_SAMPLES = [("\nSAMPLES = 200", "\nSAMPLES = 20"), ("LARGE_SAMPLES = 20", "LARGE_SAMPLES = 3")]
RESULTS = {"dvc.lock", RUNS, CURVES, PICTURES}
DVC = str(Path(sys.executable).with_name("dvc"))


@dataclass(frozen=True)
class Clone:
    """A copy of this tree as a repository of its own, with the sample of MNIST as its data."""

    folder: Path

    def call(self, *command: str, status: int = 0) -> str:
        """Run a command there; returns what it printed, both streams."""
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def dvc(self, *arguments: str, status: int = 0) -> str:
        """Run dvc there."""
        return self.call(DVC, *arguments, status=status)

    def start(
        self, *command: str, prepare: Callable[[], object] = lambda: None, **env: str
    ) -> subprocess.Popen[str]:
        """Start Python there with the clone's own library; both its streams are to be read as one.

        Args:
            command: a script, or "-m" and a module, and its arguments.
            prepare: called in the process before that.
            env: added to this process's environment.
        """

        def begin() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # What a background job ignores, its children do.
            prepare()

        path = f"{Path(DVC).parent}:{os.environ['PATH']}"
        env = {"PYTHONPATH": str(self.folder / "src"), "OMP_NUM_THREADS": "1", "PATH": path} | env
        return subprocess.Popen(
            [sys.executable, *command], cwd=self.folder, env=os.environ | env, preexec_fn=begin,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, *command: str, status: int = 0, **settings: Any) -> str:
        """Start Python there and wait for its end; returns what it said."""
        return end(self.start(*command, **settings), status)

    def copy(self, folder: Path) -> "Clone":
        """A copy of it."""
        return Clone(Path(shutil.copytree(self.folder, folder)))

    def rows(self, study: str) -> dict[str, bytes]:
        """The files that hold the rows of a study."""
        return {path.name: path.read_bytes() for path in self.row_files(study)}

    def row_files(self, study: str) -> list[Path]:
        """Their paths."""
        return [self.folder / "studies" / study / name for name in (RUNS, CURVES, PICTURES)]

    def litter(self) -> list[Path]:
        """Half-written files."""
        return [path for path in self.folder.rglob("*partial*") if ".git" not in path.parts]

    def entries(self, kind: str) -> dict[str, int]:
        """The entries in the store by key, "training" or "evaluation", and when they were made."""
        found = self.folder.glob(f".runs/{kind}/*/*/entry.json")
        return {path.parents[1].name: path.stat().st_mtime_ns for path in found}

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Replace words in a file, each of which must be there."""
        text = (self.folder / path).read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / path).write_text(text)

    def add_part(self, table: str, name: str, place: str, source: str) -> None:
        """Write the module of a class, and enter it in a table of parts.py by its place, "module:Class"."""
        module, _, _ = place.partition(":")
        (self.folder / "src" / module.replace(".", "/")).with_suffix(".py").write_text(source)
        self.edit("src/aae/model/parts.py", (f"{table} = {{\n", f'{table} = {{\n    "{name}": "{place}",\n'))

    def commit(self) -> None:
        """Commit all."""
        self.call("git", "add", "--all")
        self.call("git", "commit", "--quiet", "--message", "tests")


def end(process: subprocess.Popen[str], status: int = 0) -> str:
    """Wait for the end of a process; returns what else it said, which must not be a traceback."""
    said, _ = process.communicate(timeout=600)
    assert process.returncode == status, said
    assert "Traceback" not in said
    return said


def wait_for(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Read what a process says up to a line with this pattern."""
    assert process.stdout is not None
    found = next((match for line in process.stdout if (match := re.search(pattern, line))), None)
    assert found, pattern
    return found


def wait_until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ran(output: str) -> set[str]:
    """The stages whose command DVC ran."""
    return set(re.findall(r"^Running stage '(.+)':", output, re.MULTILINE))


def make_clone(folder: Path, sample_folder: Path, studies: Sequence[str] = ()) -> Clone:
    """A clone without results, with the sample of MNIST as its data, and with these studies alone."""
    clone = Clone(folder)
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in files:
        parts = Path(name).parts
        of_dvc = parts[0] == ".dvc"  # Templates of plots, not plots.
        result = parts[-1] in RESULTS or ({"metrics", "plots"} & set(parts[:-1]) and not of_dvc)
        left_out = parts[0] == "studies" and (not studies or (len(parts) > 2 and parts[1] not in studies))
        if (ROOT / name).is_file() and not result and not left_out:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    if studies:
        names = re.search(r"foreach: &studies (\[.*\])", (folder / "studies/dvc.yaml").read_text())
        assert names is not None
        clone.edit("studies/dvc.yaml", (names[1], f"[{', '.join(studies)}]"))
    shutil.copytree(sample_folder, folder / "data", dirs_exist_ok=True)
    clone.edit("params.yaml", *TINY.items())
    clone.edit("src/aae/measure/nulls.py", *FEW_SAMPLES)
    (folder / "studies").mkdir(exist_ok=True)
    (folder / "studies/dvc.lock").write_text("schema: '2.0'\nstages: {}\n")  # No study has run there.
    clone.call("git", "init", "--quiet")
    clone.call("git", "config", "user.name", "tests")
    clone.call("git", "config", "user.email", "tests@localhost")
    # To DVC the sample is now what `download` made: no network, and no back door in the code.
    clone.dvc("repro", "validate")
    clone.dvc("commit", "--force", "download")
    clone.commit()
    return clone
