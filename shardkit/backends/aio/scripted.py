"""The scripted backend under asyncio: the same replies and the same log; see backends.scripted.

Invariant: as there. A cancelled wait is noted as a `kill`, because that is what a real connection does then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from shardkit import errors
from shardkit.backends.aio.protocol import Connection
from shardkit.backends.aio.shelter import sheltered
from shardkit.backends.protocol import Started
from shardkit.backends.scripted import Reply, Scripted, Scripts
from shardkit.flow import Collation, Column, TableInfo, Task, Warned
from shardkit.values import Row, ShardId


class AioScriptedBackend(Scripts["AioScriptedConnection"]):
    """See aio.protocol.Backend. All shards share one pool unless `pool_per_shard`."""

    async def connect(self, shard: ShardId) -> AioScriptedConnection:
        """See aio.protocol.Backend.connect; raises the next of `connect_errors`."""
        await asyncio.sleep(self.connect_delay)
        return self.opened(shard, AioScriptedConnection)

    async def workspace(self, place: ShardId) -> AioScriptedConnection:
        """Connections for workspaces are scripted alike."""
        return await self.connect(place)

    async def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """See aio.protocol.Backend.describe."""
        await connection.start(Task(shard, f"DESCRIBE {table}"), 0, None)
        return self.tables.get((shard, table))

    async def close(self) -> None:
        """See aio.protocol.Backend.close."""

    async def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See aio.protocol.Backend.collations."""
        return tuple(self.known_collations[name] for name in names if name in self.known_collations)


class AioScriptedConnection(Scripted):
    """See aio.protocol.Connection."""

    def __init__(self, backend: Scripts[Any], number: int) -> None:
        super().__init__(backend, number)
        self._woken = asyncio.Event()  # a delay ends

    async def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """See aio.protocol.Connection.start."""
        reply = self.asked("start", task.shard, task.sql)
        await self._wait(reply, timeout)
        return self.started(reply, batch)

    async def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """See aio.protocol.Connection.read."""
        reply = self.asked_more()
        await self._wait(reply, None)
        return self.more(reply, batch)

    async def abandon(self, drain: int) -> bool:
        """See aio.protocol.Connection.abandon."""
        return self.abandoned(drain)

    async def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """Noted as one statement with the number of its rows."""
        await self.start(Task(shard, f"FILL {table} {len(rows)}"), 0, timeout)

    async def warnings(self) -> Warned:
        """See aio.protocol.Connection.warnings."""
        self.note("warnings")
        return self._warned

    async def run(self, shard: ShardId, sql: str) -> None:
        """See aio.protocol.Connection.run."""
        reply = self.asked("run", shard, sql)
        await self._wait(reply, None)
        self.ran(reply)

    async def run_all(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """See aio.protocol.Connection.run_all."""
        first: errors.Error | None = None
        for sql in statements:
            try:
                await self.run(shard, sql)
            except errors.Error as error:
                first = first or error
        if first is not None:
            raise first

    async def ping(self) -> bool:
        """See aio.protocol.Connection.ping."""
        return self.pinged()

    async def reset(self) -> None:
        """See aio.protocol.Connection.reset."""
        self.has_reset()

    async def interrupt(self) -> None:
        """See aio.protocol.Connection.interrupt: a delay ends with error 1317."""
        self.note("interrupt")
        self._woken.set()

    async def kill(self) -> None:
        """See aio.protocol.Connection.kill. It takes a moment, as on a server."""
        self.killed = True
        self._reply = None
        self._woken.set()
        await asyncio.sleep(0)
        self.note("kill")

    async def _wait(self, reply: Reply, timeout: float | None) -> None:
        late = timeout is not None and timeout < reply.delay
        self._woken.clear()  # nothing was running that could be interrupted
        try:
            for _ in range(self._backend.ticks):
                await asyncio.sleep(0)
            if reply.delay:
                await asyncio.wait_for(self._woken.wait(), timeout if late else reply.delay)
        except TimeoutError:
            pass  # the reply's time has come, or the statement's is over
        except asyncio.CancelledError:
            await sheltered(self.kill())
            raise
        if self.killed or self._woken.is_set():
            raise self.stopped()
        if late:
            raise self.late()
