"""Sweeps over real workers, one of which is killed, have the bytes of a serial run; nothing trains twice."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from clones import Clone, make_clone, ran
from conftest import ROOT
from loopback import ALONE, BUCKET, Cluster, cluster, environment, need_extra, s3_server, sweep, wait_until

CELLS = ("deterministic-gaussian-0", "gaussian-gaussian-0")
FLOAT32, BFLOAT16 = (f"precision: {name} " for name in ("float32", "bfloat16"))


def results(clone: Clone) -> dict[str, bytes]:
    """All that the grid wrote, by path."""
    return {
        str(path.relative_to(clone.folder)): path.read_bytes()
        for folder in ("data/ablation", "metrics", "plots")
        for path in (clone.folder / folder).rglob("*")
        if path.is_file() and path.name != ".gitignore"
    }


def lock(clone: Clone, name: str) -> Any:
    return yaml.safe_load((clone.folder / name).read_text())


def copy(clone: Clone, folder: Path) -> Clone:
    shutil.copytree(clone.folder, folder)
    return Clone(folder)


@dataclass(frozen=True)
class World:
    """What the tests share."""

    base: Clone
    """With a remote, and without results but those of the null bands."""
    serial: Clone
    """After `dvc repro ablation`."""
    cluster: Cluster


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Iterator[World]:
    """A serial run, and a scheduler with three workers and an S3 remote."""
    need_extra()
    base = make_clone(tmp_path_factory.mktemp("base"), sample_folder)
    base.edit("params.yaml", ("precision: auto ", FLOAT32))
    base.dvc("repro", "null-bands")
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        address = stack.enter_context(s3_server(folder))
        base.dvc("remote", "add", "--default", "storage", f"s3://{BUCKET}/aae")
        base.dvc("remote", "modify", "storage", "endpointurl", address)
        base.commit()
        serial = copy(base, tmp_path_factory.mktemp("serial") / "tree")
        serial.dvc("repro", "ablation")
        yield World(base, serial, stack.enter_context(cluster(folder)))


@pytest.fixture(scope="module")
def swept(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Clone, str, str]:
    """A clone after a sweep in which one of three workers was killed in mid-cell; what it said; who died."""
    head = copy(world.base, tmp_path_factory.mktemp("head") / "tree")
    with ExitStack() as stack:
        folders = {name: stack.enter_context(world.cluster.worker(name)) for name in ("one", "two", "three")}
        running = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "aae.sweep", "--scheduler", world.cluster.address, "--workers", "3"],
                cwd=head.folder, env=environment(), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True,
            )
        )  # fmt: skip

        def training() -> list[str]:
            """Workers whose cell is configured, and so is trained now."""
            return [
                name
                for name, folder in folders.items()
                if list(folder.glob("0/tree/data/ablation/*/config.json"))
            ]

        wait_until(lambda: training() or running.poll() is not None, "no cell began")
        (victim, *_) = training()
        world.cluster.send(victim, signal.SIGKILL)
        said, _ = running.communicate()
        assert running.returncode == 0, said
        wait_until(lambda: not processes_in(folders[victim]), "a stage outlived its worker")
    return head, said, victim


def processes_in(folder: Path) -> list[int]:
    """Those whose working folder lies below `folder`."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_a_worker_killed_in_mid_cell_costs_no_result_and_no_bit(
    swept: tuple[Clone, str, str], world: World
) -> None:
    head, said, _ = swept
    assert "sweep: ablation: 2 cells, 2 missing" in said
    assert "sweep: 2 cells trained, 0 restored, 0 failed" in said
    assert "Traceback" not in said
    assert results(head) == results(world.serial)
    for name in ("dvc.lock", "cells/dvc.lock"):
        assert lock(head, name) == lock(world.serial, name)


def test_the_head_trains_nothing_itself(swept: tuple[Clone, str, str]) -> None:
    _, said, _ = swept
    assert ran(said) == {"ablation"}


def test_a_second_sweep_has_nothing_to_do(swept: tuple[Clone, str, str]) -> None:
    head, _, _ = swept
    said = sweep(head, "ablation")
    assert "sweep: ablation: 2 cells, 0 missing" in said
    assert ran(said) == set()


def test_what_was_pushed_is_restored_elsewhere_and_kinds_do_not_mix(
    swept: tuple[Clone, str, str], world: World, tmp_path: Path
) -> None:
    """Two kinds of machine, by their precision, on one remote; the second head has no cache of its own."""
    other = copy(world.base, tmp_path / "tree")
    weights = f"data/ablation/{CELLS[0]}/weights.safetensors"
    at_scheduler = ("--scheduler", world.cluster.address)
    with world.cluster.worker("four"):
        other.edit("params.yaml", (FLOAT32, BFLOAT16), (f"    - {CELLS[1]}\n", ""))
        other.commit()
        assert "sweep: 1 cells trained, 0 restored, 0 failed" in sweep(other, *at_scheduler)
        assert (other.folder / weights).read_bytes() != results(world.serial)[weights]

        shutil.copy(world.base.folder / "params.yaml", other.folder / "params.yaml")
        other.commit()
        assert "sweep: 0 cells trained, 2 restored, 0 failed" in sweep(other, *at_scheduler)
    assert results(other) == results(world.serial)


def test_a_worker_without_disk_leaves_its_cells_to_others(
    swept: tuple[Clone, str, str], world: World, tmp_path: Path
) -> None:
    if subprocess.run([*ALONE, "true"], check=False).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    other = copy(world.base, tmp_path / "tree")
    with world.cluster.worker("full", megabytes=3), world.cluster.worker("roomy"):
        said = sweep(other, "--scheduler", world.cluster.address, "--workers", "2")
    lines = [line for line in said.splitlines() if " failed on worker tcp://" in line]
    assert 1 <= len(lines) <= len(CELLS)  # It may get the second cell while the other worker runs the first.
    for line in lines:
        assert "no space left on device" in line
        assert line.endswith("; another worker tries it")
    assert "sweep: 0 cells trained, 2 restored, 0 failed" in said
    assert results(other) == results(world.serial)


def test_a_workstation_needs_neither_scheduler_nor_remote(world: World, tmp_path: Path) -> None:
    """Its workers share the head's cache. A cell that fails, with too large a batch, leaves others done."""
    alone = copy(world.serial, tmp_path / "tree")
    wrong = f"{CELLS[1]},train.batch_size=1000"
    text = f"prediction: none\ncells:\n  - {CELLS[0]}\n  - {wrong}\n"
    study = alone.folder / "studies/noise"
    study.mkdir(parents=True)
    shutil.copy(ROOT / "studies/noise/dvc.yaml", study)
    (study / "params.yaml").write_text(text)
    alone.commit()
    said = sweep(alone, "noise", "--workers", "2", status=1)
    assert "sweep: 0 cells trained, 1 restored, 1 failed" in said
    assert "aae.sweep: 1 of 2 cells failed; the others are kept" in said
    assert f"{wrong}: " in said
    assert "train.batch_size: 1000 is more than the 600 training images" in said
    made = {path.name: path.read_bytes() for path in (alone.folder / "data/noise" / CELLS[0]).iterdir()}
    assert made == {name: results(alone)[f"data/ablation/{CELLS[0]}/{name}"] for name in made}
    assert "codes.csv" in made
