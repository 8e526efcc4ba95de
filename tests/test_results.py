"""The README's answer and the tables of docs/results.md say what the rows in metrics/ say."""

import json
from pathlib import Path
from typing import Any

import pytest
from evaluated import NULL, ablation, evaluation, rows_of

from aae.compare.equivalence import contrasts
from aae.compare.summary import variants
from aae.report.results import ablation_table, answer, target_table
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


def spoken(cells: Cells) -> list[str]:
    """The README's three sentences."""
    files = rows(cells)
    return answer(files["ablation"], files["variants"], files["contrasts"]).splitlines()


def body(table: str) -> list[list[str]]:
    """The cells of a Markdown table's rows."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].replace("\\|", "¦").split("|")] for line in lines[2:]]


# The README's answer.


@pytest.mark.parametrize(
    ("kl", "w2", "words"),
    [
        (0.09, 0.02, "have the prior's location and scale, but not its density**"),
        (0.09, 0.30, "do not have the prior's location and scale, but not its density**"),
        (0.01, 0.02, "have the prior's location and scale, and no difference in density is found**"),
    ],
)
def test_the_first_sentence_goes_with_the_verdicts(kl: float, w2: float, words: str) -> None:
    cells = ablation()
    for seed in range(3):
        cells[f"deterministic-gaussian-{seed}"] = evaluation(kl, w2)
        cells[f"deterministic-gaussian-{seed}"]["sliced_w2_training"] = w2 - 0.011
    assert words in spoken(cells)[0]


def test_the_second_sentence_withdraws_what_the_numbers_contradict() -> None:
    cells = ablation()
    for cell in list(cells)[:-1]:
        cells[cell] |= {"jsd": -0.0006, "probe_jsd": 0.0027}
    second = spoken(cells)[1]
    assert "implies -0.0006 nats" in second
    assert "find 0.0027" in second
    assert "sees nearly all of what is left**" not in second
    assert "; without a discriminator the KL divergence is 32.85 nats even after" in second
    del cells["deterministic-none-0"]
    assert "without a discriminator" not in spoken(cells)[1]


def test_the_third_sentence_says_that_encoders_are_equivalent_only_where_all_comparisons_are() -> None:
    cells = ablation()
    third = spoken(cells)[2]
    assert third.startswith(
        "3. **The type of encoder makes no difference that matters**: the largest beside its margin, "
    )
    assert "deterministic minus universal in KL(q || p) of test codes, is -0.002 nats (95% CI " in third
    assert "9 of 9 comparisons are equivalent within ±0.02 nats in KL(q || p) and ±0.01 " in third
    assert "; the Gaussian encoder became nearly deterministic, with a median sigma(x) of 4e-06" in third

    for seed in range(3):
        cells[f"universal-gaussian-{seed}"]["kl"] += 0.05
    third = spoken(cells)[2]
    assert third.startswith(
        "3. **The type of encoder makes a difference in 2 of 9 comparisons**: the largest beside its margin, "
        "deterministic minus universal in KL(q || p) of test codes, is -0.052 nats (95% CI "
    )
    assert "7 of 9 comparisons are equivalent" in third

    cells["gaussian-gaussian-0"] = evaluation(kl=0.12)
    for seed in range(3):
        cells[f"universal-gaussian-{seed}"] = cells[f"deterministic-gaussian-{seed}"]
    third = spoken(cells)[2]
    assert third.startswith(
        "3. **No difference between encoders is significant, but equivalence is not shown"
    )

    one_seed = {cell: found for cell, found in cells.items() if cell.endswith("0")}
    assert "takes more than one seed" in spoken(one_seed)[2]


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
    assert without == ["36.480", "36.500", "0.150", "1.2%", "5.400", "0.0350", "0.830", "", "0"]
    assert samples == ["0.001", "0.004", "0.030", "0.0%", "", "", "", "", ""]


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


# The pages.


def test_a_page_gets_the_numbers_of_the_study_where_it_was_run(tmp_path: Path) -> None:
    page = "a\n<!-- answer -->\nold\n<!-- /answer -->\nb\n"
    page += "<!-- encoders-verdicts -->\n<!-- /encoders-verdicts -->\n"
    write(tmp_path, ablation(seeds=3))
    filled = fill(page, tmp_path)
    assert filled.startswith("a\n<!-- answer -->\n1. **")
    assert "old" not in filled
    assert "3 seeds" in filled
    assert "Not run yet" in filled
    write(tmp_path / STUDY, ablation(seeds=8))
    filled = fill(filled, tmp_path)
    assert "8 seeds" in filled
    assert "3 seeds" not in filled
    assert filled.endswith("<!-- encoders-verdicts -->\n- One.\n- Two.\n<!-- /encoders-verdicts -->\n")
    assert fill(filled, tmp_path) == filled


def write(folder: Path, cells: Cells) -> None:
    for name, table in rows(cells).items():
        artifacts.save_rows(table, folder / f"metrics/{name}.json")
        assert len(json.loads((folder / f"metrics/{name}.json").read_text())) == len(table)
