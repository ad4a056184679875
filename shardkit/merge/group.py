"""GROUP: partial groups of the shards are folded by their canonical key, then ordered in process.

A group's other columns (MySQL may show any member's value) are those of its row of the lowest rank.
Invariant: without GROUP BY exactly one row comes out, even from no row at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count, repeat
from typing import Any

from shardkit.aggregates import Aggregate, Rank, Running, aggregates
from shardkit.flow import Fold, Key, MergeSpec, RowBatch
from shardkit.merge.keys import Canonical, Ordering
from shardkit.merge.meter import Meter, estimate
from shardkit.merge.ordered import sort
from shardkit.values import Row

_STEP = "group"
_ENTRY = 250  # bytes of one group beside its row and key, about
_SOURCE_BITS = 48  # a rank is the source above the position in the source


class _Group:
    """One group: its first row, and its running folds as soon as it has a second one."""

    __slots__ = ("marks", "rank", "row", "running")

    def __init__(self, row: Row, rank: Rank, marks: tuple[Any, ...]) -> None:
        self.row = row
        self.rank = rank
        self.marks = marks
        self.running: tuple[Running, ...] | None = None


class Group:
    """The fan-in of aggregates and GROUP BY."""

    def __init__(self, spec: MergeSpec, sources: int, meter: Meter) -> None:
        self._folds = _Folds(spec.folds)
        self._key = Canonical(spec.group)
        self._order = Ordering(spec.order)
        self._empty_row = spec.columns + len(spec.hidden) if not spec.group and spec.folds else None
        self._open = set(range(sources))
        self._positions = [0] * sources
        self._groups: dict[Any, _Group] = {}
        self._meter = meter
        self._taken = False

    @property
    def exhausted(self) -> bool:
        """True when the groups have been taken."""
        return self._taken

    def wanted(self) -> tuple[int, ...]:
        """All unfinished sources: no group is complete before the last of them."""
        return tuple(sorted(self._open))

    def feed(self, batch: RowBatch) -> None:
        """Fold the batch into the groups. BudgetExceeded if there are too many of them."""
        if batch.last:
            self._open.discard(batch.source)
        if not batch.rows:
            return
        keys = self._key.of(batch.rows)
        first = (batch.source << _SOURCE_BITS) + self._positions[batch.source]
        self._positions[batch.source] += len(batch.rows)
        before = len(self._groups)
        for row, key, marks, rank in zip(batch.rows, keys, self._folds.marks(batch.rows), count(first), strict=False):
            group = self._groups.get(key)
            if group is None:
                self._groups[key] = _Group(row, rank, marks)
            else:
                self._folds.add(group, row, rank, marks)
        added = len(self._groups) - before
        self._meter.hold(_STEP, added, added * (estimate(batch.rows) + estimate(keys) + _ENTRY))

    def take(self, most: int | None) -> list[Row]:
        """Every group, folded and ordered, once all sources have ended; [] before."""
        if self._open:
            return []
        self._taken = True
        groups = sorted(self._groups.values(), key=lambda group: group.rank)
        rows = list(map(self._folds.finish, groups))
        if not rows and self._empty_row is not None:
            rows = [self._folds.nothing(self._empty_row)]
        return sort(rows, self._order.of(rows), self._order.reverse)

    def close(self) -> None:
        """Forget the groups."""
        self._groups.clear()


class _Folds:
    """All folds of a statement. A row's marks are what each of its folds compares by, None where one does not."""

    def __init__(self, folds: tuple[Fold, ...]) -> None:
        self._parts: list[tuple[Aggregate, Fold]] = [(aggregates.get(fold.function), fold) for fold in folds]
        self._orderings = [_comparison(fold) if aggregate.compares else None for aggregate, fold in self._parts]

    def marks(self, rows: Sequence[Row]) -> Iterable[tuple[Any, ...]]:
        """The marks of each row."""
        if not any(self._orderings):
            return repeat((None,) * len(self._parts), len(rows))
        columns = [repeat(None) if ordering is None else ordering.of(rows) for ordering in self._orderings]
        return zip(*columns, strict=False)

    def add(self, group: _Group, row: Row, rank: Rank, marks: tuple[Any, ...]) -> None:
        """Fold one more row into a group."""
        if group.running is None:
            group.running = self._start(group)
        for running, mark in zip(group.running, marks, strict=True):
            running.add(row, mark, rank)
        if rank < group.rank:
            group.row, group.rank = row, rank

    def finish(self, group: _Group) -> Row:
        """The group's row with every fold written into it."""
        cells = list(group.row)
        for running in group.running or self._start(group):
            running.write(cells)
        return tuple(cells)

    def nothing(self, width: int) -> Row:
        """The aggregates of no rows."""
        cells: list[Any] = [None] * width
        for aggregate, fold in self._parts:
            aggregate.start(fold).write(cells)
        return tuple(cells)

    def _start(self, group: _Group) -> tuple[Running, ...]:
        folds = tuple(aggregate.start(fold) for aggregate, fold in self._parts)
        for running, mark in zip(folds, group.marks, strict=True):
            running.add(group.row, mark, group.rank)
        return folds


def _comparison(fold: Fold) -> Ordering:
    keys = fold.keys or (Key(fold.operands[0]),)
    return Ordering(tuple(replace(key, descending=False) for key in keys))
