"""A workspace: one leased connection with temporary tables of its own, on which a statement is finished.

Its permits are a pool of their own, so that a statement which holds one and waits for its shards' connections never
waits for a connection that another such statement holds.
Invariant: a connection goes back to its pool only after a reset, with which its temporary tables go.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from shardkit.backends.protocol import Connection
from shardkit.errors import Error, InternalError
from shardkit.flow import Arrange, CloseWorkspace, Column, Fill, OpenWorkspace, Task
from shardkit.observe import WORKSPACE
from shardkit.runtime.engine import Engine
from shardkit.runtime.enlisted import Enlisted
from shardkit.runtime.lane import time_left
from shardkit.runtime.pool import Pool
from shardkit.runtime.running import Running
from shardkit.runtime.state import State
from shardkit.values import Params, Row, ShardId


def name_of(place: ShardId) -> ShardId:
    """What Tasks and messages call the workspace in this database. No database's name has brackets and a blank."""
    return ShardId(place.server, f"{place.database}{WORKSPACE}")


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


class Space:
    """The workspace of one shardkit connection, if it has one: pinned under a name of its own while it is open."""

    __slots__ = ("_engine", "_open", "_pinned")

    def __init__(self, engine: Engine, pinned: Enlisted) -> None:
        self._engine = engine
        self._pinned = pinned
        self._open: Workspace | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is one."""
        return self._open is not None

    @property
    def current(self) -> Workspace:
        """The one that is open; InternalError if none is."""
        if self._open is None:
            raise InternalError("no workspace is open")
        return self._open

    def perform(
        self, op: OpenWorkspace | Arrange | Fill | CloseWorkspace, state: State, running: Running | None
    ) -> ShardId | int | None:
        """Do what one Op asks of the workspace; see flow."""
        match op:
            case OpenWorkspace():
                return self.open(op, state)
            case Arrange(statements, args):
                return self.current.arrange(statements, args)
            case Fill(table, columns, rows):
                self.current.fill(table, columns, rows)
            case CloseWorkspace():
                self.close(running)
        return None

    def open(self, op: OpenWorkspace, state: State) -> ShardId:
        """Lease a connection in the session's state; after an error none is leased."""
        if self._open is not None:
            raise InternalError("a workspace is open already")
        deadline = None if op.timeout is None else monotonic() + op.timeout
        pool = self._engine.workspaces(op.place)
        space = Workspace(op.place, pool, pool.acquire(op.place, state, op.timeout), deadline)
        try:
            if op.needs_database:
                space.select()
        except BaseException:
            space.close(busy=True)
            raise
        self._open = space
        self._pinned.adopt(space.shard, pool, space.connection)
        return space.shard

    def close(self, running: Running | None) -> None:
        """Give it back, if there is one; `running` is the query that may still read from it."""
        space = self._take()
        if space is not None:
            space.close(busy=running is not None and running.forsake(space.shard))

    def orphan(self) -> None:
        """Its user was garbage-collected: mark the connection for discard. No I/O."""
        space = self._take()
        if space is not None:
            space.pool.orphan(space.connection)

    def _take(self) -> Workspace | None:
        space, self._open = self._open, None
        if space is not None:
            self._pinned.disown(space.shard)
        return space
