"""The connections that a transaction has pinned, one for each shard.

A pinned connection that broke stays pinned until the transaction ends: a statement must not slip onto a fresh
connection outside the transaction.
Invariant: only a COMMIT or ROLLBACK that succeeded brings a connection back to its pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from shardkit.backends.protocol import Connection
from shardkit.errors import Error, InternalError
from shardkit.flow import Each, Enlist
from shardkit.runtime.fan import Submit, fan
from shardkit.runtime.pool import Pool
from shardkit.runtime.state import State, settle_pinned
from shardkit.values import ShardId


class Pinned(NamedTuple):
    """A transaction's connection to one shard."""

    pool: Pool
    connection: Connection


class _Running:
    """Statements without rows on one connection, as a job."""

    def __init__(self, shard: ShardId, connection: Connection, statements: Sequence[str]) -> None:
        self._shard = shard
        self._connection = connection
        self._statements = statements

    def run(self) -> None:
        for sql in self._statements:
            self._connection.run(self._shard, sql)

    def stop(self, error: BaseException) -> None:
        """A statement of a transaction is left to its end, unless the program itself is interrupted."""
        if not isinstance(error, Exception):
            self._connection.kill()


class _Enlisting:
    """Making one connection ready and beginning a transaction on it, as a job."""

    def __init__(self, shard: ShardId, pool: Pool, candidate: Connection | None, statements: Sequence[str]) -> None:
        self.shard = shard
        self.pool = pool
        self.connection: Connection | None = None
        self.state: State = ()
        self._candidate = candidate
        self._statements = statements

    def run(self) -> None:
        candidate, self._candidate = self._candidate, None
        self.connection = self.pool.ready(candidate, self.shard, self.state)
        for sql in self._statements:
            self.connection.run(self.shard, sql)

    def stop(self, error: BaseException) -> None:
        if self.connection is not None:
            self.connection.kill()

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

    def enlist(self, submit: Submit, pools: Iterable[tuple[ShardId, Pool]], op: Enlist, state: State) -> None:
        """Pin one connection for each shard and run its statements on it; after an error none is pinned."""
        if len(op.shards) == 1 and not op.own:
            ((shard, pool),) = pools
            self._enlist_one(shard, pool, op.statements, state)
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
                candidates = pool.reserve(len(wanted[pool]), state)
                for shard, candidate in zip(wanted[pool], candidates, strict=True):
                    jobs.append(_Enlisting(shard, pool, candidate, (*own.get(shard, ()), *op.statements)))
                    jobs[-1].state = state
            if jobs:
                fan(submit, jobs)
        except BaseException:
            for job in jobs:
                job.undo()
            raise
        for job in jobs:
            assert job.connection is not None
            self.by_shard[job.shard] = Pinned(job.pool, job.connection)

    def _enlist_one(self, shard: ShardId, pool: Pool, statements: Sequence[str], state: State) -> None:
        if shard in self.by_shard:
            raise InternalError(f"shard {shard} is enlisted already", shards=(shard,))
        connection = pool.acquire(shard, state)
        try:
            for sql in statements:
                connection.run(shard, sql)
        except BaseException:
            pool.discard(connection)
            raise
        self.by_shard[shard] = Pinned(pool, connection)

    def command(self, submit: Submit, shards: Sequence[ShardId], sql: str) -> None:
        """Run one statement on these shards; every shard is tried, the first error is raised."""
        jobs = [_Running(shard, self._pinned(shard).connection, (sql,)) for shard in shards]
        if jobs:
            fan(submit, jobs)

    def each(self, op: Each) -> tuple[BaseException | None, ...]:
        """Run each shard's own statements, all shards at the same time; see flow.Each.

        They are sent everywhere before the first answer is waited for, which needs no threads.
        """
        errors: dict[ShardId, BaseException | None] = {}
        clean: set[ShardId] = set()
        try:
            for shard, lines in zip(op.shards, op.statements, strict=True):
                errors[shard] = _posted(self._pinned(shard).connection, shard, lines, op.timeout)
            for shard, lines in zip(op.shards, op.statements, strict=True):
                if errors[shard] is None and lines:
                    errors[shard] = _collected(self._pinned(shard).connection)
                    clean |= {shard} if errors[shard] is None else set()
        finally:
            if op.finish:
                for shard in op.shards:
                    pinned = self.by_shard.pop(shard)
                    (pinned.pool.release if shard in clean else pinned.pool.discard)(pinned.connection)
        return tuple(errors[shard] for shard in op.shards)

    def settle(self, state: State) -> None:
        """Bring every pinned connection into this session state."""
        for shard, pinned in self.by_shard.items():
            settle_pinned(pinned.connection, shard, state)

    def finish(self, shards: Sequence[ShardId], sql: str) -> tuple[BaseException | None, ...]:
        """Run COMMIT or ROLLBACK on these shards in order and give their connections back."""
        for shard in shards:
            self._pinned(shard)
        return tuple(self._finish(shard, sql) for shard in shards)

    def orphan(self) -> None:
        """The owner was garbage-collected: mark all for discard. No I/O."""
        while self.by_shard:
            _, pinned = self.by_shard.popitem()
            pinned.pool.orphan(pinned.connection)

    def _finish(self, shard: ShardId, sql: str) -> BaseException | None:
        pinned = self.by_shard.pop(shard)
        try:
            pinned.connection.run(shard, sql)
        except Error as error:
            pinned.pool.discard(pinned.connection)
            return error
        except BaseException:
            pinned.pool.discard(pinned.connection)
            raise
        pinned.pool.release(pinned.connection)
        return None

    def _pinned(self, shard: ShardId) -> Pinned:
        pinned = self.by_shard.get(shard)
        if pinned is None:
            raise not_enlisted(shard)
        return pinned


def already_enlisted(shard: ShardId) -> InternalError:
    """The error to raise when a script enlists a shard twice."""
    return InternalError(f"shard {shard} is enlisted already", shards=(shard,))


def not_enlisted(shard: ShardId) -> InternalError:
    """The error to raise when a script asks something of a shard that it has not enlisted."""
    return InternalError(f"shard {shard} is not enlisted", shards=(shard,))


def _posted(
    connection: Connection, shard: ShardId, statements: Sequence[str], timeout: float | None
) -> BaseException | None:
    try:
        connection.post(shard, statements, timeout)
    except Error as error:
        return error
    return None


def _collected(connection: Connection) -> BaseException | None:
    try:
        connection.collect()
    except Error as error:
        return error
    return None
