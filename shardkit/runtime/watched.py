"""Backends and connections whose work is told to the observers of a cluster. Made only where there are observers.

Invariant: a watched connection does what the one within does; each text that it sends begins and ends one Piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Generic, TypeVar

from shardkit.backends.aio.protocol import Connection as AioConnection
from shardkit.backends.protocol import Backend, Connection, Started
from shardkit.flow import Collation, Column, TableInfo, Task, Warned
from shardkit.observe import ConnectionLapses, ConnectionOpens, Piece, PoolWait, Watch
from shardkit.runtime.lending import Limits
from shardkit.runtime.pool import Pool
from shardkit.runtime.state import State
from shardkit.values import Row, ShardId

C = TypeVar("C", bound=Connection | AioConnection)


class Seen(Generic[C]):
    """What watched connections of both interpreters share: the connection within, and the pieces open on it."""

    def __init__(self, inner: C, watch: Watch) -> None:
        self.inner = inner
        self._watch = watch
        self._open: Piece | None = None

    @property
    def state(self) -> tuple[str, ...]:
        """See protocol.Connection."""
        return self.inner.state

    @state.setter
    def state(self, state: tuple[str, ...]) -> None:
        self.inner.state = state

    @property
    def used_at(self) -> float:
        """See protocol.Connection."""
        return self.inner.used_at

    @used_at.setter
    def used_at(self, moment: float) -> None:
        self.inner.used_at = moment

    @property
    def warning_count(self) -> int:
        """See protocol.Connection."""
        return self.inner.warning_count

    @warning_count.setter
    def warning_count(self, number: int) -> None:
        self.inner.warning_count = number

    @property
    def usable(self) -> bool:
        """See protocol.Connection."""
        return self.inner.usable

    @contextmanager
    def piece(self, shard: ShardId, sql: str, rows: int = 0) -> Iterator[Piece]:
        """One text from its beginning to its end."""
        piece = self._watch.begin(shard, sql)
        piece.rows = rows
        try:
            yield piece
        except BaseException as error:
            self._watch.end(piece, error)
            raise
        self._watch.end(piece)

    def began(self, piece: Piece, started: Started) -> Started:
        """The beginning of an answer: a piece that has more rows stays open."""
        piece.rows = len(started.rows)
        if started.last:
            self._watch.end(piece)
        else:
            self._open = piece
        return started

    def came(self, rows: int, last: bool) -> None:
        """More rows of the open piece."""
        if self._open is not None:
            self._open.rows += rows
        if last:
            self.ends()

    def ends(self, error: BaseException | None = None) -> None:
        """The open piece ends, if there is one."""
        piece, self._open = self._open, None
        if piece is not None:
            self._watch.end(piece, error)


class WatchedConnection(Seen[Connection]):
    """One connection of the interpreter with threads."""

    def __init__(self, inner: Connection, watch: Watch) -> None:
        super().__init__(inner, watch)
        self._posted: list[Piece] = []

    def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """See protocol.Connection."""
        piece = self._watch.begin(task.shard, task.sql)
        try:
            started = self.inner.start(task, batch, timeout)
        except BaseException as error:
            self._watch.end(piece, error)
            raise
        return self.began(piece, started)

    def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """See protocol.Connection."""
        try:
            rows, last = self.inner.read(batch)
        except BaseException as error:
            self.ends(error)
            raise
        self.came(len(rows), last)
        return rows, last

    def abandon(self, drain: int) -> bool:
        """See protocol.Connection."""
        try:
            return self.inner.abandon(drain)
        finally:
            self.ends()

    def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """See protocol.Connection."""
        with self.piece(shard, f"INSERT INTO {table}", len(rows)):
            self.inner.fill(shard, table, columns, rows, timeout)

    def warnings(self) -> Warned:
        """See protocol.Connection."""
        return self.inner.warnings()

    def interrupt(self) -> None:
        """See protocol.Connection."""
        self.inner.interrupt()

    def run(self, shard: ShardId, sql: str) -> None:
        """See protocol.Connection."""
        with self.piece(shard, sql):
            self.inner.run(shard, sql)

    def post(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """See protocol.Connection."""
        piece = self._watch.begin(shard, "; ".join(statements))
        try:
            self.inner.post(shard, statements, timeout)
        except BaseException as error:
            self._watch.end(piece, error)
            raise
        self._posted.append(piece)

    def collect(self) -> None:
        """See protocol.Connection."""
        posted, self._posted = self._posted, []
        try:
            self.inner.collect()
        except BaseException as error:
            for piece in posted:
                self._watch.end(piece, error)
            raise
        for piece in posted:
            self._watch.end(piece)

    def ping(self) -> bool:
        """See protocol.Connection."""
        return self.inner.ping()

    def reset(self) -> None:
        """See protocol.Connection."""
        self.inner.reset()

    def kill(self) -> None:
        """See protocol.Connection. Another thread may call it: who is at work here tells the end."""
        self.inner.kill()

    def close(self) -> None:
        """See protocol.Connection."""
        try:
            self.inner.close()
        finally:
            self.ends()
            posted, self._posted = self._posted, []
            for piece in posted:
                self._watch.end(piece)


class WatchedBackend:
    """One server whose connections are watched. Questions about tables are not: they are no piece of an answer."""

    def __init__(self, name: str, inner: Backend, watch: Watch) -> None:
        self._name, self.inner, self._watch = name, inner, watch

    def pool_of(self, shard: ShardId) -> str:
        """See protocol.Backend."""
        return self.inner.pool_of(shard)

    def connect(self, shard: ShardId) -> Connection:
        """See protocol.Backend."""
        return self._opened(shard, workspace=False)

    def workspace(self, place: ShardId) -> Connection:
        """See protocol.Backend."""
        return self._opened(place, workspace=True)

    def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """See protocol.Backend."""
        return self.inner.describe(_inner(connection), shard, table)

    def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See protocol.Backend."""
        return self.inner.collations(_inner(connection), names)

    def _opened(self, shard: ShardId, *, workspace: bool) -> Connection:
        started = perf_counter()
        try:
            found = self.inner.workspace(shard) if workspace else self.inner.connect(shard)
        except BaseException as error:
            self._watch.tell(ConnectionOpens(self._name, perf_counter() - started, error))
            raise
        self._watch.tell(ConnectionOpens(self._name, perf_counter() - started))
        return WatchedConnection(found, self._watch)


class WatchedPool(Pool):
    """A pool whose waits are told."""

    def __init__(self, limits: Limits, connect: Callable[[ShardId], Connection], name: str, watch: Watch) -> None:
        super().__init__(limits, connect, name)
        self._watch = watch

    def _queue_up(self, count: int, state: State, patience: float | None) -> list[Connection | None]:
        started, granted = perf_counter(), False
        try:
            found = super()._queue_up(count, state, patience)
            granted = True
        finally:
            self._watch.tell(PoolWait(self.limits.server, perf_counter() - started, granted))
        return found

    def found_dead(self, connection: Connection) -> None:
        """See Pool.found_dead."""
        super().found_dead(connection)
        self._watch.tell(ConnectionLapses(self.limits.server))


def _inner(connection: Connection) -> Connection:
    return connection.inner if isinstance(connection, WatchedConnection) else connection
