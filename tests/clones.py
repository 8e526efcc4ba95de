"""Temporary clones of this tree with a tiny training budget, and what DVC says it did there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import ROOT

TINY = {
    "hidden_units: 1000": "hidden_units: 16",
    "epochs: 18 ": "epochs: 1 ",
    "batch_size: 150": "batch_size: 100",
    "threads: 2": "threads: 1",
    "    universal: {encoder: universal}\n    no_prior: {prior: none}\n": "",
}
# Of a null distribution.
FEW_SAMPLES = [("\nSAMPLES = 200", "\nSAMPLES = 20"), ("LARGE_SAMPLES = 20", "LARGE_SAMPLES = 3")]
RESULTS = {"dvc.lock", "runs.csv", "curves.csv", "pictures.safetensors"}
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

    def start(self, *command: str, **settings: Any) -> subprocess.Popen[str]:
        """Start a Python module there with the clone's own library; what it says on stderr is to be read.

        Args:
            command: the module and its arguments.
            settings: of the process; `env` is added to this one's.
        """
        env = {"PYTHONPATH": str(self.folder / "src"), "OMP_NUM_THREADS": "1"} | settings.pop("env", {})
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.folder, stderr=subprocess.PIPE, text=True, env=os.environ | env, **settings,
        )  # fmt: skip

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
    # No study has run there.
    (folder / "docs/studies.json").write_text('{"answer": "", "studies": []}\n')
    clone.call("git", "init", "--quiet")
    clone.call("git", "config", "user.name", "tests")
    clone.call("git", "config", "user.email", "tests@localhost")
    # To DVC the sample is now what `download` made: no network, and no back door in the code.
    clone.dvc("repro", "validate")
    clone.dvc("commit", "--force", "download")
    clone.commit()
    return clone
