"""What stops a sweep, or a worker, is told in one line; what was done by then is kept."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from clones import Clone, make_clone
from conftest import failure
from loopback import BUCKET, Cluster, cluster, environment, need_extra, s3_server, sweep


def refused(clone: Clone, *arguments: str) -> str:
    """The line with which a sweep ends."""
    return sweep(clone, *arguments, status=1).splitlines()[-1]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler."""
    need_extra()
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A clone with a folder as its remote."""
    need_extra()
    clone = make_clone(tmp_path_factory.mktemp("refusals") / "tree", sample_folder)
    clone.dvc("remote", "add", "--default", "storage", str(clone.folder.parent / "storage"))
    clone.commit()
    return clone


@pytest.fixture
def clone(base: Clone, tmp_path: Path) -> Clone:
    shutil.copytree(base.folder, tmp_path / "tree")
    return Clone(tmp_path / "tree")


def test_uncommitted_changes(clone: Clone) -> None:
    clone.edit("params.yaml", ("epochs: 1 ", "epochs: 2 "))
    (clone.folder / "src/aae/model/new.py").touch()
    line = refused(clone)
    assert line == (
        "aae.sweep: params.yaml and 1 more: uncommitted; workers run the commit: commit or stash first"
    )


def test_no_remote(clone: Clone) -> None:
    assert "there is no DVC remote 'nothing'" in refused(clone, "--remote", "nothing")
    clone.dvc("remote", "remove", "storage")
    clone.commit()
    line = refused(clone, "--scheduler", "tcp://127.0.0.1:9")
    assert line.startswith("aae.sweep: no DVC remote joins the machines; `dvc remote add")


def test_no_such_grid(clone: Clone) -> None:
    assert "aae.sweep: 'noize' is no grid; there are: ablation, " in refused(clone, "noize")


def test_a_remote_that_refuses(clone: Clone, tmp_path: Path) -> None:
    with s3_server(tmp_path) as address:
        clone.dvc("remote", "add", "--default", "refusing", f"s3://not-{BUCKET}/aae")
        clone.dvc("remote", "modify", "refusing", "endpointurl", address)
        clone.commit()
        line = refused(clone, "--remote", "refusing")
    assert line.startswith("aae.sweep: `dvc push")
    assert "bucket" in line.lower()


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    need_extra()
    from aae.sweep import cluster as engine

    monkeypatch.setattr(engine, "PATIENCE", 1.0)
    line = failure(lambda: engine.remote("tcp://127.0.0.1:9", 1, "ablation").__enter__())
    assert line.startswith("no scheduler at tcp://127.0.0.1:9: ")


def test_a_worker_of_another_version(clone: Clone, at: Cluster, tmp_path: Path) -> None:
    """The packages that its Python finds first say that they are of another version."""
    other = tmp_path / "packages/torch-1.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 1.0\n")
    with at.worker("old", env=environment(PYTHONPATH=str(other.parent))):
        line = refused(clone, "--scheduler", at.address)
    assert "aae.sweep: worker tcp://" in line
    assert "is not of this machine's version: torch 1.0 instead of " in line


def test_workers_of_two_kinds(clone: Clone, at: Cluster) -> None:
    if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        pytest.skip("this CPU cannot pass for a lesser one")
    with at.worker("new"), at.worker("plain", env=environment(ATEN_CPU_CAPABILITY="default")):
        line = refused(clone, "--scheduler", at.address, "--workers", "2")
    assert " is of another kind than tcp://" in line
    assert "CPU capability" in line


def test_two_heads_in_one_repository_and_at_one_scheduler(clone: Clone, at: Cluster, tmp_path: Path) -> None:
    shutil.copytree(clone.folder, tmp_path / "second")
    command = [sys.executable, "-m", "aae.sweep", "--scheduler", at.address]
    with ExitStack() as stack:
        first = stack.enter_context(
            subprocess.Popen(command, cwd=clone.folder, env=environment(), stderr=subprocess.PIPE, text=True)
        )
        try:
            assert first.stderr is not None
            said = first.stderr.readline()
            assert said.startswith(f"sweep: 0 workers at {at.address}, waiting for 1; `dask worker")
            stack.enter_context(at.worker("stopped"))
            assert first.stderr.readline() == f"sweep: 1 workers at {at.address}\n"
            at.send("stopped", signal.SIGSTOP)  # So that the first head waits for it, whatever it does.
            assert f"process {first.pid} sweeps in {clone.folder} already" in refused(clone)
            line = refused(Clone(tmp_path / "second"), "--scheduler", at.address)
            assert f"process {first.pid} on " in line
            assert f" sweeps ablation at {at.address} already" in line
        finally:
            first.kill()
        assert "there is no DVC remote" in refused(clone, "--remote", "nothing")  # The kill has freed it.


def test_without_the_extra() -> None:
    code = (
        "import runpy, sys; sys.modules['distributed'] = None;"
        "runpy.run_module('aae.sweep', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "aae.sweep: Dask is missing; `pip install .[sweep]` brings it\n"
