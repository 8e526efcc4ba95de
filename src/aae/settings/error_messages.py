"""Error messages for settings: one line that says what is wrong, and how to correct it."""

import difflib
from types import NoneType
from typing import Any, get_args

from pydantic import ValidationError

from aae.settings.config import Settings


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
    return f"{line} (and {others} more)" if others else line


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
            return "unknown key; " + _nearest(place[-1], known) + "known here: " + ", ".join(known)
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
            return f"{shown} is not allowed; {_nearest(str(given), choices)}allowed: {', '.join(choices)}"
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


def _nearest(word: str, allowed: list[str]) -> str:
    matches = difflib.get_close_matches(word, allowed, n=1)
    return f"did you mean {matches[0]!r}? " if matches else ""


def _is_number(given: Any) -> bool:
    if not isinstance(given, str):
        return False
    try:
        float(given)
    except ValueError:
        return False
    return True
