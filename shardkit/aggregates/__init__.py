"""Aggregates: one object per aggregate holds both halves, how to split it over shards and how to fold it again.

The halves live together so that they cannot drift: what `partials` asks of the shards is what `start` folds.
Packages add their own under the entry-point group `shardkit.aggregate`.
Invariant: a result depends on the partial rows and their ranks, never on the order in which they arrive.
"""

from __future__ import annotations

from shardkit.aggregates.extremes import Extreme
from shardkit.aggregates.protocol import Aggregate, Rank, Running
from shardkit.aggregates.totals import Avg, Count, Sum
from shardkit.registry import Registry

aggregates: Registry[Aggregate] = Registry("aggregate")
aggregates.add("count", Count())
aggregates.add("sum", Sum())
aggregates.add("avg", Avg())
aggregates.add("min", Extreme("MIN"))
aggregates.add("max", Extreme("MAX"))

__all__ = ["Aggregate", "Rank", "Running", "aggregates"]
