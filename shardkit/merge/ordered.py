"""ORDERED: a k-way merge, a batch at a time instead of a row at a time.

Each source's buffer ends in a last key; nothing that is still to come can precede the smallest of them. All rows up
to that bound are cut off the buffers and sorted together: Python's sort finds the runs and merges them in C, so a
row costs no Python-level comparison. At least the source that set the bound is emptied by it.
Ties go by source, then by position in the source. The bound is therefore a pair (key, source): of rows equal to its
key, only those of the same and of lower sources are certain.
Invariant: only a source with an empty buffer is asked for, so a buffer holds one batch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import partial
from operator import gt, lt
from typing import Any

from shardkit.errors import InternalError
from shardkit.flow import Key, RowBatch
from shardkit.merge.keys import Ordering
from shardkit.merge.meter import Meter, estimate
from shardkit.values import Row

_STEP = "ordered merge"


class _Lane:
    """One source: its rows from `at` on are still to be merged; `keys` are the rows' keys."""

    __slots__ = ("at", "ended", "keys", "rows", "size")

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.keys: list[Any] = []
        self.at = 0
        self.size = 0
        self.ended = False

    @property
    def empty(self) -> bool:
        """True when every row has been merged."""
        return self.at == len(self.rows)


class Ordered:
    """The fan-in of a SELECT whose shards all deliver in the order of `order`."""

    def __init__(self, order: tuple[Key, ...], sources: int, meter: Meter) -> None:
        self._ordering = Ordering(order)
        self._lanes = [_Lane() for _ in range(sources)]
        self._meter = meter

    @property
    def exhausted(self) -> bool:
        """True when every source has ended and been merged."""
        return all(lane.ended and lane.empty for lane in self._lanes)

    def wanted(self) -> tuple[int, ...]:
        """The unfinished sources with an empty buffer."""
        return tuple(source for source, lane in enumerate(self._lanes) if lane.empty and not lane.ended)

    def feed(self, batch: RowBatch) -> None:
        """Buffer the batch with its keys. InternalError if the shard's order is not the order of the keys."""
        lane = self._lanes[batch.source]
        lane.ended = batch.last
        if not batch.rows:
            return
        keys = self._ordering.of(batch.rows)
        self._check_order(batch.source, lane.keys[-1:] + keys)
        size = len(batch.rows) * estimate(batch.rows)
        self._meter.hold(_STEP, len(batch.rows), size)
        if lane.empty:
            self._meter.release(_STEP, len(lane.rows), lane.size)
            lane.rows, lane.keys, lane.at, lane.size = list(batch.rows), keys, 0, size
        else:
            lane.rows += batch.rows
            lane.keys += keys
            lane.size += size

    def take(self, most: int | None) -> list[Row]:
        """All rows up to the bound, in order; [] while a source is wanted."""
        if self.wanted():
            return []
        bound = self._bound()
        rows: list[Row] = []
        keys: list[Any] = []
        runs = 0
        for source, lane in enumerate(self._lanes):
            end = len(lane.rows) if bound is None else self._end(lane, source, bound)
            if most is not None:
                end = min(end, lane.at + most)
            if end > lane.at:
                rows += lane.rows[lane.at : end]
                keys += lane.keys[lane.at : end]
                lane.at = end
                runs += 1
        return rows if runs == 1 else sort(rows, keys, self._ordering.reverse)

    def close(self) -> None:
        """Forget the buffers."""
        self._lanes.clear()

    def _bound(self) -> int | None:
        """The unfinished source with the smallest last key, the lowest of several; None when all have ended."""
        before = gt if self._ordering.reverse else lt
        bound: int | None = None
        for source, lane in enumerate(self._lanes):
            if not lane.ended and (bound is None or before(lane.keys[-1], self._lanes[bound].keys[-1])):
                bound = source
        return bound

    def _end(self, lane: _Lane, source: int, bound: int) -> int:
        key = self._lanes[bound].keys[-1]
        if self._ordering.reverse:
            return _end_descending(lane, key, inclusive=source <= bound)
        bisect = bisect_right if source <= bound else bisect_left
        return bisect(lane.keys, key, lane.at)

    def _check_order(self, source: int, keys: list[Any]) -> None:
        # A shard that sorts otherwise than we compare would give a wrong order and wrong pages: refuse, never guess.
        # Sorting what is sorted costs one comparison for each key, and equal keys stay where they are.
        if keys != sorted(keys, reverse=self._ordering.reverse):
            raise InternalError(
                f"source {source} delivered rows in another order than the merge compares by; the answer would be wrong"
            )


def sort(rows: Sequence[Row], keys: Sequence[Any], reverse: bool) -> list[Row]:
    """`rows` stably sorted by their `keys`."""
    # `sorted` asks for the key of each item in turn and once, so the next key is the key of the item it asks about:
    # `next(iterator, row)` takes the row for its default, which is never needed.
    return sorted(rows, key=partial(next, iter(keys)), reverse=reverse)


def _end_descending(lane: _Lane, key: Any, inclusive: bool) -> int:
    low, high = lane.at, len(lane.keys)
    while low < high:
        middle = (low + high) // 2
        before = not lane.keys[middle] < key if inclusive else key < lane.keys[middle]
        low, high = (middle + 1, high) if before else (low, middle)
    return low
