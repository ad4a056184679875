"""Source -> model. Every mistake of shape becomes one problem with its place; the rest is kept for the later checks.

A wrong value is reported once, taken out, and validation is tried again without it, so that one mistyped number does
not hide what is wrong elsewhere.
Invariant: a model comes back even from a file full of mistakes, except when there is nothing to check at all.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shardkit.rules.model import RulesIn
from shardkit.rules.schema import keys_at
from shardkit.rules.source import Path, Source

_MARKS = ("<text>", "<list>", "<mapping>", "[key]")
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def validate(source: Source) -> RulesIn | None:
    """The model of what is right in the file; None if nothing is. Mistakes are reported to the source."""
    if not source.data and source.problems:
        return None
    first = True
    while True:
        try:
            return RulesIn.model_validate(source.data)
        except ValidationError as failed:
            errors = failed.errors(include_url=False, include_context=True, include_input=False)
            if first:
                _note_misspelt(source, errors)
        for error in errors:
            path = _path(error)
            if first and not (error["type"] == "missing" and path in source.pruned):
                _report(source, error, path)
        for error in errors:
            _take_out(source, error, _path(error))
        first = False


def _note_misspelt(source: Source, errors: list[ErrorDetails]) -> None:
    """A misspelt key is one mistake: what was meant then counts as written but unusable, not as missing."""
    for error in errors:
        path = _path(error)
        near = get_close_matches(str(path[-1]), keys_at(path[:-1]), n=1) if error["type"] == "extra_forbidden" else []
        if near and not source.has((*path[:-1], near[0])):
            source.pruned.add((*path[:-1], near[0]))


def _path(error: ErrorDetails) -> Path:
    """The place in the file; pydantic's own marks for branches of a union and for keys are dropped."""
    return tuple(step for step in error["loc"] if step not in _MARKS)


def _report(source: Source, error: ErrorDetails, path: Path) -> None:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        source.problem(path[:-1], f"{path[-1]!r} is missing", "", key=True)
    elif kind == "extra_forbidden":
        source.unknown(path, "key", keys_at(path[:-1]), key=True)
    elif kind == "literal_error" and path != ("version",):
        known = [known.strip("'") for known in str(context["expected"]).replace(" or ", ", ").split(", ")]
        source.unknown(path, "value", known)
    elif kind in _WANTED:
        instead = "write it in quotes" if kind == "string_type" and path in source.shown else ""
        source.problem(path, f"{_WANTED[kind]} is wanted{_found(source, path)}", instead)
    else:
        source.problem(path, _plain(kind, context, error["msg"]) + _found(source, path, kind))


def _plain(kind: str, context: dict[str, Any], message: str) -> str:
    match kind:
        case "literal_error":
            return f"the only version is {context['expected']}"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "string_too_short" | "too_short":
            return "must not be empty"
        case "string_too_long":
            return f"must not be longer than {context['max_length']} characters"
        case _:
            return message


def _found(source: Source, path: Path, kind: str = "") -> str:
    shown = source.shown.get(path)
    return f", not {shown!r}" if shown and kind not in ("url", "duration", "size", "shape") else ""


def _take_out(source: Source, error: ErrorDetails, path: Path) -> None:
    if error["type"] != "missing":
        source.prune(path)
    elif len(path) > 1:
        source.prune(path[:-1])
    else:
        source.data[str(path[0])] = 1 if path == ("version",) else {}
        source.pruned.add(path)
