"""The database that keeps what processes agree on: worker leases and sequences. One connection of its own for each.

The connection belongs to no pool, because a caller that needs an id may hold the pool's last connection, and to no
caller's transaction, because an id that was given stays given. Both tables are made when they are first missed.
Invariant: a piece of work is one transaction; one whose commit is unknown counts as not done, and is done anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from shardkit.backends.protocol import Backend, Connection
from shardkit.errors import ConnectionLost, Error, IdsUnavailable, InterfaceError, InternalError, UnknownTable
from shardkit.flow import Task
from shardkit.values import Row, ShardId

T = TypeVar("T")

WORKERS, SEQUENCES = "shardkit_worker", "shardkit_sequence"
TABLES = (
    f"CREATE TABLE IF NOT EXISTS {{}}.`{WORKERS}` (worker INT NOT NULL PRIMARY KEY, "
    "token VARCHAR(32) NOT NULL, expires BIGINT NOT NULL, allowed BIGINT NOT NULL) ENGINE=InnoDB",
    f"CREATE TABLE IF NOT EXISTS {{}}.`{SEQUENCES}` (name VARCHAR(150) COLLATE utf8mb4_bin NOT NULL "
    "PRIMARY KEY, next BIGINT NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
)
ANSWER_TIME = 5.0
"""Seconds that one statement may take; nobody holds these tables' locks for long."""

ATTEMPTS = 5
_AGAIN = frozenset({1205, 1213})  # a lock wait that was too long, a deadlock
_EPOCH = datetime(1970, 1, 1)


class Ask:
    """Statements on the home's connection, each of which must be answered in time, so that nobody waits for ever."""

    def __init__(self, connection: Connection, shard: ShardId) -> None:
        self._connection, self._shard = connection, shard

    def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        """The rows of a SELECT; `{}` stands for the database."""
        text = sql.replace("{}", f"`{self._shard.database}`")
        return self._connection.start(Task(self._shard, text, args or None), 0, ANSWER_TIME).rows

    def run(self, sql: str, *args: Any) -> None:
        """A statement without rows."""
        self.rows(sql, *args)

    def now(self) -> int:
        """The server's time in milliseconds since 1970."""
        ((moment,),) = self.rows("SELECT UTC_TIMESTAMP(3)")
        if not isinstance(moment, datetime):
            raise InternalError(f"shard {self._shard}: the server's time came as {type(moment).__name__}")
        since = moment - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


class Home:
    """One database of leases and sequences. Threads may share it; their work is done one after another."""

    def __init__(self, backend: Backend, shard: ShardId) -> None:
        self.shard = shard
        self._backend = backend
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._closed = False

    def transact(self, work: Callable[[Ask], T]) -> T:
        """Do `work` in a transaction and give what it returns. IdsUnavailable if the database does not do it.

        `work` may be done again after a failure, so it must not change anything but the database.
        """
        with self._lock:
            attempt = 1
            while True:
                try:
                    return self._once(work)
                except (IdsUnavailable, InterfaceError):
                    raise
                except Error as error:
                    self._after(error, attempt)
                    attempt += 1

    def close(self) -> None:
        """Give the connection up."""
        with self._lock:
            self._closed = True
            self._discard()

    def _once(self, work: Callable[[Ask], T]) -> T:
        connection, done = self._open(), False
        ask = Ask(connection, self.shard)
        ask.run("START TRANSACTION")
        try:
            answer = work(ask)
            ask.run("COMMIT")
            done = True
            return answer
        finally:
            if not done:
                self._undo(connection)

    def _open(self) -> Connection:
        if self._closed:
            raise InterfaceError("the cluster is closed")
        if self._connection is None or not self._connection.usable:
            self._discard()
            self._connection = self._backend.connect(self.shard)
        return self._connection

    def _undo(self, connection: Connection) -> None:
        try:
            if connection.usable:
                Ask(connection, self.shard).run("ROLLBACK")
                return
        except Error:
            pass  # it ends with the connection
        self._discard()

    def _after(self, error: Error, attempt: int) -> None:
        """Make ready for another attempt, or raise what the caller is to see."""
        unclear = isinstance(error, ConnectionLost) or error.errno in _AGAIN
        try:
            if isinstance(error, UnknownTable) and attempt < ATTEMPTS:
                self._create()
                return
        except Error as failed:
            raise self._unavailable(failed) from failed
        if not unclear or attempt == ATTEMPTS:
            raise self._unavailable(error) from error

    def _create(self) -> None:
        ask = Ask(self._open(), self.shard)
        for sql in TABLES:
            ask.run(sql)

    def _unavailable(self, error: Error) -> IdsUnavailable:
        return IdsUnavailable(
            f"shard {self.shard}, which keeps worker leases and sequences: {error.message}", errno=error.errno,
            shards=(self.shard,),
        )  # fmt: skip

    def _discard(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
