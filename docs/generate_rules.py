"""docs/reference/rules-keys.md from the models of the rules file: every key with its type, default and meaning.

Invariant: a key without a description is refused here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shardkit.rules import json_schema

INTRODUCTION = """\
# Every key of the rules file

*This page is generated from `shardkit/rules/model.py` by `make docs`. Do not edit it by hand.*

[The rules file](rules.md) explains the keys in their connection. `<name>` is a name of your choice, `[…]` an entry of a
list. Where a text is wanted, `${NAME}` and `${NAME:-default}` take it from the environment.

| key | value | default | means |
| --- | --- | --- | --- |
"""

Schema = Mapping[str, Any]


def page() -> str:
    """The whole page as Markdown."""
    schema = json_schema()
    return INTRODUCTION + "".join(_rows("", schema, schema))


def _rows(path: str, piece: Schema, whole: Schema) -> Iterator[str]:
    for key, value in piece.get("properties", {}).items():
        if key == "$schema":
            continue
        place = f"{path}.{key}" if path else key
        inside = dict(_inside(place, value, whole))
        meaning = value.get("description") or next((str(one.get("description", "")) for one in inside.values()), "")
        if not meaning:
            raise ValueError(f"{place} has no description")
        kind = " or ".join(dict.fromkeys(_kinds(value, whole))).replace("|", "\\|")
        yield f"| `{place}` | {kind} | {_default(key, value, piece)} | {meaning} |\n"
        for below, model in inside.items():
            yield from _rows(below, model, whole)


def _inside(place: str, value: Schema, whole: Schema) -> Iterator[tuple[str, Schema]]:
    """The mappings with keys of their own that may stand at a place."""
    for one in (value, *value.get("oneOf", ()), *value.get("anyOf", ())):
        if "$ref" in one:
            yield place, _resolved(one, whole)
        elif isinstance(one.get("additionalProperties"), dict):
            yield from _inside(f"{place}.<name>", one["additionalProperties"], whole)
        elif isinstance(one.get("items"), dict):
            yield from _inside(f"{place}[…]", one["items"], whole)


def _resolved(value: Schema, whole: Schema) -> Schema:
    found: Schema = whole["$defs"][value["$ref"].rsplit("/", 1)[1]]
    return found


def _kinds(value: Schema, whole: Schema) -> Iterator[str]:
    if "enum" in value:
        yield ", ".join(f"`{choice}`" for choice in value["enum"])
    elif "const" in value:
        yield f"`{value['const']}`"
    elif "oneOf" in value or "anyOf" in value:
        for one in (*value.get("oneOf", ()), *value.get("anyOf", ())):
            if one.get("pattern") != "\\$\\{":  # a variable in place of a number
                yield from _kinds(one, whole)
    elif "$ref" in value:
        yield "mapping"
    else:
        yield {"string": "text", "integer": "whole number", "boolean": "`true`, `false`", "array": "list",
               "object": "mapping"}[value["type"]]  # fmt: skip


def _default(key: str, value: Schema, piece: Schema) -> str:
    if key in piece.get("required", ()):
        return "required"
    default = value.get("default")
    return f"`{json.dumps(default)}`" if default not in (None, [], {}) and not isinstance(default, dict) else ""
