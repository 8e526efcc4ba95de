"""The real dvc.yaml under the real dvc, in temporary clones, with a tiny training budget.

Each row of the table "you change / what reruns / what must not" is proven here by DVC itself.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from aae.ablation import CONTRAST

TINY = {
    "hidden_units: 1000": "hidden_units: 16",
    "epochs: 7": "epochs: 1",
    "batch_size: 125": "batch_size: 100",
    "regularization_interval: 6": "regularization_interval: 2",
    "encoder: [deterministic, gaussian, universal]": "encoder: [deterministic, gaussian]",
    "prior: [gaussian, none]": "prior: [gaussian]",
    "seed: [0, 1, 2]": "seed: [0]",
}
DVC = str(Path(sys.executable).with_name("dvc"))
BASE = {"train", "encode-testset", "plot-2A", "plot-fit", "sample-grid-2E"}


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

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Replace words in a file, each of which must be there."""
        text = (self.folder / path).read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / path).write_text(text)

    def commit(self) -> None:
        """Commit all."""
        self.call("git", "add", "--all")
        self.call("git", "commit", "--quiet", "--message", "tests")


def ran(output: str) -> set[str]:
    """The stages whose command DVC ran."""
    return set(re.findall(r"^Running stage '(.+)':", output, re.MULTILINE))


def restored(output: str) -> set[str]:
    """The stages whose outputs DVC took from its run cache."""
    return set(re.findall(r"^Stage '(.+)' is cached - skipping run", output, re.MULTILINE))


def make_clone(folder: Path, sample_folder: Path) -> Clone:
    clone = Clone(folder)
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in files:
        if (ROOT / name).is_file() and not name.startswith(("metrics/", "plots/", "dvc.lock")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shutil.copytree(sample_folder, folder / "data/mnist")
    clone.edit("params.yaml", *TINY.items())
    clone.call("git", "init", "--quiet")
    clone.call("git", "config", "user.name", "tests")
    clone.call("git", "config", "user.email", "tests@localhost")
    # To DVC the sample is now what `download` made: no network, and no back door in the code.
    clone.dvc("commit", "--force", "download")
    clone.commit()
    return clone


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> tuple[Clone, str]:
    """A clone after its first `dvc repro`, and what that printed."""
    clone = make_clone(tmp_path_factory.mktemp("pipeline"), sample_folder)
    output = clone.dvc("repro")
    clone.commit()
    return clone, output


@pytest.fixture
def clone(finished: tuple[Clone, str]) -> Clone:
    """The finished clone, put back to its first state by the end of each test."""
    repository, _ = finished
    repository.call("git", "checkout", "--quiet", "--force", "HEAD")
    repository.call("git", "clean", "--quiet", "--force", "-d")
    repository.dvc("checkout", "--quiet", "--force")
    return repository


def stage_definitions() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


# What dvc.yaml says.


def test_the_stages_have_the_names_that_users_know() -> None:
    names = {"download", "train", "encode-testset", "plot-2A", "plot-fit", "sample-grid-2E", "ablation"}
    assert names <= set(stage_definitions())


def test_every_stage_and_every_plot_has_a_description() -> None:
    for name, stage in stage_definitions().items():
        assert stage.get("desc"), name
        for kind in ("plots", "metrics"):
            for output in stage.get(kind, []):
                assert all(options.get("desc") for options in output.values()), output


@pytest.mark.parametrize("name", list(stage_definitions()))
def test_a_stage_depends_on_exactly_the_modules_that_it_imports(name: str) -> None:
    stage = stage_definitions()[name]
    folder = "/".join(["x"] * 3) if "wdir" in stage else "."  # Each wdir lies three folders deep.
    listed = {(ROOT / folder / dep).resolve() for dep in stage["deps"] if dep.endswith(".py")}
    script = (ROOT / folder / stage["cmd"].split()[2]).resolve()  # exec python <script>
    probe = (
        "import sys; sys.path[:0] = [sys.argv[1]]; __import__(sys.argv[2]);"
        "print(*(m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)), sep='\\n')"
    )
    printed = subprocess.run(
        [sys.executable, "-c", probe, str(script.parent), script.stem],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    own = {
        path
        for path in map(Path, printed)
        if path.is_relative_to(ROOT / "src") or path.parent == script.parent
    }
    assert listed == {path for path in own if path.name != "__init__.py"}


@pytest.mark.parametrize("name", ["configure", "download", "plot_2A", "plot_fit"])
def test_a_stage_that_needs_no_torch_does_not_import_it(name: str) -> None:
    probe = f"import sys; sys.path[:0] = ['stages']; import {name}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=ROOT).returncode == 0


def test_no_parameter_has_a_name_that_the_run_cache_ignores() -> None:
    """DVC leaves `size` and `nfiles` out of the run cache's key, wherever they stand."""

    def names(content: Any) -> set[str]:
        if not isinstance(content, dict):
            return set()
        return set(content).union(*map(names, content.values()))

    assert names(yaml.safe_load((ROOT / "params.yaml").read_text())).isdisjoint({"size", "nfiles"})


# The first run.


def test_both_base_figures_stand_before_the_first_cell_trains(finished: tuple[Clone, str]) -> None:
    order = re.findall(r"^(?:Running stage|Stage) '(.+?)'", finished[1], re.MULTILINE)
    first_cell = next(place for place, name in enumerate(order) if name.startswith("ablation-train"))
    assert max(order.index("plot-2A"), order.index("sample-grid-2E")) < first_cell


def test_the_base_run_and_its_identical_cell_share_one_training(finished: tuple[Clone, str]) -> None:
    assert "ablation-train@deterministic-gaussian-0" in restored(finished[1])
    assert "ablation-train@gaussian-gaussian-0" in ran(finished[1])


def test_every_output_is_there_and_the_status_is_clean(clone: Clone) -> None:
    for name in ("metrics/testset.json", "metrics/ablation.csv", "metrics/ablation.json", "plots/2A.png",
                 "plots/2A.pdf", "plots/2E.png", "plots/ablation_2A.png", "plots/ablation_2E.png",
                 "plots/ablation_fit.png", "plots/training.csv", "plots/where.png", "plots/when.png",
                 "metrics/contrasts.csv", "data/codes/testset.csv"):  # fmt: skip
        assert (clone.folder / name).stat().st_size > 0, name
    header = (clone.folder / "data/codes/testset.csv").read_text().splitlines()
    assert header[0] == "label,z1,z2,mean1,mean2"
    assert len(header) == 1 + 200
    assert "up to date" in clone.dvc("status")
    assert not ran(clone.dvc("repro"))


def test_a_second_clone_gets_the_same_bytes(
    finished: tuple[Clone, str], tmp_path: Path, sample_folder: Path
) -> None:
    clone, _ = finished
    second = make_clone(tmp_path, sample_folder)
    second.dvc("repro")
    assert (second.folder / "dvc.lock").read_bytes() == clone.call("git", "show", "HEAD:dvc.lock").encode()
    for name in ("plots/2A.png", "plots/2A.pdf", "plots/2E.png", "plots/where.png", "metrics/ablation.csv"):
        assert (second.folder / name).read_bytes() == (clone.folder / name).read_bytes(), name


# You change / what reruns / what must not.


@pytest.mark.parametrize(("key", "value"), [("prior", "none"), ("encoder", "universal"), ("seed", "7")])
def test_prior_encoder_and_seed_rerun_the_base_stages_only(clone: Clone, key: str, value: str) -> None:
    output = clone.dvc("exp", "run", "-S", f"{key}={value}")
    assert ran(output) == {"configure", *BASE}


def test_settings_that_some_cell_had_are_restored_and_not_retrained(clone: Clone) -> None:
    output = clone.dvc("exp", "run", "-S", "encoder=gaussian")
    assert "train" in restored(output)
    assert ran(output) == {"configure", *BASE} - {"train"}


@pytest.mark.parametrize(("key", "value"), [("train.epochs", "2"), ("model.hidden_units", "17")])
def test_train_and_model_rerun_every_training_but_no_download(clone: Clone, key: str, value: str) -> None:
    output = clone.dvc("exp", "run", "-S", f"{key}={value}")
    assert "download" not in ran(output)
    assert ran(output) >= BASE
    assert {"ablation-train@gaussian-gaussian-0", "ablation"} <= ran(output)
    assert restored(output) == {"ablation-train@deterministic-gaussian-0"}


def test_a_larger_grid_trains_the_new_cells_only(clone: Clone) -> None:
    output = clone.dvc("exp", "run", "-S", "ablation.seed=[0,1]")
    new = {f"{encoder}-gaussian-1" for encoder in ("deterministic", "gaussian")}
    expected = {f"{stage}@{cell}" for stage in ("ablation-configure", "ablation-train") for cell in new}
    assert ran(output) == expected | {"ablation"}

    smaller = clone.dvc("exp", "run", "-S", "ablation.seed=[1]", "-S", "ablation.encoder=[gaussian]")
    assert ran(smaller) == {"ablation"}
    assert {path.name for path in (clone.folder / "data/ablation").iterdir()} == {"gaussian-gaussian-1"}
    contrasts = (clone.folder / "metrics/contrasts.csv").read_text().splitlines()
    assert contrasts == [",".join(CONTRAST)]  # Of one encoder there are none.


@pytest.mark.parametrize(
    ("key", "value", "stage"),
    [
        ("plot_2A.point_size", "9.0", "plot-2A"),
        ("grid_2E.side", "5", "sample-grid-2E"),
    ],
)
def test_an_option_of_a_figure_redraws_that_figure_only(
    clone: Clone, key: str, value: str, stage: str
) -> None:
    assert ran(clone.dvc("exp", "run", "-S", f"{key}={value}")) == {stage}


# What users do, and their mistakes.


def test_a_misspelt_prior_trains_nothing_and_says_the_right_one(clone: Clone) -> None:
    output = clone.dvc("exp", "run", "-S", "prior=gausian", status=255)
    assert ran(output) == {"configure"}
    line = next(line for line in output.splitlines() if line.startswith("configure: "))
    assert line == (
        "configure: params.yaml: prior: 'gausian' is not allowed; did you mean 'gaussian'? "
        "allowed: gaussian, none"
    )
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "header promises"),
    ],
)
def test_a_damaged_file_of_mnist_ends_a_training_in_one_line(
    clone: Clone, damage: Callable[[Path], None], message: str
) -> None:
    path = clone.folder / "data/mnist/train-images-idx3-ubyte"
    copy = path.read_bytes()
    path.unlink()  # It may be a link into DVC's cache.
    path.write_bytes(copy)
    damage(path)
    run = clone.folder / "data/runs/base"
    done = subprocess.run(
        [sys.executable, "../../../stages/train.py"], cwd=run, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    clone.dvc("checkout", "--force", "download")


def test_a_queued_experiment_runs_the_code_of_its_own_copy(clone: Clone) -> None:
    clone.dvc("exp", "run", "--queue", "--name", "queued", "-S", "plot_2A.point_size=9.0")
    clone.edit("src/aae/figures.py", ("import numpy as np", "raise RuntimeError('the workspace was used')"))
    output = clone.dvc("exp", "run", "--run-all")
    assert ran(output) == {"plot-2A"}
    reference = clone.call("git", "for-each-ref", "--format=%(refname)", "refs/exps/**/queued").strip()
    drawn, before = (
        clone.call("git", "rev-parse", f"{revision}:plots/2A.png") for revision in (reference, "HEAD")
    )
    assert drawn != before


def test_experiments_show_up_and_plots_can_be_compared(clone: Clone) -> None:
    clone.dvc("exp", "run", "--name", "no-prior", "-S", "prior=none")
    assert "no-prior" in clone.dvc("exp", "show", "--csv")
    clone.dvc("plots", "diff", "HEAD", "no-prior", "--out", "page")
    page = (clone.folder / "page/index.html").read_text()
    for revision in ("HEAD", "no-prior"):
        assert re.search(rf'src="[^"]*{revision}[^"]*2A\.png"', page), revision
    assert "sliced_w2" in page
