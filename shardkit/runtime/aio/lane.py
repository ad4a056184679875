"""A lane: one connection at work for the running query; the twin of runtime.lane.

Invariant: a leased connection goes back exactly once, and only clean ones are pooled: read to the end, not stopped.
"""

from __future__ import annotations

from shardkit.backends.aio.protocol import Connection
from shardkit.errors import ConnectionLost, Error
from shardkit.flow import Opened, RowBatch, Task, Warned
from shardkit.merge.meter import estimate
from shardkit.runtime.aio.pool import Pool
from shardkit.runtime.aio.state import settle_pinned
from shardkit.runtime.lane import FIRST_BATCH, NEXT_BATCH, Terms, concerns_statement, time_left
from shardkit.values import Row, ShardId


class Lane:
    """`work` is (source, task), in order. `pool` None: the connection belongs to a transaction."""

    __slots__ = (
        "_candidate", "_returned", "_stopped", "batch", "connection", "done", "opened", "pool", "shard", "streaming",
        "terms", "width", "work",
    )  # fmt: skip

    def __init__(self, shard: ShardId, pool: Pool | None, connection: Connection | None, terms: Terms) -> None:
        self.shard = shard
        self.pool = pool
        self.terms = terms
        self.work: list[tuple[int, Task]] = []
        self.opened: dict[int, Opened] = {}
        self.batch = RowBatch(0, (), True)
        self.width = 0  # bytes of one row of the batch read last
        self.done = self.streaming = False
        # A pool's candidate is not fit for use before `ready`.
        self._candidate = connection if pool is not None else None
        self.connection = connection if pool is None else None
        self._stopped = self._returned = False

    def adopt(self, connection: Connection, source: int) -> None:
        """Take over a leased connection that is fit, with an answer open for `source`."""
        self.connection, self._candidate = connection, None
        self.streaming = self.done = True
        self.batch = RowBatch(source, (), False)

    async def run(self) -> None:
        """Start every task; the connection goes back at once if nothing is left to read."""
        connection = await self._ready()
        last_source = self.work[-1][0]
        for source, task in self.work:
            if self._stopped:
                raise ConnectionLost(f"shard {task.shard}: stopped before it began", shards=(task.shard,))
            self.shard = task.shard
            self.opened[source] = await self._start(connection, source, task, keep_open=source == last_source)
        self.done = True
        if not self.streaming:
            self.give_back()

    async def fetch(self) -> None:
        """Read one more batch of the streaming task into `self.batch`."""
        if self.connection is None or not self.streaming:
            self.batch = RowBatch(self.batch.source, (), True)
            return
        rows, last = await self.connection.read(self.terms.share.batch(self.width))
        warned = await warnings_of(self.connection) if last else None
        self.batch = RowBatch(self.batch.source, rows, last, warned)
        if last:
            self.streaming = False
            self.give_back()
        else:
            self.width = estimate(rows)

    def spared(self, error: BaseException) -> bool:
        """A transaction's connection is not given up for another's mistake: its statement is only interrupted."""
        self._stopped = True
        return self.pool is None and concerns_statement(error)

    async def interrupt(self) -> None:
        """See fan.Job."""
        if self.connection is not None:
            await self.connection.interrupt()

    def give_back(self) -> None:
        """Return the leased connection: to the pool if it is clean, else to be closed. A second call does nothing."""
        if self._returned:
            return
        self._returned = True
        if self.pool is None:
            return
        streaming, self.streaming = self.streaming, False
        if self.connection is None:
            self.pool.return_unused(self._candidate)
        elif streaming:
            self.pool.discard(self.connection)
        else:
            self.pool.release(self.connection)

    async def drop(self, limit: int) -> None:
        """End a leased connection's open answer: read it away if at most `limit` rows are left, else discard it."""
        try:
            self.streaming = self.connection is not None and not await self.connection.abandon(limit)
        except Error:
            # What failed is an answer nobody wants any more; the connection is not pooled.
            self.streaming = True
        finally:
            self.give_back()

    async def stop(self) -> None:
        """End what is open here, on the server too."""
        if self.connection is not None:
            await self.connection.kill()

    async def abort(self) -> None:
        """Give up a transaction's connection; its next statement says that it was lost."""
        self.streaming = False
        await self.stop()

    def orphan(self) -> None:
        """Mark the leased connection for discard. Safe in a finaliser."""
        if self.pool is not None and not self._returned:
            self._returned = True
            self.streaming = False
            self.pool.orphan(self.connection or self._candidate)

    async def drain(self, limit: int | None) -> bool:
        """Read away at most about `limit` rows (None: all); whether the answer has ended."""
        connection, read = self.connection, 0
        while self.streaming and connection is not None and (limit is None or read < limit):
            try:
                rows, last = await connection.read(NEXT_BATCH)
            except Error:
                # The answer is over; if the connection broke as well, its next statement says so.
                last, rows = True, ()
            read += len(rows)
            self.streaming = not last
        return not self.streaming

    async def _ready(self) -> Connection:
        if self.pool is None:
            assert self.connection is not None
            await settle_pinned(self.connection, self.shard, self.terms.state)
            return self.connection
        candidate, self._candidate = self._candidate, None
        self.connection = await self.pool.ready(candidate, self.shard, self.terms.state)
        return self.connection

    async def _start(self, connection: Connection, source: int, task: Task, *, keep_open: bool) -> Opened:
        left = time_left(self.terms.deadline, (task.shard,))
        started = await connection.start(task, FIRST_BATCH if self.terms.stream else 0, left)
        self.streaming = not started.last
        warned = await warnings_of(connection) if started.last else None
        self.batch = RowBatch(source, started.rows, started.last, warned)
        if self.streaming:
            self.width = estimate(started.rows)
        if not keep_open:
            self.terms.buffered.take(len(started.rows), task.shard)
            if self.streaming:
                rows = await self._rest(connection, list(started.rows))
                self.batch = RowBatch(source, rows, True, await warnings_of(connection))
        return Opened(started.description, self.batch, started.rowcount, started.lastrowid)

    async def _rest(self, connection: Connection, rows: list[Row]) -> list[Row]:
        while self.streaming:
            more, last = await connection.read(NEXT_BATCH)
            self.streaming = not last
            self.terms.buffered.take(len(more), self.shard)
            rows.extend(more)
        return rows


async def warnings_of(connection: Connection) -> Warned | None:
    """The warnings of the answer that has ended on this connection; asks the server only if there are some."""
    return await connection.warnings() if connection.warning_count else None
