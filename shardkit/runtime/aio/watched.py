"""The twin of runtime.watched: backends, connections and pools of one event loop whose work is told to observers.

Every task inherits the context of the one that made it, so a piece knows its statement wherever it runs.
Invariant: as there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from shardkit.backends.aio.protocol import Backend, Connection
from shardkit.backends.protocol import Started
from shardkit.flow import Collation, Column, TableInfo, Task, Warned
from shardkit.observe import ConnectionLapses, ConnectionOpens, PoolWait, Watch
from shardkit.runtime.aio.pool import Pool
from shardkit.runtime.lending import Limits
from shardkit.runtime.state import State
from shardkit.runtime.watched import Seen
from shardkit.values import Row, ShardId


class WatchedConnection(Seen[Connection]):
    """One connection."""

    async def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """See aio.protocol.Connection."""
        piece = self._watch.begin(task.shard, task.sql)
        try:
            started = await self.inner.start(task, batch, timeout)
        except BaseException as error:
            self._watch.end(piece, error)
            raise
        return self.began(piece, started)

    async def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """See aio.protocol.Connection."""
        try:
            rows, last = await self.inner.read(batch)
        except BaseException as error:
            self.ends(error)
            raise
        self.came(len(rows), last)
        return rows, last

    async def abandon(self, drain: int) -> bool:
        """See aio.protocol.Connection."""
        try:
            return await self.inner.abandon(drain)
        finally:
            self.ends()

    async def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """See aio.protocol.Connection."""
        with self.piece(shard, f"INSERT INTO {table}", len(rows)):
            await self.inner.fill(shard, table, columns, rows, timeout)

    async def warnings(self) -> Warned:
        """See aio.protocol.Connection."""
        return await self.inner.warnings()

    async def run(self, shard: ShardId, sql: str) -> None:
        """See aio.protocol.Connection."""
        with self.piece(shard, sql):
            await self.inner.run(shard, sql)

    async def run_all(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """See aio.protocol.Connection."""
        with self.piece(shard, "; ".join(statements)):
            await self.inner.run_all(shard, statements, timeout)

    async def ping(self) -> bool:
        """See aio.protocol.Connection."""
        return await self.inner.ping()

    async def reset(self) -> None:
        """See aio.protocol.Connection."""
        await self.inner.reset()

    async def interrupt(self) -> None:
        """See aio.protocol.Connection."""
        await self.inner.interrupt()

    async def kill(self) -> None:
        """See aio.protocol.Connection. Another task may call it: who is at work here tells the end."""
        await self.inner.kill()

    def close(self) -> None:
        """See aio.protocol.Connection."""
        self.inner.close()
        self.ends()


class WatchedBackend:
    """One server whose connections are watched; see runtime.watched."""

    def __init__(self, name: str, inner: Backend, watch: Watch) -> None:
        self._name, self.inner, self._watch = name, inner, watch

    def pool_of(self, shard: ShardId) -> str:
        """See aio.protocol.Backend."""
        return self.inner.pool_of(shard)

    async def connect(self, shard: ShardId) -> Connection:
        """See aio.protocol.Backend."""
        return await self._opened(self.inner.connect, shard)

    async def workspace(self, place: ShardId) -> Connection:
        """See aio.protocol.Backend."""
        return await self._opened(self.inner.workspace, place)

    async def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """See aio.protocol.Backend."""
        return await self.inner.describe(_inner(connection), shard, table)

    async def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See aio.protocol.Backend."""
        return await self.inner.collations(_inner(connection), names)

    async def close(self) -> None:
        """See aio.protocol.Backend."""
        await self.inner.close()

    async def _opened(self, opening: Callable[[ShardId], Awaitable[Connection]], shard: ShardId) -> Connection:
        started = perf_counter()
        try:
            found = await opening(shard)
        except BaseException as error:
            self._watch.tell(ConnectionOpens(self._name, perf_counter() - started, error))
            raise
        self._watch.tell(ConnectionOpens(self._name, perf_counter() - started))
        return WatchedConnection(found, self._watch)


class WatchedPool(Pool):
    """A pool whose waits are told."""

    def __init__(
        self, limits: Limits, connect: Callable[[ShardId], Awaitable[Connection]], name: str, watch: Watch
    ) -> None:
        super().__init__(limits, connect, name)
        self._watch = watch

    async def acquire(self, shard: ShardId, state: State, patience: float | None = None) -> Connection:
        """See Pool.acquire."""
        (candidate,) = await self.reserve(1, state, patience)
        return await self._fit(candidate, shard, state)

    async def reserve(self, count: int, state: State, patience: float | None = None) -> list[Connection | None]:
        """See Pool.reserve."""
        if self._free >= count and not self._waiting:
            return await super().reserve(count, state, patience)
        started, granted = perf_counter(), False
        try:
            found = await super().reserve(count, state, patience)
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
