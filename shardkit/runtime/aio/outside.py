"""One statement outside of every transaction; the twin of runtime.outside.

Invariant: the connection was pinned by nobody, and goes back whatever happens.
"""

from __future__ import annotations

from shardkit.flow import Opened, Outside, RowBatch
from shardkit.runtime.aio.engine import Engine


async def outside(engine: Engine, op: Outside) -> Opened:
    """Run it on a connection of the pool, without session state; see flow.Outside."""
    pool = engine.pool(op.task.shard)
    connection = await pool.acquire(op.task.shard, (), op.timeout)
    try:
        description, rowcount, lastrowid, rows, _ = await connection.start(op.task, 0, op.timeout)
    finally:
        pool.release(connection)
    return Opened(description, RowBatch(0, rows, True), rowcount, lastrowid)
