"""The embedded backend under asyncio: each connection has a thread of its own, in which all its work is done.

A cancelled statement is interrupted, and the cancellation goes on when the thread has stopped.
Invariant: a connection's thread does one thing at a time, and ends with the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from shardkit.backends.aio.protocol import Connection
from shardkit.backends.aio.shelter import sheltered
from shardkit.backends.protocol import Started
from shardkit.backends.sqlite import SqliteBackend
from shardkit.backends.sqlite_connection import SqliteConnection
from shardkit.errors import ConnectionLost, InternalError
from shardkit.flow import Collation, Column, TableInfo, Task, Warned
from shardkit.values import Row, ShardId

if TYPE_CHECKING:
    from shardkit.rules import Server

T = TypeVar("T")


class AioSqliteConnection:
    """See aio.protocol.Connection."""

    def __init__(self, thread: ThreadPoolExecutor, raw: SqliteConnection) -> None:
        self._thread, self.raw = thread, raw
        self._closed = False

    @property
    def state(self) -> tuple[str, ...]:
        """See backends.protocol.Connection.state."""
        return self.raw.state

    @state.setter
    def state(self, state: tuple[str, ...]) -> None:
        self.raw.state = state

    @property
    def used_at(self) -> float:
        """See backends.protocol.Connection.used_at."""
        return self.raw.used_at

    @used_at.setter
    def used_at(self, moment: float) -> None:
        self.raw.used_at = moment

    @property
    def usable(self) -> bool:
        """See aio.protocol.Connection.usable."""
        return not self._closed and self.raw.usable

    async def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """See aio.protocol.Connection.start."""
        return await self.work(lambda: self.raw.start(task, batch, timeout))

    async def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """See aio.protocol.Connection.read."""
        return await self.work(lambda: self.raw.read(batch))

    async def abandon(self, drain: int) -> bool:
        """See aio.protocol.Connection.abandon."""
        return await self.work(lambda: self.raw.abandon(drain))

    async def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """See aio.protocol.Connection.fill."""
        await self.work(lambda: self.raw.fill(shard, table, columns, rows, timeout))

    @property
    def warning_count(self) -> int:
        """See backends.protocol.Connection.warning_count."""
        return self.raw.warning_count

    @warning_count.setter
    def warning_count(self, count: int) -> None:
        self.raw.warning_count = count

    async def warnings(self) -> Warned:
        """See aio.protocol.Connection.warnings."""
        return self.raw.warnings()

    async def run(self, shard: ShardId, sql: str) -> None:
        """See aio.protocol.Connection.run."""
        await self.work(lambda: self.raw.run(shard, sql))

    async def run_all(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """See aio.protocol.Connection.run_all."""

        def both() -> None:
            self.raw.post(shard, statements, timeout)
            self.raw.collect()

        await self.work(both)

    async def ping(self) -> bool:
        """See aio.protocol.Connection.ping."""
        return await self.work(self.raw.ping)

    async def reset(self) -> None:
        """See aio.protocol.Connection.reset."""
        await self.work(self.raw.reset)

    async def interrupt(self) -> None:
        """See aio.protocol.Connection.interrupt."""
        self.raw.interrupt()

    async def kill(self) -> None:
        """See aio.protocol.Connection.kill."""
        self.raw.kill()

    def close(self) -> None:
        """See aio.protocol.Connection.close."""
        if self._closed:
            return
        self._closed = True
        if not self.usable:
            self.raw.kill()
        self._thread.submit(self.raw.close)
        self._thread.shutdown(wait=False)

    async def work(self, job: Callable[[], T]) -> T:
        """Do it in the connection's thread; interrupted if the caller is cancelled."""
        if self._closed:
            raise ConnectionLost("the connection to an embedded database is closed")
        doing = asyncio.get_running_loop().run_in_executor(self._thread, job)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            doing.add_done_callback(_noted)
            self.raw.kill()
            await sheltered(asyncio.wait((doing,)))
            raise
        except GeneratorExit:
            doing.add_done_callback(_noted)
            self.raw.kill()  # nobody can wait for the thread
            raise


class AioSqliteBackend:
    """See aio.protocol.Backend."""

    def __init__(self, server: Server) -> None:
        self._sync = SqliteBackend(server)

    def pool_of(self, shard: ShardId) -> str:
        """Connections are interchangeable within one file only."""
        return self._sync.pool_of(shard)

    async def connect(self, shard: ShardId) -> AioSqliteConnection:
        """See aio.protocol.Backend.connect."""
        return await _opened(lambda: self._sync.connect(shard))

    async def workspace(self, place: ShardId) -> AioSqliteConnection:
        """A new database in memory."""
        return await _opened(lambda: self._sync.workspace(place))

    async def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """See aio.protocol.Backend.describe."""
        if not isinstance(connection, AioSqliteConnection):
            raise InternalError(f"{shard}: a connection of another backend")
        raw = connection.raw
        return await connection.work(lambda: self._sync.describe(raw, shard, table))

    async def close(self) -> None:
        """See aio.protocol.Backend.close: the threads end by themselves."""

    async def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See aio.protocol.Backend.collations."""
        return self._sync.collations(connection, names)


def _noted(done: asyncio.Future[T]) -> None:
    """That an interrupted statement was interrupted is no news to whoever did it."""
    if not done.cancelled():
        done.exception()


async def _opened(connect: Callable[[], SqliteConnection]) -> AioSqliteConnection:
    thread = ThreadPoolExecutor(1, thread_name_prefix="shardkit-sqlite")
    opening = asyncio.get_running_loop().run_in_executor(thread, connect)
    try:
        return AioSqliteConnection(thread, await sheltered(opening))
    except BaseException:
        if not opening.cancelled() and opening.done() and opening.exception() is None:
            thread.submit(opening.result().close)
        thread.shutdown(wait=False)
        raise
