"""A lane: one connection at work for the running query, with the tasks it serves one after another.

The last task of a lane may stream; those before it are read into memory, counted against the budget. A lane whose
connection belongs to a transaction (`pool` is None) never gives it back and never gives it up for another's mistake.
Invariant: a leased connection goes back exactly once, and only clean ones are pooled: read to the end, not stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

from shardkit.backends.protocol import Connection
from shardkit.errors import BudgetExceeded, ConnectionLost, Error, ShardUnavailable, StatementTimeout
from shardkit.flow import Budget, Opened, RowBatch, Task, Warned
from shardkit.merge.meter import estimate
from shardkit.runtime.pool import Pool
from shardkit.runtime.state import State, settle_pinned
from shardkit.values import Row, ShardId

FIRST_BATCH = 256
NEXT_BATCH = 2048


class RowCount:
    """The rows that one query holds in buffers, counted by all its lanes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._lock = threading.Lock()

    def take(self, count: int, shard: ShardId) -> None:
        """Count rows; BudgetExceeded names the step when there are too many."""
        with self._lock:
            self._taken += count
            over = self._taken > self._limit
        if over:
            raise BudgetExceeded(
                f"shard {shard}: reading several physical tables over one connection would hold more than "
                f"{self._limit} rows; narrow the statement, or raise defaults.budget.rows or the server's pool.size",
                shards=(shard,),
            )


class Share(NamedTuple):
    """What one lane's batch may take of a statement's budget."""

    rows: int
    memory: int

    def batch(self, width: int) -> int:
        """How many rows to read next, if a row takes about `width` bytes; 0: not known."""
        if not width:
            return max(min(FIRST_BATCH, self.rows), 1)
        return max(min(NEXT_BATCH, self.rows, self.memory // width), 1)


def share_of(budget: Budget, lanes: int) -> Share:
    """Half of the budget is for the batches of all lanes together; what the merge holds beside them has the other."""
    return Share(budget.rows // (2 * lanes), budget.memory // (2 * lanes))


class Terms(NamedTuple):
    """What all lanes of one query have in common."""

    stream: bool
    deadline: float | None
    state: State
    buffered: RowCount
    share: Share


class Lane:
    """See the module. `work` is (source, task), in order."""

    __slots__ = (
        "_candidate",
        "_killed",
        "_lock",
        "_returned",
        "_stopped",
        "batch",
        "connection",
        "done",
        "opened",
        "pool",
        "shard",
        "streaming",
        "terms",
        "width",
        "work",
    )

    def __init__(self, shard: ShardId, pool: Pool | None, connection: Connection | None, terms: Terms) -> None:
        self.shard = shard
        self.pool = pool
        self.terms = terms
        self.work: list[tuple[int, Task]] = []
        self.opened: dict[int, Opened] = {}
        self.batch = RowBatch(0, (), True)
        self.width = 0  # bytes of one row of the batch read last
        self.done = False
        self.streaming = False
        # A pool's candidate is not fit for use before `ready`.
        self._candidate = connection if pool is not None else None
        self.connection = connection if pool is None else None
        self._lock = threading.Lock()
        self._stopped = self._killed = self._returned = False

    def adopt(self, connection: Connection, source: int) -> None:
        """Take over a leased connection that is fit, with an answer open for `source`."""
        self.connection, self._candidate = connection, None
        self.streaming = self.done = True
        self.batch = RowBatch(source, (), False)

    def run(self) -> None:
        """Start every task; the connection goes back at once if nothing is left to read."""
        connection = self._ready()
        last_source = self.work[-1][0]
        for source, task in self.work:
            if self._stopped:
                raise ConnectionLost(f"shard {task.shard}: stopped before it began", shards=(task.shard,))
            self.shard = task.shard
            self.opened[source] = self._start(connection, source, task, keep_open=source == last_source)
        self.done = True
        if not self.streaming:
            self.give_back()

    def fetch(self) -> None:
        """Read one more batch of the streaming task into `self.batch`."""
        if self.connection is None or not self.streaming:
            self.batch = RowBatch(self.batch.source, (), True)
            return
        rows, last = self.connection.read(self.terms.share.batch(self.width))
        self.batch = RowBatch(self.batch.source, rows, last, warnings_of(self.connection) if last else None)
        if last:
            self.streaming = False
            self.give_back()
        else:
            self.width = estimate(rows)

    def stop(self, error: BaseException) -> None:
        """End what is running here because of `error` elsewhere."""
        with self._lock:
            if self._returned:
                return
            self._stopped = True
            connection = self.connection
            if connection is None:
                return
            spared = self.pool is None and concerns_statement(error)
            self._killed = self._killed or not spared
        if spared:
            connection.interrupt()
        else:
            connection.kill()

    def give_back(self) -> None:
        """Return the leased connection: to the pool if it is clean, else to be closed. A second call does nothing."""
        with self._lock:
            if self._returned:
                return
            self._returned = True
        if self.pool is None:
            return
        clean = not (self.streaming or self._killed)
        self.streaming = False
        if self.connection is None:
            self.pool.return_unused(self._candidate)
        elif clean:
            self.pool.release(self.connection)
        else:
            self.pool.discard(self.connection)

    def drop(self, limit: int) -> None:
        """End a leased connection's open answer: read it away if at most `limit` rows are left, else discard it."""
        try:
            self.streaming = self.connection is not None and not self.connection.abandon(limit)
        except Error:
            # What failed is an answer nobody wants any more; the connection is not pooled.
            self.streaming = True
        finally:
            self.give_back()

    def abort(self) -> None:
        """Give up a transaction's connection; its next statement says that it was lost."""
        self.streaming = False
        if self.connection is not None:
            self.connection.kill()

    def orphan(self) -> None:
        """Mark the leased connection for discard. Safe in a finaliser."""
        if self.pool is not None and not self._returned and self.connection is not None:
            self._returned = True
            self.streaming = False
            self.pool.orphan(self.connection)

    def drain(self, limit: int | None) -> bool:
        """Read away at most about `limit` rows (None: all); whether the answer has ended."""
        connection, read = self.connection, 0
        while self.streaming and connection is not None and (limit is None or read < limit):
            try:
                rows, last = connection.read(NEXT_BATCH)
            except Error:
                # The answer is over; if the connection broke as well, its next statement says so.
                last, rows = True, ()
            read += len(rows)
            self.streaming = not last
        return not self.streaming

    def _ready(self) -> Connection:
        if self.pool is None:
            assert self.connection is not None
            settle_pinned(self.connection, self.shard, self.terms.state)
            return self.connection
        candidate, self._candidate = self._candidate, None
        connection = self.pool.ready(candidate, self.shard, self.terms.state)
        with self._lock:
            self.connection = connection
        return connection

    def _start(self, connection: Connection, source: int, task: Task, *, keep_open: bool) -> Opened:
        left = time_left(self.terms.deadline, (task.shard,))
        started = connection.start(task, FIRST_BATCH if self.terms.stream else 0, left)
        self.streaming = not started.last
        self.batch = RowBatch(source, started.rows, started.last, warnings_of(connection) if started.last else None)
        if self.streaming:
            self.width = estimate(started.rows)
        if not keep_open:
            self.terms.buffered.take(len(started.rows), task.shard)
            if self.streaming:
                rows = self._rest(connection, list(started.rows))
                self.batch = RowBatch(source, rows, True, warnings_of(connection))
        return Opened(started.description, self.batch, started.rowcount, started.lastrowid)

    def _rest(self, connection: Connection, rows: list[Row]) -> list[Row]:
        while self.streaming:
            more, last = connection.read(NEXT_BATCH)
            self.streaming = not last
            self.terms.buffered.take(len(more), self.shard)
            rows.extend(more)
        return rows


def warnings_of(connection: Connection) -> Warned | None:
    """The warnings of the answer that has ended on this connection; asks the server only if there are some."""
    return connection.warnings() if connection.warning_count else None


def concerns_statement(error: BaseException) -> bool:
    """Whether an error is about the statement only, so that a transaction's other connections need not suffer."""
    return isinstance(error, Error) and not isinstance(error, (ConnectionLost, ShardUnavailable, StatementTimeout))


def all_late(error: StatementTimeout, shards: Iterable[ShardId]) -> StatementTimeout:
    """The error that names every shard whose time was over, not only the first one."""
    late = tuple(dict.fromkeys((*error.shards, *shards)))
    if late == error.shards:
        return error
    names = ", ".join(map(str, late))
    return StatementTimeout(f"shards {names}: no answer in time; stopped on every one", errno=error.errno, shards=late)


def time_left(deadline: float | None, shards: tuple[ShardId, ...]) -> float | None:
    """Seconds until the deadline; StatementTimeout if there are none."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        names = ", ".join(map(str, shards))
        raise StatementTimeout(f"shard {names}: the statement's time is over", shards=shards)
    return left
