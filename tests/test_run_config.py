"""The run that params.yaml describes: which settings go together."""

import copy
from typing import Any

import pytest
import yaml
from conftest import ROOT

from aae.settings.params import parse_params
from aae.system.errors import UserError

CONTENT: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
VARIATIONAL = {"encoder": "gaussian", "objective": "variational"}


def changed(**changes: Any) -> str:
    """The committed params.yaml with some values changed, such as model={"sigma": 0.5}."""
    content = copy.deepcopy(CONTENT)
    for key, value in changes.items():
        content[key] = content[key] | value if isinstance(value, dict) else value
    return yaml.safe_dump(content)


@pytest.mark.parametrize(
    "changes",
    [
        VARIATIONAL,
        VARIATIONAL | {"model": {"sigma": 0.5}},
        {"encoder": "gaussian", "model": {"sigma": 0}},  # Without noise: allowed where nothing divides by it.
        {"encoder": "universal", "prior": "none"},
        {"encoder": "gaussian", "prior": "none", "model": {"sigma": 0}},
        {"train": {"regularization_interval": 3, "code_buffer": 2, "refinement_start": 0.0}},
        {"train": {"adversarial_weight_start": 1.0, "adversarial_weight": 0.1}},
        {"prior": "mixture", "labels": 60_000},
        {"prior": "none", "objective": "adversarial"},
    ],
)
def test_settings_that_go_together_are_accepted(changes: dict[str, Any]) -> None:
    params = parse_params(changed(**changes))
    assert params.base().encoder == params.encoder
    assert params.base().objective == params.objective


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"encoder": "universal", "model": {"sigma": 0.5}},
            "model.sigma: 0.5 is the standard deviation of the gaussian encoder; "
            "with encoder: universal only learned is allowed",
        ),
        (
            {"encoder": "deterministic", "model": {"sigma": 0}},
            "model.sigma: 0.0 is the standard deviation of the gaussian encoder; "
            "with encoder: deterministic only learned is allowed",
        ),
        (
            {"objective": "variational"},
            "objective: variational needs encoder: gaussian, as KL(q(z|x) || p(z)) needs the density of "
            "q(z|x), which the deterministic encoder does not have",
        ),
        (
            {"encoder": "universal", "objective": "variational"},
            "objective: variational needs encoder: gaussian, as KL(q(z|x) || p(z)) needs the density of "
            "q(z|x), which the universal encoder does not have",
        ),
        (
            VARIATIONAL | {"prior": "none"},
            "objective: variational needs a prior; with prior: none only adversarial is allowed",
        ),
        (  # Whatever else does not go with it: this is what to change first.
            {"prior": "none", "objective": "variational", "encoder": "universal", "labels": 100},
            "objective: variational needs a prior; with prior: none only adversarial is allowed",
        ),
        (
            VARIATIONAL | {"model": {"sigma": 0}},
            "objective: variational needs model.sigma above 0, or learned",
        ),
        (
            VARIATIONAL | {"labels": 100},
            "labels: 100 is for the discriminator, which objective: variational does not have; "
            "only 0 is allowed",
        ),
    ],
)
def test_settings_that_do_not_go_together_get_one_line_that_names_their_keys(
    changes: dict[str, Any], line: str
) -> None:
    with pytest.raises(UserError) as caught:
        parse_params(changed(**changes))
    assert str(caught.value) == f"params.yaml: {line}"


@pytest.mark.parametrize(
    ("changes", "objective"),
    [({}, "adversarial"), (VARIATIONAL, "variational"), ({"prior": "none"}, "unregularized")],
)
def test_without_a_prior_nothing_is_added_to_the_reconstruction_loss(
    changes: dict[str, Any], objective: str
) -> None:
    assert parse_params(changed(**changes)).base().objective_name == objective


def test_a_runs_title_names_what_is_not_usual_about_it() -> None:
    def title(**changes: Any) -> str:
        return parse_params(changed(**changes)).base().title

    assert title() == "deterministic encoder, prior: gaussian"
    assert title(**VARIATIONAL) == "gaussian encoder, prior: gaussian, variational"
    assert title(prior="mixture", labels=10_000) == "deterministic encoder, prior: mixture, 10,000 labels"
