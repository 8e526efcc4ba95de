"""Runs of a study without DVC, in processes of their own: side by side, killed, on a full disk, pruned."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from clones import Clone, make_clone

STUDY = """prediction: It goes.
seeds: [0]
variants:
  still: {}
  noisy: {encoder: gaussian, prior: uniform}
keep: [noisy]
"""
FILES = ("runs.csv", "curves.csv", "pictures.safetensors")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A repository with one study."""
    clone = make_clone(tmp_path_factory.mktemp("fresh"), sample_folder, ["limit"])
    (clone.folder / "studies/limit/params.yaml").write_text(STUDY)
    return clone


@pytest.fixture(scope="module")
def done(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A copy of it in which the study has run undisturbed."""
    tree = Clone(shutil.copytree(fresh.folder, tmp_path_factory.mktemp("done") / "tree"))
    run(tree)
    return tree


@pytest.fixture
def tree(fresh: Clone, tmp_path: Path) -> Clone:
    """A copy of the repository in which nothing is trained."""
    return Clone(shutil.copytree(fresh.folder, tmp_path / "tree"))


@pytest.fixture
def done_tree(done: Clone, tmp_path: Path) -> Clone:
    """A copy of the one in which the study has run."""
    return Clone(shutil.copytree(done.folder, tmp_path / "tree"))


def end(process: subprocess.Popen[str], status: int = 0) -> str:
    """Wait for a process; returns what else it said."""
    _, said = process.communicate(timeout=300)
    assert process.returncode == status, said
    assert "Traceback" not in said
    return said


def run(tree: Clone, *arguments: str, status: int = 0) -> str:
    """Run `python -m aae.runs` with these arguments or the study's name; returns what it said."""
    return end(tree.start("aae.runs", *(arguments or ["limit"])), status)


def files(tree: Clone) -> dict[str, bytes]:
    return {name: (tree.folder / "studies/limit" / name).read_bytes() for name in FILES}


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process says up to a line with these words."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr), words


def runs_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes of its runs."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [pid for pid in map(int, found) if is_run(pid)]


def is_run(pid: int) -> bool:
    path = Path(f"/proc/{pid}/cmdline")  # Empty if it died and nobody has asked how.
    return path.exists() and "aae.runs.one" in path.read_text()


def litter(tree: Clone) -> list[Path]:
    return [path for path in tree.folder.rglob("*partial*") if ".git" not in path.parts]


linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about processes")


@linux
def test_a_killed_run_is_named_and_made_again_alone(tree: Clone, done: Clone) -> None:
    process = tree.start("aae.runs", "limit")
    wait_for(process, "2 running")
    os.kill(runs_of(process)[0], signal.SIGKILL)
    line = end(process, 1).splitlines()[-1]
    assert "seed 0: ended by signal 9" in line
    assert "more failed" not in line
    before = tree.entries("evaluation")
    assert len(before) == 1
    assert "1 of 2 runs done, 1 running" in run(tree)
    assert before.items() < tree.entries("evaluation").items()
    assert files(tree) == files(done)
    assert not litter(tree)


@linux
def test_runs_end_with_the_process_that_started_them_and_follow_each_other_on_one_core(
    tree: Clone, done: Clone
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = tree.start(
            "aae.runs", "limit", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
        )
        wait_for(process, "2 running")
        time.sleep(1)  # By then the runs know their parent.
        runs = runs_of(process)
        assert len(runs) == 2
        process.send_signal(number)
        said = end(process, 1 if number != signal.SIGKILL else -9)
        if number != signal.SIGKILL:
            assert said.splitlines()[-1].startswith("runs: interrupted")
        time.sleep(0.5)
        assert not any(map(is_run, runs))
    core = min(os.sched_getaffinity(0))
    said = end(tree.start("aae.runs", "limit", preexec_fn=lambda: os.sched_setaffinity(0, {core})))
    assert "2 running" not in said
    assert "2 of 2 runs done" in said
    assert files(tree) == files(done)
    assert not litter(tree)


def test_a_full_disk_is_told_with_the_runs_name(tree: Clone) -> None:
    limit = 100_000  # Bytes; weights have more.
    process = tree.start(
        "aae.runs", "limit", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    line = end(process, 1).splitlines()[-1]
    assert line.startswith("runs: limit: ")
    assert "seed" in line
    assert "File too large" in line
    assert "1 more failed" in line
    assert not litter(tree)
    assert not tree.entries("training")


def test_a_run_that_diverges_is_named_after_the_others_are_kept(done_tree: Clone) -> None:
    before = files(done_tree)
    done_tree.edit(
        "studies/limit/params.yaml",
        (
            "keep:",
            "  wild: {train.optimizer: sgd, train.batch_size: 4, train.warmup: 0, train.learning_rate: 1000, "
            "train.adversarial_weight_start: 1000, train.adversarial_weight: 1000}\n"
            "  new: {prior: none}\nkeep:",
        ),
    )
    line = run(done_tree, status=1).splitlines()[-1]
    assert "wild, seed 0: training" in line
    assert "more failed" not in line
    assert len(done_tree.entries("evaluation")) == 3
    assert files(done_tree) == before


def test_files_are_made_from_the_store_alone(done_tree: Clone) -> None:
    before = files(done_tree)
    for name in before:
        (done_tree.folder / "studies/limit" / name).unlink()
    assert "runs done" not in run(done_tree)
    assert files(done_tree) == before


def test_prune_removes_what_no_settings_want_and_nothing_else(done_tree: Clone) -> None:
    assert "would remove 0 results" in run(done_tree, "--prune", "--dry")
    done_tree.edit(
        "studies/limit/params.yaml", ("  noisy: {encoder: gaussian, prior: uniform}\n", ""), ("[noisy]", "[]")
    )
    before = {kind: done_tree.entries(kind) for kind in ("training", "evaluation")}
    assert "would remove 2 results" in run(done_tree, "--prune", "--dry")
    assert {kind: done_tree.entries(kind) for kind in before} == before
    assert "removed 2 results" in run(done_tree, "--prune")
    assert all(len(done_tree.entries(kind)) == 1 for kind in before)
    assert "runs done" not in run(done_tree)
    # Of the run that went, nothing is left but what has to be made again.
    done_tree.edit(
        "studies/limit/params.yaml",
        ("keep: []", "  noisy: {encoder: gaussian, prior: uniform}\nkeep: [noisy]"),
    )
    assert "1 of 2 runs done, 1 running" in run(done_tree)


def test_mistakes_end_in_one_line(fresh: Clone, tmp_path: Path) -> None:
    assert run(fresh, "limits", status=1) == "runs: no study limits; allowed: limit\n"
    elsewhere = subprocess.run(
        [sys.executable, "-m", "aae.runs", "--prune"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(fresh.folder / "src")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert elsewhere.returncode == 1
    (line,) = elsewhere.stderr.splitlines()
    assert "no params.yaml here" in line
