"""Keys: what stands in for a row when rows are compared (Ordering) or found equal (Canonical).

Keys are computed a batch and a column at a time, and only once for a row; the types seen in the column choose the
way, so that ints, decimals and datetimes without NULL pass through untouched. A sort runs in one direction; columns
of the other direction are turned around: numbers by their sign, all else by a wrapper.
Invariant: values that are ordered as equal have equal canonical keys, and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from operator import itemgetter, neg
from types import NoneType
from typing import Any, TypeAlias, assert_never

from shardkit.errors import InternalError
from shardkit.flow import Compare, Key
from shardkit.merge.moments import duration, moment
from shardkit.merge.weights import comparable, strip
from shardkit.values import Row

Column: TypeAlias = Callable[[list[Any]], list[Any]]
Kinds: TypeAlias = set[type]
"""The types that are found in a column."""
_SIGNED = frozenset({int, float, timedelta})


class _Edge:
    """Stands for NULL: below or above every other key."""

    __slots__ = ("_lowest",)

    def __init__(self, lowest: bool) -> None:
        self._lowest = lowest

    def __lt__(self, other: object) -> bool:
        return self._lowest and other is not self

    def __gt__(self, other: object) -> bool:
        return not self._lowest and other is not self


LOWEST = _Edge(lowest=True)
HIGHEST = _Edge(lowest=False)


class Reversed:
    """A key of the other direction, for values that have no sign."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: object) -> bool:
        return bool(other.value < self.value) if isinstance(other, Reversed) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return bool(self.value == other.value) if isinstance(other, Reversed) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)


class Ordering:
    """The order of rows by some keys: ascending by `of`, or descending if `reverse`."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        # The direction of what cannot be negated is the direction of the sort, so that wrappers are rare.
        leading = [key for key in keys if key.compare is not Compare.NATIVE] or keys
        self.reverse: bool = bool(leading) and leading[0].descending
        self._parts = [(itemgetter(key.column), _ordered(key, key.descending != self.reverse)) for key in keys]

    def of(self, rows: Sequence[Row]) -> list[Any]:
        """One key for each row; keys compare by `<`."""
        return _zip(rows, self._parts)


class Canonical:
    """The equality of rows under some keys."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self._parts = [(itemgetter(key.column), _canonical(key)) for key in keys]

    def of(self, rows: Sequence[Row]) -> list[Any]:
        """One hashable key for each row; equal keys mean rows that are one group, NULL being equal to NULL."""
        return _zip(rows, self._parts)


def _zip(rows: Sequence[Row], parts: Sequence[tuple[itemgetter[int], Column]]) -> list[Any]:
    columns = [column(list(map(cell, rows))) for cell, column in parts]
    match columns:
        case []:
            return [()] * len(rows)
        case [only]:
            return only
        case _:
            return list(zip(*columns, strict=True))


def _canonical(key: Key) -> Column:
    match key.compare:
        case Compare.NATIVE:
            return _unchanged
        case Compare.TEMPORAL:
            return _moments
        case Compare.WEIGHT:
            return partial(_each, partial(strip, blank=key.blank)) if key.blank else _unchanged
        case _:
            assert_never(key.compare)


def _ordered(key: Key, turned: bool) -> Column:
    match key.compare:
        case Compare.NATIVE:
            plain: Callable[[list[Any], Kinds], list[Any]] = _natives
        case Compare.TEMPORAL:
            plain = _moments_of
        case Compare.WEIGHT:
            plain = _weights(comparable(key.blank)) if key.blank else _as_they_are
        case _:
            assert_never(key.compare)

    def column(values: list[Any]) -> list[Any]:
        kinds = set(map(type, values))
        values = plain(values, kinds)
        if turned:
            values = _turned(values)
        if NoneType in kinds:
            null = HIGHEST if turned else LOWEST
            return [null if value is None else value for value in values]
        return values

    return column


def _unchanged(values: list[Any]) -> list[Any]:
    return values


def _each(change: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    return [None if value is None else change(value) for value in values]


def _as_they_are(values: list[Any], _kinds: Kinds) -> list[Any]:
    return values


def _weights(change: Callable[[Any], Any]) -> Callable[[list[Any], Kinds], list[Any]]:
    return lambda values, _kinds: _each(change, values)


def _moments(values: list[Any]) -> list[Any]:
    return _moments_of(values, set(map(type, values)))


def _moments_of(values: list[Any], kinds: Kinds) -> list[Any]:
    return values if kinds <= {datetime, NoneType} else list(map(moment, values))


def _natives(values: list[Any], kinds: Kinds) -> list[Any]:
    if str not in kinds:
        return values
    return [_time(value) if isinstance(value, str) else value for value in values]


def _time(text: str) -> timedelta:
    span = duration(text)
    if span is None:
        raise InternalError("text was to be ordered without its weight: Python's order of text is not the server's")
    return span


def _turned(values: list[Any]) -> list[Any]:
    return list(map(neg, values)) if set(map(type, values)) <= _SIGNED else _each(_turn, values)


def _turn(value: Any) -> Any:
    match value:
        case Decimal():
            return value.copy_negate()  # the minus sign would round to the caller's decimal context
        case int() | float() | timedelta():
            return -value
        case _:
            return Reversed(value)
