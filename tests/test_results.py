"""The README's answer and the tables of docs/results.md say what the rows in metrics/ say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluated import NULL, ablation, evaluation, rows_of

from aae.compare.equivalence import COMPARED, contrasts
from aae.compare.measures import MEASURES
from aae.compare.summary import details, over_seeds, variants, with_excess
from aae.measure.controls import CONTROLS
from aae.report.results import ablation_table, answer, base_table, contrast_table, control_table, target_table
from aae.system import artifacts
from readme import STUDY, fill

Cells = dict[str, dict[str, Any]]
NULLS = {"gaussian": NULL, "none": NULL}
MARGINS = {"kl": 0.02, "sliced_w2": 0.01}


def rows(cells: Cells) -> dict[str, list[Any]]:
    """The files of an ablation, by name, as its stage writes them."""
    table = rows_of(cells)
    compared = contrasts([row for row in table if row["prior"] != "none"], MARGINS)
    summary, said = variants(table, NULLS), ["One.", "Two."]
    return {"ablation": table, "variants": summary, "contrasts": compared, "answer": said}


def spoken(cells: Cells, left: str = "") -> list[str]:
    """The answer's paragraphs."""
    files = rows(cells)
    return answer(files["ablation"], files["variants"], files["contrasts"], left).strip().split("\n\n")


def body(table: str) -> list[list[str]]:
    """The cells of a Markdown table's rows."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].replace("\\|", "¦").split("|")] for line in lines[2:]]


# The answer.


def test_the_first_paragraph_says_how_well_the_codes_fit_with_its_numbers() -> None:
    cells = ablation()
    for cell in cells:
        cells[cell] |= {"below_quarter": 0.004, "total_variation": 0.07}
    first = spoken(cells)[0]
    assert first.startswith("**Does q(z) fit p(z)? Yes, nearly.** Location and spread nearly match: ")
    assert "are 0.025 standard deviations away" in first
    assert "There are no holes: 0.4% of the prior's mass" in first
    assert "7% of the mass is misplaced" in first
    assert "is 0.092 nats (95% CI 0.087 to 0.097, 3 seeds), where a perfect fit measures 0.004 and" in first
    assert first.endswith("36.5.")
    del cells["deterministic-none-0"]
    assert spoken(cells)[0].endswith("measures 0.004.")


@pytest.mark.parametrize(
    ("kl", "w2", "changes", "words"),
    [
        (0.09, 0.02, {}, "Yes, nearly.** Location and spread match:"),
        (0.01, 0.02, {}, "Yes.** Location and spread match:"),
        (0.09, 0.30, {}, "No.** Location and spread do not match:"),
        (0.09, 0.02, {"total_variation": 0.101}, "No.** Location and spread match:"),
        (0.09, 0.02, {"below_quarter": 0.011}, "No.** Location and spread match:"),
    ],
)
def test_the_first_word_follows_the_rule(kl: float, w2: float, changes: dict[str, float], words: str) -> None:
    cells = ablation()
    for seed in range(3):
        found = evaluation(kl, w2) | {"below_quarter": 0.004, "total_variation": 0.07}
        found["sliced_w2_training"] = w2 - 0.011
        cells[f"deterministic-gaussian-{seed}"] = found | changes
    first = spoken(cells)[0]
    assert words in first
    assert ("There are holes" in first) is ("below_quarter" in changes)
    assert ("no difference in density is found" in first) is (kl == 0.01)


def test_the_second_paragraph_says_no_only_where_all_divergences_are_equivalent() -> None:
    cells = ablation()
    second = spoken(cells)[1]
    assert second.startswith("**Does it take a Gaussian encoder? No.** Deterministic, gaussian and universal")
    assert "9 of 9 comparisons are equivalent: within ±0.02 nats in KL(q || p) and ±0.01 " in second
    assert "The Gaussian encoder became nearly deterministic, with a median sigma(x) of 4e-06" in second

    for seed in range(3):
        cells[f"universal-gaussian-{seed}"]["kl"] += 0.05
    second = spoken(cells)[1]
    assert "Gaussian encoder? It makes a difference in 2 of 9 comparisons.**" in second
    assert "7 of 9 comparisons are equivalent (power " in second

    cells["gaussian-gaussian-0"] = evaluation(kl=0.12)
    for seed in range(3):
        cells[f"universal-gaussian-{seed}"] = cells[f"deterministic-gaussian-{seed}"]
    assert "No difference is found, but none is ruled out.**" in spoken(cells)[1]

    one_seed = {cell: found for cell, found in cells.items() if cell.endswith("0")}
    assert "takes more than one seed" in spoken(one_seed)[1]


def test_what_is_left_stands_last_where_a_study_says_it() -> None:
    assert spoken(ablation(), "What is left.\n")[2] == "What is left."
    assert len(spoken(ablation())) == 2


# The tables.


def test_the_base_table_has_a_row_a_number_and_says_what_the_run_was_trained_with() -> None:
    found = evaluation()
    rows = details(with_excess(found, NULL), NULL, "torch-2.14.1-cpu")
    text = base_table(rows)
    assert text.startswith("Trained with torch-2.14.1-cpu.\n\n| measure |")
    cells = {line[0]: line[1:] for line in body(text)}
    assert cells["KL(q ¦¦ p), test codes, nats"] == ["0.09", "0.0040 (-0.0070 to 0.0150)"]
    assert cells["KL(q ¦¦ p), training codes, nats"] == ["0.07", "0.0010 (-0.0010 to 0.0030)"]
    assert cells["JSD that the final discriminator sees, training codes, nats"] == ["0.004", ""]
    assert len(cells) == len(rows) - 1


def test_the_ablation_table_has_a_row_a_variant_and_one_of_prior_samples() -> None:
    lines = body(ablation_table(rows(ablation())["variants"]))
    assert [line[:2] for line in lines] == [
        ["deterministic, gaussian", "3"],
        ["gaussian, gaussian", "3"],
        ["universal, gaussian", "3"],
        ["deterministic, none", "1"],
        ["samples of the prior, gaussian", ""],
    ]
    deterministic, gaussian, _, without, samples = (line[2:] for line in lines)
    assert deterministic[:2] == ["0.072 ± 0.002", "0.092 ± 0.002"]
    assert (deterministic[-1], gaussian[-1]) == ("0", "4e-06 ± 2e-06")
    assert without == ["36.480", "36.500", "0.150", "1.2%", "5.400", "0.0350", "0.830", "0.0120", "", "0"]
    assert samples == ["0.001", "0.004", "0.030", "0.0%", "", "", "", "-0.0003", "", ""]


def test_the_table_of_targets_says_which_are_met() -> None:
    cells = ablation()
    for seed in range(3):
        cells[f"deterministic-gaussian-{seed}"] = evaluation(kl=0.0999, w2=0.04)
    lines = body(target_table(rows(cells)["variants"]))
    assert [line[:2] for line in lines] == [
        ["KL(q ¦¦ p), training codes, nats", "at most 0.08"],
        ["KL(q ¦¦ p), test codes, nats", "at most 0.1"],
        ["excess sliced W2, test codes, std of p(z)", "at most 0.025"],
        ["squared error a pixel, test images", "at most 0.0355"],
        ["neighbour accuracy, test images", "at least 0.82"],
    ]
    assert [line[3] for line in lines] == ["yes", "yes", "**no**", "yes", "yes"]
    assert lines[1][2] == "0.100 (95% CI 0.100 to 0.100, 3 seeds)"


def test_the_contrast_table_shows_every_comparison_and_stresses_the_significant_ones() -> None:
    compared = rows(ablation())["contrasts"]
    lines = body(contrast_table(compared))
    assert len(lines) == len(compared) == 3 * len(COMPARED)
    for line, row in zip(lines, compared, strict=True):
        assert line[1] == row["encoders"]
        digits = 5 if row["measure"] == "reconstruction_error" else 4
        signed = [f"{row[key]:+.{digits}f}" for key in ("difference", "low", "high")]
        difference = "{} ({} to {})".format(*signed)
        significant = row["low"] > 0 or row["high"] < 0
        assert line[4] == (f"**{difference}**" if significant else difference)
        assert line[5].startswith("equivalent within ±0.0" if row["margin"] else "")
        assert line[6] == f"{row['detectable']:.{digits}f}"
    one_seed = body(contrast_table(rows(ablation(seeds=1))["contrasts"]))
    assert {tuple(line[5:]) for line in one_seed} == {("", "", "")}


def test_the_control_table_has_multiples_of_the_null_bands_end() -> None:
    high = {"codes": "upper end of the null band", "kl": 0.01, "c2st_accuracy": 0.51, "outside": 0.0}
    control = {"codes": next(iter(CONTROLS)), "kl": 0.025, "c2st_accuracy": 0.505, "outside": 0.0}
    text = control_table([control, high])
    assert (
        text.splitlines()[0]
        == "| codes | "
        + " | ".join(MEASURES[name].title.replace("|", "\\|") for name in ("kl", "c2st_accuracy"))
        + " |"
    )
    assert body(text) == [["samples of the prior", "**2.50**", "0.505"]]


# The pages.


def test_a_page_gets_the_numbers_of_the_study_where_it_was_run(tmp_path: Path) -> None:
    page = "a\n<!-- answer -->\nold\n<!-- /answer -->\nb\n"
    page += "<!-- encoders-contrasts -->\n<!-- /encoders-contrasts -->\n"
    write(tmp_path, ablation(seeds=3))
    filled = fill(page, tmp_path)
    assert filled.startswith("a\n<!-- answer -->\n**Does q(z)")
    assert "old" not in filled
    assert "3 seeds" in filled
    assert "Not run yet" in filled
    write(tmp_path / STUDY, ablation(seeds=8))
    filled = fill(filled, tmp_path)
    assert "8 seeds" in filled
    assert "3 seeds" not in filled
    compared = body(filled.split("<!-- encoders-contrasts -->\n")[1].split("<!-- /encoders")[0])
    judged = [row for row in rows(ablation(seeds=8))["contrasts"] if row["margin"] is not None]
    assert [line[1] for line in compared] == [row["encoders"] for row in judged]
    assert all(line[5] for line in compared)
    assert fill(filled, tmp_path) == filled


def test_a_page_gets_what_came_out_of_a_study_and_its_table(tmp_path: Path) -> None:
    page = "<!-- toy -->\n<!-- /toy -->\n"
    assert fill(page, tmp_path) == page
    folder = tmp_path / "studies/toy"
    table = [run | {"sigma": 0.1} for run in rows_of(ablation(seeds=3)) if run["encoder"] == "gaussian"]
    artifacts.save_rows(over_seeds(table, ("encoder", "sigma")), folder / "metrics/means.json")
    artifacts.save_rows(["It went."], folder / "metrics/answer.json")
    filled = fill(page, tmp_path)
    assert "<!-- toy -->\n- It went.\n\n| encoder |" in filled
    (line,) = body(filled)
    assert line[:3] == ["gaussian", "0.1", "3"]
    kl = np.array([run["kl_training"] for run in table])
    assert line[3] == f"{kl.mean():.3f}"


def write(folder: Path, cells: Cells) -> None:
    for name, table in rows(cells).items():
        artifacts.save_rows(table, folder / f"metrics/{name}.json")
        assert len(json.loads((folder / f"metrics/{name}.json").read_text())) == len(table)
