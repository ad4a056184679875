"""merge: batches of rows from many shards -> the rows of one answer. Sans-IO: no threads, no clock, no driver.

    merger = merge(spec, window, sources=16, budget=Budget())
    while not merger.done:
        for batch in fetch(merger.wanted()):
            merger.feed(batch)
        deliver(merger.take())

`wanted()` may be () while there are still rows to take; a `take` then makes progress.
Invariant: the rows that come out depend on the rows of each source, never on how they were cut into batches or on
the order in which the batches of different sources arrived.
"""

from __future__ import annotations

from shardkit.flow import Budget, MergeSpec, Window
from shardkit.merge.merger import Merger
from shardkit.merge.meter import Meter, estimate

__all__ = ["Merger", "Meter", "estimate", "merge"]


def merge(spec: MergeSpec, window: Window, sources: int, budget: Budget) -> Merger:
    """A merger for the answers of `sources` shards; it raises BudgetExceeded when its buffers outgrow `budget`."""
    return Merger(spec, window, sources, budget)
