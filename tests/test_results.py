"""The README's answer and the tables of docs/results.md say what the rows in metrics/ say."""

from pathlib import Path
from typing import Any

import pytest
from evaluated import NULL, ablation, evaluation, rows_of

from aae.compare.equivalence import contrasts
from aae.compare.summary import variants
from aae.report.results import ablation_table, answer
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


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        ([0, 0, 0], "makes no difference that matters**"),
        ([0.05, 0.05, 0.05], "makes a difference in 2 of 9 comparisons**"),
        ([0.03, 0, 0], "No difference between encoders is significant, but equivalence is not shown"),
        ([], "takes more than one seed"),
    ],
)
def test_the_third_sentence_says_that_encoders_are_equivalent_only_where_all_comparisons_are(
    shift: list[float], words: str
) -> None:
    cells = ablation(len(shift) or 1)
    for seed, each in enumerate(shift):
        cells[f"universal-gaussian-{seed}"]["kl"] += each
    assert words in spoken(cells)[2]


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


# The pages.


def test_a_page_gets_the_numbers_of_the_study_between_its_marks(tmp_path: Path) -> None:
    for name, table in rows(ablation(seeds=8)).items():
        artifacts.save_rows(table, tmp_path / STUDY / f"metrics/{name}.json")
    page = "a\n<!-- answer -->\nold\n<!-- /answer -->\nb\n"
    page += "<!-- encoders-verdicts -->\n<!-- /encoders-verdicts -->\n"
    filled = fill(page, tmp_path)
    assert filled.startswith("a\n<!-- answer -->\n1. **")
    assert "old" not in filled
    assert "8 seeds" in filled
    assert filled.endswith("<!-- encoders-verdicts -->\n- One.\n- Two.\n<!-- /encoders-verdicts -->\n")
    assert fill(filled, tmp_path) == filled
