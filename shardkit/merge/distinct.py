"""DISTINCT: the first row of every set of equal rows.

A set of canonical keys remembers what has passed. When the rows come ordered by columns that are all part of the
distinct ones, equal rows lie together: the set then starts anew with each new order key, and memory stays flat.
Invariant: of equal rows, the first one passes and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import Any

from shardkit.flow import Key
from shardkit.merge.keys import Canonical
from shardkit.merge.meter import Meter, estimate
from shardkit.values import Row

_STEP = "distinct"
_ENTRY = 100  # bytes of one entry of a set, about


class Distinct:
    """The distinct step over one sequence of rows, ordered by `order` (() if it has no order)."""

    def __init__(self, distinct: tuple[Key, ...], order: tuple[Key, ...], meter: Meter) -> None:
        self._key = Canonical(distinct)
        clustered = bool(order) and {key.column for key in order} <= {key.column for key in distinct}
        self._cluster = Canonical(order) if clustered else None
        self._current: Any = None
        self._seen: set[Any] = set()
        self._counted = (0, 0)
        self._meter = meter

    def keep(self, rows: list[Row]) -> list[Row]:
        """The rows that are equal to no earlier one. BudgetExceeded if the set grows too large."""
        keys = self._key.of(rows)
        clusters: Iterable[Any] = repeat(None) if self._cluster is None else self._cluster.of(rows)
        kept: list[Row] = []
        seen = self._seen
        for row, key, cluster in zip(rows, keys, clusters, strict=False):
            if cluster != self._current:
                self._current = cluster
                seen.clear()
            if key not in seen:
                seen.add(key)
                kept.append(row)
        self._count(estimate(keys) + _ENTRY)
        return kept

    def _count(self, size: int) -> None:
        rows, bytes_held = self._counted
        added = len(self._seen) - rows
        if added < 0:  # a new cluster began
            self._meter.release(_STEP, rows, bytes_held)
            rows, bytes_held, added = 0, 0, len(self._seen)
        self._counted = (rows + added, bytes_held + added * size)
        self._meter.hold(_STEP, added, added * size)
