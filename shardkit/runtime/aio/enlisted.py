"""The connections that a transaction has pinned, one for each shard; the twin of runtime.enlisted.

Invariant: only a COMMIT or ROLLBACK that succeeded brings a connection back to its pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from shardkit.backends.aio.protocol import Connection
from shardkit.errors import Error
from shardkit.flow import Each, Enlist
from shardkit.runtime.aio.fan import fan
from shardkit.runtime.aio.pool import Pool
from shardkit.runtime.aio.state import settle_pinned
from shardkit.runtime.enlisted import already_enlisted, not_enlisted
from shardkit.runtime.state import State
from shardkit.values import ShardId


class Pinned(NamedTuple):
    """A transaction's connection to one shard."""

    pool: Pool
    connection: Connection


class _Running:
    """One statement without rows on one connection, as a job. It is left to its end when another one fails."""

    def __init__(self, shard: ShardId, connection: Connection, sql: str) -> None:
        self._shard, self._connection, self._sql = shard, connection, sql

    async def run(self) -> None:
        await self._connection.run(self._shard, self._sql)

    def spared(self, error: BaseException) -> bool:
        return isinstance(error, Exception)

    async def interrupt(self) -> None:
        """Nothing: it ends by itself."""


class _Enlisting:
    """Making one connection ready and beginning a transaction on it, as a job."""

    def __init__(
        self, shard: ShardId, pool: Pool, candidate: Connection | None, statements: Sequence[str], state: State
    ) -> None:
        self.shard, self.pool = shard, pool
        self.connection: Connection | None = None
        self._candidate, self._statements, self._state = candidate, statements, state

    async def run(self) -> None:
        candidate, self._candidate = self._candidate, None
        self.connection = await self.pool.ready(candidate, self.shard, self._state)
        for sql in self._statements:
            await self.connection.run(self.shard, sql)

    def spared(self, error: BaseException) -> bool:
        return False

    async def interrupt(self) -> None:
        """Nothing: it is cancelled."""

    def undo(self) -> None:
        """Discard it: what BEGIN and its like have done ends with the connection."""
        if self.connection is None:
            self.pool.return_unused(self._candidate)
        else:
            self.pool.discard(self.connection)


class Enlisted:
    """Pinned connections by shard."""

    __slots__ = ("by_shard",)

    def __init__(self) -> None:
        self.by_shard: dict[ShardId, Pinned] = {}

    def __bool__(self) -> bool:
        return bool(self.by_shard)

    def __iter__(self) -> Iterator[ShardId]:
        return iter(tuple(self.by_shard))

    def get(self, shard: ShardId) -> Pinned | None:
        """This shard's pinned connection, or None if the shard is not enlisted."""
        return self.by_shard.get(shard)

    def adopt(self, shard: ShardId, pool: Pool, connection: Connection) -> None:
        """Reach a connection that somebody else leased, and gives back, under this name."""
        self.by_shard[shard] = Pinned(pool, connection)

    def disown(self, shard: ShardId) -> None:
        """The end of `adopt`."""
        self.by_shard.pop(shard, None)

    def held(self, pool: Pool) -> int:
        """How many of the pool's connections are pinned here."""
        return sum(pinned.pool is pool for pinned in self.by_shard.values())

    async def enlist(self, pools: Iterable[tuple[ShardId, Pool]], op: Enlist, state: State) -> None:
        """Pin one connection for each shard and run its statements on it; after an error none is pinned."""
        if len(op.shards) == 1 and not op.own:
            ((shard, pool),) = pools
            await self._enlist_one(shard, pool, op.statements, state)
            return
        own = dict(zip(op.shards, op.own, strict=True)) if op.own else {}
        wanted: dict[Pool, list[ShardId]] = {}
        for shard, pool in pools:
            if shard in self.by_shard:
                raise already_enlisted(shard)
            wanted.setdefault(pool, []).append(shard)
        jobs: list[_Enlisting] = []
        try:
            for pool in sorted(wanted, key=lambda pool: pool.key):
                candidates = await pool.reserve(len(wanted[pool]), state)
                for shard, candidate in zip(wanted[pool], candidates, strict=True):
                    jobs.append(_Enlisting(shard, pool, candidate, (*own.get(shard, ()), *op.statements), state))
            if jobs:
                await fan(jobs)
        except BaseException:
            for job in jobs:
                job.undo()
            raise
        for job in jobs:
            assert job.connection is not None
            self.by_shard[job.shard] = Pinned(job.pool, job.connection)

    async def _enlist_one(self, shard: ShardId, pool: Pool, statements: Sequence[str], state: State) -> None:
        if shard in self.by_shard:
            raise already_enlisted(shard)
        connection = pool.take(state) or await pool.acquire(shard, state)
        try:
            for sql in statements:
                await connection.run(shard, sql)
        except BaseException:
            pool.discard(connection)
            raise
        self.by_shard[shard] = Pinned(pool, connection)

    async def command(self, shards: Sequence[ShardId], sql: str) -> None:
        """Run one statement on these shards; every shard is tried, the first error is raised."""
        jobs = [_Running(shard, self._pinned(shard).connection, sql) for shard in shards]
        if jobs:
            await fan(jobs)

    async def each(self, op: Each) -> tuple[BaseException | None, ...]:
        """Run each shard's own statements, all shards at the same time; see flow.Each."""
        pinned = [self._pinned(shard) for shard in op.shards]
        clean: list[bool] = [False] * len(pinned)
        errors: list[BaseException | None] = [None] * len(pinned)

        async def one(at: int) -> None:
            try:
                await pinned[at].connection.run_all(op.shards[at], op.statements[at], op.timeout)
                clean[at] = True
            except Error as error:
                errors[at] = error

        try:
            at_work = [at for at, lines in enumerate(op.statements) if lines]
            if len(at_work) == 1:
                await one(at_work[0])
            elif at_work:
                for result in await asyncio.gather(*map(one, at_work), return_exceptions=True):
                    if result is not None:
                        raise result
        finally:
            if op.finish:
                for shard, (pool, connection), fit in zip(op.shards, pinned, clean, strict=True):
                    del self.by_shard[shard]
                    (pool.release if fit else pool.discard)(connection)
        return tuple(errors)

    async def settle(self, state: State) -> None:
        """Bring every pinned connection into this session state."""
        for shard, pinned in self.by_shard.items():
            await settle_pinned(pinned.connection, shard, state)

    async def finish(self, shards: Sequence[ShardId], sql: str) -> tuple[BaseException | None, ...]:
        """Run COMMIT or ROLLBACK on these shards in order and give their connections back."""
        for shard in shards:
            self._pinned(shard)
        return tuple([await self._finish(shard, sql) for shard in shards])

    def orphan(self) -> None:
        """The owner was garbage-collected: mark all for discard. No I/O."""
        while self.by_shard:
            _, pinned = self.by_shard.popitem()
            pinned.pool.orphan(pinned.connection)

    async def _finish(self, shard: ShardId, sql: str) -> BaseException | None:
        pool, connection = self.by_shard.pop(shard)
        try:
            await connection.run(shard, sql)
        except Error as error:
            pool.discard(connection)
            return error
        except BaseException:
            pool.discard(connection)
            raise
        pool.release(connection)
        return None

    def _pinned(self, shard: ShardId) -> Pinned:
        pinned = self.by_shard.get(shard)
        if pinned is None:
            raise not_enlisted(shard)
        return pinned
