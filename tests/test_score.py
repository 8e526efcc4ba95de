"""The score command: it prints the scorecard of a file against any prior, or says in one line why not."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from aae import score
from aae.io.artifacts import rounded
from aae.measure.scorecard import MEASURES, null_bands
from aae.measure.scorecard import score as scorecard
from aae.model.priors import PRIORS

Z = np.random.default_rng(0).standard_normal((120, 2)).astype(np.float32)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """The command, in this process."""
    monkeypatch.setattr(sys, "argv", ["aae.score", *map(str, arguments)])
    score.main()


def saved(path: Path, z: np.ndarray) -> Path:
    np.savez(path, z=z)
    return path


@pytest.mark.parametrize("std", ["0", "-1", "nan", "inf", "1e-300", "1e300", "wide"])
def test_a_standard_deviation_that_is_none_is_refused(
    std: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, tmp_path / "codes.csv", f"--std={std}")
    assert caught.value.code == 2
    assert "--std" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("prior", ["ring", "none"])
def test_an_unknown_prior_is_refused_with_those_that_there_are(
    prior: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, tmp_path / "codes.csv", "--prior", prior)
    assert caught.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    for name in ("gaussian", "uniform", "mixture", "swiss_roll"):
        assert name in line


# What it prints.


@pytest.fixture
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Null bands of 10 samples, which take a twentieth of the time."""
    monkeypatch.setattr(score, "null_bands", partial(null_bands, samples=10))


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("name", ["gaussian", "uniform", "mixture", "swiss_roll"])
def test_the_json_is_the_scorecard_as_rounded_as_the_metrics(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "codes.npz", z=5 * Z)
    run(monkeypatch, path, "--prior", name, "--std", "5", "--json")
    prior = PRIORS[name](5)
    null = null_bands(len(Z), prior, samples=10)
    due = {"codes": scorecard(5 * Z, prior, null), "null": null}
    assert json.loads(capsys.readouterr().out) == rounded(due)


def test_without_options_the_prior_is_the_standard_normal_and_the_null_bands_are_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, saved(tmp_path / "codes.npz", z=Z), "--json")
    prior = PRIORS["gaussian"]()
    null = null_bands(len(Z), prior)
    due = {"codes": scorecard(Z, prior, null), "null": null}
    assert json.loads(capsys.readouterr().out) == rounded(due)


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize(
    ("arguments", "description", "kl"),
    [
        ([], "N(0, I)", True),
        (["--std=5"], "N(0, 5² I)", True),
        (["--prior=uniform"], "U[-1.73, 1.73]²", False),
        (["--prior=mixture"], "a ring of ten Gaussians", True),
        (["--prior=swiss_roll"], "a swiss roll", False),
    ],
)
def test_for_people_it_prints_a_row_a_measure(
    arguments: list[str], description: str, kl: bool, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "codes.csv"
    pd.DataFrame(Z, columns=["z1", "z2"]).to_csv(path, index=False)
    run(monkeypatch, path, *arguments)
    printed, warned = capsys.readouterr()
    first, second = printed.splitlines()[:2]
    assert first == f"120 codes against {description}, lengths in its standard deviations"
    assert second.startswith("sliced W2 ")
    titles = [measure.title for name, measure in MEASURES.items() if name != "kl" or kl]
    rows = printed.splitlines()[-len(titles) :]
    assert all(row.strip().startswith(title) for row, title in zip(rows, titles, strict=True))
    assert "null (95%)" in printed.splitlines()[-len(titles) - 1]
    assert warned == ""


def test_in_a_process_of_its_own_an_error_is_one_line_and_a_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aae.score", str(tmp_path / "absent.csv")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"aae.score: {tmp_path / 'absent.csv'}: No such file or directory\n"
