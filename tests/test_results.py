"""The README's answer and the tables of docs/results.md say what the rows in metrics/ say."""

from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from evaluated import NULL, ablation, evaluation, rows_of

from aae.compare.equivalence import contrasts
from aae.compare.summary import variants
from aae.report.results import ablation_table, answer
from aae.system import artifacts
from readme import STUDY, fill, short_answer

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
    assert "test codes are 0.025 standard deviations off" in first
    assert (
        "There are no large holes: 0.4% of the prior's mass has less than a quarter of the codes it should "
        "have (all codes, windows about a tile of Figure 2E). Small ones exceed chance. But at least 7% of "
        "the codes' mass lies in the wrong place (total variation). The KL divergence of test codes is "
        "0.092 nats (95% CI 0.087 to 0.097, 3 seeds), as much as a pure shift by 0.43 standard" in first
    )
    assert "As many prior samples measure 0.004; codes trained without a prior, moved to its mean" in first
    assert first.endswith("and spread, 32.9 (1 seed).")
    for cell in cells:
        cells[cell]["holes"] = 0.008
    assert "Small ones" not in spoken(cells)[0]
    del cells["deterministic-none-0"]
    assert spoken(cells)[0].endswith("measure 0.004.")


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
    assert ("There are large holes" in first) is ("below_quarter" in changes)
    assert ("No difference in density is found" in first) is (kl == 0.01)


def test_the_second_paragraph_says_no_only_where_all_divergences_are_equivalent() -> None:
    cells = ablation()
    second = spoken(cells)[1]
    assert second.startswith("**Does it take a Gaussian encoder? No.** Deterministic, Gaussian and universal")
    assert (
        "All 9 comparisons show equivalence: differences within ±0.02 nats and ±0.01 std of p(z), " in second
    )
    assert second.endswith("with a median sigma(x) of 4e-06 of the prior's standard deviations.")

    for seed in range(3):
        cells[f"universal-gaussian-{seed}"]["kl"] += 0.05
    second = spoken(cells)[1]
    assert "Gaussian encoder? It makes a difference in 2 of 9 comparisons.**" in second
    assert "7 of 9 comparisons show equivalence (power " in second

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


# The pages.


def test_a_page_gets_the_numbers_of_the_study_between_its_marks(tmp_path: Path) -> None:
    for name, table in rows(ablation(seeds=8)).items():
        artifacts.save_rows(table, tmp_path / STUDY / f"metrics/{name}.json")
    page = "a\n<!-- answer -->\nold\n<!-- /answer -->\nb\n"
    page += "<!-- encoders-contrasts -->\n<!-- /encoders-contrasts -->\n"
    filled = fill(page, tmp_path)
    assert filled.startswith("a\n<!-- answer -->\n**Does q(z) fit p(z)? ")
    assert "old" not in filled
    assert "8 seeds" in filled
    compared = body(filled.split("<!-- encoders-contrasts -->\n")[1].split("<!-- /encoders")[0])
    judged = [row for row in rows(ablation(seeds=8))["contrasts"] if row["margin"] is not None]
    assert [line[0] for line in compared] == [row["encoders"] for row in judged]
    assert all(line[4] for line in compared)
    assert fill(filled, tmp_path) == filled


def test_another_kind_of_cpu_has_the_same_means_as_the_page_says() -> None:
    """docs/results.md: every mean of the three encoders lies within a standard deviation over seeds."""

    def means(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
        found = artifacts.load_json(path)
        return {(row["encoder"], row["measure"]): row for row in found if row["prior"] != "none"}

    here = means(ROOT / STUDY / "metrics/variants.json")
    there = means(ROOT / "benchmarks/results/encoders_xeon.json")
    assert len(there) > 30
    for name in there.keys() & here.keys():
        a, b = here[name], there[name]
        assert abs(a["mean"] - b["mean"]) <= max(a["std"], b["std"]), name


def test_the_encoders_are_as_alike_and_their_small_holes_as_many_as_the_page_says() -> None:
    """docs/results.md: all comparisons at Pocock's level for two looks, their power, and `holes`."""
    rows = artifacts.load_json(ROOT / STUDY / "metrics/contrasts.json")
    judged = [row for row in rows if row["margin"] is not None]
    assert len(judged) == 9
    assert all(row["p_equivalence"] < 0.029 and row["power"] > 0.95 for row in judged)
    assert all(row["low"] < 0 < row["high"] for row in rows)
    base = {row["name"]: row for row in artifacts.load_json(ROOT / "metrics/details.json")[:-1]}["holes"]
    assert base["value"] > base["high"]
    over_seeds = [
        row
        for row in artifacts.load_json(ROOT / STUDY / "metrics/variants.json")
        if row["measure"] == "holes"
    ]
    assert all(row["low"] > row["null_high"] for row in over_seeds if row["seeds"] > 1)


def test_the_short_answer_has_the_answers_alone() -> None:
    paragraphs = "**Does it fit? Yes, nearly.** It is 0.1 off.\n\n**What is left?** Not much. It is 0.1.\n"
    assert short_answer(paragraphs) == "**Does it fit? Yes, nearly. What is left? Not much.**\n"
