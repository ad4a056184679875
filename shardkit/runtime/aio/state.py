"""Session state of awaited connections; the twin of runtime.state."""

from __future__ import annotations

from shardkit.backends.aio.protocol import Connection
from shardkit.runtime.state import State, is_prefix
from shardkit.values import ShardId


async def settle(connection: Connection, shard: ShardId, wanted: State) -> None:
    """Bring a connection that nobody holds into this state, through a reset if it has seen other statements."""
    if connection.state == wanted:
        return
    if not is_prefix(connection.state, wanted):
        await connection.reset()
    await _run(connection, shard, wanted[len(connection.state) :])


async def settle_pinned(connection: Connection, shard: ShardId, wanted: State) -> None:
    """The same inside a transaction, where a reset is impossible: every statement runs again, in order."""
    if connection.state == wanted:
        return
    if is_prefix(connection.state, wanted):
        await _run(connection, shard, wanted[len(connection.state) :])
        return
    await _run(connection, shard, wanted)
    connection.state = wanted


async def _run(connection: Connection, shard: ShardId, statements: State) -> None:
    for sql in statements:
        await connection.run(shard, sql)
        connection.state = (*connection.state, sql)
