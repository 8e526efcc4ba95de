"""Error messages for settings: one line that says what is wrong, and how to correct it."""

import difflib
import re
from collections.abc import Sequence
from types import NoneType
from typing import Any, get_args

from pydantic import ValidationError

from aae.settings.config import Settings

# What else the field calls what settings can name, in small letters without marks.
SYNONYMS = {
    "gaussian": "normal gauss standardnormal isotropicgaussian n01 n0i stochastic reparameterized",
    "mixture": "gmm mog mixtureofgaussians gaussianmixture mixtureof10gaussians ring",
    "swiss_roll": "roll spiral",
    "uniform": "flat box cube square",
    "none": "no null false off ae autoencoder unconstrained unregularized",
    "deterministic": "ae plain dirac delta point deterministicencoder autoencoder",
    "universal": "implicit noisy universalapproximator",
    "adversarial": "aae gan adversarialautoencoder discriminator",
    "variational": "vae elbo kl betavae variationalautoencoder",
    "perceptron": "mlp dense fc linear fullyconnected",
    "normal": "gaussian gauss",
    "he": "kaiming",
    "sgd": "momentum",
    "cuda": "gpu nvidia",
    "mps": "metal apple",
    "bfloat16": "bf16 half float16 fp16",
    "float32": "fp32 float single full",
    "mnist": "digits",
    "kmnist": "kuzushiji kuzushijimnist",
}


def first_complaint(error: ValidationError, schema: type[Settings]) -> str:
    """The first thing that a validation found wrong, as one line with the nearest right spelling."""
    # A misspelt key is both unknown and missing: the first says how to mend it.
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    places = [_place(detail["loc"], schema) for detail in details]
    # What concerns several keys has no place of its own, and names them itself.
    key = ".".join(places[0]) + ": " if places[0] else ""
    # A key that may be a word or a number is wrong in two ways.
    here = [detail for detail, place in zip(details, places, strict=True) if place == places[0]]
    first = next((detail for detail in here if detail["type"] == "float_type"), here[0])
    line = " ".join(f"{key}{_explain(first, places[0], schema)}".split())
    others = len(set(places)) - 1
    are = "setting is" if others == 1 else "settings are"
    return f"{line} ({others} more {are} wrong)" if others else line


def _place(location: tuple[str | int, ...], schema: Any) -> tuple[str, ...]:
    """The keys that lead to what is wrong, and places in lists, but no names of types."""
    keys = []
    for part in location:
        fields = getattr(schema, "model_fields", None)
        if fields is None and not isinstance(part, int):
            break
        keys.append(str(part))
        schema = _needed(fields[part].annotation) if fields and part in fields else None
    return tuple(keys)


def _needed(schema: Any) -> Any:
    """The type of a value that may be missing as well."""
    kinds = [kind for kind in get_args(schema) if kind is not NoneType]
    return kinds[0] if NoneType in get_args(schema) and len(kinds) == 1 else schema


def _explain(detail: Any, place: tuple[str, ...], schema: type[Settings]) -> str:
    given = detail["input"]
    try:
        shown = repr(given)
    except ValueError:  # Python prints no integer of more than 4300 digits.
        shown = "the number"
    match detail["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            known = list(_section(place[:-1], schema).model_fields)
            return "unknown key; " + nearest(place[-1], known) + "known here: " + ", ".join(known)
        case "float_type" if _is_number(given):  # YAML 1.1, which PyYAML reads, takes 1e-3 for a word.
            return f"{shown} is read as text; write it with a point, such as 1.0e-3"
        case "model_type":
            return f"expected keys and values, found {shown}"
        case "too_short":
            return "at least one is needed"
        case "value_error" if not place:
            return str(detail["ctx"]["error"])
        case _ if allowed := _described(place, schema):
            return f"{shown} is not allowed; allowed: {allowed}"
        case "literal_error":
            choices = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            return f"{shown} is not allowed; {nearest(str(given), choices)}allowed: {', '.join(choices)}"
        case _:
            return f"{shown} is not allowed; {detail['msg'].removeprefix('Value error, ')}"


def _section(place: tuple[str, ...], schema: Any) -> type[Settings]:
    for part in place:
        schema = _needed(schema.model_fields[part].annotation)
    return schema


def _described(place: tuple[str, ...], schema: type[Settings]) -> str | None:
    """Describe what the key at a place may be, where its type does not say it."""
    try:
        return _section(place[:-1], schema).model_fields[place[-1]].description
    except (AttributeError, KeyError, IndexError):
        return None


def nearest(word: str, allowed: Sequence[str]) -> str:
    """Ask for the allowed word that was meant, by the field's synonyms or by spelling; empty if none was."""
    plain = re.sub(r"[\W_]+", "", word.lower())
    meant = [name for name in allowed if plain in SYNONYMS.get(name, "").split()]
    meant = meant or difflib.get_close_matches(word.lower(), allowed, n=1, cutoff=0.65)
    return f"did you mean {meant[0]!r}? " if meant else ""


def _is_number(given: Any) -> bool:
    if not isinstance(given, str):
        return False
    try:
        float(given)
    except ValueError:
        return False
    return True
