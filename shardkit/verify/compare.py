"""Whether two answers are one: the comparison behind `shardkit verify` and behind shardkit's own tests.

Order total: rows in order. Ties: the sequence of sort keys and the multiset of rows. No order: the multiset. A LIMIT
without a total order: a legal part of the answer without the limit. DECIMAL exact, DOUBLE to 1e-9, text that stands for
a group under the column's collation, as the unsharded server itself compares it.
Invariant: `difference` is None only when every clause holds; otherwise it is the first thing that differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shardkit.values import Row
from shardkit.verify.answers import Answer, Failure
from shardkit.verify.rows import Collated, in_order, missing, places_of

Canonical = Callable[[str, Sequence[str]], Mapping[str, int]]
"""(collation, texts) -> text -> a number, the same for texts that the unsharded server says are equal."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How rows are compared: `order` is total, ties, ranked or none.

    ties: `keys` are the places of the sort keys, which are selected. ranked: `whole` is sorted, and `starts` gives for
    each of its rows the place of the first row with an equal sort key; `offset` is the place of the answer's first row.
    `collated` gives the collation of columns that show one of several equal texts. `whole` is the unsharded server's
    answer without LIMIT, when the limit may cut anywhere among equals.
    """

    order: str = "total"
    keys: tuple[int, ...] = ()
    collated: Mapping[int, str] = field(default_factory=dict)
    whole: Answer | None = None
    starts: tuple[int, ...] = ()
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, in words, with rows that only the unsharded server has and rows that only shardkit has."""

    what: str
    missing: tuple[Row, ...] = ()
    extra: tuple[Row, ...] = ()

    def __str__(self) -> str:
        if not self.missing and not self.extra:
            return self.what
        return f"{self.what}: missing {list(self.missing[:3])!r}, too many {list(self.extra[:3])!r}"


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
    found = difference(oracle, subject, manner, canonical)
    return str(found) if found is not None else ""


def difference(
    oracle: Answer | Failure, subject: Answer | Failure, manner: Manner, canonical: Canonical
) -> Difference | None:
    """The first difference between the answer of the unsharded server and the subject's. Pure but for `canonical`."""
    if isinstance(oracle, Failure):
        return _failures(oracle, subject)
    if isinstance(subject, Failure):
        return Difference(f"{len(oracle.rows)} rows expected, but it fails: {subject.text}")
    return _columns(oracle, subject) or _counts(oracle, subject) or _rows(oracle, subject, manner, canonical)


def _failures(oracle: Failure, subject: Answer | Failure) -> Difference | None:
    if isinstance(subject, Answer):
        return Difference(f"an error expected ({oracle.text}), but {len(subject.rows)} rows given")
    if subject.refused:
        return Difference(f"refused, but MySQL itself fails: {oracle.text} | {subject.text}")
    if same_error(oracle.errno, subject.errno):
        return None
    return Difference(f"errors differ: {oracle.text} | {subject.text}")


def _columns(oracle: Answer, subject: Answer) -> Difference | None:
    if oracle.columns == subject.columns:
        return None
    expected, given = (", ".join(map(str, answer.columns)) for answer in (oracle, subject))
    return Difference(f"columns differ: expected {expected}; given {given}")


def _counts(oracle: Answer, subject: Answer) -> Difference | None:
    if oracle.columns:
        # A streaming cursor may not know its row count yet; the rows themselves are compared.
        return None
    left, right = (oracle.rowcount, oracle.lastrowid), (subject.rowcount, subject.lastrowid)
    return None if left == right else Difference(f"(rowcount, lastrowid) differ: expected {left}, given {right}")


def _rows(oracle: Answer, subject: Answer, manner: Manner, canonical: Canonical) -> Difference | None:
    answers = [oracle, subject] + ([manner.whole] if manner.whole is not None else [])
    collate = _collator(answers, manner.collated, canonical)
    floats = places_of(oracle.columns, "float")
    left, right = [collate(row) for row in oracle.rows], [collate(row) for row in subject.rows]
    whole = None if manner.whole is None else [collate(row) for row in manner.whole.rows]
    if len(left) != len(right):
        return _apart(f"{len(left)} rows expected, {len(right)} given", left, right, floats)
    match manner.order:
        case "total":
            return _sequence(left, right, floats)
        case "ranked":
            return _ranked(right, whole or [], manner, floats)
        case "ties":
            number = in_order(_pick(left, manner.keys), _pick(right, manner.keys), _picked(floats, manner.keys))
            if number is not None:
                return Difference(f"the sort key of row {number + 1} differs", (left[number],), (right[number],))
        case "none":
            pass
        case other:
            raise ValueError(f"order is total, ties, ranked or none, not {other!r}")
    if whole is not None:
        extra = missing(right, whole, floats)
        return Difference("rows that the answer without LIMIT does not hold", (), tuple(extra)) if extra else None
    return _apart("rows differ", left, right, floats) if _unequal(left, right, floats) else None


def _sequence(left: Sequence[Row], right: Sequence[Row], floats: frozenset[int]) -> Difference | None:
    number = in_order(left, right, floats)
    if number is None:
        return None
    if _unequal(left, right, floats):
        return _apart(f"rows differ, the first is row {number + 1}", left, right, floats)
    return Difference(f"the order differs from row {number + 1} on", (left[number],), (right[number],))


def _ranked(right: Sequence[Row], whole: Sequence[Row], manner: Manner, floats: frozenset[int]) -> Difference | None:
    """Rows with equal sort keys come in any order, and a limit may take any of them; others stand at their place."""
    runs: dict[int, list[Row]] = {}
    for start, row in zip(manner.starts, whole, strict=True):
        runs.setdefault(start, []).append(row)
    place, end = manner.offset, manner.offset + len(right)
    for start, run in sorted(runs.items()):
        stop = start + len(run)
        if start > place or place >= end:
            break
        given = right[place - manner.offset : max(stop - manner.offset, 0)]
        extra = missing(given, run, floats)
        if extra:
            return Difference(_where(place - manner.offset, given), tuple(missing(run, given, floats)), tuple(extra))
        place = max(place, stop)
    return None if place >= end else Difference(f"row {place - manner.offset + 1} stands at no known place")


def _where(first: int, given: Sequence[Row]) -> str:
    return f"row {first + 1} differs" if len(given) == 1 else f"rows {first + 1} to {first + len(given)} differ"


def _pick(rows: Sequence[Row], keys: Sequence[int]) -> list[Row]:
    if not keys:
        raise ValueError("a case with ties names the places of its sort keys: keys: [0, …]")
    return [tuple(row[key] for key in keys) for row in rows]


def _picked(floats: frozenset[int], keys: Sequence[int]) -> frozenset[int]:
    return frozenset(place for place, key in enumerate(keys) if key in floats)


def _unequal(left: Sequence[Row], right: Sequence[Row], floats: frozenset[int]) -> bool:
    return bool(missing(left, right, floats) or missing(right, left, floats))


def _apart(what: str, left: Sequence[Row], right: Sequence[Row], floats: frozenset[int]) -> Difference:
    return Difference(what, tuple(missing(left, right, floats)), tuple(missing(right, left, floats)))


def _collator(answers: Sequence[Answer], collated: Mapping[int, str], canonical: Canonical) -> Callable[[Row], Row]:
    """A function that makes equal texts equal values, in the places that are collated."""
    maps: dict[int, Mapping[str, int]] = {}
    for place, collation in collated.items():
        texts = {row[place] for answer in answers for row in answer.rows if isinstance(row[place], str)}
        maps[place] = canonical(collation, sorted(texts)) if texts else {}
    if not maps:
        return lambda row: row
    return lambda row: tuple(
        Collated(maps[place][value], value) if place in maps and isinstance(value, str) else value
        for place, value in enumerate(row)
    )
