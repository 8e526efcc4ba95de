"""A cluster on loopback: a scheduler, workers and an S3 server, real processes all."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from clones import Clone
from conftest import ROOT

MISSING = [name for name in ("distributed", "dvc_s3", "moto") if find_spec(name) is None]
PATIENCE = 300.0  # Seconds for what takes a few on an idle machine.
BUCKET = "sweep"
ALONE = ("unshare", "--map-root-user", "--mount")  # With mounts of its own, for which it need not be root.
# Of no account anywhere; moto takes any.
KEYS = {
    "AWS_ACCESS_KEY_ID": "loopback",
    "AWS_SECRET_ACCESS_KEY": "loopback",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def environment(**more: str) -> dict[str, str]:
    """This process's, with this tree's library first, and the keys of the S3 server."""
    path = os.pathsep.join([more.pop("PYTHONPATH", ""), str(ROOT / "src")]).strip(os.pathsep)
    return os.environ | KEYS | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"} | more


def need_extra() -> None:
    """Skip the test without the packages of the extra, but fail in continuous integration."""
    if MISSING:
        message = f"{', '.join(MISSING)} missing; `make .venv/installed-sweep` brings them"
        if "AAE_NEEDS_SWEEP" in os.environ:
            pytest.fail(message)
        pytest.skip(message)


def wait_until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def process(
    *command: str, log: Path, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Python's module as a process that ends with the context, and its children with it."""
    with log.open("wb") as file:
        started = subprocess.Popen(
            [*prefix, sys.executable, "-m", *command], env=env or environment(), cwd=log.parent,
            stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Moto's S3 server with an empty bucket; gives its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with process("moto.server", "-H", "127.0.0.1", "-p", str(port), log=folder / "s3.log"):
        wait_until(lambda: _answers(port), "the S3 server does not answer")
        urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT"))
        yield address


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def sweep(clone: Clone, *arguments: str, status: int = 0) -> str:
    """Run the command in a clone; returns what it said, stderr last."""
    done = subprocess.run(
        [sys.executable, "-m", "aae.sweep", *arguments],
        cwd=clone.folder, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


class Cluster:
    """A scheduler and its workers, each with a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.address = folder, f"tcp://127.0.0.1:{port}"
        self.pids: dict[str, int] = {}

    @contextmanager
    def worker(
        self, name: str, env: Mapping[str, str] | None = None, megabytes: int | None = None
    ) -> Iterator[Path]:
        """A worker for one cell at a time, whose disk may be small; gives the folder of its checkouts."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        small = f'mount -t tmpfs -o size={megabytes}m none "$0" && exec "$@"'
        prefix = [*ALONE, "sh", "-c", small, str(folder)] if megabytes else []
        with process(
            "dask", "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--name", name, "--local-directory", str(folder),
            prefix=prefix, log=self.folder / f"{name}.log", env=env,
        ) as started:  # fmt: skip
            self.pids[name] = started.pid
            yield folder / "dask-scratch-space/aae-sweep"

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a worker a signal."""
        os.kill(self.pids[name], number)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    port = free_port()
    with process(
        "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard",
        log=folder / "scheduler.log",
    ):  # fmt: skip
        wait_until(lambda: _answers(port), "the scheduler does not answer")
        yield Cluster(folder, port)
