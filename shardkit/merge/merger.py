"""The merger: one fan-in, then DISTINCT, then the window, then the hidden columns are cut off.

Invariant: once `done`, nothing is buffered and nothing more comes out; what is still fed is dropped.
"""

from __future__ import annotations

from typing import Protocol, assert_never

from shardkit.errors import InternalError
from shardkit.flow import Budget, MergeSpec, RowBatch, Strategy, Window
from shardkit.merge.concat import Concat
from shardkit.merge.distinct import Distinct
from shardkit.merge.group import Group
from shardkit.merge.meter import Meter
from shardkit.merge.ordered import Ordered
from shardkit.merge.slice import Slice
from shardkit.values import Row


class FanIn(Protocol):
    """How the rows of several sources become one sequence."""

    @property
    def exhausted(self) -> bool:
        """True when every row has been taken and no more can come."""

    def wanted(self) -> tuple[int, ...]:
        """Sources without whose next batch nothing can be taken."""

    def feed(self, batch: RowBatch) -> None:
        """Take in the next batch of a source."""

    def take(self, most: int | None) -> list[Row]:
        """The next rows that are certain, hidden columns included. More than `most` in all will never be needed."""

    def close(self) -> None:
        """Forget everything that is buffered."""


class Merger:
    """The merge of one execution. Not safe for use by several threads at once."""

    def __init__(self, spec: MergeSpec, window: Window, sources: int, budget: Budget) -> None:
        meter = Meter(budget)
        self._open = set(range(sources))
        self._columns = spec.columns
        self._width = spec.columns + len(spec.hidden)
        self._fan_in = _fan_in(spec, sources, meter)
        # a merged group is ordered by rank or by its own order, which need not keep equal rows together
        clustered = spec.order if spec.strategy is Strategy.ORDERED else ()
        self._distinct = Distinct(spec.distinct, clustered, meter) if spec.distinct else None
        self._slice = Slice(window)
        if self.done:
            self._fan_in.close()

    @property
    def done(self) -> bool:
        """True when nothing more will come, also as soon as LIMIT is reached: the shards may then be closed early."""
        return self._slice.full or self._fan_in.exhausted

    def wanted(self) -> tuple[int, ...]:
        """Sources whose next batch is needed before `take` can give more; () when it needs none."""
        return () if self.done else self._fan_in.wanted()

    def feed(self, batch: RowBatch) -> None:
        """Take in one batch. InternalError if it does not fit the plan, BudgetExceeded if not the budget."""
        if batch.source not in self._open:
            raise InternalError(f"merge was fed a batch of source {batch.source}, which is unknown or has ended")
        if batch.last:
            self._open.discard(batch.source)
        if self.done:
            return
        self._check_width(batch)
        self._fan_in.feed(batch)

    def take(self) -> list[Row]:
        """The rows that are ready, in their final order and form; may be empty."""
        if self.done:
            return []
        rows = self._fan_in.take(None if self._distinct else self._slice.needed)
        if self._distinct:
            rows = self._distinct.keep(rows)
        rows = self._slice.cut(rows)
        if self.done:
            self._fan_in.close()
        if self._width == self._columns:
            return rows
        columns = slice(self._columns)
        return [row[columns] for row in rows]

    def _check_width(self, batch: RowBatch) -> None:
        width = len(batch.rows[0]) if batch.rows else self._width
        if width != self._width:
            raise InternalError(
                f"source {batch.source} gave rows of {width} columns where {self._width} were planned; "
                "does its table have the same columns as on the other shards?"
            )


def _fan_in(spec: MergeSpec, sources: int, meter: Meter) -> FanIn:
    match spec.strategy:
        case Strategy.CONCAT:
            return Concat(sources, meter)
        case Strategy.ORDERED:
            return Ordered(spec.order, sources, meter)
        case Strategy.GROUP:
            return Group(spec, sources, meter)
        case _:
            assert_never(spec.strategy)
