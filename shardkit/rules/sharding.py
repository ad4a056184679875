"""From shard-key values to slots: one column for database and table, or two axes, or a key this version cannot use.

Every answer is sound: a row with that value never lies outside the slots named.
Invariant: the sets that `matching` returns are made once; asking for a slot allocates nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from shardkit.algorithms import Algorithm, KeyValue
from shardkit.errors import InternalError, NotYetError, ShardKeyError
from shardkit.rules.layout import Layout


@dataclass(frozen=True, slots=True)
class Sharding(ABC):
    """How the rows of one table spread over the slots of its layout. Column names are in lower case."""

    columns: tuple[str, ...]
    layout: Layout
    all_slots: frozenset[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "all_slots", frozenset(range(self.layout.slots)))

    @abstractmethod
    def matching(self, column: str, value: KeyValue) -> frozenset[int]:
        """Slots where rows with column = value may be; ShardKeyError for a type the algorithm cannot take."""

    @abstractmethod
    def between(self, column: str, low: KeyValue | None, high: KeyValue | None) -> frozenset[int]:
        """Slots where rows with low <= column <= high may be; None is open."""

    @abstractmethod
    def slot(self, values: Mapping[str, KeyValue]) -> int:
        """The slot of a new row; ShardKeyError if a shard key has no value or its value has no slot."""


@dataclass(frozen=True, slots=True)
class OneColumn(Sharding):
    """One column decides database and table."""

    algorithm: Algorithm
    _column: str = field(init=False, repr=False)
    _one: dict[int, frozenset[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Sharding.__post_init__(self)
        object.__setattr__(self, "_column", self.columns[0])
        object.__setattr__(self, "_one", {slot: frozenset((slot,)) for slot in self.all_slots})

    def matching(self, column: str, value: KeyValue) -> frozenset[int]:
        """One slot, or none for a value that no row can hold."""
        if column != self._column:
            return self.all_slots
        try:
            slot = self.algorithm.slot(value)
        except ShardKeyError as error:
            return _outside(self.algorithm, column, value, error)
        found = self._one.get(slot)
        if found is None:
            raise _no_such_slot(slot, len(self._one))
        return found

    def between(self, column: str, low: KeyValue | None, high: KeyValue | None) -> frozenset[int]:
        """As precise as the algorithm can tell."""
        if column != self._column:
            return self.all_slots
        return _between(self.algorithm, self.all_slots, column, (low, high))

    def slot(self, values: Mapping[str, KeyValue]) -> int:
        """The slot of a new row."""
        return _slot(self.algorithm, self._column, values, len(self._one))


@dataclass(frozen=True, slots=True)
class TwoAxes(Sharding):
    """`columns[0]` decides the database, `columns[1]` the table within it. Both may be the same column."""

    database: Algorithm
    table: Algorithm
    _by_database: tuple[frozenset[int], ...] = field(init=False, repr=False, compare=False)
    _by_table: tuple[frozenset[int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Sharding.__post_init__(self)
        shards, tables, slots = len(self.layout.shards), self.layout.tables_per_shard, self.layout.slots
        rows = tuple(frozenset(range(first, first + tables)) for first in range(0, slots, tables))
        columns = tuple(frozenset(range(table, shards * tables, tables)) for table in range(tables))
        object.__setattr__(self, "_by_database", rows)
        object.__setattr__(self, "_by_table", columns)

    def matching(self, column: str, value: KeyValue) -> frozenset[int]:
        """All tables of one database, or one table of each; one slot if the column decides both."""
        found = self.all_slots
        for axis, algorithm, sets in self._axes():
            if axis == column:
                chosen = _matching(algorithm, column, value, sets)
                found = chosen if found is self.all_slots else found & chosen
        return found

    def between(self, column: str, low: KeyValue | None, high: KeyValue | None) -> frozenset[int]:
        """As precise as the algorithms can tell."""
        found = self.all_slots
        for axis, algorithm, sets in self._axes():
            if axis == column:
                found &= _union(sets, _between(algorithm, frozenset(range(len(sets))), column, (low, high)))
        return found

    def slot(self, values: Mapping[str, KeyValue]) -> int:
        """The slot of a new row."""
        shard = _slot(self.database, self.columns[0], values, len(self._by_database))
        return shard * len(self._by_table) + _slot(self.table, self.columns[1], values, len(self._by_table))

    def _axes(self) -> tuple[tuple[str, Algorithm, tuple[frozenset[int], ...]], ...]:
        return (
            (self.columns[0], self.database, self._by_database),
            (self.columns[1], self.table, self._by_table),
        )


@dataclass(frozen=True, slots=True)
class NotYet(Sharding):
    """A shard key that this version accepts in the rules but cannot use. Every question raises NotYetError."""

    table: str
    features: tuple[str, ...]

    def matching(self, column: str, value: KeyValue) -> frozenset[int]:
        """Raises NotYetError."""
        raise self._refusal()

    def between(self, column: str, low: KeyValue | None, high: KeyValue | None) -> frozenset[int]:
        """Raises NotYetError."""
        raise self._refusal()

    def slot(self, values: Mapping[str, KeyValue]) -> int:
        """Raises NotYetError."""
        raise self._refusal()

    def _refusal(self) -> NotYetError:
        return NotYetError(
            f"table {self.table!r} with {' and '.join(self.features)}",
            why="the rules may say so, but this version does not carry it out",
            instead="shard the table by one column with hash, mod, range, list or date",
        )


def _matching(algorithm: Algorithm, column: str, value: KeyValue, sets: tuple[frozenset[int], ...]) -> frozenset[int]:
    try:
        slot = algorithm.slot(value)
    except ShardKeyError as error:
        return _outside(algorithm, column, value, error)
    if not 0 <= slot < len(sets):
        raise _no_such_slot(slot, len(sets))
    return sets[slot]


def _outside(algorithm: Algorithm, column: str, value: KeyValue, error: ShardKeyError) -> frozenset[int]:
    """The empty set if the algorithm says that no row can hold the value; otherwise the error, naming the column."""
    try:
        found = algorithm.between(value, value)
    except ShardKeyError:
        found = None
    if found is None or found:
        raise ShardKeyError(f"column {column!r}: {error.message}") from None
    return found


def _between(
    algorithm: Algorithm, slots: frozenset[int], column: str, ends: tuple[KeyValue | None, KeyValue | None]
) -> frozenset[int]:
    try:
        found = algorithm.between(*ends)
    except ShardKeyError as error:
        raise ShardKeyError(f"column {column!r}: {error.message}") from None
    if found is None:
        return slots
    if not found <= slots:
        raise _no_such_slot(max(found - slots), len(slots))
    return found


def _slot(algorithm: Algorithm, column: str, values: Mapping[str, KeyValue], slots: int) -> int:
    value = values.get(column)
    if value is None:
        raise ShardKeyError(f"column {column!r} is the shard key and has no value (or NULL)")
    try:
        slot = algorithm.slot(value)
    except ShardKeyError as error:
        raise ShardKeyError(f"column {column!r}: {error.message}") from None
    if not 0 <= slot < slots:
        raise _no_such_slot(slot, slots)
    return slot


def _union(sets: tuple[frozenset[int], ...], chosen: frozenset[int]) -> frozenset[int]:
    return frozenset().union(*(sets[index] for index in chosen))


def _no_such_slot(slot: int, slots: int) -> InternalError:
    return InternalError(f"the algorithm answered slot {slot}, but there are only slots 0 to {slots - 1}")
