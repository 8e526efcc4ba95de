"""The README's numbers are those of metrics/ and benchmarks/results/, and what it names is there."""

import re

import yaml
from conftest import ROOT

from readme import fill

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_committed_run() -> None:
    assert fill(README, ROOT) == README, "`make readme` writes the numbers"


def test_every_file_that_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    local = [link for link in links if "://" not in link]
    assert local
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_every_parameter_is_explained() -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for key, value in params.items():
        for name in value if isinstance(value, dict) else [None]:
            assert f"`{key}.{name}`" in README or f"`{key}`" in README, (key, name)
