"""The PEP 249 connection: a session, its lanes, and the cursor whose rows are still coming.

Invariant: before a new statement starts, the former one's remaining rows are safe in its cursor's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict
from types import TracebackType
from typing import Any

from shardkit.dbapi.cursor import Cursor
from shardkit.dbapi.shell import ConnectionShell, bulk_text, portions
from shardkit.dbapi.short import ShortWays
from shardkit.dbapi.two_phase import TwoPhase
from shardkit.errors import BudgetExceeded
from shardkit.flow import NewId, Script
from shardkit.plan import Planner
from shardkit.runtime.recording import Recording
from shardkit.runtime.sync import Drive, Lanes, drive
from shardkit.session import Session, keys, metadata, statements, transaction


class Connection(ShortWays, ConnectionShell[Cursor], TwoPhase):
    """A connection to all shards as if they were one database. One thread at a time (threadsafety 1).

    Autocommit is off unless asked for, as PEP 249 wants. Leaving a `with` block commits, or rolls back on an
    exception, and leaves the connection open.
    """

    def __init__(self, planner: Planner, lanes: Lanes, *, autocommit: bool, local_infile: bool = False) -> None:
        super().__init__(Session(planner, autocommit=autocommit, local_infile=local_infile))
        self._lanes = lanes
        self._on_close: Callable[[], None] | None = None

    def owns(self, close: Callable[[], None]) -> None:
        """Call `close` when this connection is closed."""
        self._on_close = close

    def cursor(self) -> Cursor:
        """A new cursor."""
        self.check_open()
        return Cursor(self)

    def begin(self) -> None:
        """Start a transaction, committing an open one first."""
        self.run(transaction.begin(self._session))

    def commit(self) -> None:
        """Make the transaction last. Raises CommitInDoubt or TransactionAborted."""
        if not self.commit_alone():
            self.run(transaction.commit(self._session))

    def rollback(self) -> None:
        """Undo the transaction on every shard. A result that is still open and too long to keep breaks off."""
        streaming = self._streaming() if self._streaming is not None else None
        try:
            self._settle(None)
        except BudgetExceeded as error:
            if streaming is not None:
                streaming.lose(error)
        self.run(transaction.rollback(self._session))

    def next_id(self, table: str, column: str | None = None) -> NewId:
        """A new id for the generated column of a table, or for `column` where the rules generate several.

            order_id = connection.next_id("t_order")

        It belongs to no transaction. Raises GeneratorError, IdsUnavailable, ClockError.
        """
        self.check_open()
        op = keys.wanted(self._session, table, column)
        if op is None:
            self.run_for(metadata.describe(self._session, table))
            op = keys.wanted(self._session, table, column)
        assert op is not None
        found: NewId = self._lanes.perform(op)[0]
        return found

    def bulk_insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Insert many rows into a logical table, in multi-row statements, all shards at the same time.

            connection.bulk_insert("t_order", ("orderId", "memberId"), rows, progress=bar.update)

        `rows` may be any iterable; it is read in portions. `progress` hears how many rows are in so far. Gives the
        rows inserted. Raises errors of shardkit.errors; without a transaction what is in by then stays.
        """
        cursor, done, text = self.cursor(), 0, bulk_text(table, columns)
        with closing(cursor):
            for portion in portions(rows):
                done += cursor.executemany(text, portion)
                if progress is not None:
                    progress(done)
        return done

    def resume(self, sql: str) -> list[str]:
        """Run DDL again that failed halfway: physical tables that have the change already count as done.

            connection.resume("ALTER TABLE t_order ADD note VARCHAR(40)")

        Gives the names of those tables. That a table has a column of this name says nothing of its type, and of
        several changes in one statement the first that is there speaks for all; `shardkit doctor` compares the tables.
        """
        passed: list[str] = []
        self.run(statements.resume(self._session, sql, passed))
        return passed

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own. Switching it on commits an open transaction."""
        return self._session.autocommit

    @autocommit.setter
    def autocommit(self, on: bool) -> None:
        self.set_autocommit(on)

    def set_autocommit(self, on: bool) -> None:
        """What setting `autocommit` does."""
        self.run(statements.set_autocommit(self._session, bool(on)))

    def close(self) -> None:
        """Roll back and give every server connection back. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._streaming = None
        try:
            self._lanes.close()
            self._session.closed()
        finally:
            if self._on_close is not None:
                self._on_close()

    def __enter__(self) -> Connection:
        self.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.commit()
        else:
            self.rollback()

    # --- for the cursors --------------------------------------------------------------------------------------------

    def start(self, cursor: Cursor, script: Script) -> Drive:
        """Run a script for a cursor, after the former cursor's rows are read into its memory."""
        self.check_open()
        self._settle(cursor)
        return drive(script, self._lanes)

    def run(self, script: Script) -> None:
        """Run a script to its end."""
        self.check_open()
        self._settle(None)
        for _ in drive(script, self._lanes):
            pass

    def record(self, script: Script) -> list[dict[str, Any]]:
        """Run a script to its end and give the steps it took."""
        self.check_open()
        self._settle(None)
        recording = Recording(self._lanes)
        for _ in Drive(script, recording):
            pass
        return [asdict(step) for step in recording.steps]

    def run_for(self, script: Any) -> Any:
        """Run a script for the value it returns."""
        found: list[Any] = []

        def wrapped() -> Script:
            found.append((yield from script))

        self.run(wrapped())
        return found[0]

    def _settle(self, cursor: Cursor | None) -> None:
        streaming = self._settled()
        if streaming is cursor and streaming is not None:
            streaming.drop()
        elif streaming is not None:
            streaming.keep_rows()
