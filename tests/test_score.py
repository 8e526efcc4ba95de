"""The score command: it prints the scorecard of a file against any prior, or says in one line why not."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, normal_samples

from aae.compare.measures import MEASURES as TITLES
from aae.measure import two_sample
from aae.measure.divergence import marginal_kl
from aae.measure.nulls import null_bands
from aae.measure.scorecard import MEASURES
from aae.model.parts import prior_class
from aae.pretrained.command import main
from aae.score import command, condition, measuring
from aae.score.measuring import score as scorecard
from aae.system.artifacts import rounded

Z = np.random.default_rng(0).standard_normal((120, 2)).astype(np.float32)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """The command, in this process."""
    monkeypatch.setattr(sys, "argv", ["aae", "score", *map(str, arguments)])
    main()


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


def test_the_field_s_name_of_a_prior_leads_to_ours(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse_arguments(["codes.csv", "--prior=normal"])
    assert "'normal': did you mean 'gaussian'?" in capsys.readouterr().err


# What it prints.


@pytest.fixture
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Null bands of 10 samples, which take a third of the time."""
    monkeypatch.setattr(command, "NULL_SAMPLES", 10)


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("name", ["gaussian", "uniform", "mixture", "swiss_roll"])
def test_the_json_is_the_scorecard_as_rounded_as_the_metrics(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "codes.npz", z=5 * Z)
    run(monkeypatch, path, "--prior", name, "--std", "5", "--json")
    prior = prior_class(name)(5)
    null = null_bands(len(Z), prior, samples=10)
    due = {"codes": scorecard(5 * Z, prior, null), "null": null, "null_samples": 10, "n": 120, "notes": []}
    found = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(found.pop("moments")["std"], (5 * Z).std(0, ddof=1), rtol=1e-6)
    assert found == rounded(due)


def test_without_options_the_prior_is_the_standard_normal_and_the_null_is_of_30_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, saved(tmp_path / "codes.npz", z=Z), "--json")
    prior = prior_class("gaussian")()
    null = null_bands(len(Z), prior, samples=30)
    due = {"codes": scorecard(Z, prior, null), "null": null, "null_samples": 30}
    found = json.loads(capsys.readouterr().out)
    assert {name: found[name] for name in due} == rounded(due)


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
    assert head[0] == f"120 codes against {description}, lengths in its standard deviations"
    assert head[1].startswith("mean (")
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
    return command.verdict(scorecard(z, prior_class(prior)(), null), null, prior_class(prior)())


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


# What makes measures wrong.


def scores_of(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    z: np.ndarray,
    path: Path,
    *options: object,
) -> dict[str, Any]:
    np.save(path / "codes.npy", z)
    run(monkeypatch, path / "codes.npy", "--json", *options)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("times", [2, 7])
def test_of_codes_that_repeat_no_estimator_that_counts_neighbours_is_shown_and_nothing_is_judged(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    z = np.repeat(normal_samples(300).astype(np.float32), times, 0)
    np.save(tmp_path / "codes.npy", z)
    run(monkeypatch, tmp_path / "codes.npy")
    printed = capsys.readouterr().out
    assert f"{len(z):,} of {len(z):,} codes equal another one (at most {times} are alike" in printed
    assert "KL(q || p) - " in " ".join(printed.split())
    assert "No verdict" in printed
    assert "differ" not in printed


@pytest.mark.parametrize("name", ["gaussian", "mixture", "swiss_roll"])
def test_repeats_are_told_from_rounding_and_from_chance(name: str) -> None:
    z = prior_class(name)().from_uniform(np.random.default_rng(0).random((5000, 2)))
    for digits in (1, 2, 3, 4, 9):
        assert condition.repeated(np.round(z, digits).astype(np.float32)) is None
    for digits in (2, 3, 9):
        twice = np.repeat(np.round(z, digits), 2, 0).astype(np.float32)
        assert "are alike" in str(condition.repeated(twice))
    atom = np.concatenate([z, np.zeros((20, 2))]).astype(np.float32)
    assert "20 of 5,020 codes equal another one (at most 20 are alike, such as (0, 0))" in str(
        condition.repeated(atom)
    )


@pytest.mark.parametrize("step", [0.1, 0.03, 0.01])
def test_rounding_leaves_the_divergence_as_it_was_and_is_said(step: float) -> None:
    prior, z = prior_class("gaussian")(), normal_samples(10_000).astype(np.float32)
    rounded_z = (np.round(z / step) * step).astype(np.float32)
    smooth, note = condition.smoothed(rounded_z)
    assert f"steps of about {step:.2g} (printed with few digits?)" in str(note)
    assert np.quantile(np.abs(smooth - rounded_z), 0.95) < step / 2
    assert marginal_kl(smooth, prior) == pytest.approx(marginal_kl(z, prior), abs=0.02)
    assert marginal_kl(rounded_z, prior) > (10 if step == 0.1 else -1)


def test_codes_with_all_their_digits_are_left_alone() -> None:
    z = normal_samples(1000).astype(np.float32)
    assert condition.smoothed(z) == (z, None)


@pytest.mark.parametrize("value", [1e30, -2e4])
def test_a_code_far_from_all_others_is_named(
    value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = Z.copy()
    z[16] = [value, 0.5]
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, saved(tmp_path / "codes.npz", z))
    assert f"code 17, ({value:.4g}, 0.5), lies" in str(caught.value.code)
    assert "collapsed" not in str(caught.value.code)


@pytest.mark.parametrize("degrees", [2, 5])
def test_heavy_tails_are_no_reason_to_refuse_codes(degrees: int) -> None:
    condition.refuse_far_codes(np.random.default_rng(0).standard_t(degrees, (100_000, 2)))


# Location and scale in words.


@pytest.mark.parametrize(
    ("change", "std", "expected"),
    [
        (lambda z: z, 1, []),
        (lambda z: 5 * z, 5, []),
        (lambda z: 5 * z, 1, ["Standard deviation: 5 instead of 1: is the prior's `--std 5`?"]),
        (lambda z: z * [1, 2], 1, ["Standard deviation: that of coordinate 2 is 2 times the prior's."]),
        (
            lambda z: z + np.array([0, 1]),
            1,
            ["Mean: coordinate 2 is +1.00 standard deviations of the prior off."],
        ),
        (
            lambda z: z @ np.linalg.cholesky([[1, 0.6], [0.6, 1]]).T,
            1,
            ["Correlation: +0.60 of coordinates 1 and 2."],
        ),
    ],
)
def test_moments_that_are_off_are_told_in_words(
    change: Callable[[np.ndarray], np.ndarray], std: float, expected: list[str]
) -> None:
    z = measured_exactly(normal_samples(2000))
    found = condition.moments(change(z))
    assert condition.judge_moments(found, 2000, prior_class("gaussian")(std)) == expected


def measured_exactly(z: np.ndarray) -> np.ndarray:
    """The codes, with mean 0 and covariance I."""
    z = z - z.mean(0)
    return z @ np.linalg.inv(np.linalg.cholesky(np.cov(z, rowvar=False))).T


@pytest.mark.parametrize("name", ["gaussian", "uniform", "mixture", "swiss_roll"])
def test_samples_of_any_prior_have_no_moment_off(name: str) -> None:
    prior = prior_class(name)()
    z = prior.from_uniform(np.random.default_rng(0).random((5000, 2)))
    assert condition.judge_moments(condition.moments(z), len(z), prior) == []


# Many codes, and many dimensions.


@pytest.mark.usefixtures("few_samples")
def test_of_many_codes_a_part_is_measured_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measuring, "PLANE", 400)
    monkeypatch.setattr(measuring, "CLASSIFIED", 200)
    z = np.sort(normal_samples(1000), axis=0)  # In an order that the first of them would show.
    found = scores_of(monkeypatch, capsys, z, tmp_path)
    assert found["n"] == 1000
    assert found["null"]["n"] == 400
    assert found["notes"] == [
        "moments are of all 1,000 codes, the rest of 400 of them, drawn at random",
        "the C2ST is of 200 codes, drawn at random",
    ]
    np.testing.assert_allclose(found["moments"]["mean"], z.mean(0), atol=1e-6)
    raw, null = found["codes"]["raw"], found["null"]["raw"]
    assert abs(raw["holes"] - null["holes"]["mean"]) < 1  # Of codes on a line.
    assert null["c2st_accuracy"]["std"] == pytest.approx(two_sample.c2st_standard_error(200))
    part = measuring.random_part(z, 400)
    assert {tuple(code) for code in part} < {tuple(code) for code in z}
    assert len(np.unique(part, axis=0)) == 400


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("dim", [3, 8, 64])
def test_in_more_dimensions_samples_of_the_prior_fit_and_others_do_not(
    dim: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    z = np.random.default_rng(1).standard_normal((500, dim)).astype(np.float32)
    for name, factor in (("kl", 1), ("sliced_w2", 1), ("kl", 1.5), ("sliced_w2", 1.5)):
        found = scores_of(monkeypatch, capsys, factor * z, tmp_path)
        assert (found["codes"]["raw"][name] > found["null"]["raw"][name]["high"]) == (factor > 1)
    assert "holes" not in found["codes"]["raw"]
    assert "holes, as figures, need a plane" in found["notes"][0]
    with pytest.raises(SystemExit, match=f"prior mixture is one of codes in the plane; these have {dim} dim"):
        run(monkeypatch, tmp_path / "codes.npy", "--prior=mixture")


# As a command.


def test_a_reader_that_goes_away_ends_it_quietly_and_a_full_disk_in_one_line(tmp_path: Path) -> None:
    path = saved(tmp_path / "codes.npz", Z)
    reader, writer = os.pipe()
    os.close(reader)
    full = os.open("/dev/full", os.O_WRONLY)
    said = [
        subprocess.run(
            [sys.executable, "-m", "aae.score", str(path)], stdout=out, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        for out in (writer, full)
    ]  # fmt: skip
    os.close(writer)
    os.close(full)
    assert [done.stderr for done in said] == ["", "aae score: standard output: No space left on device\n"]
    assert [done.returncode for done in said] == [0, 1]


@pytest.mark.usefixtures("few_samples")
def test_the_standard_input_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = pd.DataFrame(Z).to_csv(index=False, header=False)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    run(monkeypatch, "-")
    assert capsys.readouterr().out.startswith("120 codes against N(0, I)")


@pytest.mark.parametrize("watched", [True, False])
def test_progress_is_told_where_someone_watches_or_it_takes_long(
    watched: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = command.Progress()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched, raising=False)
    progress()
    line = "null distribution: 1 of 30 samples of the prior"
    assert (line in capsys.readouterr().err) == watched
    monkeypatch.setattr(command, "PATIENCE", -1)
    progress()
    assert line.replace("1 of", "2 of") in capsys.readouterr().err


def test_help_needs_none_of_what_measures() -> None:
    """The help is to appear at once, and each of these takes a second or so to import."""
    loaded = "print([name for name in ('torch', 'sklearn', 'pandas') if name in sys.modules])"
    command = f"import sys; from aae.score import command; command.parse_arguments(); {loaded}"
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
    assert done.stderr == f"aae score: {tmp_path / 'absent.csv'}: No such file or directory\n"
