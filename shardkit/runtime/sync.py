"""The interpreter of Ops with threads: an Engine for the process, Lanes for each shardkit connection.

A statement on one shard runs in the caller's thread with nothing around it; several run in threads, one for each
connection. Invariant: every leased connection is given back or discarded on every way out, and a statement of a
transaction never runs outside its pinned connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any, TypeVar, assert_never

from shardkit.backends.protocol import Backend, Connection
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
from shardkit.runtime.drive import Drive, drive
from shardkit.runtime.engine import Engine as _Engine
from shardkit.runtime.enlisted import Enlisted
from shardkit.runtime.files import read_file
from shardkit.runtime.lane import FIRST_BATCH, Lane, RowCount, Terms, share_of
from shardkit.runtime.names import new_name
from shardkit.runtime.outside import outside
from shardkit.runtime.pool import Pool
from shardkit.runtime.running import Running
from shardkit.runtime.scatter import scatter
from shardkit.runtime.state import State, settle_pinned
from shardkit.runtime.workspace import Space
from shardkit.values import ShardId

T = TypeVar("T")
_new = tuple.__new__  # a NamedTuple without the call of its own __new__


class Engine(_Engine):
    """Backends, pools and threads of one cluster. Several threads may use it."""

    def open(self, budget: Budget | None = None) -> Lanes:
        """What a new shardkit connection holds. Connects to nothing yet."""
        self.check_open()
        return Lanes(self, budget or Budget())


class Lanes:
    """The server connections of one shardkit connection: pinned ones, the running query, the session's state.

    One thread at a time. Lost without `close`, its connections are discarded by whoever uses their pools next.
    """

    __slots__ = (
        "__weakref__",
        "_budget",
        "_closed",
        "_engine",
        "_pinned",
        "_pins",
        "_pools",
        "_running",
        "_space",
        "_state",
    )  # fmt: skip

    def __init__(self, engine: Engine, budget: Budget) -> None:
        self._engine = engine
        self._budget = budget
        self._pinned = Enlisted()
        self._pins, self._pools = self._pinned.by_shard, engine.by_shard
        self._running: Running | None = None
        self._state: State = ()
        self._space = Space(engine, self._pinned)
        self._closed = False

    @property
    def running(self) -> Running | None:
        """The query that was started last and is still open."""
        return self._running

    @property
    def state(self) -> State:
        """The session's SET statements."""
        return self._state

    def perform(self, op: Op) -> Any:
        """Do what one Op asks for and give its answer, as its docstring in flow says."""
        if self._closed:
            if isinstance(op, (CloseQuery, CloseWorkspace)):
                return None  # a cursor that is closed after its connection: both went with that
            raise InterfaceError("the connection is closed")
        match op:
            case Query():
                return self._query(op)
            case Fetch():
                return self._fetch(op.sources)
            case CloseQuery():
                return self._end_running(whole=True)
            case Enlist() | Command() | Finish() | Each():
                return self._transact(op)
            case OpenWorkspace() | Arrange() | Fill() | CloseWorkspace():
                return self._space.perform(op, self._state, self._running)
            case ReadFile():
                return read_file(op)
            case Outside():
                return outside(self._engine, op)
            case NewName():
                return new_name()
            case NewIds():
                return self._engine.keys.take(op)
            case SetState():
                return self._set_state(op.statements, op.probe)
            case Describe():
                return self._ask(op.shard, lambda backend, conn: backend.describe(conn, op.shard, op.table))
            case DescribeCollation():
                return self._ask(op.shard, lambda backend, conn: backend.collations(conn, op.names))
        assert_never(op)

    def _query(self, op: Query) -> tuple[Opened, ...]:
        if self._running is not None:
            self._end_running(whole=False)
        if self._space.is_open:
            op = replace(op, timeout=self._space.current.limit(op.timeout))
        if len(op.tasks) == 1:
            return (self._start_one(op.tasks[0], op.stream, op.timeout),)
        if not op.tasks:
            return ()
        deadline = None if op.timeout is None else monotonic() + op.timeout
        running, opened = scatter(self._engine, self._pinned, op, self._terms(op.stream, deadline, len(op.tasks)))
        self._running = running
        return opened

    def _transact(self, op: Enlist | Command | Finish | Each) -> Any:
        self._end_running(whole=isinstance(op, (Finish, Each)))
        match op:
            case Enlist():
                pools = [(shard, self._engine.pool(shard)) for shard in op.shards]
                return self._pinned.enlist(self._engine.submit, pools, op, self._state)
            case Command():
                return self._pinned.command(self._engine.submit, op.shards, op.sql)
            case Finish():
                return self._pinned.finish(op.shards, op.sql)
            case Each():
                return self._pinned.each(op)

    def close(self) -> None:
        """Roll back, give everything back. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        running, self._running = self._running, None
        try:
            if running is not None:
                running.end_leased()
            self._space.close(running)
            for shard in self._pinned:
                # An answer that is still open refuses ROLLBACK; its connection is then discarded, which rolls back too.
                self._pinned.finish((shard,), "ROLLBACK")
        finally:
            self.orphan_workspace()  # after an interruption: what has not had its turn
            self._pinned.orphan()

    def orphan_workspace(self) -> None:
        """Whoever used the workspace was garbage-collected: mark its connection for discard. No I/O."""
        self._space.orphan()

    def __del__(self) -> None:
        if self._running is not None:
            self._running.orphan()
        self.orphan_workspace()
        self._pinned.orphan()

    def start(self, task: Task, timeout: float | None) -> Opened:
        """Query((task,), True, timeout) without the Op around it."""
        if self._running is not None or self._closed:
            answer: tuple[Opened] = self.perform(Query((task,), True, timeout))
            return answer[0]
        return self._start_one(task, True, timeout)

    def _start_one(self, task: Task, stream: bool, timeout: float | None) -> Opened:
        # The path of nearly every statement: few calls, because after each wait for a server the processor's caches
        # are cold and a call costs a microsecond.
        shard, pool = task.shard, None
        deadline = None if timeout is None else monotonic() + timeout
        if shard in self._pins:
            connection = self._pins[shard].connection
        else:
            pool = self._pools.get(shard) or self._engine.pool(shard)
            connection = pool.acquire(shard, self._state, timeout)
        try:
            if pool is None:
                settle_pinned(connection, shard, self._state)
            if deadline is not None:
                timeout = deadline - monotonic()
            description, rowcount, lastrowid, rows, last = connection.start(task, FIRST_BATCH if stream else 0, timeout)
            warned = connection.warnings() if last and connection.warning_count else None
        except BaseException as error:
            if not isinstance(error, Exception):
                connection.kill()
            if pool is not None:
                pool.release(connection)
            raise
        if not last:
            self._keep_open(shard, pool, connection, deadline)
        elif pool is not None:
            pool.release(connection)
        batch = _new(RowBatch, (0, rows, last, warned))
        return _new(Opened, (description, batch, rowcount, lastrowid))

    def _keep_open(self, shard: ShardId, pool: Pool | None, connection: Connection, deadline: float | None) -> None:
        lane = Lane(shard, pool, connection, self._terms(True, deadline, 1))
        lane.adopt(connection, 0)
        self._running = Running([lane], deadline)

    def _fetch(self, sources: tuple[int, ...]) -> tuple[RowBatch, ...]:
        running = self._running
        if running is None:
            return tuple(RowBatch(source, (), True) for source in sources)
        try:
            return running.fetch(self._engine.submit, sources)
        except BaseException:
            self._running = None
            raise

    def _end_running(self, *, whole: bool) -> None:
        if self._running is not None:
            self._running.end(whole=whole)
            self._running = None

    def _set_state(self, statements: State, probe: ShardId) -> None:
        self._end_running(whole=False)
        pinned = self._pinned.get(probe)
        if pinned is None:
            pool = self._engine.pool(probe)
            pool.release(pool.acquire(probe, statements))
        # A pinned connection that has gone further than `self._state` when another one fails is brought back before
        # its next statement, because its own `state` says what it has run.
        self._pinned.settle(statements)
        self._state = statements

    def _ask(self, shard: ShardId, question: Callable[[Backend, Connection], T]) -> T:
        backend, pinned = self._engine.backend(shard), self._pinned.get(shard)
        if pinned is not None and pinned.connection.usable and not self._streams_on(shard):
            return question(backend, pinned.connection)
        pool = self._engine.pool(shard)
        connection = pool.acquire(shard, self._state)
        try:
            return question(backend, connection)
        finally:
            pool.release(connection)

    def _streams_on(self, shard: ShardId) -> bool:
        return self._running is not None and shard in self._running.shards

    def _terms(self, stream: bool, deadline: float | None, lanes: int) -> Terms:
        return Terms(stream, deadline, self._state, RowCount(self._budget.rows), share_of(self._budget, lanes))


__all__ = ["Drive", "Engine", "Lanes", "drive"]
