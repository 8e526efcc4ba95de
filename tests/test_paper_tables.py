"""The tables of docs/paper.md: the paper beside what was measured."""

from typing import Any

import tables


def cells(text: str) -> list[list[str]]:
    head, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    assert {len(row) for row in rows} == {len(head)}
    return rows


def test_a_run_of_the_figures_stands_beside_what_the_paper_says_of_it() -> None:
    row = {"encoder": "deterministic", "prior": "mixture", "objective": "adversarial", "kl": 0.1234}
    told = {"labels": 10_000, "component_accuracy": 0.95}
    first, second = cells(
        tables.figures_table(
            [
                {**row, "figure": "2B", "labels": 0, "below_quarter": 0.02},
                {**row, **told, "figure": "3_mixture", "below_quarter": 0.02},
            ]
        )
    )
    assert first[:2] == [
        "[2B](../studies/figures/plots/2B.png)",
        "deterministic encoder, prior mixture, adversarial",
    ]
    assert "matched the aggregated posterior" in first[2]
    assert first[3] == "KL 0.123 nats, 2.0% of p's mass with q/p below 1/4"
    assert second[0] == "[3](../studies/figures/plots/3.png)"
    assert second[1].endswith("adversarial, 10,000 labels")
    assert second[3].startswith("95.0% of the codes in their digit's component, KL")


def test_table_1_says_who_reports_a_number_and_leaves_gaps_free() -> None:
    names = ("seeds", "low", "high", "bandwidth", "squared_error", "kl")
    reported: dict[str, Any] = {"samples": "GAN", "source": "reported", **dict.fromkeys(names)}
    ours = {"seeds": 3, "low": 303.0, "high": 309.0, "bandwidth": 0.176, "squared_error": 0.0142, "kl": 0.37}
    found = cells(
        tables.likelihood_table(
            [
                {**reported, "log_likelihood": 225.0, "standard_error": 2.0},
                {"samples": "AAE", "source": "run", **ours, "log_likelihood": 306.0, "standard_error": 2.1},
                {
                    **reported,
                    "source": "control",
                    "bandwidth": 0.15,
                    "log_likelihood": 243.0,
                    "standard_error": 2.0,
                },
            ]
        )
    )
    assert found == [
        ["GAN", "225.0 ± 2.0", "", "", "", "", "", "the paper"],
        ["**AAE**", "306.0 ± 2.1", "303.0 to 309.0", "3", "0.176", "0.0142", "0.37", "here"],
        ["GAN", "243.0 ± 2.0", "", "", "0.15", "", "", "here, a control"],
    ]
