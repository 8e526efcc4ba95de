"""README.md and docs/ have the numbers of metrics/ and benchmarks/results/, and what they name is there."""

import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

import priors
from aae.model.parts import PRIORS, prior_class
from readme import PAGES, fill

MARKED = pytest.mark.parametrize("name", PAGES)
ALL = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@MARKED
def test_the_numbers_are_those_of_the_committed_run(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "<!-- /" in text
    assert fill(text, ROOT) == text, "`make readme` writes the numbers"


def test_every_page_with_numbers_is_filled() -> None:
    marked = [str(page.relative_to(ROOT)) for page in ALL if "<!-- /" in page.read_text(encoding="utf-8")]
    assert sorted(marked) == sorted(PAGES)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_file_that_it_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_every_parameter_is_explained() -> None:
    text = (ROOT / "docs/parameters.md").read_text(encoding="utf-8")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for key, value in params.items():
        for name in value if isinstance(value, dict) else [None]:
            assert f"`{key}.{name}`" in text or f"`{key}`" in text, (key, name)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_key_that_it_names_is_one(page: Path) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    sections = "|".join(key for key, value in params.items() if isinstance(value, dict))
    text = page.read_text(encoding="utf-8").replace("ablation.json", "")
    named = re.findall(rf"\b({sections})\.(\w+)\b(?![/(])", text)
    assert [f"{section}.{key}" for section, key in named if key not in params[section]] == []


def test_the_picture_of_the_priors_shows_each_that_has_a_name() -> None:
    titles = [axes.get_title().split(":")[0] for axes in priors.figure().axes]
    assert titles == [
        name for name, kind in ((name, prior_class(name)) for name in PRIORS) if kind.constrains
    ]
