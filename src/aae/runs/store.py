"""The store: finished results of runs, by what decides them.

Two kinds of entries, each a folder of files, `KIND/KEY/ENVIRONMENT/`: "training" and "evaluation". An
entry appears whole or not at all, is checked whenever it is taken, and is removed by `prune` alone.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from aae.system import artifacts

FOLDER = ".runs"
MANIFEST = "entry.json"


def locate(root: Path) -> "Store":
    """The store: in `AAE_STORE`, or in a folder beside the git repository's own.

    All worktrees and experiments of a repository share it: DVC names the repository that an experiment
    belongs to in `DVC_ROOT`.

    Args:
        root: the folder of params.yaml.
    """
    if named := os.environ.get("AAE_STORE"):
        return Store(Path(named).expanduser().absolute())
    root = Path(os.environ.get("DVC_ROOT") or root)
    git = root / ".git"
    if git.is_file():  # A worktree: the file names its folder, which names the repository's.
        git = root / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        if (common := git / "commondir").exists():
            git = git / common.read_text(encoding="utf-8").strip()
    return Store(git.resolve().parent / FOLDER)


class Store:
    """The entries below one folder."""

    def __init__(self, folder: Path) -> None:
        """The folder need not exist."""
        self.folder = folder

    def find(self, kind: str, key: str, environment: str) -> Path | None:
        """The folder of an entry, checked file by file; None if there is none. A damaged one is removed."""
        folder = self._place(kind, key, environment)
        if not folder.is_dir():
            return None
        if not is_whole(folder):
            say(f"the entry {folder} is damaged: it is made anew")
            shutil.rmtree(folder)
            return None
        return folder

    def environments(self, kind: str, key: str) -> list[str]:
        """The environments in which there is such an entry."""
        names = (path.parent.name for path in (self.folder / kind / key).glob(f"*/{MANIFEST}"))
        return sorted(name for name in names if not name.endswith(".partial"))

    @contextmanager
    def make(self, kind: str, key: str, environment: str) -> Iterator[Path]:
        """Yield an empty folder for the entry's files, which becomes the entry if all goes well."""
        with artifacts.atomic_folder(self._place(kind, key, environment)) as partial:
            yield partial
            # The entry's name, and its files with their SHA-256, by which damage is noticed.
            files = {path.name: _sha256(path) for path in sorted(partial.iterdir())}
            content = {"key": key, "environment": environment, "files": files}
            artifacts.save_json(content, partial / MANIFEST)

    def adopt(self, kind: str, folder: Path) -> None:
        """Take a copy of an entry that lies elsewhere, if it is whole and not here yet."""
        if not (folder.is_dir() and is_whole(folder)):
            return
        manifest = artifacts.load_json(folder / MANIFEST)
        place = kind, manifest["key"], manifest["environment"]
        if self._place(*place).exists():
            return
        with self.lock(*place):
            if not self._place(*place).exists():
                with self.make(*place) as partial:
                    for name in manifest["files"]:
                        shutil.copy(folder / name, partial / name)

    @contextmanager
    def lock(self, kind: str, key: str, environment: str) -> Iterator[None]:
        """Be the only process that makes an entry; wait for another that does.

        The kernel frees the lock of a process that dies, however it dies. What it had half written goes.
        """
        path = self._place(kind, key, f"{environment}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"another process makes {kind} {key[:8]}: waiting for it")
            lock.acquire()
        try:
            for litter in path.parent.glob(f"*{environment}.*partial*"):
                shutil.rmtree(litter) if litter.is_dir() else litter.unlink()
            yield
        finally:
            lock.release()

    def checkpoint(self, key: str, environment: str) -> Path:
        """File in which an unfinished training run keeps its state."""
        return self._place("training", key, f"{environment}.checkpoint.safetensors")

    def prune(self, wanted: set[str], dry: bool = False) -> tuple[int, int]:
        """Remove the entries and checkpoints whose keys are not wanted.

        Returns:
            How many keys went, and how many bytes they took.
        """
        others = [
            folder
            for kind in ("training", "evaluation")
            for folder in sorted((self.folder / kind).glob("*"))
            if folder.name not in wanted
        ]
        size = sum(file.stat().st_size for folder in others for file in folder.rglob("*") if file.is_file())
        if not dry:
            for folder in others:
                shutil.rmtree(folder)
        return len(others), size

    def _place(self, kind: str, key: str, name: str) -> Path:
        return self.folder / kind / key / name


def is_whole(folder: Path) -> bool:
    """Tell if each file of an entry is as it was written."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return all(_sha256(folder / name) == digest for name, digest in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def say(line: str) -> None:
    """Tell the user something in one line."""
    print(f"runs: {line}", file=sys.stderr, flush=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
