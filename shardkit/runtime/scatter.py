"""A query over several shards: its tasks are dealt to connections, and all connections start at the same time.

A shard of the transaction keeps its pinned connection; the others share those that their pool can lend, each with one
task or several in a row. Invariant: after an error every leased connection has been given back or discarded.
"""

from __future__ import annotations

from collections.abc import Sequence

from shardkit.errors import StatementTimeout
from shardkit.flow import Opened, Query, Task
from shardkit.runtime.engine import Engine
from shardkit.runtime.enlisted import Enlisted
from shardkit.runtime.fan import fan
from shardkit.runtime.lane import Lane, Terms, all_late
from shardkit.runtime.pool import Pool
from shardkit.runtime.running import Running, settle_after
from shardkit.values import ShardId


def scatter(engine: Engine, pinned: Enlisted, op: Query, terms: Terms) -> tuple[Running, tuple[Opened, ...]]:
    """Start all tasks: what is open then, and the beginnings of the answers in the order of the tasks."""
    lanes = _dealt(engine, pinned, op, terms)
    try:
        fan(engine.submit, lanes)
    except BaseException as error:
        for lane in lanes:
            settle_after(lane)
        if isinstance(error, StatementTimeout):
            late = all_late(error, (task.shard for lane in lanes if not lane.done for _, task in lane.work))
            if late is not error:
                raise late from error
        raise
    opened = {source: answer for lane in lanes for source, answer in lane.opened.items()}
    return Running(lanes, terms.deadline), tuple(opened[source] for source in range(len(op.tasks)))


def _dealt(engine: Engine, pinned: Enlisted, op: Query, terms: Terms) -> list[Lane]:
    """Deal the tasks to pinned connections and to leased ones, of which no more are taken than a pool has."""
    lanes, leased = _sorted(engine, pinned, op.tasks, terms)
    try:
        for pool in sorted(leased, key=lambda pool: pool.key):
            work = leased[pool]
            count = min(len(work), max(1, pool.size - pinned.held(pool)))
            candidates = pool.reserve(count, terms.state, op.timeout)
            mine = [Lane(work[at][1].shard, pool, candidate, terms) for at, candidate in enumerate(candidates)]
            lanes += mine
            for number, item in enumerate(work):
                mine[number % count].work.append(item)
    except BaseException:
        for lane in lanes:
            lane.give_back()
        raise
    return lanes


def _sorted(
    engine: Engine, pinned: Enlisted, tasks: Sequence[Task], terms: Terms
) -> tuple[list[Lane], dict[Pool, list[tuple[int, Task]]]]:
    """The lanes of pinned connections, and the work that is left for each pool."""
    lanes: dict[ShardId, Lane] = {}
    leased: dict[Pool, list[tuple[int, Task]]] = {}
    for source, task in enumerate(tasks):
        own = pinned.get(task.shard)
        if own is None:
            leased.setdefault(engine.pool(task.shard), []).append((source, task))
            continue
        if task.shard not in lanes:
            lanes[task.shard] = Lane(task.shard, None, own.connection, terms)
        lanes[task.shard].work.append((source, task))
    return list(lanes.values()), leased
