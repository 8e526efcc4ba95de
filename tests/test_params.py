"""params.yaml: what it may hold, what goes together, which runs its grids are, and what people are told."""

import copy
from typing import Any, get_args

import pytest
import yaml
from conftest import ROOT, failure
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import make_config

from aae.data.datasets import DATASETS
from aae.model.parts import ARCHITECTURES, ENCODERS, OBJECTIVES, PRIORS
from aae.settings.config import ModelSettings, TrainSettings
from aae.settings.error_messages import SYNONYMS
from aae.settings.params import Run, parse_params, parse_study
from aae.system.errors import UserError

TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")
CONTENT: dict[str, Any] = yaml.safe_load(TEXT)

WORD_OR_NUMBER = [("model", "sigma"), ("data", "images")]
# What a variant changes is judged as the run that it makes: see the grids below.
VARIANTS = ("ablation", "variants")

# The printable part of Unicode: what a person could type.
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | WORDS | st.dates()
CONTENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=8,
)


def leaves(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value below `content` that holds no others."""
    match content:
        case dict():
            return [leaf for key, value in content.items() for leaf in leaves(value, (*path, key))]
        case list():
            return [leaf for place, value in enumerate(content) for leaf in leaves(value, (*path, place))]
        case _:
            return [path]


def leaves_of(kind: type) -> list[tuple[Any, ...]]:
    """The paths of all values of exactly this type in the committed params.yaml."""
    return [
        path for path in leaves(CONTENT) if type(value_at(path)) is kind and path[: len(VARIANTS)] != VARIANTS
    ]


def value_at(path: tuple[Any, ...]) -> Any:
    value: Any = CONTENT
    for part in path:
        value = value[part]
    return value


def with_value(path: str | tuple[Any, ...], value: Any) -> str:
    """The committed params.yaml with one value changed or added, such as "model.hidden_units"."""
    content = copy.deepcopy(CONTENT)
    *parents, last = path.split(".") if isinstance(path, str) else path
    place = content
    for parent in parents:
        place = place[parent]
    place[last] = value
    return yaml.safe_dump(content)


def complaint(text: str) -> str:
    """The one line that a wrong params.yaml gives."""
    line = failure(lambda: parse_params(text))
    assert line.startswith("params.yaml")
    return line


def test_the_committed_file_is_valid_and_every_number_arrives_as_written() -> None:
    assert parse_params(TEXT).model_dump(exclude_unset=True) == CONTENT


def test_a_misspelt_prior_gets_one_line_with_place_value_nearest_spelling_and_choices() -> None:
    line = complaint(with_value("prior", "gausian"))
    assert line == (
        "params.yaml: prior: 'gausian' is not allowed; did you mean 'gaussian'? "
        "allowed: gaussian, uniform, mixture, swiss_roll, none"
    )


@pytest.mark.parametrize(
    ("place", "word", "meant"),
    [
        ("prior", "normal", "gaussian"),
        ("prior", "standard-normal", "gaussian"),
        ("prior", "N(0, I)", "gaussian"),
        ("prior", "GMM", "mixture"),
        ("prior", "SwissRoll", "swiss_roll"),
        ("prior", "ae", "none"),
        ("encoder", "normal", "gaussian"),
        ("encoder", "ae", "deterministic"),
        ("objective", "VAE", "variational"),
        ("objective", "gan", "adversarial"),
        ("train.device", "gpu", "cuda"),
        ("train.precision", "bf16", "bfloat16"),
        ("model.architecture", "mlp", "perceptron"),
        ("model.initial_weights", "gaussian", "normal"),
        ("data.name", "MNIST", "mnist"),
    ],
)
def test_the_field_s_synonyms_lead_to_the_right_name(place: str, word: str, meant: str) -> None:
    assert f"{place}: {word!r} is not allowed; did you mean {meant!r}? " in complaint(with_value(place, word))


def test_synonyms_are_of_names_that_there_are() -> None:
    names = {*PRIORS, *ENCODERS, *OBJECTIVES, *ARCHITECTURES, *DATASETS}
    fields = (TrainSettings.model_fields, ModelSettings.model_fields)
    names |= {word for section in fields for each in section.values() for word in get_args(each.annotation)}
    assert set(SYNONYMS) <= names


@pytest.mark.parametrize("word", ["laplace", "cauchy", "student"])
def test_a_prior_that_is_none_of_ours_gets_no_guess(word: str) -> None:
    assert "did you mean" not in complaint(with_value("prior", word))


def test_an_unknown_key_gets_the_nearest_spelling_and_the_known_keys() -> None:
    line = complaint(with_value("encodr", "gaussian"))
    assert "encodr: unknown key" in line
    assert "did you mean 'encoder'?" in line
    assert all(key in line for key in CONTENT)


def test_further_complaints_are_counted() -> None:
    content = CONTENT | {"prior": "gausian", "encoder": "off", "seed": -1}
    line = complaint(yaml.safe_dump(content))
    assert line.endswith("(2 more settings are wrong)")


@pytest.mark.parametrize(
    ("written", "read_as"), [("null", "None"), ("~", "None"), ("off", "False"), ("no", "False")]
)
def test_words_that_yaml_turns_into_something_else_are_no_prior(written: str, read_as: str) -> None:
    line = complaint(TEXT.replace("\nprior: gaussian", f"\nprior: {written}"))
    assert f"prior: {read_as} is not allowed" in line
    assert "allowed: gaussian, uniform, mixture, swiss_roll, none" in line


@pytest.mark.parametrize("path", leaves_of(float))
def test_a_number_that_yaml_reads_as_text_gets_the_spelling_that_works(path: tuple[Any, ...]) -> None:
    line = complaint(with_value(path, "MARK").replace("MARK", "1e-3"))
    assert f"{'.'.join(map(str, path))}: '1e-3' is read as text" in line
    assert "1.0e-3" in line


WRONG: dict[type, list[Any]] = {
    float: [-1e-3, True, None, float("nan"), float("inf"), 1e9, "fast", [0.5]],
    int: [-1, True, None, 1.0, float("inf"), 2**32, "1", [1]],
    bool: ["true", 0, 1.0, None, [True]],
    str: ["Gaussian", "", 0, True, None, ["gaussian"]],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (path, value)
        for kind, values in WRONG.items()
        for path in leaves_of(kind)
        if path not in WORD_OR_NUMBER
        for value in values
    ],
)
def test_every_value_refuses_other_types_ranges_and_choices_by_name(
    path: tuple[Any, ...], value: Any
) -> None:
    line = complaint(with_value(path, value))
    assert f"{'.'.join(map(str, path))}: {value!r} is not allowed" in line


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("model.sigma", value) for value in ["learnt", "", -0.1, 10.1, True, None, [0.5], float("nan")]),
        *(("data.images", value) for value in ["al", "", 0, 60_001, 100.0, True, None, [100]]),
    ],
)
def test_a_key_that_may_be_a_word_or_a_number_says_both_once(key: str, value: Any) -> None:
    allowed = {
        "model.sigma": "learned, or a number from 0 to 10",
        "data.images": "all, or a number from 1 to 60000",
    }
    line = complaint(with_value(key, value))
    assert line == f"params.yaml: {key}: {value!r} is not allowed; allowed: {allowed[key]}"


@pytest.mark.parametrize("section", list(CONTENT))
def test_a_missing_section_is_named(section: str) -> None:
    content = {key: value for key, value in CONTENT.items() if key != section}
    assert complaint(yaml.safe_dump(content)) == f"params.yaml: {section}: missing"


@pytest.mark.parametrize("text", ["", "# nothing\n", "- gaussian", "gaussian", "3"])
def test_content_without_keys_is_refused(text: str) -> None:
    assert "expected keys and values" in complaint(text)


@pytest.mark.parametrize("text", ["a: [", "\ta: b", "a: b: c", "a: \0", TEXT + "\n---\n" + TEXT])
def test_broken_yaml_is_reported_in_one_line(text: str) -> None:
    assert "not valid YAML" in complaint(text)


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    line = 1 + TEXT[: TEXT.index("  epochs: 18")].count("\n")
    text = TEXT.replace("\n  batch_size", "\n  epochs: 20\n  batch_size", 1)
    said = f"params.yaml: line {line + 1}: 'epochs' stands in line {line} already; allowed: once"
    assert complaint(text) == said
    twice = "variants:\n  a: {}\n  b: {prior: none}\n  a: {prior: none}\n"
    assert "line 4: 'a' stands in line 2" in failure(lambda: parse_study(twice))
    assert "line 1: 'seed' stands in line 1" in complaint("{seed: 0, seed: 1}")


def test_a_merged_key_may_be_overridden() -> None:
    variants = "  a: &a {<<: {seed: 1}, prior: none, seed: 2}\n  b: {<<: [*a, {seed: 5}], prior: uniform}\n"
    grid = parse_study("prediction: It goes.\nseeds: [0]\nvariants:\n" + variants)
    assert grid.variants == {"a": {"seed": 2, "prior": "none"}, "b": {"seed": 2, "prior": "uniform"}}


@settings(deadline=None, max_examples=80)
@given(CONTENTS)
def test_whatever_the_file_holds_people_get_settings_or_one_line(content: Any) -> None:
    complaint(yaml.safe_dump(content, allow_unicode=True))  # Nothing made up has all the keys.


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(leaves(CONTENT)), CONTENTS)
def test_whatever_one_value_is_changed_to_people_get_settings_or_one_line(
    path: tuple[Any, ...], value: Any
) -> None:
    text = with_value(path, value)
    try:
        assert parse_params(text).model_dump(exclude_unset=True) == yaml.safe_load(text)
    except UserError:
        assert path[0] in complaint(text)


@pytest.mark.parametrize(
    "value",
    [
        "2020-13-45",
        "0x_",
        "9" * 5000,
        "0x" + "f" * 5000,
        "[" * 3000,
        "2020-01-01T25:00:00Z",
        '0\n"a\\nb": 1\n',
    ],
)
def test_what_yaml_and_python_themselves_cannot_read_gets_one_line_too(value: str) -> None:
    complaint(TEXT.replace("seed: 0 ", f"seed: {value} ", 1))


# The run that it describes.


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({}, "deterministic encoder, prior: gaussian"),
        (
            {"encoder": "gaussian", "objective": "variational"},
            "gaussian encoder, prior: gaussian, variational",
        ),
        (
            {"prior": "mixture", "labels": 10_000},
            "deterministic encoder, prior: mixture, 10,000 labels",
        ),
    ],
)
def test_a_runs_title_names_what_is_not_usual_about_it(settings: dict[str, Any], title: str) -> None:
    assert make_config(**settings).title == title


# Grids.


PARAMS = parse_params(TEXT)


def study(**changes: Any) -> str:
    """The text of a study's params.yaml."""
    content = {"prediction": "It goes.", "seeds": [0, 1], "variants": {"a": {"encoder": "deterministic"}}}
    return yaml.safe_dump(content | changes, sort_keys=False)


def runs(**changes: Any) -> list[Run]:
    return PARAMS.runs(parse_study(study(**changes)))


def test_a_grid_is_its_variants_times_its_seeds_in_order() -> None:
    found = runs(variants={"still": {}, "noisy": {"encoder": "gaussian", "model.sigma": 0.1}})
    assert [(run.variant, run.config.seed) for run in found] == [
        ("still", 0), ("still", 1), ("noisy", 0), ("noisy", 1),
    ]  # fmt: skip
    assert [run.config.encoder for run in found] == 2 * ["deterministic"] + 2 * ["gaussian"]
    assert found[2].config.model.sigma == 0.1
    assert found[0].config.model.sigma == "learned"


def test_a_variant_may_have_seeds_of_its_own() -> None:
    found = runs(
        variants={"a": {}, "b": {"prior": "none", "seed": 7}, "c": {"prior": "mixture", "seed": [2, 9]}}
    )
    assert [(run.variant, run.config.seed) for run in found] == [
        ("a", 0), ("a", 1), ("b", 7), ("c", 2), ("c", 9),
    ]  # fmt: skip


def test_the_recipe_holds_for_all_runs_and_the_base_runs_choices_for_none() -> None:
    other = PARAMS.model_copy(update={"prior": "mixture", "encoder": "universal", "seed": 9, "labels": 3})
    grid = parse_study(study(variants={"a": {"train.epochs": 3}}))
    assert other.runs(grid) == PARAMS.runs(grid)
    (first, _) = PARAMS.runs(grid)
    assert first.config.train == PARAMS.train.model_copy(update={"epochs": 3})
    assert first.config.data == PARAMS.data


def test_a_sigma_in_the_recipe_concerns_the_gaussian_encoder_alone() -> None:
    noisy = PARAMS.model_copy(update={"model": PARAMS.model.model_copy(update={"sigma": 0.2})})
    grid = parse_study(study(variants={"a": {}, "b": {"encoder": "gaussian"}, "c": {"encoder": "universal"}}))
    assert [run.config.model.sigma for run in noisy.runs(grid)[::2]] == ["learned", 0.2, "learned"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train.epochz": 3}, ["variants.a", "'train.epochz'", "train.epochs"]),
        ({"plot_2A.dpi": 3}, ["variants.a", "'plot_2A.dpi'", "allowed: "]),
        ({"model": 3}, ["variants.a", "model: expected keys"]),
        ({"prior": "gausian"}, ["variants.a", "prior: 'gausian'", "did you mean 'gaussian'?"]),
        ({"train.epochs": 0}, ["variants.a", "train.epochs: 0"]),
        ({"train.epochs": True}, ["variants.a", "train.epochs: True"]),
        ({"seed": -1}, ["variants.a", "seed: -1"]),
        ({"seed": [0, 1.5]}, ["variants.a", "seed: 1.5"]),
        ({"seed": [3, 3]}, ["a, seed 3 is the same run as a, seed 3"]),
        ({"seed": []}, ["variants.a", "seed: []"]),
        ({"prior": ["none"]}, ["variants.a", "prior: ['none']"]),
        ({"model.sigma": 0.1}, ["variants.a", "model.sigma: 0.1 is the standard deviation of the gaussian"]),
        ({"objective": "variational"}, ["variants.a", "needs encoder: gaussian"]),
    ],
)
def test_a_wrong_change_is_told_with_its_variant_and_what_is_allowed(
    changes: dict[str, Any], words: list[str]
) -> None:
    line = failure(lambda: runs(variants={"a": changes}))
    assert line.startswith("params.yaml: ")
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": []}, "seeds: at least one"),
        ({"seeds": [0, 0]}, "seeds: [0, 0]"),
        ({"seeds": [2**32]}, "seeds.0: 4294967296"),
        ({"variants": {}}, "variants: at least one"),
        ({"variants": {"a/b": {}}}, "'a/b' cannot name a variant"),
        ({"measures": ["likelihood"]}, "allowed: components, log_likelihood"),
        ({"keep": ["b"]}, "keep: 'b' is no variant; allowed: a"),
        ({"prediction": " "}, "prediction: missing"),
        ({"cells": ["a"]}, "cells: unknown key"),
        ({"margins": {"kl": 0.02}}, "margins.sliced_w2: missing"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused_in_one_line(changes: dict[str, Any], words: str) -> None:
    line = failure(lambda: parse_study(study(**changes)))
    assert line.startswith("params.yaml: ")
    assert words in line


def test_one_run_under_two_names_is_refused() -> None:
    line = failure(lambda: runs(variants={"a": {}, "b": {"prior": "gaussian"}}))
    assert "b, seed 0 is the same run as a, seed 0" in line


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("studies/*/params.yaml")), ids=lambda path: path.parent.name
)
def test_every_committed_study_has_a_prediction_and_runs(path: Any) -> None:
    settings = parse_study(path.read_text(encoding="utf-8"))
    assert PARAMS.runs(settings)
