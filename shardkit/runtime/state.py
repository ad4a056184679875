"""Session state: the SET statements that a connection must have run before it serves a session.

Invariant: `connection.state` lists exactly the statements that ran on it since it was new or reset.
"""

from __future__ import annotations

from typing import TypeAlias

from shardkit.backends.protocol import Connection
from shardkit.values import ShardId

State: TypeAlias = tuple[str, ...]


def is_prefix(have: State, wanted: State) -> bool:
    """Whether a connection in state `have` reaches `wanted` by running the rest of it."""
    return wanted[: len(have)] == have


def settle(connection: Connection, shard: ShardId, wanted: State) -> None:
    """Bring a connection that nobody holds into this state, through a reset if it has seen other statements."""
    if connection.state == wanted:
        return
    if not is_prefix(connection.state, wanted):
        connection.reset()
    _run_rest(connection, shard, wanted)


def settle_pinned(connection: Connection, shard: ShardId, wanted: State) -> None:
    """The same for a connection inside a transaction, which cannot be reset: every statement runs again, in order.

    That gives each variable that `wanted` names the value it has after `wanted`.
    """
    if connection.state == wanted:
        return
    if is_prefix(connection.state, wanted):
        _run_rest(connection, shard, wanted)
        return
    for sql in wanted:
        connection.run(shard, sql)
        connection.state = (*connection.state, sql)
    connection.state = wanted


def _run_rest(connection: Connection, shard: ShardId, wanted: State) -> None:
    for sql in wanted[len(connection.state) :]:
        connection.run(shard, sql)
        connection.state = (*connection.state, sql)
