"""Whether two answers are one: the comparison that shared exactness asks for.

Order total: rows in order. Ties: the sequence of sort keys and the multiset of rows. No order: the multiset. A LIMIT
without a total order: a legal part of the answer without the limit. DECIMAL exact, DOUBLE to 1e-9, text that stands for
a group under the column's collation, as the oracle itself compares it.
Invariant: `differ` returns '' only when every clause holds; otherwise the first difference in words.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shardkit.values import Row
from tests.differential.answers import Answer, Failure

Canonical = Callable[[str, Sequence[str]], Mapping[str, int]]
"""(collation, texts) -> text -> a number, the same for texts that the oracle says are equal."""

DIGITS = 9


@dataclass(frozen=True, slots=True)
class Manner:
    """How rows are compared: `order` is total, ties or none; `keys` the places of the sort keys when there are ties.

    `collated` gives the collation of columns that show one of several equal texts, `unordered` the separator of columns
    that are lists in any order (or `json`). `whole` is the oracle's answer without LIMIT,
    when the limit may cut anywhere among equals.
    """

    order: str = "total"
    keys: tuple[int, ...] = ()
    collated: Mapping[int, str] = field(default_factory=dict)
    unordered: Mapping[int, str] = field(default_factory=dict)
    whole: Answer | None = None


ERRNO_FAMILIES = (
    frozenset({1052, 1054}),  # unknown and ambiguous column
    frozenset({1064, 1149, 1065}),  # syntax, empty query
    frozenset({1146, 1109, 1051}),  # unknown table
    frozenset({1062, 1586}),  # duplicate key
    frozenset({1210, 1835}),  # wrong parameters
)


def same_error(left: int, right: int) -> bool:
    """Whether two MySQL error numbers say the same thing."""
    return left == right or any({left, right} <= family for family in ERRNO_FAMILIES)


def differ(oracle: Answer | Failure, subject: Answer | Failure, manner: Manner, canonical: Canonical) -> str:
    """The first difference between the oracle's answer and the subject's, in words; '' when there is none."""
    if isinstance(oracle, Failure):
        return _failures(oracle, subject)
    if isinstance(subject, Failure):
        return f"MySQL answers {len(oracle.rows)} rows, the subject fails: {subject.text}"
    return _columns(oracle, subject) or _counts(oracle, subject) or _rows(oracle, subject, manner, canonical)


def _failures(oracle: Failure, subject: Answer | Failure) -> str:
    if isinstance(subject, Answer):
        return f"MySQL fails ({oracle.text}), the subject answers {len(subject.rows)} rows"
    if subject.refused:
        return f"refused, but MySQL itself fails: {oracle.text} | {subject.text}"
    if same_error(oracle.errno, subject.errno):
        return ""
    return f"errors differ: {oracle.text} | {subject.text}"


def _columns(oracle: Answer, subject: Answer) -> str:
    if oracle.columns == subject.columns:
        return ""
    return f"columns differ:\n  oracle  {oracle.columns}\n  subject {subject.columns}"


def _counts(oracle: Answer, subject: Answer) -> str:
    if oracle.columns:
        # A streaming cursor may not know its row count yet; the rows themselves are compared.
        return ""
    left, right = (oracle.rowcount, oracle.lastrowid), (subject.rowcount, subject.lastrowid)
    return "" if left == right else f"(rowcount, lastrowid) differ: oracle {left}, subject {right}"


def _rows(oracle: Answer, subject: Answer, manner: Manner, canonical: Canonical) -> str:
    answers = [oracle, subject] + ([manner.whole] if manner.whole else [])
    collate = _collator(answers, manner, canonical)
    floats = frozenset(place for place, column in enumerate(oracle.columns) if column.family == "float")
    left, right = [collate(row) for row in oracle.rows], [collate(row) for row in subject.rows]
    if len(left) != len(right):
        return f"{len(left)} rows expected, {len(right)} given\n{_sample(left, right, floats)}"
    match manner.order:
        case "total":
            return _in_order(left, right, floats)
        case "ties":
            problem = _in_order(_pick(left, manner.keys), _pick(right, manner.keys), _picked(floats, manner.keys))
            if problem:
                return f"sort keys: {problem}"
        case "none":
            pass
        case other:
            raise ValueError(f"order is total, ties or none, not {other!r}")
    if manner.whole is not None:
        extra = _missing(right, [collate(row) for row in manner.whole.rows], floats)
        return f"rows that the answer without LIMIT does not hold: {extra[:3]}" if extra else ""
    return _sample(left, right, floats) if _missing(left, right, floats) or _missing(right, left, floats) else ""


def _pick(rows: Sequence[Row], keys: Sequence[int]) -> list[Row]:
    if not keys:
        raise ValueError("a case with ties names the places of its sort keys: keys: [0, …]")
    return [tuple(row[key] for key in keys) for row in rows]


def _picked(floats: frozenset[int], keys: Sequence[int]) -> frozenset[int]:
    return frozenset(place for place, key in enumerate(keys) if key in floats)


def _in_order(left: Sequence[Row], right: Sequence[Row], floats: frozenset[int]) -> str:
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        if not _same_row(one, other, floats):
            return f"row {number} differs:\n  oracle  {one!r}\n  subject {other!r}"
    return ""


def _same_row(left: Row, right: Row, floats: frozenset[int]) -> bool:
    return len(left) == len(right) and all(
        _close(one, other) if place in floats else type(one) is type(other) and one == other
        for place, (one, other) in enumerate(zip(left, right, strict=True))
    )


def _close(one: Any, other: Any) -> bool:
    if one is None or other is None or type(one) is not type(other):
        return one is other
    return math.isclose(one, other, rel_tol=10.0**-DIGITS, abs_tol=1e-12)


def _missing(wanted: Sequence[Row], given: Sequence[Row], floats: frozenset[int]) -> list[Row]:
    """Rows of `wanted` that have no partner in `given`, each partner used once."""
    if not floats:
        return list((Counter(map(_typed, wanted)) - Counter(map(_typed, given))).elements())
    buckets: dict[Any, list[Row]] = {}
    for row in given:
        buckets.setdefault(_typed(_without(row, floats)), []).append(row)
    lost = []
    for row in wanted:
        bucket = buckets.get(_typed(_without(row, floats)), [])
        partner = next((place for place, other in enumerate(bucket) if _same_row(row, other, floats)), None)
        if partner is None:
            lost.append(row)
        else:
            bucket.pop(partner)
    return lost


def _without(row: Row, places: frozenset[int]) -> Row:
    return tuple(value for place, value in enumerate(row) if place not in places)


def _typed(row: Row) -> Row:
    return tuple((type(value).__name__, value) for value in row)


def _sample(left: Sequence[Row], right: Sequence[Row], floats: frozenset[int]) -> str:
    return f"rows differ: missing {_missing(left, right, floats)[:3]!r}, too many {_missing(right, left, floats)[:3]!r}"


def _collator(answers: Sequence[Answer], manner: Manner, canonical: Canonical) -> Callable[[Row], Row]:
    """A function that puts a number for equal texts in the place of each collated text, and sorts unordered lists."""
    maps: dict[int, Mapping[str, int]] = {}
    for place, collation in manner.collated.items():
        texts = {row[place] for answer in answers for row in answer.rows if isinstance(row[place], str)}
        maps[place] = canonical(collation, sorted(texts)) if texts else {}
    if not maps and not manner.unordered:
        return lambda row: row

    def value(place: int, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if place in manner.unordered:
            return _sorted(given, manner.unordered[place])
        return maps[place][given] if place in maps else given

    return lambda row: tuple(value(place, given) for place, given in enumerate(row))


def _sorted(text: str, separator: str) -> str:
    """A list with its entries in one order; of a JSON object all pairs, also those with one name."""
    if separator != "json":
        return separator.join(sorted(text.split(separator)))
    found = json.loads(text, object_pairs_hook=list)
    return json.dumps(sorted(found, key=json.dumps))
