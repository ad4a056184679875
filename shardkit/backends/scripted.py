"""A backend for tests: answers, delays and failures are given in advance, and everything that happens is written down.

    backend = ScriptedBackend("rds0")
    backend.on("SELECT 1", Reply(rows=[(1,)]))
    backend.on("SELECT 2", Reply(delay=60))              # until killed or timed out
    backend.on("COMMIT", Reply(error=ConnectionLost("gone"), breaks=True))

Invariant: a connection that was killed, broken or closed refuses every further statement, as a real one does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from shardkit import errors
from shardkit.backends.protocol import Connection, Started
from shardkit.backends.script import Noted, Reply, Scripts
from shardkit.flow import Collation, Column, TableInfo, Task, Warned
from shardkit.values import Row, ShardId

__all__ = ["Noted", "Reply", "Scripted", "ScriptedBackend", "ScriptedConnection", "Scripts"]


class ScriptedBackend(Scripts["ScriptedConnection"]):
    """See protocol.Backend. All shards share one pool unless `pool_per_shard`."""

    def connect(self, shard: ShardId) -> ScriptedConnection:
        """See protocol.Backend.connect; raises the next of `connect_errors`."""
        if self.connect_delay:
            time.sleep(self.connect_delay)
        return self.opened(shard, ScriptedConnection)

    def workspace(self, place: ShardId) -> ScriptedConnection:
        """Connections for workspaces are scripted alike."""
        return self.connect(place)

    def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """See protocol.Backend.describe."""
        connection.start(Task(shard, f"DESCRIBE {table}"), 0, None)
        return self.tables.get((shard, table))

    def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See protocol.Backend.collations."""
        return tuple(self.known_collations[name] for name in names if name in self.known_collations)


class Scripted:
    """A connection's part in the script, without waiting."""

    def __init__(self, backend: Scripts[Any], number: int) -> None:
        self.state: tuple[str, ...] = ()
        self.used_at = time.monotonic()
        self.warning_count = 0
        self._warned = Warned(0, ())
        self.closed = False
        self.broken = False
        self.alive = True  # what the server would answer to a ping
        self._backend = backend
        self._number = number
        self.killed = False
        self._reply: Reply | None = None
        self._given = 0
        self._shard = ShardId(backend.name, "")
        self._posted: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """See protocol.Connection.usable."""
        return not (self.broken or self.closed or self.killed or self._reply is not None)

    def note(self, what: str, text: str = "") -> None:
        """Write down what happened."""
        self._backend.log.append(Noted(what, self._number, text))

    def close(self) -> None:
        """See protocol.Connection.close."""
        if not self.closed:
            self.note("close")
        self.closed = True
        self._reply = None

    def asked(self, what: str, shard: ShardId, sql: str) -> Reply:
        """A statement comes: its reply. Raises ConnectionLost."""
        self._check_ready(shard)
        self.note(what, sql)
        reply = self._backend.reply(sql, shard)
        self._warned = reply.warned
        self.warning_count = reply.warned.number
        return reply

    def asked_more(self) -> Reply:
        """More rows are wanted: of which reply."""
        if self._reply is None:
            raise errors.InternalError(f"shard {self._shard}: no answer is open")
        self.note("read", str(self._given))
        return self._reply

    def started(self, reply: Reply, batch: int) -> Started:
        """The head of a reply."""
        if reply.error is not None and reply.good_rows is None:
            raise self._failure(reply, reply.error)
        if reply.description is None and not reply.rows:
            return Started(None, reply.rowcount, reply.lastrowid, (), True)
        self._reply, self._given = reply, 0
        rows, last = self.more(reply, batch)
        return Started(reply.description, len(rows) if last else -1, None, rows, last)

    def ran(self, reply: Reply) -> None:
        """The end of a statement without rows."""
        if reply.error is not None:
            raise self._failure(reply, reply.error)

    def abandoned(self, drain: int) -> bool:
        """See protocol.Connection.abandon."""
        self.note("abandon")
        reply = self._reply
        if reply is None:
            return True
        if len(reply.rows) - self._given > drain:
            self.broken = True
            return False
        self._reply = None
        return True

    def pinged(self) -> bool:
        """See protocol.Connection.ping."""
        self.note("ping")
        self.broken = self.broken or not self.alive
        return self.usable

    def has_reset(self) -> None:
        """See protocol.Connection.reset."""
        self._check_ready(self._shard)
        self.note("reset")
        reply = self._backend.reply("RESET", self._shard)
        if reply.error is not None:
            self.broken = True
            raise reply.error
        self.state = ()

    def _check_ready(self, shard: ShardId) -> None:
        self._shard = shard
        if self._reply is not None:
            raise errors.InternalError(f"shard {shard}: the connection still has an open answer")
        if not self.usable or not self.alive:
            self.broken = True
            raise errors.ConnectionLost(f"shard {shard}: the connection was lost", shards=(shard,))

    def stopped(self) -> errors.Error:
        """The error to raise after a kill or an interruption."""
        if self.killed:
            return errors.ConnectionLost(f"shard {self._shard}: the connection was stopped", shards=(self._shard,))
        self._reply = None
        return errors.OperationalError(f"shard {self._shard}: interrupted", errno=1317, shards=(self._shard,))

    def late(self) -> errors.StatementTimeout:
        """The error to raise when the time is over."""
        self.broken = True
        return errors.StatementTimeout(f"shard {self._shard}: no answer in time", shards=(self._shard,))

    def more(self, reply: Reply, batch: int) -> tuple[Sequence[Row], bool]:
        """The next rows of a reply, and whether they are its last."""
        end = len(reply.rows) if batch == 0 else min(self._given + batch, len(reply.rows))
        if reply.error is not None and reply.good_rows is not None and end > reply.good_rows:
            raise self._failure(reply, reply.error)
        rows = reply.rows[self._given : end]
        self._given = end
        last = end == len(reply.rows) and not (batch and len(rows) == batch)
        if last:
            self._reply = None
        return rows, last

    def _failure(self, reply: Reply, error: BaseException) -> BaseException:
        self._reply = None
        self.broken = self.broken or reply.breaks or not isinstance(error, Exception)
        return error


class ScriptedConnection(Scripted):
    """See protocol.Connection."""

    def __init__(self, backend: Scripts[Any], number: int) -> None:
        super().__init__(backend, number)
        self._woken = threading.Event()  # a delay ends

    def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """See protocol.Connection.start."""
        reply = self.asked("start", task.shard, task.sql)
        self._wait(reply, timeout)
        return self.started(reply, batch)

    def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """See protocol.Connection.read."""
        reply = self.asked_more()
        self._wait(reply, None)
        return self.more(reply, batch)

    def abandon(self, drain: int) -> bool:
        """See protocol.Connection.abandon."""
        return self.abandoned(drain)

    def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """Noted as one statement with the number of its rows."""
        self.start(Task(shard, f"FILL {table} {len(rows)}"), 0, timeout)

    def warnings(self) -> Warned:
        """See protocol.Connection.warnings."""
        self.note("warnings")
        return self._warned

    def run(self, shard: ShardId, sql: str) -> None:
        """See protocol.Connection.run."""
        reply = self.asked("run", shard, sql)
        self._wait(reply, None)
        self.ran(reply)

    def post(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """Kept for `collect`."""
        self._shard, self._posted = shard, tuple(statements)

    def collect(self) -> None:
        """Each posted statement is noted and answered as `run` does; the first error is raised after all have run."""
        posted, self._posted = self._posted, ()
        first: errors.Error | None = None
        for sql in posted:
            try:
                self.run(self._shard, sql)
            except errors.Error as error:
                first = first or error
        if first is not None:
            raise first

    def ping(self) -> bool:
        """See protocol.Connection.ping."""
        return self.pinged()

    def reset(self) -> None:
        """See protocol.Connection.reset."""
        self.has_reset()

    def interrupt(self) -> None:
        """See protocol.Connection.interrupt: a delay ends with error 1317."""
        self.note("interrupt")
        self._woken.set()

    def kill(self) -> None:
        """See protocol.Connection.kill."""
        self.note("kill")
        self.killed = True
        self._woken.set()

    def _wait(self, reply: Reply, timeout: float | None) -> None:
        late = timeout is not None and timeout < reply.delay
        self._woken.clear()  # nothing was running that could be interrupted
        if self.killed:
            self._woken.set()
        if reply.delay and self._woken.wait(timeout if late else reply.delay):
            raise self.stopped()
        if late:
            raise self.late()
