"""The JSON Schema of the rules file, for editors, generated from the model; and the keys it knows at a path.

Invariant: what the loader accepts the schema accepts: a number may also be written as `${NAME}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from shardkit.rules.model import RulesIn

Json = dict[str, Any]

_VARIABLE: Json = {"type": "string", "pattern": r"\$\{"}


def json_schema() -> Json:
    """The JSON Schema (draft 2020-12) of `shard-rules.yaml`."""
    schema: Json = _readable(RulesIn.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "shardkit rules"}


def _readable(node: Any) -> Any:
    """Without null (an empty value is a mistake) and generated titles; numbers may come from the environment."""
    if isinstance(node, list):
        return [_readable(item) for item in node if item != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    found = {key: _readable(value) for key, value in node.items() if not _is_noise(key, value)}
    if found.get("type") == "integer":
        kept = {key: found.pop(key) for key in ("description", "default") if key in found}
        return {"anyOf": [found, _VARIABLE], **kept}
    if isinstance(branches := found.get("anyOf"), list) and len(branches) == 1:
        found |= found.pop("anyOf")[0]
    return found


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


@cache
def keys_at(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that the mapping at this path may have, in the order of the documentation."""
    root = RulesIn.model_json_schema()
    nodes = [root]
    for step in path:
        nodes = [inner for node in nodes for branch in _branches(root, node) for inner in _step(branch, step)]
    return tuple(
        dict.fromkeys(key for node in nodes for branch in _branches(root, node) for key in branch.get("properties", ()))
    )


def _branches(root: Json, node: Json) -> Iterator[Json]:
    """The node itself and everything it refers to or chooses between."""
    yield node
    if "$ref" in node:
        yield from _branches(root, root["$defs"][node["$ref"].rpartition("/")[2]])
    for word in ("anyOf", "oneOf", "allOf"):
        for branch in node.get(word, ()):
            yield from _branches(root, branch)


def _step(node: Json, step: str | int) -> Iterator[Json]:
    if isinstance(step, int):
        inner = node.get("items")
    else:
        inner = node.get("properties", {}).get(step, node.get("additionalProperties"))
    if isinstance(inner, dict):
        yield inner
