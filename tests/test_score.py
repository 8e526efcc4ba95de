"""The score command: it prints the scorecard of a file against any prior, or says in one line why not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from aae import score
from aae.compare.measures import MEASURES as TITLES
from aae.measure.nulls import null_bands
from aae.measure.scorecard import MEASURES
from aae.measure.scorecard import score as scorecard
from aae.model.parts import prior_class
from aae.system.artifacts import rounded

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
    """Null bands of 10 samples, which take a third of the time."""
    monkeypatch.setattr(score, "NULL_SAMPLES", 10)


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("name", ["gaussian", "uniform", "mixture", "swiss_roll"])
def test_the_json_is_the_scorecard_as_rounded_as_the_metrics(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "codes.npz", z=5 * Z)
    run(monkeypatch, path, "--prior", name, "--std", "5", "--json")
    prior = prior_class(name)(5)
    null = null_bands(len(Z), prior, samples=10)
    due = {"codes": scorecard(5 * Z, prior, null), "null": null, "null_samples": 10}
    assert json.loads(capsys.readouterr().out) == rounded(due)


def test_without_options_the_prior_is_the_standard_normal_and_the_null_is_of_30_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, saved(tmp_path / "codes.npz", z=Z), "--json")
    prior = prior_class("gaussian")()
    null = null_bands(len(Z), prior, samples=30)
    due = {"codes": scorecard(Z, prior, null), "null": null, "null_samples": 30}
    assert json.loads(capsys.readouterr().out) == rounded(due)


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize(
    ("arguments", "description"),
    [
        ([], "N(0, I)"),
        (["--std=5"], "N(0, 5² I)"),
        (["--prior=uniform"], "U[-1.73, 1.73]²"),
        (["--prior=mixture"], "a ring of ten Gaussians"),
        (["--prior=swiss_roll"], "a swiss roll"),
    ],
)
def test_for_people_it_prints_a_row_a_measure_and_a_verdict(
    arguments: list[str], description: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "codes.csv"
    pd.DataFrame(Z, columns=["z1", "z2"]).to_csv(path, index=False)
    run(monkeypatch, path, *arguments)
    printed, warned = capsys.readouterr()
    head, table, notes, verdict = (part.splitlines() for part in printed.split("\n\n"))
    assert head == [f"120 codes against {description}, lengths in its standard deviations"]
    assert "null (95%)" in table[0]
    titles = [TITLES[name].title for name in MEASURES]
    expected = [*titles[:2], "excess sliced W2", *titles[2:]]
    assert [row.strip().startswith(title) for row, title in zip(table[1:], expected, strict=True)] == [
        True
    ] * 7
    assert "null: 10 samples of the prior, 120 codes each; standard errors of its means: " in notes[1]
    assert verdict[0].startswith("Density: ")
    assert description in verdict[0]
    assert verdict[1].startswith("Location and scale: ")
    assert warned == ""


# The verdict.


def verdict_of(z: np.ndarray, prior: str = "gaussian") -> list[str]:
    null = null_bands(len(z), prior_class(prior)(), samples=30)
    return score.verdict(scorecard(z, prior_class(prior)(), null), null, prior_class(prior)())


def normal_samples(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 2))


def test_of_samples_of_the_prior_no_difference_is_seen() -> None:
    density, location = verdict_of(normal_samples(1000))
    assert density.endswith(": no difference is seen.")
    assert location.endswith(": no difference is seen.")


def test_density_and_location_are_told_apart() -> None:
    z = normal_samples(400, 1)
    shifted = verdict_of(z - z.mean(0) + np.array([0.25, 0]))
    assert shifted[0].endswith(": no difference is seen.")
    assert shifted[1].endswith(": they differ.")
    # The same moments in stripes, each half as wide as the gaps.
    stripes = np.round(normal_samples(4000), 1) + np.random.default_rng(1).uniform(-0.025, 0.025, (4000, 2))
    density, location = verdict_of(stripes)
    assert density.endswith(": it differs.")
    assert location.endswith(": no difference is seen.")


def test_codes_where_the_prior_is_0_differ_even_if_the_others_fit() -> None:
    z = prior_class("uniform")(1.3).from_uniform(np.random.default_rng(0).random((2000, 2)))
    density, location = verdict_of(z, "uniform")
    assert ": it differs. Of the codes 4" in density
    assert density.endswith("% lie where p(z) is 0; the KL is of the others.")
    assert location.endswith(": they differ.")


# As a command.


def test_help_needs_none_of_what_measures() -> None:
    """The help is to appear at once, and each of these takes a second or so to import."""
    loaded = "print([name for name in ('torch', 'sklearn', 'pandas') if name in sys.modules])"
    command = f"import sys; from aae import score; score.parse_arguments(); {loaded}"
    done = subprocess.run(
        [sys.executable, "-c", command, "codes.csv"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.stdout == "[]\n"


def test_in_a_process_of_its_own_an_error_is_one_line_and_a_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aae.score", str(tmp_path / "absent.csv")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"aae.score: {tmp_path / 'absent.csv'}: No such file or directory\n"
