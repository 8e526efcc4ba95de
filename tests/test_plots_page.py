"""The page and the templates of `dvc plots diff`: complete, and fit for the columns that there are."""

from typing import Any

import pandas as pd
import pytest
import yaml
from conftest import ROOT

import plots_page

TEMPLATES = sorted((ROOT / ".dvc/plots").glob("*.json"))


def plots() -> dict[str, dict[str, Any]]:
    """The plots that dvc.yaml defines, and the one of a stage, by name."""
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    found = {name: plot for each in pipeline["plots"] for name, plot in each.items()}
    of_a_stage = [out for out in pipeline["stages"]["base-metrics"]["plots"] if isinstance(out, dict)]
    return found | {
        path: {**plot, "y": {path: plot["y"]}} for out in of_a_stage for path, plot in out.items()
    }


def test_the_page_carries_the_vega_of_the_environment_and_asks_no_network_for_it() -> None:
    page = plots_page.PAGE.read_text(encoding="utf-8")
    assert page == plots_page.page()  # Else: python tools/plots_page.py
    assert "{plot_divs}" in page
    assert "{scripts}" not in page
    assert 'src="http' not in page
    assert f"html_template = {plots_page.PAGE.name}" in (ROOT / ".dvc/config").read_text()


@pytest.mark.parametrize("name", plots())
def test_a_plot_has_words_a_template_and_columns_that_are_there(name: str) -> None:
    plot = plots()[name]
    assert plot["title"]
    assert plot["template"] in {template.stem for template in TEMPLATES}
    for path, columns in plot["y"].items():
        if not (ROOT / path).exists():  # Codes are in DVC's cache alone.
            assert path == "data/testset/codes.csv"
            continue
        read = pd.read_json if path.endswith("json") else pd.read_csv
        table = read(ROOT / path)
        assert {plot["x"], *([columns] if isinstance(columns, str) else columns)} <= set(table.columns)


def test_every_template_is_used() -> None:
    assert {template.stem for template in TEMPLATES} == {plot["template"] for plot in plots().values()}
