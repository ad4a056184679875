"""One MySQL connection: statements go out as the driver builds them, answers come back in batches.

An answer that ends within its first batch costs what the bare driver costs. Any exception between sending and the end
of an answer that is not the server's own word leaves the connection broken.
Invariant: `usable` is true only when the next statement can be sent: the socket is open, nobody killed it, and no
answer is left unread.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pymysql import err

from shardkit import errors
from shardkit.backends.filling import inserts
from shardkit.backends.mysql_binding import bound
from shardkit.backends.mysql_driver import Answer, Wire
from shardkit.backends.mysql_errors import LOST, errno_of, timed_out, translate, wrong_parameters
from shardkit.backends.mysql_watch import WATCH
from shardkit.backends.protocol import Started
from shardkit.flow import Column, Task, Warned
from shardkit.values import Row, ShardId

if TYPE_CHECKING:
    from shardkit.backends.mysql import MySqlBackend

HEALTH_TIMEOUT = 2.0
"""Seconds for what must not take long: ping, reset, choosing a database."""

PATIENCE = 60.0
"""Seconds for BEGIN, COMMIT and their like, for which no budget counts, unless the server's URL has a read_timeout: a
frozen server keeps nobody for ever."""
BROKEN_ESCAPES = "sql_mode NO_BACKSLASH_ESCAPES changes how SQL is read"

STRICT = "SELECT @@sql_mode LIKE '%STRICT_TRANS_TABLES%' OR @@sql_mode LIKE '%STRICT_ALL_TABLES%'"
SERIOUS = frozenset({1260, 1264, 1265, 1292, 1365, 1366, 1406, 1411, 1441, 3020})
"""Warnings of a SELECT that are errors of a write under a strict sql_mode: divisions by zero, values cut short …"""

T = TypeVar("T")


class MySqlConnection:
    """See protocol.Connection."""

    def __init__(self, backend: MySqlBackend, wire: Wire, database: str | None, read_timeout: float | None) -> None:
        self.state: tuple[str, ...] = ()
        self.used_at = time.monotonic()
        self.warning_count = 0
        self._backend = backend
        self._wire = wire
        self._number = wire.server_thread_id[0]
        self._mogrify = wire.mogrify
        self._database = database
        self._read_timeout = read_timeout
        self._strict = False
        self._watched = False
        self._expired = False
        self._posted = 0
        self._shown: tuple[Any, ...] = ()
        self._answer: Answer | None = None
        self._shard: ShardId | str = backend.name
        self._broken = False

    def __repr__(self) -> str:
        return f"<MySqlConnection {self._backend.name} #{self._number}{'' if self.usable else ' (not usable)'}>"

    @property
    def usable(self) -> bool:
        """Whether the next statement can be sent on it."""
        return not self._broken and self._answer is None and not self._posted and self._wire.open

    def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """See protocol.Connection.start."""
        shard, sql, args, needs_database, self._strict = task
        wire = self._wire
        self._shard = shard
        if self._answer is not None or self._broken or not wire.open:
            self._check_ready(shard)
        if needs_database and self._database != shard.database:
            self._select(shard)
        if args is not None:
            sql = bound(self._mogrify, sql, args, shard)
        if wire.time_limit != self._read_timeout:
            wire.limit_time(self._read_timeout)
        if timeout is not None:
            self._watched = True
            WATCH.add(self, time.monotonic() + timeout)
        try:
            wire.query(sql, True)
            answer: Answer = wire._result
            description = answer.description
            if description is None:
                self._ended(answer)
                return Started(None, answer.affected_rows or 0, answer.insert_id, (), True)
            rows, last = answer.rows_up_to(batch)
            if not last:
                self._answer = answer
                return Started(description, -1, None, rows, False)
            self._ended(answer)
            return Started(description, len(rows), None, rows, True)
        except Exception as error:
            raise self._failed(error) from error
        except BaseException:
            self._broken = True
            raise

    def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """See protocol.Connection.read."""
        answer = self._answer
        if answer is None:
            raise errors.InternalError(f"shard {self._shard}: no answer is open on {self!r}")
        if self._broken:
            raise self._lost()
        return self._guarded(lambda: self._read(answer, batch))

    def abandon(self, drain: int) -> bool:
        """See protocol.Connection.abandon."""
        if self._answer is None:
            return True
        last = drain > 0 and self.read(drain)[1]
        if not last:
            self._broken = True
        return last

    def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """See protocol.Connection.fill."""
        for sql, args in inserts(table, columns, rows):
            self.start(Task(shard, sql, args), 0, timeout)

    def warnings(self) -> Warned:
        """See protocol.Connection.warnings."""
        shown, self._shown = self._shown, ()
        if not shown and self.usable:
            self._wire.limit_time(HEALTH_TIMEOUT)
            try:
                shown = tuple(self._wire.ask("SHOW WARNINGS").rows_up_to(0)[0])
            except (err.Error, OSError):
                self._broken = True  # the statement itself has been answered, and that answer holds
        return Warned(self.warning_count, shown)

    def run(self, shard: ShardId, sql: str) -> None:
        """See protocol.Connection.run."""
        self._check_ready(shard)
        wire = self._wire
        wire.limit_time(self._read_timeout or PATIENCE)
        try:
            answer = wire.ask(sql)
            if answer.description is not None or answer.has_next:
                self._read_away(answer)
        except Exception as error:
            raise self._failed(error) from error
        except BaseException:
            self._broken = True
            raise
        if not wire.backslash_escapes:
            self._broken = True
            raise errors.ProgrammingError(f"shard {shard}: {BROKEN_ESCAPES}")

    def post(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """See protocol.Connection.post."""
        self._check_ready(shard)
        self._wire.limit_time(self._read_timeout or PATIENCE)
        if timeout is not None:
            self._watched = True
            WATCH.add(self, time.monotonic() + timeout)
        self._posted = len(statements)
        self._guarded(lambda: self._wire.post(statements))

    def collect(self) -> None:
        """See protocol.Connection.collect."""
        count, self._posted = self._posted, 0
        error = self._guarded(lambda: self._wire.collect(count))
        self._unwatch()
        if error is not None:
            raise self._failed(error) from error

    def ping(self) -> bool:
        """See protocol.Connection.ping."""
        if not self.usable:
            return False
        self._wire.limit_time(HEALTH_TIMEOUT)
        try:
            self._guarded(self._wire.ping)
        except errors.Error:
            self._broken = True
        return not self._broken

    def reset(self) -> None:
        """See protocol.Connection.reset."""
        self._check_ready(self._backend.name)
        self._wire.limit_time(HEALTH_TIMEOUT)
        try:
            self._guarded(self._wire.reset_connection)
        except errors.Error:
            self._broken = True
            raise
        self.state = ()

    def interrupt(self) -> None:
        """See protocol.Connection.interrupt. Without effect on a connection that runs nothing."""
        self._backend.kill_statement(self._number, "QUERY ")

    def kill(self) -> None:
        """See protocol.Connection.kill. The socket goes first, so that a waiting thread wakes up at once."""
        self._broken = True
        with contextlib.suppress(OSError):  # it may be shut already; the statement may run on all the same
            self._wire.shut()
        self._backend.kill_statement(self._number)

    def expire(self) -> None:
        """The statement's time is over: wake the thread that waits for it. Called by the watch, followed by `kill`."""
        self._expired = self._broken = True
        with contextlib.suppress(OSError):
            self._wire.shut()

    def close(self) -> None:
        """See protocol.Connection.close."""
        self._broken = True
        self._answer = None
        self._unwatch()
        self._wire.forget_answer()
        # It may be closed already, by the driver itself after an error.
        with contextlib.suppress(err.Error, OSError, AttributeError):
            self._wire.limit_time(HEALTH_TIMEOUT)
            self._wire.close()

    def _check_ready(self, shard: ShardId | str) -> None:
        self._shard = shard
        if self._answer is not None:
            raise errors.InternalError(f"shard {shard}: {self!r} still has an open answer")
        if self._broken or not self._wire.open:
            raise self._lost()

    def _unwatch(self) -> None:
        if self._watched:
            self._watched = False
            WATCH.remove(self)

    def _lost(self) -> errors.Error:
        shards = (self._shard,) if isinstance(self._shard, ShardId) else ()
        if self._expired:
            return timed_out(self._shard)
        return errors.ConnectionLost(f"shard {self._shard}: the connection was lost or stopped", shards=shards)

    def _select(self, shard: ShardId) -> None:
        self._wire.limit_time(HEALTH_TIMEOUT)
        self._guarded(lambda: self._wire.select_db(shard.database))
        self._database = shard.database

    def _read(self, answer: Answer, batch: int) -> tuple[Sequence[Row], bool]:
        rows, last = answer.rows_up_to(batch)
        if last:
            self._ended(answer)
            self._answer = None
        return rows, last

    def _ended(self, answer: Answer) -> None:
        """The answer has been read to its end; what a stored procedure sends after it is read away."""
        if answer.has_next:
            self._wire.skip_results()
        if self._watched:
            self._watched = False
            if not WATCH.remove(self):
                # The time ended together with the answer: the answer holds, the connection is being stopped.
                self._broken = True
        self.warning_count = answer.warning_count
        if self._strict and answer.warning_count:
            self._strict = False
            self._check_warned()

    def _check_warned(self) -> None:
        """A SELECT that reads for a write has given warnings: raise the first that a write would fail of."""
        found = self._wire.ask("SHOW WARNINGS").rows_up_to(0)[0]
        self._shown = tuple(found)  # the next question makes the server forget them
        ((strict,),) = self._wire.ask(STRICT).rows_up_to(0)[0]
        serious = serious_warning(found) if strict else None
        if serious is not None:
            raise err.DataError(*serious)

    def _read_away(self, answer: Answer) -> None:
        while answer.description is not None and not answer.rows_up_to(1000)[1]:
            pass
        self._wire.skip_results()

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Exception as error:
            raise self._failed(error) from error
        except BaseException:
            self._broken = True
            raise

    def _failed(self, error: Exception) -> errors.Error:
        """The error to raise; decides whether the connection can go on."""
        self._unwatch()
        if isinstance(error, UnicodeEncodeError):
            # Raised before anything was sent.
            shard = self._shard if isinstance(self._shard, ShardId) else ShardId(self._backend.name, "")
            return wrong_parameters(error, shard)
        said_by_server = isinstance(error, err.Error) and self._wire.open
        if not said_by_server or self._broken or errno_of(error) in LOST:
            stopped, self._broken = self._broken, True
            if stopped:
                return self._lost()
            translated = translate(error, self._shard)
            if isinstance(translated, errors.StatementTimeout):
                # The URL's read_timeout has passed: nobody waits any more, but the server works on.
                self._backend.kill_statement(self._number)
            return translated
        self._answer = None
        return translate(error, self._shard)


def serious_warning(found: Sequence[Row]) -> tuple[int, str] | None:
    """The first of a SELECT's warnings that a write would fail of under a strict sql_mode."""
    return next(((code, text) for _, code, text in found if code in SERIOUS), None)
