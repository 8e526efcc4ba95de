"""The DVC remote that joins the machines, and the package that a worker makes its checkout of."""

from pathlib import Path

from aae.errors import UserError
from aae.sweep.commands import dvc, run
from aae.sweep.grid import INPUTS, NEEDED, Grid
from aae.sweep.worker import Source

# Settings of a remote that are secret, by a part of their name: a worker takes its own from its environment.
SECRET = ("key", "secret", "token", "password", "credential", "connection_string", "sas")
SETTINGS = "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n"


def find_remote(root: Path, name: str | None) -> str:
    """The name of the remote to use: the one asked for, else the default one.

    Raises:
        UserError: there is no such remote, or no default.
    """
    settings = _settings(root)
    chosen = name or settings.get("core.remote")
    if chosen is None:
        raise UserError("no DVC remote joins the machines; `dvc remote add --default NAME URL` adds one")
    if f"remote.{chosen}.url" not in settings:
        raise UserError(f"there is no DVC remote {chosen!r}; `dvc remote list` shows those there are")
    return chosen


def make_source(root: Path, grid: Grid, remote: str | None) -> Source:
    """The commit's files that the grid's stages need, the locks as they are here, and how results travel."""
    there = run("git", "ls-tree", "--name-only", "HEAD", cwd=root).splitlines()
    paths = [*(name for name in NEEDED if name in there), grid.folder]
    archive = root / ".dvc/tmp/sweep.tar"
    run("git", "archive", "--format=tar", f"--output={archive}", "HEAD", "--", *paths, cwd=root)
    tree = archive.read_bytes()
    archive.unlink()
    locks = {
        path: (root / path).read_text(encoding="utf-8")
        for path in ("dvc.lock", grid.lock)
        if (root / path).exists()
    }
    if remote is None:
        return Source(tree, locks, SETTINGS, dvc("cache", "dir", cwd=root).strip())
    return Source(tree, locks, SETTINGS + _section(root, remote), "")


def push_inputs(root: Path, remote: str) -> None:
    """Push what every cell needs, so that a remote that refuses does so before any worker starts.

    Raises:
        UserError: it refuses.
    """
    dvc("push", "--remote", remote, *INPUTS, cwd=root)


def _section(root: Path, remote: str) -> str:
    """A remote's settings without secrets, in DVC's configuration, and that it is the default."""
    prefix = f"remote.{remote}."
    found = {
        name.removeprefix(prefix): value
        for name, value in _settings(root).items()
        if name.startswith(prefix) and not any(word in name.removeprefix(prefix) for word in SECRET)
    }
    if "://" not in found["url"]:  # A folder; a relative one is seen from the configuration.
        found["url"] = str((root / ".dvc" / found["url"]).resolve())
    lines = [f"    {name} = {value}" for name, value in found.items()]
    return f"    remote = {remote}\n['remote \"{remote}\"']\n" + "\n".join(lines) + "\n"


def _settings(root: Path) -> dict[str, str]:
    lines = dvc("config", "--list", cwd=root).splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}
