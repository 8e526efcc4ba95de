"""git and dvc as subprocesses that end with their parent, and whose failure is one line."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from aae.errors import UserError

# The last is dvc's word for a file that it could not even copy out of its cache.
NO_SPACE = ("No space left on device", "Disk quota exceeded", "No possible cache link types")
# Lines of dvc that say nothing of what went wrong.
IDLE = ("Having any troubles?", "Hit us up at", "Running stage", "> ", "Use `dvc push`", "Updating lock file")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class UnfitError(UserError):
    """What went wrong is this machine's fault, whatever it was to do."""


class NoSpaceError(UnfitError):
    """A command found the disk full."""


def dvc(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, show: bool = False) -> str:
    """Run the dvc of this Python; see `run`."""
    return run(sys.executable, "-m", "dvc", *arguments, cwd=cwd, env=env, show=show)


def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None, show: bool = False) -> str:
    """Run a command to its end.

    Args:
        command: the program and its arguments.
        cwd: the folder in which it runs.
        env: its whole environment; this process's by default.
        show: whether its output is printed as it comes.

    Returns:
        What it printed, both streams.

    Raises:
        NoSpaceError: it failed, and spoke of a full disk.
        UserError: it failed, or is not there.
    """
    name = " ".join(["dvc", *command[3:]] if command[1:3] == ("-m", "dvc") else command)[:80]
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent if LIBC else None,
        )  # fmt: skip
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}") from None
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if show:
            sys.stdout.write(line)
            sys.stdout.flush()
    output = "".join(lines)
    if process.wait() == 0:
        return output
    kind = NoSpaceError if any(word in output for word in NO_SPACE) else UserError
    raise kind(f"`{name}` failed: {_reason(output) or f'exit code {process.returncode}'}")


def _reason(output: str) -> str:
    """The last lines of a failed command in one: a stage's own and dvc's."""
    said = [line.strip() for line in output.splitlines()]
    return "; ".join([line for line in said if line and not line.startswith(IDLE)][-2:])


def environment() -> dict[str, str]:
    """This process's environment as a user's shell would have it.

    Without the numbers of threads that Dask's nanny sets for its workers, since the bits of an evaluation
    could depend on them; with this Python first on the path, as stages call `python`.
    """
    import dask.config

    of_nanny = dask.config.get("distributed.nanny.pre-spawn-environ")
    kept = {name: value for name, value in os.environ.items() if name not in of_nanny}
    return kept | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}


def say(line: str) -> None:
    """Tell the user something."""
    print(f"sweep: {line}", file=sys.stderr, flush=True)


def _die_with_parent() -> None:
    """Ask Linux to end the command when the worker dies, so that no orphan trains beside the next cell."""
    assert LIBC is not None
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
