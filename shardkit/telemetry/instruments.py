"""The metrics of OpenTelemetry: db.client.* as the conventions name them, and a few of shardkit's own.

Only `db.client.operation.duration` is stable there; those of connections are still in development.
Invariant: attributes are few and come from small sets, because each combination is a series of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from shardkit.observe import ConnectionOpens, Piece, PoolWait, Statement, TransactionEnds

SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""Buckets that the conventions ask for."""
Pools = Callable[[str, CallbackOptions], Iterable[Observation]]


class Instruments:
    """All of them. `pools` answers the ones that are asked instead of told."""

    def __init__(self, meter: Meter, pools: Pools) -> None:
        self._duration = _seconds(meter, "db.client.operation.duration", "Duration of database client operations.")
        self._shard = _seconds(meter, "shardkit.shard.duration", "Duration of what one shard does for a statement.")
        self._statements = meter.create_counter("shardkit.statements", "{statement}", "Statements by kind of plan.")
        self._lookups = meter.create_counter("shardkit.plan_cache.lookups", "{lookup}", "Look-ups of plans by text.")
        self._transactions = meter.create_counter("shardkit.transactions", "{transaction}", "Transactions by outcome.")
        connection = "db.client.connection"
        self._timeouts = meter.create_counter(f"{connection}.timeouts", "{timeout}", "Waits that ended in a timeout.")
        self._create = _seconds(meter, f"{connection}.create_time", "Time to open a connection.")
        self._wait = _seconds(meter, f"{connection}.wait_time", "Time that statements waited for a connection.")
        states = "Connections by state."
        meter.create_observable_up_down_counter(
            f"{connection}.count", [partial(pools, "count")], "{connection}", states
        )
        meter.create_observable_up_down_counter(
            f"{connection}.max", [partial(pools, "max")], "{connection}", "The size of the pool."
        )
        meter.create_observable_up_down_counter(
            f"{connection}.pending_requests", [partial(pools, "pending")], "{request}", "Those who wait."
        )

    def statement(self, one: Statement, words: dict[str, Any]) -> None:
        """A statement has ended."""
        self._duration.record(one.seconds, words)
        self._statements.add(1, {"shardkit.plan": one.kind or "none", "shardkit.scatter": one.scatter})
        if one.cached is not None:
            self._lookups.add(1, {"shardkit.result": "hit" if one.cached else "miss"})

    def piece(self, piece: Piece, words: dict[str, Any]) -> None:
        """A shard has done its part."""
        self._shard.record(piece.seconds, words)

    def count(self, event: PoolWait | ConnectionOpens | TransactionEnds) -> None:
        """Something else has happened."""
        match event:
            case PoolWait(server, seconds, granted):
                self._wait.record(seconds, {"db.client.connection.pool.name": server})
                if not granted:
                    self._timeouts.add(1, {"db.client.connection.pool.name": server})
            case ConnectionOpens(server, seconds, None):
                self._create.record(seconds, {"db.client.connection.pool.name": server})
            case ConnectionOpens():
                pass  # no connection was made
            case TransactionEnds(outcome):
                self._transactions.add(1, {"shardkit.outcome": outcome})


def _seconds(meter: Meter, name: str, about: str) -> Any:
    return meter.create_histogram(name, "s", about, explicit_bucket_boundaries_advisory=SECONDS)
