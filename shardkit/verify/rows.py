"""Equality of rows, in order and as multisets. Values are equal only with equal types; doubles to 1e-9.

Invariant: each row has at most one partner, so a row that comes twice on one side must come twice on the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shardkit.values import Row
from shardkit.verify.answers import Shown

DIGITS = 9


@dataclass(frozen=True, slots=True)
class Collated:
    """A text that is equal to others under its collation: they share the number."""

    number: int
    text: str = field(compare=False)

    def __repr__(self) -> str:
        return repr(self.text)

    def __str__(self) -> str:
        return self.text


def places_of(columns: Iterable[Shown], family: str) -> frozenset[int]:
    """The places of the columns of one family."""
    return frozenset(place for place, column in enumerate(columns) if column.family == family)


def in_order(left: Sequence[Row], right: Sequence[Row], floats: frozenset[int]) -> int | None:
    """The number of the first row that differs, or None."""
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        if not same(one, other, floats):
            return number
    return None


def same(left: Row, right: Row, floats: frozenset[int]) -> bool:
    """Whether two rows are equal; `floats` are the places of doubles."""
    return len(left) == len(right) and all(
        _close(one, other) if place in floats else type(one) is type(other) and one == other
        for place, (one, other) in enumerate(zip(left, right, strict=True))
    )


def missing(wanted: Sequence[Row], given: Sequence[Row], floats: frozenset[int]) -> list[Row]:
    """Rows of `wanted` that have no partner in `given`, each partner used once."""
    if not floats:
        return [_bare(row) for row in (Counter(map(_typed, wanted)) - Counter(map(_typed, given))).elements()]
    buckets: dict[Any, list[Row]] = {}
    for row in given:
        buckets.setdefault(_typed(_without(row, floats)), []).append(row)
    lost = []
    for row in wanted:
        bucket = buckets.get(_typed(_without(row, floats)), [])
        partner = next((place for place, other in enumerate(bucket) if same(row, other, floats)), None)
        if partner is None:
            lost.append(row)
        else:
            bucket.pop(partner)
    return lost


def _close(one: Any, other: Any) -> bool:
    if one is None or other is None or type(one) is not type(other):
        return one is other
    return math.isclose(one, other, rel_tol=10.0**-DIGITS, abs_tol=1e-12)


def _without(row: Row, places: frozenset[int]) -> Row:
    return tuple(value for place, value in enumerate(row) if place not in places)


def _typed(row: Row) -> Row:
    return tuple((type(value).__name__, value) for value in row)


def _bare(row: Row) -> Row:
    return tuple(value for _, value in row)
