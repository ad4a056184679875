"""Lists whose entries come in any order: JSON_ARRAYAGG, JSON_OBJECTAGG, and GROUP_CONCAT without ORDER BY.

Invariant: two texts become one only if they hold the same entries, each as often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from shardkit.verify import Answer, Failure


def in_one_order(answer: Answer | Failure, unordered: Mapping[int, str]) -> Answer | Failure:
    """The answer with the lists in these columns sorted; each is `json`, or names its separator."""
    if isinstance(answer, Failure) or not unordered:
        return answer
    rows = (
        tuple(
            ordered(value, unordered[place]) if place in unordered and isinstance(value, str) else value
            for place, value in enumerate(row)
        )
        for row in answer.rows
    )
    return replace(answer, rows=tuple(rows))


def ordered(text: str, separator: str) -> str:
    """A list with its entries in one order; of a JSON object all pairs, also those with one name."""
    if separator != "json":
        return separator.join(sorted(text.split(separator)))
    found = json.loads(text, object_pairs_hook=list)
    return json.dumps(sorted(found, key=json.dumps))
