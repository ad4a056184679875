"""One MySQL connection under asyncio, over asyncmy or aiomysql; the twin of mysql_connection.

What is done here are statements and their answers; how they end when they do not end well is in guard.
Invariant: `usable` is true only when, as far as is known here, the next statement can be sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shardkit import errors
from shardkit.backends.aio.guard import Guard
from shardkit.backends.filling import inserts
from shardkit.backends.mysql_binding import bound
from shardkit.backends.mysql_connection import BROKEN_ESCAPES, HEALTH_TIMEOUT, PATIENCE, STRICT, serious_warning
from shardkit.backends.protocol import Started
from shardkit.flow import Column, Task, Warned
from shardkit.values import Row, ShardId

if TYPE_CHECKING:
    from shardkit.backends.aio.mysql import AioMySqlBackend

_new = tuple.__new__  # a NamedTuple without the call of its own __new__


class AioMySqlConnection(Guard):
    """See aio.protocol.Connection."""

    def __init__(self, backend: AioMySqlBackend, wire: Any) -> None:
        super().__init__(backend, wire)
        self.state: tuple[str, ...] = ()
        self.used_at = time.monotonic()
        self.warning_count = 0
        self._mogrify = backend.mogrify
        self._database = backend.database
        self._strict = False
        self._shown: tuple[Any, ...] = ()

    async def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """See aio.protocol.Connection.start."""
        shard, sql, args, needs_database, self._strict = task
        wire = self._wire
        self._shard = shard
        if self._answer is not None or self._broken:
            self._check_ready(shard)
        if needs_database and self._database != shard.database:
            await self._select(shard)
        if args is not None:
            sql = bound(self._mogrify, sql, args, shard)
        if timeout is not None:
            self._watched, due = True, time.monotonic() + timeout
            watch = self._watch
            watch.due[self] = due
            if due < watch.wakes_at:
                watch.wake(due)
        try:
            if self._read_timeout is None:
                answer, rows, last = await wire.ask(sql, batch, task.sql)
            else:
                answer, rows, last = await self._within(wire.ask(sql, batch, task.sql), self._read_timeout)
            description = answer.description
            if not last:
                self._answer = answer
                return _new(Started, (description, -1, None, rows, False))
            if answer.has_next or answer.warning_count:
                await self._ended(answer)
            else:
                self.warning_count = 0
                if self._watched:
                    self._watched = False
                    self._watch.due.pop(self, None)
            if description is None:
                return _new(Started, (None, answer.affected_rows or 0, answer.insert_id, (), True))
            return _new(Started, (description, len(rows), None, rows, True))
        except asyncio.CancelledError:
            await self.kill()
            raise
        except Exception as error:
            raise await self._failed(error) from error
        except BaseException:
            self._forsake()
            raise

    async def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """See aio.protocol.Connection.read."""
        answer = self._answer
        if answer is None:
            raise errors.InternalError(f"shard {self._shard}: no answer is open on {self!r}")
        if self._broken:
            raise self._lost()
        return await self._guarded(self._read(answer, batch), self._read_timeout)

    async def abandon(self, drain: int) -> bool:
        """See aio.protocol.Connection.abandon."""
        if self._answer is None:
            return True
        last = drain > 0 and (await self.read(drain))[1]
        if not last:
            self._broken = True
        return last

    async def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """See aio.protocol.Connection.fill."""
        for sql, args in inserts(table, columns, rows):
            await self.start(Task(shard, sql, args), 0, timeout)

    async def warnings(self) -> Warned:
        """See aio.protocol.Connection.warnings."""
        shown, self._shown = self._shown, ()
        if not shown and self.usable:
            try:
                shown = tuple(await self._guarded(self._asked("SHOW WARNINGS"), HEALTH_TIMEOUT))
            except errors.Error:
                self._broken = True  # the statement itself has been answered, and that answer holds
        return Warned(self.warning_count, shown)

    async def run(self, shard: ShardId, sql: str) -> None:
        """See aio.protocol.Connection.run."""
        self._check_ready(shard)
        await self._guarded(self._run(sql), self._read_timeout or PATIENCE)
        if not self._wire.backslash_escapes:
            self._broken = True
            raise errors.ProgrammingError(f"shard {shard}: {BROKEN_ESCAPES}")

    async def run_all(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """See aio.protocol.Connection.run_all."""
        self._check_ready(shard)
        if timeout is not None:
            self._watched = True
            self._watch.add(self, time.monotonic() + timeout)
        error = await self._guarded(self._wire.run_all(statements), self._read_timeout or PATIENCE)
        self._unwatch()
        if error is not None:
            raise await self._failed(error) from error

    async def ping(self) -> bool:
        """See aio.protocol.Connection.ping."""
        if not self.usable:
            return False
        try:
            await self._guarded(self._wire.is_alive(), HEALTH_TIMEOUT)
        except errors.Error:
            self._broken = True
        return not self._broken

    async def reset(self) -> None:
        """See aio.protocol.Connection.reset."""
        self._check_ready(self._backend.name)
        try:
            await self._guarded(self._wire.reset_connection(), HEALTH_TIMEOUT)
        except errors.Error:
            self._broken = True
            raise
        self.state = ()

    async def _select(self, shard: ShardId) -> None:
        await self._guarded(self._wire.select_db(shard.database), HEALTH_TIMEOUT)
        self._database = shard.database

    async def _read(self, answer: Any, batch: int) -> tuple[Sequence[Row], bool]:
        rows, last = await self._wire.rows_up_to(answer, batch)
        if last:
            await self._ended(answer)
            self._answer = None
        return rows, last

    async def _ended(self, answer: Any) -> None:
        """The answer has been read to its end; what a stored procedure sends after it is read away."""
        if answer.has_next:
            await self._wire.skip_results()
        self._unwatch()
        self.warning_count = answer.warning_count
        if self._strict and answer.warning_count:
            self._strict = False
            await self._check_warned()

    async def _check_warned(self) -> None:
        """A SELECT that reads for a write has given warnings: raise the first that a write would fail of."""
        found = await self._asked("SHOW WARNINGS")
        self._shown = tuple(found)  # the next question makes the server forget them
        ((strict,),) = await self._asked(STRICT)
        serious = serious_warning(found) if strict else None
        if serious is not None:
            raise errors.DataError(f"shard {self._shard}: {serious[1]}", errno=serious[0], shards=self._shards())

    async def _asked(self, sql: str) -> list[Row]:
        return (await self._wire.ask(sql, 0, sql))[1]

    async def _run(self, sql: str) -> None:
        answer, _, last = await self._wire.ask(sql, 1000, sql)
        while not last:
            _, last = await self._wire.rows_up_to(answer, 1000)
        await self._wire.skip_results()
