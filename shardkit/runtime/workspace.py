"""A workspace: one leased connection with temporary tables of its own, on which a statement is finished.

Its permits are a pool of their own, so that a statement which holds one and waits for its shards' connections never
waits for a connection that another such statement holds.
Invariant: a connection goes back to its pool only after a reset, with which its temporary tables go.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from shardkit.backends.protocol import Connection
from shardkit.errors import Error
from shardkit.flow import Column, Task
from shardkit.runtime.lane import time_left
from shardkit.runtime.pool import Pool
from shardkit.values import Params, Row, ShardId


def name_of(place: ShardId) -> ShardId:
    """What Tasks and messages call the workspace in this database. No database's name has brackets and a blank."""
    return ShardId(place.server, f"{place.database} (workspace)")


class Workspace:
    """One lease. `shard` is the name by which it is pinned."""

    def __init__(self, place: ShardId, pool: Pool, connection: Connection, deadline: float | None) -> None:
        self.place, self.shard = place, name_of(place)
        self.pool, self.connection, self.deadline = pool, connection, deadline

    def select(self) -> None:
        """Choose the database, for stored functions."""
        self.connection.start(Task(self.place, "DO 0", None, True), 0, self.left())

    def arrange(self, statements: Sequence[str], args: Params) -> int:
        """Run statements without rows; gives the rows affected."""
        return sum(self.connection.start(Task(self.shard, sql, args), 0, self.left()).rowcount for sql in statements)

    def fill(self, table: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Put rows into one of its tables."""
        self.connection.fill(self.shard, table, columns, rows, self.left())

    def left(self) -> float | None:
        """Seconds that are left; StatementTimeout if none are."""
        return time_left(self.deadline, (self.shard,))

    def limit(self, timeout: float | None) -> float | None:
        """The shorter of a statement's own time and what is left."""
        left = self.left()
        return left if timeout is None else timeout if left is None else min(timeout, left)

    def close(self, busy: bool) -> None:
        """Give the connection back; `busy`: it still sends rows or works, so it is stopped and closed."""
        if busy or not self.connection.usable:
            self.connection.kill()
        else:
            try:
                self.connection.reset()
            except Error:
                self.connection.kill()  # the reset's own failure has no one to tell: the statement is over
        self.pool.release(self.connection)

    def orphan(self) -> None:
        """Its owner was garbage-collected: mark the connection for discard. No I/O."""
        self.pool.orphan(self.connection)


def open_workspace(place: ShardId, pool: Pool, state: tuple[str, ...], timeout: float | None) -> Workspace:
    """Lease a connection in the session's state."""
    deadline = None if timeout is None else monotonic() + timeout
    return Workspace(place, pool, pool.acquire(place, state, timeout), deadline)
