"""A training run as a call: what names it, what the store keeps of it, how it resumes; grids side by side."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT, failure
from safetensors.numpy import load_file
from safetensors.torch import save
from tiny import make_config

from aae.data.images import read_images
from aae.model.parts import prior_class
from aae.runs import __main__ as command
from aae.runs import checkpoints, rows, training
from aae.runs.checkpoints import Checkpoint
from aae.runs.environment import find_environment
from aae.runs.evaluation import MEASURES, evaluate_run, evaluation_key
from aae.runs.nulls import find_null
from aae.runs.store import Store
from aae.runs.training import recorded_epochs, train_run, training_key
from aae.settings.config import RunConfig, load_config
from aae.settings.params import GridSettings, Params, parse_params
from aae.system import artifacts

HERE = "torch-0-cpu-float32-0123456789ab"  # Stands for an environment.


def config_of(**settings: Any) -> RunConfig:
    train = {"threads": 1} | settings.pop("train", {})
    return make_config(model={"hidden_units": 16}, train=train, **settings)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


# One run.


def test_a_run_is_trained_once(sample_folder: Path, store: Store) -> None:
    config = config_of()
    images = read_images(sample_folder, config)
    epochs: list[int] = []
    first = train_run(config, images, store, HERE, lambda epoch, _: epochs.append(epoch))
    assert train_run(config, images, store, HERE, lambda epoch, _: epochs.append(epoch)) == first
    assert epochs == [1, 2]
    assert load_config(first / "config.json") == config
    names = {name.partition(".")[0] for name in load_file(first / "weights.safetensors")}
    assert names == {"autoencoder", "discriminator"}
    codes = load_file(first / "codes.safetensors")
    assert codes["training"].shape == (600, 2)
    assert {"evaluation", "evaluation mean", "evaluation 000002", "training 000001"} <= set(codes)


def test_a_killed_run_resumes_to_the_bit(
    sample_folder: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(
        encoder="gaussian", train={"epochs": 4, "regularization_interval": 1, "code_buffer": 3}
    )
    images = read_images(sample_folder, config)
    undisturbed = train_run(config, images, store, HERE)
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 0.0)
    other = Store(tmp_path / "other")

    def kill(epoch: int, losses: Mapping[str, float]) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(config, images, other, HERE, kill)
    epochs: list[int] = []
    resumed = train_run(config, images, other, HERE, lambda epoch, _: epochs.append(epoch))
    assert epochs == [3, 4]
    assert resumed.relative_to(other.folder) == undisturbed.relative_to(store.folder)
    for path in undisturbed.iterdir():
        assert path.read_bytes() == (resumed / path.name).read_bytes(), path.name
    assert not list(other.folder.rglob("*checkpoint*"))


def test_a_damaged_checkpoint_is_told_and_the_run_starts_over(
    sample_folder: Path, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_of()
    images = read_images(sample_folder, config)
    checkpoint = store.checkpoint(training_key(config, images), HERE)
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"no checkpoint")
    epochs: list[int] = []
    found = train_run(config, images, store, HERE, lambda epoch, _: epochs.append(epoch))
    assert epochs == [1, 2]
    (line,) = capsys.readouterr().err.splitlines()
    assert "damaged" in line
    assert str(checkpoint) in line
    undisturbed = train_run(config, images, Store(tmp_path / "other"), HERE)
    name = "weights.safetensors"
    assert (found / name).read_bytes() == (undisturbed / name).read_bytes()


def test_a_run_that_diverges_leaves_no_entry(sample_folder: Path, store: Store) -> None:
    large = dict.fromkeys(("learning_rate", "adversarial_weight_start", "adversarial_weight"), 1000.0)
    config = config_of(train={"optimizer": "sgd", "warmup": 0.0, **large})
    images = read_images(sample_folder, config)
    assert "lower train.learning_rate" in failure(lambda: train_run(config, images, store, HERE))
    assert store.environments(training.KIND, training_key(config, images)) == []


def test_a_long_run_keeps_the_codes_of_its_recorded_epochs_alone(sample_folder: Path, store: Store) -> None:
    config = config_of(train={"epochs": 43, "batch_size": 600})
    codes = load_file(
        train_run(config, read_images(sample_folder, config), store, HERE) / "codes.safetensors"
    )
    for kind in ("evaluation", "training"):
        kept = {int(name.split()[1]) for name in codes if re.fullmatch(rf"{kind} \d+", name)}
        assert kept == recorded_epochs(43)
    assert (codes["evaluation 000043"] == codes["evaluation"]).all()


@pytest.mark.parametrize("epochs", [1, 18, 40, 41, 1000])
def test_at_most_40_epochs_are_recorded_and_the_last_is_among_them(epochs: int) -> None:
    recorded = recorded_epochs(epochs)
    assert len(recorded) == min(epochs, 40)
    assert {1, epochs} <= recorded <= set(range(1, epochs + 1))


def test_a_run_is_evaluated_once_and_not_before_it_is_trained(sample_folder: Path, store: Store) -> None:
    config = config_of()
    images = read_images(sample_folder, config)
    assert "not trained yet" in failure(lambda: evaluate_run(config, images, store, HERE))
    train_run(config, images, store, HERE)
    folder = evaluate_run(config, images, store, HERE)
    before = (folder / MEASURES).stat().st_mtime_ns
    assert evaluate_run(config, images, store, HERE) == folder
    assert (folder / MEASURES).stat().st_mtime_ns == before
    assert len(artifacts.load_table(folder / "curves.csv")) == 2


def test_an_environment_is_the_same_twice_and_another_in_another_precision(store: Store) -> None:
    exact, again, rounded = (
        find_environment(config_of(train={"precision": precision}), store).name
        for precision in ("float32", "float32", "bfloat16")
    )
    assert exact == again
    assert exact != rounded
    assert "cpu-float32" in exact
    assert artifacts.load_json(store.folder / "environments" / f"{exact}.json")["machines"]


# Keys.


def test_settings_and_images_decide_the_key_and_nothing_that_lies_elsewhere(
    sample_folder: Path, tmp_path: Path
) -> None:
    config = config_of()
    images = read_images(sample_folder, config)
    elsewhere = shutil.copytree(sample_folder, tmp_path / "elsewhere")
    key = training_key(config, images)
    assert training_key(config, read_images(elsewhere, config)) == key
    fewer = config_of(data={"name": "mnist", "images": 599, "validation": False})
    pixel = images.x.copy()
    pixel[0, 0, 0] ^= 1
    others = [
        training_key(config_of(seed=1), images),
        training_key(config_of(train={"epochs": 3}), images),
        training_key(fewer, read_images(sample_folder, fewer)),
        training_key(config, replace(images, x=pixel)),
    ]
    assert len({key, *others}) == 1 + len(others)


def test_measures_beyond_the_usual_have_entries_of_their_own(sample_folder: Path) -> None:
    config = config_of()
    images = read_images(sample_folder, config)
    usual = evaluation_key(config, images)
    assert evaluation_key(config, images, ("log_likelihood",)) not in {usual, training_key(config, images)}
    # A Gaussian has no components: its runs share the evaluations of grids that do not ask for them.
    assert evaluation_key(config, images, ("components",)) == usual
    mixture = config_of(prior="mixture")
    assert evaluation_key(mixture, images, ("components",)) != evaluation_key(mixture, images)


KEYS = """
import json, sys
from pathlib import Path
from aae.data.images import read_images
from aae.model.parts import prior_class
from aae.runs.evaluation import evaluation_key
from aae.runs.training import training_key
from aae.settings.config import RunConfig, load_config
found = {}
for name, content in json.loads(sys.argv[2]).items():
    config = RunConfig.model_validate(content)
    images = read_images(Path(sys.argv[1]), config)
    found[name] = [training_key(config, images), evaluation_key(config, images)]
print(json.dumps(found))
"""
CONFIGS = {
    "base": config_of(),
    "gaussian": config_of(encoder="gaussian"),
    "uniform": config_of(prior="uniform"),
    "variational": config_of(encoder="gaussian", objective="variational"),
}


def keys(src: Path, data: Path) -> dict[str, list[str]]:
    """The training and evaluation keys of some runs, by a copy of the library."""
    content = json.dumps({name: config.model_dump() for name, config in CONFIGS.items()})
    done = subprocess.run(
        [sys.executable, "-c", KEYS, str(data), content],
        env=os.environ | {"PYTHONPATH": str(src)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def changed(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]], place: int) -> set[str]:
    return {name for name in before if before[name][place] != after[name][place]}


@pytest.mark.parametrize(
    ("edits", "train", "evaluate"),
    [
        pytest.param(
            [
                ("model/trainer.py", "BLOCK = 50", "BLOCK = 50  # Steps."),
                ("model/trainer.py", '"""The training loop', '"""A training loop'),
                ("model/priors/gaussian.py", '"""N(0, std^2 I);', '"""Normal;'),
                ("model/objectives/variational.py", '"""', '"""In words: '),
                ("measure/evaluation.py", '"""The one', '"""Our one'),
            ],
            set(), set(), id="words",
        ),
        pytest.param(
            [
                ("model/parts.py", "PRIORS = {", 'PRIORS = {"n": "aae.model.priors.uniform:Uniform",'),
                ("model/parts.py", "ENCODERS = {", 'ENCODERS = {"n": "aae.model.encoders.gaussian:N",'),
                ("measure/nulls.py", "SAMPLES = 200", "SAMPLES = 201"),
                ("runs/grid.py", 'ALLOW_REPEAT = "AAE_REPEAT"', 'ALLOW_REPEAT = "AAE"'),
                ("model/priors/swiss_roll.py", "MARGIN = 0.5", "MARGIN = 0.6"),
            ],
            set(), set(), id="tables, and code that no such run uses",
        ),
        pytest.param(
            [("model/trainer.py", "(0.9, 0.98)", "(0.9, 0.99)")], set(CONFIGS), set(CONFIGS), id="the trainer"
        ),
        pytest.param(
            [("model/numerics.py", "denormal(True)", "denormal(False)")],
            set(CONFIGS), set(CONFIGS), id="numerics",
        ),
        pytest.param(
            [("model/priors/uniform.py", "np.sqrt(3)", "np.sqrt(4)")], {"uniform"}, {"uniform"}, id="a prior"
        ),
        pytest.param(
            [("model/encoders/gaussian.py", "F.softplus(raw_std)", "F.relu(raw_std)")],
            {"gaussian", "variational"}, {"gaussian", "variational"}, id="an encoder",
        ),
        pytest.param(
            [("model/objectives/variational.py", "kl_weight * kl", "kl_weight * 2 * kl")],
            {"variational"}, {"variational"}, id="an objective",
        ),
        pytest.param(
            [("measure/digits.py", "k: int = 10", "k: int = 11")], set(), set(CONFIGS), id="a measure"
        ),
    ],
)  # fmt: skip
def test_what_changes_which_keys(
    edits: list[tuple[str, str, str]],
    train: set[str],
    evaluate: set[str],
    tmp_path: Path,
    sample_folder: Path,
) -> None:
    src = tmp_path / "src"
    shutil.copytree(ROOT / "src/aae", src / "aae", ignore=shutil.ignore_patterns("__pycache__"))
    for path, old, new in edits:
        file = src / "aae" / path
        text = file.read_text(encoding="utf-8")
        assert old in text, path
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
    before = {
        name: [training_key(config, images), evaluation_key(config, images)]
        for name, config in CONFIGS.items()
        for images in [read_images(sample_folder, config)]
    }
    after = keys(src, sample_folder)
    assert changed(before, after, 0) == train
    assert changed(before, after, 1) == evaluate


# Grids.


def params() -> Params:
    content = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
    tiny = config_of(train={"epochs": 1})
    return content.model_copy(update={"model": tiny.model, "train": tiny.train})


GRID = GridSettings.model_validate(
    {"seeds": [0], "variants": {"still": {}, "noisy": {"encoder": "gaussian"}}, "keep": ["noisy"]}
)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def make_grid(folder: Path, data: Path, store: Store, grid: GridSettings = GRID) -> dict[str, bytes]:
    """The files of a grid, made from what lies in the folder."""
    rows.write(rows.make("toy", params(), grid, data, store, rows.read(folder)), folder)
    return files_of(folder)


def test_a_grids_files_are_made_once_and_from_the_rows_alone(
    sample_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "store")
    made = make_grid(tmp_path / "grid", sample_folder, store)
    assert "2 of 2 runs done" in capfd.readouterr().err
    for each in (store, Store(tmp_path / "empty")):
        assert make_grid(tmp_path / "grid", sample_folder, each) == made
        assert "runs done" not in capfd.readouterr().err
    assert make_grid(tmp_path / "another", sample_folder, store) == made
    assert "runs done" not in capfd.readouterr().err


def test_the_bytes_of_pictures_do_not_depend_on_chance(tmp_path: Path) -> None:
    """The library writes the notes of one file in any order."""
    names = [f"variant_{place}" for place in range(8)]
    pictures = {f"{name}/z": np.full((5, 2), place, np.float16) for place, name in enumerate(names)}
    row = {"key": "k", "environment": "e", "variant": "v", "seed": 0}
    files = rows.GridFiles([row], [row], pictures, {name: name * 2 for name in names})
    for place in range(6):
        rows.write(files, tmp_path / str(place))
    assert len({(tmp_path / str(place) / rows.PICTURES).read_bytes() for place in range(6)}) == 1
    assert rows.read(tmp_path / "0").pictured == files.pictured


def test_a_grid_of_another_kind_of_machine_is_taken_whole_or_not_at_all(
    sample_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "grid"
    one = GRID.model_copy(update={"variants": {"still": {}}, "keep": []})
    make_grid(folder, sample_folder, Store(tmp_path / "store"), one)
    for name in ("runs.csv", "curves.csv"):  # As another machine would have made them.
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("torch-", "other-"))
    before = files_of(folder)
    empty = Store(tmp_path / "empty")
    assert make_grid(folder, sample_folder, empty, one) == before
    more = one.model_copy(update={"seeds": [0, 1]})
    line = failure(lambda: make_grid(folder, sample_folder, empty, more))
    assert line.startswith("1 of 2 runs were made on another kind of machine")
    assert "AAE_REPEAT=1" in line
    assert files_of(folder) == before
    monkeypatch.setenv("AAE_REPEAT", "1")
    assert b"other-" not in make_grid(folder, sample_folder, empty, more)["runs.csv"]


# Null distributions.


def test_a_null_is_of_as_many_samples_as_there_are_codes_and_is_made_once(store: Store) -> None:
    prior = prior_class("gaussian")()
    drawn: list[None] = []
    null = find_null(store, prior, 120, 240, lambda: drawn.append(None))
    assert (null["n"], null["training"]["n"], null["density"]["n"]) == (120, 240, 360)
    samples = len(drawn)
    drawn.clear()
    assert find_null(store, prior, 120, 240, lambda: drawn.append(None)) == null
    assert not drawn
    # More codes lie closer to the prior.
    assert find_null(store, prior, 480, 960)["raw"]["kl"]["std"] < null["raw"]["kl"]["std"]
    # Beyond the plane, where each costs far more, they are fewer.
    find_null(store, prior_class("gaussian")(dim=3), 120, 240, lambda: drawn.append(None))
    assert 0 < len(drawn) < samples / 4


# Checkpoints.


TENSORS = {
    "networks": {"weight": torch.arange(6.0).view(2, 3), "a/b": torch.ones(())},
    "codes": {"epoch 000001": torch.tensor([[0.1, -0.2]])},
    "generators": {"batch_order": torch.Generator().get_state()},
}
UNFINISHED = Checkpoint(TENSORS, [{"epoch": 1, "loss": 0.1 + 0.2, "absent": float("nan")}])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint in the folder of a run."""
    path = tmp_path / "run/key.safetensors"
    checkpoints.save(UNFINISHED, path)
    return path


def test_a_checkpoint_comes_back_to_the_bit(path: Path) -> None:
    loaded = checkpoints.load(path)
    assert repr(loaded.history) == repr(UNFINISHED.history)  # By repr, as NaN is not NaN.
    assert {group: set(members) for group, members in loaded.tensors.items()} == {
        group: set(members) for group, members in TENSORS.items()
    }
    for group, members in TENSORS.items():
        assert all(torch.equal(loaded.tensors[group][name], tensor) for name, tensor in members.items())


def test_any_wrong_or_missing_byte_and_any_other_file_is_damage(path: Path) -> None:
    whole = path.read_bytes()
    places = range(0, len(whole), 97)
    wrong = [whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in places]
    for content in [*wrong, *(whole[:place] for place in places), save({"weight": torch.ones(2)})]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="damaged"):
            checkpoints.load(path)


@pytest.mark.parametrize(
    "words", [["limit", "--dry"], ["--dry"], ["limit", "--prune"], ["limit", "--prune", "--dry"]]
)
def test_options_that_do_not_go_together_are_refused_in_one_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["aae.runs", *words])
    with pytest.raises(SystemExit) as caught:
        command.main()
    assert caught.value.code == 2
    assert re.search("error: --(dry goes with --prune|prune takes no NAME)", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []
