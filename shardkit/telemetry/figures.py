"""The figures of one process: how many statements, where, how long, and what they waited for.

Invariant: a snapshot is plain data, taken at one moment; counters only grow.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from typing import Any

from shardkit.observe import (
    BranchRecovered,
    ClusterCloses,
    ClusterOpens,
    ConnectionLapses,
    ConnectionOpens,
    Event,
    Piece,
    PieceBegins,
    PieceEnds,
    PoolWait,
    Statement,
    StatementBegins,
    StatementEnds,
    TransactionEnds,
)
from shardkit.telemetry.slow import code
from shardkit.telemetry.words import sanitised
from shardkit.values import ShardId

LONGEST = 10
"""Running statements that a snapshot names."""


class _Shard:
    """The pieces of one shard."""

    __slots__ = ("errors", "rows", "running", "seconds", "statements")

    def __init__(self) -> None:
        self.statements = self.running = self.errors = self.rows = 0
        self.seconds = 0.0

    def data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Figures:
    """An observer that counts. Several threads may use it, and several clusters."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = time.time()
        self._running: dict[Statement, None] = {}
        self._shards: dict[ShardId, _Shard] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, float] = {"statements": 0.0, "pool_waits": 0.0}
        self._clusters: list[ClusterOpens] = []

    def __call__(self, event: Event, /) -> None:
        """See observe.Observer."""
        with self._lock:
            match event:
                case StatementBegins(statement):
                    self._running[statement] = None
                case StatementEnds(statement):
                    self._statement(statement)
                case PieceBegins(piece):
                    self._shards.setdefault(piece.shard, _Shard()).running += 1
                case PieceEnds(piece):
                    self._piece(piece)
                case ClusterOpens():
                    self._clusters.append(event)
                case ClusterCloses(opened):
                    self._clusters.remove(opened)
                case _:
                    self._other(event)

    def snapshot(self) -> dict[str, Any]:
        """Everything so far."""
        with self._lock:
            now = time.time_ns()
            running = sorted(self._running, key=lambda one: one.began)
            return {
                "pid": os.getpid(),
                "since": self._since,
                "at": now / 1e9,
                "statements": self._named("statements"),
                "seconds": {name: round(value, 6) for name, value in self._seconds.items()},
                "errors": self._named("errors"),
                "rows": self._counts["rows", ""],
                "scatter": self._counts["scatter", ""],
                "plan_cache": self._named("plan_cache"),
                "pool_waits": self._named("pool_waits"),
                "connections": self._named("connections"),
                "transactions": self._named("transactions"),
                "recovered": self._named("recovered"),
                "shards": {str(shard): one.data() for shard, one in sorted(self._shards.items())},
                "pools": [state._asdict() for one in self._clusters for state in one.pools()],
                "running": len(running),
                "longest": [_running(one, now) for one in running[:LONGEST]],
            }

    def _named(self, group: str) -> dict[str, int]:
        return {name: count for (of, name), count in sorted(self._counts.items()) if of == group}

    def _statement(self, one: Statement) -> None:
        self._running.pop(one, None)
        counts = self._counts
        counts["statements", one.kind or "none"] += 1
        self._seconds["statements"] += one.seconds
        counts["rows", ""] += one.rows
        counts["scatter", ""] += one.scatter
        if one.cached is not None:
            counts["plan_cache", "hits" if one.cached else "misses"] += 1
        if one.error is not None:
            counts["errors", code(one.error)] += 1

    def _piece(self, piece: Piece) -> None:
        shard = self._shards.setdefault(piece.shard, _Shard())
        shard.running -= 1
        shard.statements += 1
        shard.rows += piece.rows
        shard.seconds += piece.seconds
        shard.errors += piece.error is not None

    def _other(self, event: Event) -> None:
        counts = self._counts
        match event:
            case PoolWait(_, seconds, granted):
                counts["pool_waits", "granted" if granted else "timeouts"] += 1
                self._seconds["pool_waits"] += seconds
            case ConnectionOpens(_, _, error):
                counts["connections", "opened" if error is None else "failed"] += 1
            case ConnectionLapses():
                counts["connections", "lapsed"] += 1
            case TransactionEnds(outcome):
                counts["transactions", outcome] += 1
            case BranchRecovered(_, _, outcome):
                counts["recovered", outcome] += 1
            case _:
                pass  # nothing to count


def _running(one: Statement, now: int) -> dict[str, Any]:
    return {
        "seconds": (now - one.began) / 1e9,
        "plan": one.kind,
        "shards": len(one.shards),
        "statement": sanitised(one.text)[:200],
    }
