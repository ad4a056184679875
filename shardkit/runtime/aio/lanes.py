"""The server connections of one shardkit connection under asyncio; the twin of Lanes in runtime.sync.

A statement on one shard runs in the caller's task with nothing around it; several run in a task for each connection.
Invariant: every leased connection is given back or discarded on every way out, and a statement of a transaction never
runs outside its pinned connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from time import monotonic
from typing import Any, TypeVar, assert_never

from shardkit.backends.aio.protocol import Backend, Connection
from shardkit.errors import InterfaceError
from shardkit.flow import (
    Arrange,
    Budget,
    CloseQuery,
    CloseWorkspace,
    Command,
    Describe,
    DescribeCollation,
    Each,
    Enlist,
    Fetch,
    Fill,
    Finish,
    NewIds,
    NewName,
    Op,
    Opened,
    OpenWorkspace,
    Outside,
    Query,
    ReadFile,
    RowBatch,
    SetState,
    Task,
)
from shardkit.runtime.aio.engine import Engine
from shardkit.runtime.aio.enlisted import Enlisted
from shardkit.runtime.aio.lane import Lane
from shardkit.runtime.aio.outside import outside
from shardkit.runtime.aio.pool import Pool
from shardkit.runtime.aio.running import Running
from shardkit.runtime.aio.scatter import scatter
from shardkit.runtime.aio.state import settle_pinned
from shardkit.runtime.aio.turns import Turns
from shardkit.runtime.aio.workspace import Space
from shardkit.runtime.files import read_file
from shardkit.runtime.lane import FIRST_BATCH, RowCount, Terms, share_of
from shardkit.runtime.names import new_name
from shardkit.runtime.state import State
from shardkit.values import ShardId

T = TypeVar("T")
_new = tuple.__new__  # a NamedTuple without the call of its own __new__


class Lanes(Turns):
    """Pinned connections, the running query, the session's state.

    One task at a time. Lost without `close`, its connections are discarded by the loop.
    """

    __slots__ = (
        "__weakref__", "_budget", "_closed", "_engine", "_pinned", "_pins", "_pools", "_running", "_space", "_state",
    )  # fmt: skip

    def __init__(self, engine: Engine, budget: Budget) -> None:
        super().__init__()
        self._engine = engine
        self._budget = budget
        self._pinned = Enlisted()
        self._pins, self._pools = self._pinned.by_shard, engine.by_shard
        self._running: Running | None = None
        self._state: State = ()
        self._space: Space | None = None
        self._closed = False

    @property
    def running(self) -> Running | None:
        """The query that was started last and is still open."""
        return self._running

    @property
    def state(self) -> State:
        """The session's SET statements."""
        return self._state

    async def alone(self, op: Op) -> Any:
        """Do one Op outside of any script."""
        self.enter()
        try:
            return await self.perform(op)
        finally:
            self.taken = False

    async def perform(self, op: Op) -> Any:
        """Do what one Op asks for and give its answer, as its docstring in flow says."""
        if self._closed:
            if isinstance(op, (CloseQuery, CloseWorkspace)):
                return None  # a cursor that is closed after its connection: both went with that
            raise InterfaceError("the connection is closed")
        match op:
            case Query():
                return await self._query(op)
            case Fetch():
                return await self._fetch(op.sources)
            case CloseQuery():
                return await self._end_running(whole=True)
            case Enlist() | Command() | Finish() | Each():
                return await self._transact(op)
            case OpenWorkspace() | Arrange() | Fill() | CloseWorkspace():
                return await self._workspace().perform(op, self._state, self._running)
            case ReadFile():
                return await asyncio.to_thread(read_file, op)
            case Outside():
                return await outside(self._engine, op)
            case NewName():
                return new_name()
            case NewIds():
                return await self.new_ids(op)
            case SetState():
                return await self._set_state(op.statements, op.probe)
            case Describe():
                return await self._ask(op.shard, lambda backend, conn: backend.describe(conn, op.shard, op.table))
            case DescribeCollation():
                return await self._ask(op.shard, lambda backend, conn: backend.collations(conn, op.names))
        assert_never(op)

    async def new_ids(self, op: NewIds) -> Any:
        """NewIds: at once if nothing must be waited for, else in a thread."""
        found = self._engine.keys.take_soon(op)
        return await self._engine.in_thread(found) if callable(found) else found

    async def _query(self, op: Query) -> tuple[Opened, ...]:
        if self._running is not None:
            await self._end_running(whole=False)
        if self._space is not None and self._space.is_open:
            op = replace(op, timeout=self._space.current.limit(op.timeout))
        if len(op.tasks) == 1:
            return (await self._start_one(op.tasks[0], op.stream, op.timeout),)
        if not op.tasks:
            return ()
        deadline = None if op.timeout is None else monotonic() + op.timeout
        running, opened = await scatter(self._engine, self._pinned, op, self._terms(op.stream, deadline, len(op.tasks)))
        self._running = running
        return opened

    async def _transact(self, op: Enlist | Command | Finish | Each) -> Any:
        await self._end_running(whole=isinstance(op, (Finish, Each)))
        match op:
            case Enlist():
                pools = [(shard, self._engine.pool(shard)) for shard in op.shards]
                return await self._pinned.enlist(pools, op, self._state)
            case Command():
                return await self._pinned.command(op.shards, op.sql)
            case Finish():
                return await self._pinned.finish(op.shards, op.sql)
            case Each():
                return await self._pinned.each(op)

    def close_soon(self) -> bool:
        """Close it if it holds nothing; False: `close` must be awaited."""
        if self._running is not None or self._pins or self._space is not None:
            return False
        self._closed = True
        return True

    async def close(self) -> None:
        """Roll back, give everything back. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        running, self._running = self._running, None
        try:
            if running is not None:
                await running.end_leased()
            await self._workspace().close(running)
            for shard in self._pinned:
                # An answer that is still open refuses ROLLBACK; its connection is then discarded, which rolls back too.
                await self._pinned.finish((shard,), "ROLLBACK")
        finally:
            self.orphan_workspace()  # after an interruption: what has not had its turn
            self._pinned.orphan()

    def orphan_workspace(self) -> None:
        """Whoever used the workspace was garbage-collected: mark its connection for discard. No I/O."""
        if self._space is not None:
            self._space.orphan()

    def __del__(self) -> None:
        if self._running is not None:
            self._running.orphan()
        self.orphan_workspace()
        self._pinned.orphan()

    def start(self, task: Task, timeout: float | None) -> Coroutine[Any, Any, Opened]:
        """Query((task,), True, timeout) without the Op around it, to be awaited between `enter` and `leave`."""
        if self._running is not None or self._closed:
            return self._start_after(task, timeout)
        return self._start_one(task, True, timeout)

    async def _start_after(self, task: Task, timeout: float | None) -> Opened:
        answer: tuple[Opened] = await self.perform(Query((task,), True, timeout))
        return answer[0]

    async def _start_one(self, task: Task, stream: bool, timeout: float | None) -> Opened:
        # The path of nearly every statement: as few awaits and calls as can be.
        shard, pool = task[0], None
        due = None if timeout is None else monotonic() + timeout
        if shard in self._pins:
            connection = self._pins[shard].connection
        else:
            pool = self._pools.get(shard) or self._engine.pool(shard)
            free = pool.take(self._state)
            if free is not None:
                connection = free
            else:
                connection = await pool.acquire(shard, self._state, timeout)
                timeout = None if due is None else due - monotonic()
        try:
            if pool is None and connection.state != self._state:
                await settle_pinned(connection, shard, self._state)
                timeout = None if due is None else due - monotonic()
            description, rowcount, lastrowid, rows, last = await connection.start(
                task, FIRST_BATCH if stream else 0, timeout
            )
            warned = await connection.warnings() if last and connection.warning_count else None
        except BaseException:
            # Cancelled, it has stopped its statement and is not usable any more.
            if pool is not None:
                pool.release(connection)
            raise
        if not last:
            self._keep_open(shard, pool, connection, due)
        elif pool is not None:
            if connection.usable:
                pool.put(connection)
            else:
                pool.discard(connection)
        batch = _new(RowBatch, (0, rows, last, warned))
        return _new(Opened, (description, batch, rowcount, lastrowid))

    def _keep_open(self, shard: ShardId, pool: Pool | None, connection: Connection, deadline: float | None) -> None:
        lane = Lane(shard, pool, connection, self._terms(True, deadline, 1))
        lane.adopt(connection, 0)
        self._running = Running([lane], deadline)

    async def _fetch(self, sources: tuple[int, ...]) -> tuple[RowBatch, ...]:
        running = self._running
        if running is None:
            return tuple(RowBatch(source, (), True) for source in sources)
        try:
            return await running.fetch(sources)
        except BaseException:
            self._running = None
            raise

    async def _end_running(self, *, whole: bool) -> None:
        if self._running is not None:
            await self._running.end(whole=whole)
            self._running = None

    async def _set_state(self, statements: State, probe: ShardId) -> None:
        await self._end_running(whole=False)
        if self._pinned.get(probe) is None:
            pool = self._engine.pool(probe)
            pool.release(await pool.acquire(probe, statements))
        # A pinned connection that has gone further than `self._state` when another one fails is brought back before
        # its next statement, because its own `state` says what it has run.
        await self._pinned.settle(statements)
        self._state = statements

    async def _ask(self, shard: ShardId, question: Callable[[Backend, Connection], Awaitable[T]]) -> T:
        backend, pinned = self._engine.backend(shard), self._pinned.get(shard)
        if pinned is not None and pinned.connection.usable and not self._streams_on(shard):
            return await question(backend, pinned.connection)
        pool = self._engine.pool(shard)
        connection = await pool.acquire(shard, self._state)
        try:
            return await question(backend, connection)
        finally:
            pool.release(connection)

    def _workspace(self) -> Space:
        if self._space is None:
            self._space = Space(self._engine, self._pinned)
        return self._space

    def _streams_on(self, shard: ShardId) -> bool:
        return self._running is not None and shard in self._running.shards

    def _terms(self, stream: bool, deadline: float | None, lanes: int) -> Terms:
        return Terms(stream, deadline, self._state, RowCount(self._budget.rows), share_of(self._budget, lanes))
