"""Runs of a study without DVC, in processes of their own: side by side, killed, on a full disk, pruned."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clones import Clone, end, make_clone, wait_for, wait_until
from joblib import cpu_count

STUDY = """prediction: It goes.
seeds: [0]
variants:
  still: {}
  noisy: {encoder: gaussian, prior: uniform}
keep: [noisy]
"""
RUN = ("-m", "aae.runs", "limit")
PRUNE = ("-m", "aae.runs", "--prune")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A repository with one study."""
    clone = make_clone(tmp_path_factory.mktemp("fresh"), sample_folder, ["limit"])
    (clone.folder / "studies/limit/params.yaml").write_text(STUDY)
    return clone


@pytest.fixture(scope="module")
def done(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A copy of it in which the study has run undisturbed."""
    tree = fresh.copy(tmp_path_factory.mktemp("done") / "tree")
    tree.run(*RUN)
    return tree


@pytest.fixture
def tree(fresh: Clone, tmp_path: Path) -> Clone:
    """A copy of the repository in which nothing is trained."""
    return fresh.copy(tmp_path / "tree")


@pytest.fixture
def done_tree(done: Clone, tmp_path: Path) -> Clone:
    """A copy of the one in which the study has run."""
    return done.copy(tmp_path / "tree")


def runs_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes of its runs."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [pid for pid in map(int, found) if is_run(pid)]


def is_run(pid: int) -> bool:
    path = Path(f"/proc/{pid}/cmdline")  # Empty if it died and nobody has asked how.
    return path.exists() and "aae.runs.one" in path.read_text()


linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about processes")
two_cores = pytest.mark.skipif(cpu_count() < 2, reason="one core runs one at a time")


@linux
@two_cores
def test_a_killed_run_is_named_and_made_again_alone(tree: Clone, done: Clone) -> None:
    process = tree.start(*RUN)
    wait_for(process, "2 running")
    os.kill(runs_of(process)[0], signal.SIGKILL)
    line = end(process, 1).splitlines()[-1]
    assert "seed 0: ended by signal 9" in line
    assert "more failed" not in line
    before = tree.entries("evaluation")
    assert len(before) == 1
    assert "1 of 2 runs done, 1 running" in tree.run(*RUN)
    assert before.items() < tree.entries("evaluation").items()
    assert tree.rows("limit") == done.rows("limit")
    assert not tree.litter()


@linux
@two_cores
def test_runs_end_with_the_process_that_started_them_and_follow_each_other_on_one_core(
    tree: Clone, done: Clone
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = tree.start(*RUN)
        wait_for(process, "2 running")
        runs = runs_of(process)
        assert len(runs) == 2
        process.send_signal(number)
        said = end(process, 1 if number != signal.SIGKILL else -9)
        if number != signal.SIGKILL:
            assert said.splitlines()[-1].startswith("runs: interrupted")
        wait_until(lambda: not any(map(is_run, runs)))  # noqa: B023 (called at once)
        assert not tree.entries("evaluation")  # Nor did they end by being done.
    core = min(os.sched_getaffinity(0))
    said = tree.run(*RUN, prepare=lambda: os.sched_setaffinity(0, {core}))
    assert "2 running" not in said
    assert "2 of 2 runs done" in said
    assert tree.rows("limit") == done.rows("limit")
    assert not tree.litter()


def test_a_full_disk_is_told_with_the_runs_name(tree: Clone) -> None:
    limit = (100_000, 100_000)  # Bytes; weights have more.
    said = tree.run(*RUN, status=1, prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    line = said.splitlines()[-1]
    assert line.startswith("runs: limit: ")
    assert "seed" in line
    assert "File too large" in line
    assert "1 more failed" in line
    assert not tree.litter()
    assert not tree.entries("training")


def test_a_run_that_diverges_is_named_after_the_others_are_kept(done_tree: Clone) -> None:
    before = done_tree.rows("limit")
    done_tree.edit(
        "studies/limit/params.yaml",
        (
            "keep:",
            "  wild: {train.optimizer: sgd, train.batch_size: 4, train.warmup: 0, train.learning_rate: 1000, "
            "train.adversarial_weight_start: 1000, train.adversarial_weight: 1000}\n"
            "  new: {prior: none}\nkeep:",
        ),
    )
    line = done_tree.run(*RUN, status=1).splitlines()[-1]
    assert "wild, seed 0: training" in line
    assert "more failed" not in line
    assert len(done_tree.entries("evaluation")) == 3
    assert done_tree.rows("limit") == before


def test_prune_removes_what_no_settings_want_and_nothing_else(done_tree: Clone) -> None:
    assert "would remove 0 results" in done_tree.run(*PRUNE, "--dry")
    done_tree.edit(
        "studies/limit/params.yaml", ("  noisy: {encoder: gaussian, prior: uniform}\n", ""), ("[noisy]", "[]")
    )
    before = {kind: done_tree.entries(kind) for kind in ("training", "evaluation")}
    assert "would remove 2 results" in done_tree.run(*PRUNE, "--dry")
    assert {kind: done_tree.entries(kind) for kind in before} == before
    assert "removed 2 results" in done_tree.run(*PRUNE)
    assert all(len(done_tree.entries(kind)) == 1 for kind in before)
    assert "runs done" not in done_tree.run(*RUN)
    # Of the run that went, nothing is left but what has to be made again.
    done_tree.edit(
        "studies/limit/params.yaml",
        ("keep: []", "  noisy: {encoder: gaussian, prior: uniform}\nkeep: [noisy]"),
    )
    assert "1 of 2 runs done, 1 running" in done_tree.run(*RUN)


def test_mistakes_end_in_one_line(fresh: Clone, tmp_path: Path) -> None:
    assert fresh.run("-m", "aae.runs", "limits", status=1) == "runs: no study limits; allowed: limit\n"
    env = {"PYTHONPATH": str(fresh.folder / "src")}
    (line,) = Clone(tmp_path).run(*PRUNE, status=1, **env).splitlines()
    assert "no params.yaml here" in line
