"""A query over several shards: its tasks are dealt to connections, and all connections start at the same time.

A shard of the transaction keeps its pinned connection; the others share those that their pool can lend, each with one
task or several in a row. Invariant: after an error every leased connection has been given back or discarded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from shardkit.errors import StatementTimeout
from shardkit.flow import Opened, Query, Task
from shardkit.runtime.engine import Engine
from shardkit.runtime.enlisted import Enlisted
from shardkit.runtime.fan import fan
from shardkit.runtime.lane import Lane, Terms, all_late
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
    lanes, leased = sorted_out(op.tasks, lambda shard: _own(pinned, shard, terms), engine.pool)
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


def _own(pinned: Enlisted, shard: ShardId, terms: Terms) -> Lane | None:
    own = pinned.get(shard)
    return None if own is None else Lane(shard, None, own.connection, terms)


class _Working(Protocol):
    work: list[tuple[int, Task]]


L = TypeVar("L", bound=_Working)
P = TypeVar("P")


def sorted_out(
    tasks: Sequence[Task], own: Callable[[ShardId], L | None], pool: Callable[[ShardId], P]
) -> tuple[list[L], dict[P, list[tuple[int, Task]]]]:
    """The lanes of pinned connections with their work, and the work that is left for each pool.

    `own` makes a lane on the connection that a shard has pinned; None: it has none.
    """
    lanes: dict[ShardId, L | None] = {}
    leased: dict[P, list[tuple[int, Task]]] = {}
    for source, task in enumerate(tasks):
        if task.shard not in lanes:
            lanes[task.shard] = own(task.shard)
        lane = lanes[task.shard]
        work = leased.setdefault(pool(task.shard), []) if lane is None else lane.work
        work.append((source, task))
    return [lane for lane in lanes.values() if lane is not None], leased
