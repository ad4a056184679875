"""A query over several shards, with a task of asyncio for each connection; the twin of runtime.scatter.

Invariant: as there; a cancellation goes on when every statement has been stopped.
"""

from __future__ import annotations

from collections.abc import Sequence

from shardkit.backends.aio.shelter import sheltered
from shardkit.errors import StatementTimeout
from shardkit.flow import Opened, Query
from shardkit.runtime.aio.engine import Engine
from shardkit.runtime.aio.enlisted import Enlisted
from shardkit.runtime.aio.fan import fan
from shardkit.runtime.aio.lane import Lane
from shardkit.runtime.aio.running import Running, settle_all
from shardkit.runtime.lane import Terms, all_late
from shardkit.runtime.scatter import sorted_out
from shardkit.values import ShardId


async def scatter(engine: Engine, pinned: Enlisted, op: Query, terms: Terms) -> tuple[Running, tuple[Opened, ...]]:
    """Start all tasks: what is open then, and the beginnings of the answers in the order of the tasks."""
    lanes = await _dealt(engine, pinned, op, terms)
    try:
        await fan(lanes)
    except BaseException as error:
        await _settled(lanes, error)
        if isinstance(error, StatementTimeout):
            late = all_late(error, (task.shard for lane in lanes if not lane.done for _, task in lane.work))
            if late is not error:
                raise late from error
        raise
    opened = {source: answer for lane in lanes for source, answer in lane.opened.items()}
    return Running(lanes, terms.deadline), tuple(opened[source] for source in range(len(op.tasks)))


async def _dealt(engine: Engine, pinned: Enlisted, op: Query, terms: Terms) -> list[Lane]:
    """Deal the tasks to pinned connections and to leased ones, of which no more are taken than a pool has."""
    lanes, leased = sorted_out(op.tasks, lambda shard: _own(pinned, shard, terms), engine.pool)
    try:
        for pool in sorted(leased, key=lambda pool: pool.key):
            work = leased[pool]
            count = min(len(work), max(1, pool.size - pinned.held(pool)))
            candidates = await pool.reserve(count, terms.state, op.timeout)
            mine = [Lane(work[at][1].shard, pool, candidate, terms) for at, candidate in enumerate(candidates)]
            lanes += mine
            for number, item in enumerate(work):
                mine[number % count].work.append(item)
    except BaseException:
        for lane in lanes:
            lane.give_back()
        raise
    return lanes


async def _settled(lanes: Sequence[Lane], error: BaseException) -> None:
    """Give everything back after an error; nothing can be waited for when the loop itself has gone."""
    if isinstance(error, GeneratorExit):
        for lane in lanes:
            lane.orphan()
    else:
        await sheltered(settle_all(lanes, stop=not isinstance(error, Exception)))


def _own(pinned: Enlisted, shard: ShardId, terms: Terms) -> Lane | None:
    own = pinned.get(shard)
    return None if own is None else Lane(shard, None, own.connection, terms)
