"""Drives a merger as the session does: ask, feed, take, until it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shardkit.flow import Budget, MergeSpec, RowBatch, Window
from shardkit.merge import Merger, merge
from shardkit.values import Row

Sources = Sequence[Sequence[Row]]


def _keep(wanted: tuple[int, ...]) -> Sequence[int]:
    return wanted


def run(
    spec: MergeSpec,
    sources: Sources,
    window: Window = Window(),  # noqa: B008 - immutable
    size: int = 2,
    arrival: Callable[[tuple[int, ...]], Sequence[int]] = _keep,
) -> list[Row]:
    """All merged rows; every source is cut into batches of `size`, delivered as `arrival` orders those wanted."""
    merger = merge(spec, window, len(sources), Budget())
    return drain(merger, sources, size, arrival)


def drain(
    merger: Merger, sources: Sources, size: int = 2, arrival: Callable[[tuple[int, ...]], Sequence[int]] = _keep
) -> list[Row]:
    """Feed and take until the merger is done; fails if it neither wants nor gives anything."""
    at = [0] * len(sources)
    rows: list[Row] = []
    while not merger.done:
        wanted = merger.wanted()
        for source in arrival(wanted):
            batch = sources[source][at[source] : at[source] + size]
            at[source] += size
            merger.feed(RowBatch(source, batch, last=at[source] >= len(sources[source])))
        taken = merger.take()
        assert wanted or taken or merger.done, "no progress"
        rows += taken
    assert merger.take() == []
    assert merger.wanted() == ()
    return rows
