"""params.yaml: what it may hold, and what people are told when it holds something else."""

import copy
from typing import Any, get_args

import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from aae.data.datasets import DATASETS
from aae.model.parts import ARCHITECTURES, ENCODERS, OBJECTIVES, PRIORS
from aae.settings.config import ModelSettings, TrainSettings
from aae.settings.error_messages import SYNONYMS
from aae.settings.params import parse_params
from aae.system.errors import UserError

TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")
CONTENT: dict[str, Any] = yaml.safe_load(TEXT)

WORD_OR_NUMBER = [("model", "sigma"), ("data", "images")]
# What a variant changes is judged as the run that it makes: test_grids.py.
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
    with pytest.raises(UserError) as caught:
        parse_params(text)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
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


def test_an_unknown_nested_key_gets_its_path_and_the_keys_of_its_own_section() -> None:
    line = complaint(with_value("model.hiden_units", 3))
    assert "model.hiden_units: unknown key" in line
    assert "did you mean 'hidden_units'?" in line
    assert line.endswith("known here: " + ", ".join(CONTENT["model"]))


def test_a_far_off_key_gets_the_known_keys_but_no_guess() -> None:
    line = complaint(with_value("model.xyzzy", 3))
    assert "did you mean" not in line
    assert line.endswith("known here: " + ", ".join(CONTENT["model"]))


def test_further_complaints_are_counted() -> None:
    content = CONTENT | {"prior": "gausian", "encoder": "off", "seed": -1}
    line = complaint(yaml.safe_dump(content))
    assert line.endswith("(and 2 more)")


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


@pytest.mark.parametrize("path", leaves_of(float))
@pytest.mark.parametrize("value", [-1e-3, True, None, float("nan"), float("inf"), 1e9, "fast", [0.5]])
def test_every_real_number_refuses_other_types_and_ranges_by_name(path: tuple[Any, ...], value: Any) -> None:
    line = complaint(with_value(path, value))
    assert f"{'.'.join(map(str, path))}: {value!r} is not allowed" in line


@pytest.mark.parametrize("path", leaves_of(int))
@pytest.mark.parametrize("value", [-1, True, None, 1.0, float("inf"), 2**32, "1", [1]])
def test_every_integer_refuses_other_types_and_ranges_by_name(path: tuple[Any, ...], value: Any) -> None:
    line = complaint(with_value(path, value))
    assert f"{'.'.join(map(str, path))}: {value!r} is not allowed" in line


@pytest.mark.parametrize("path", leaves_of(bool))
@pytest.mark.parametrize("value", ["true", 0, 1.0, None, [True]])
def test_every_switch_is_true_or_false(path: tuple[Any, ...], value: Any) -> None:
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


def test_what_is_wrong_in_two_ways_counts_once_beside_further_complaints() -> None:
    content = copy.deepcopy(CONTENT)
    content["model"]["sigma"], content["data"]["images"] = "learnt", 0
    line = complaint(yaml.safe_dump(content))
    assert line.startswith("params.yaml: model.sigma: 'learnt' is not allowed; ")
    assert line.endswith("(and 1 more)")


def test_a_number_that_yaml_reads_as_text_gets_the_spelling_that_works_where_a_word_would_do_too() -> None:
    line = complaint(with_value("model.sigma", "MARK").replace("MARK", "1e-3"))
    assert line == "params.yaml: model.sigma: '1e-3' is read as text; write it with a point, such as 1.0e-3"


@pytest.mark.parametrize("path", [path for path in leaves_of(str) if path not in WORD_OR_NUMBER])
@pytest.mark.parametrize("value", ["Gaussian", "", 0, True, None, ["gaussian"]])
def test_every_choice_refuses_what_it_does_not_list(path: tuple[Any, ...], value: Any) -> None:
    line = complaint(with_value(path, value))
    assert f"{'.'.join(map(str, path))}: {value!r} is not allowed" in line
    assert "; allowed: " in line or "? allowed: " in line


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
    "value", ["2020-13-45", "0x_", "9" * 5000, "0x" + "f" * 5000, "[" * 3000, "2020-01-01T25:00:00Z"]
)
def test_what_yaml_and_python_themselves_cannot_read_gets_one_line_too(value: str) -> None:
    complaint(TEXT.replace("seed: 0 ", f"seed: {value} ", 1))


def test_a_number_beyond_all_floats_gets_one_line() -> None:
    complaint(TEXT.replace("learning_rate: 3.0e-3", "learning_rate: " + "9" * 400, 1))


@pytest.mark.parametrize(
    ("right", "wrong", "place"), [("hidden_units", "hiden_units", "model."), ("\nprior", "\nprio", "")]
)
def test_a_misspelt_key_is_told_by_its_spelling_and_not_as_missing(
    right: str, wrong: str, place: str
) -> None:
    line = complaint(TEXT.replace(right, wrong))
    assert f"{place}{wrong.strip()}: unknown key; did you mean '{right.strip()}'?" in line


def test_a_key_of_two_lines_gets_one() -> None:
    complaint(TEXT + '\n"a\\nb": 1\n')
