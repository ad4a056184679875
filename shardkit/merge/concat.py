"""CONCAT: the rows of source 0, then those of source 1, and so on.

Only the source being read is asked for, so memory stays flat; what other sources deliver unasked (their first
batches) waits.
Invariant: a row leaves in the order (source, position in the source).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from shardkit.flow import RowBatch
from shardkit.merge.meter import Meter, estimate
from shardkit.values import Row

_STEP = "concatenation"


class _Lane:
    """One source: its waiting batches, each with its estimated size."""

    __slots__ = ("batches", "ended")

    def __init__(self) -> None:
        self.batches: deque[tuple[Sequence[Row], int]] = deque()
        self.ended = False


class Concat:
    """The fan-in of a SELECT without ORDER BY, GROUP BY or aggregates."""

    def __init__(self, sources: int, meter: Meter) -> None:
        self._lanes = [_Lane() for _ in range(sources)]
        self._current = 0
        self._meter = meter

    @property
    def exhausted(self) -> bool:
        """True when the last source has been read to its end."""
        return self._current == len(self._lanes)

    def wanted(self) -> tuple[int, ...]:
        """The source being read, unless a batch of it waits."""
        lane = self._lanes[self._current]
        return () if lane.batches else (self._current,)

    def feed(self, batch: RowBatch) -> None:
        """Keep the batch until its source's turn."""
        lane = self._lanes[batch.source]
        lane.ended = batch.last
        if batch.rows:
            size = len(batch.rows) * estimate(batch.rows)
            self._meter.hold(_STEP, len(batch.rows), size)
            lane.batches.append((batch.rows, size))
        self._advance()

    def take(self, most: int | None) -> list[Row]:
        """All rows that wait at the front."""
        rows: list[Row] = []
        while not self.exhausted and self._lanes[self._current].batches and (most is None or len(rows) < most):
            batch, size = self._lanes[self._current].batches.popleft()
            self._meter.release(_STEP, len(batch), size)
            rows += batch
            self._advance()
        return rows

    def close(self) -> None:
        """Forget what waits."""
        self._lanes.clear()
        self._current = 0

    def _advance(self) -> None:
        while not self.exhausted and self._lanes[self._current].ended and not self._lanes[self._current].batches:
            self._current += 1
