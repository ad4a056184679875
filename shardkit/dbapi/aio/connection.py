"""The connection under asyncio: a session, its lanes, and the cursor whose rows are still coming.

What ends a transaction is not interrupted: a cancellation that comes during a commit or rollback is raised after it.
Invariant: before a new statement starts, the former one's remaining rows are safe in its cursor's memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any

from shardkit.backends.aio.shelter import sheltered
from shardkit.dbapi.aio.cursor import Cursor
from shardkit.dbapi.aio.short import ShortWays
from shardkit.dbapi.aio.two_phase import TwoPhase
from shardkit.dbapi.shell import ConnectionShell, bulk_text, portions
from shardkit.errors import BudgetExceeded
from shardkit.flow import NewId, Script
from shardkit.plan import Planner
from shardkit.runtime.aio.drive import GRACE, Drive, drive
from shardkit.runtime.aio.lanes import Lanes
from shardkit.runtime.aio.recording import Recording
from shardkit.session import Session, keys, metadata, statements, transaction


class Connection(ShortWays, ConnectionShell[Cursor], TwoPhase):
    """A connection to all shards as if they were one database. One task at a time; others get InterfaceError.

    Autocommit is off unless asked for, as PEP 249 wants. Leaving an `async with` block commits, or rolls back on an
    exception, and leaves the connection open.
    """

    def __init__(self, planner: Planner, lanes: Lanes, *, autocommit: bool, local_infile: bool = False) -> None:
        super().__init__(Session(planner, autocommit=autocommit, local_infile=local_infile))
        self._lanes = lanes
        self._on_close: Callable[[], Awaitable[None]] | None = None

    def owns(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call `close` when this connection is closed."""
        self._on_close = close

    def cursor(self) -> Cursor:
        """A new cursor."""
        self.check_open()
        return Cursor(self)

    async def begin(self) -> None:
        """Start a transaction, committing an open one first."""
        await self.run_whole(transaction.begin(self._session))

    async def commit(self) -> None:
        """Make the transaction last. Raises CommitInDoubt or TransactionAborted.

        A cancellation that comes meanwhile is raised when it is done; if a server does not answer for five seconds
        then, the wait is given up and the outcome is not known.
        """
        await sheltered(self._commit(), GRACE)

    async def rollback(self) -> None:
        """Undo the transaction on every shard. A result that is still open and too long to keep breaks off."""
        await sheltered(self._roll_back(), GRACE)

    async def _roll_back(self) -> None:
        streaming = self._streaming() if self._streaming is not None else None
        try:
            await self._settle(None)
        except BudgetExceeded as error:
            if streaming is not None:
                await streaming.lose(error)
        await self.run(transaction.rollback(self._session))

    async def next_id(self, table: str, column: str | None = None) -> NewId:
        """A new id for the generated column of a table, or for `column` where the rules generate several.

            order_id = await connection.next_id("t_order")

        It belongs to no transaction. Raises GeneratorError, IdsUnavailable, ClockError.
        """
        self.check_open()
        op = keys.wanted(self._session, table, column)
        if op is None:
            await self.run_for(metadata.describe(self._session, table))
            op = keys.wanted(self._session, table, column)
        assert op is not None
        found: NewId = (await self._lanes.perform(op))[0]
        return found

    async def bulk_insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Insert many rows into a logical table, in multi-row statements, all shards at the same time.

            await connection.bulk_insert("t_order", ("orderId", "memberId"), rows, progress=bar.update)

        `rows` may be any iterable; it is read in portions. `progress` hears how many rows are in so far. Gives the
        rows inserted. Raises errors of shardkit.errors; without a transaction what is in by then stays.
        """
        done, text = 0, bulk_text(table, columns)
        async with self.cursor() as cursor:
            for portion in portions(rows):
                done += await cursor.executemany(text, portion)
                if progress is not None:
                    progress(done)
        return done

    async def resume(self, sql: str) -> list[str]:
        """Run DDL again that failed halfway: physical tables that have the change already count as done.

            await connection.resume("ALTER TABLE t_order ADD note VARCHAR(40)")

        Gives the names of those tables; see dbapi.connection.
        """
        passed: list[str] = []
        await self.run(statements.resume(self._session, sql, passed))
        return passed

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own. `set_autocommit` changes it."""
        return self._session.autocommit

    async def set_autocommit(self, on: bool) -> None:
        """Switch autocommit. Switching it on commits an open transaction."""
        await self.run_whole(statements.set_autocommit(self._session, bool(on)))

    async def close(self) -> None:
        """Roll back and give every server connection back. A second call does nothing."""
        if self._closed:
            return
        self._lanes.check_free()
        self._closed = True
        self._streaming = None
        try:
            if not self._lanes.close_soon():
                await sheltered(self._lanes.close(), GRACE)
            self._session.closed()
        finally:
            if self._on_close is not None:
                await self._on_close()

    aclose = close
    """For contextlib.aclosing."""

    async def __aenter__(self) -> Connection:
        self.check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.commit()
        else:
            await self.rollback()

    # --- for the cursors --------------------------------------------------------------------------------------------

    def check_free(self) -> None:
        """InterfaceError while another task is using it."""
        self._lanes.check_free()

    async def start(self, cursor: Cursor, script: Script) -> Drive:
        """Run a script for a cursor, after the former cursor's rows are read into its memory."""
        self.check_open()
        await self._settle(cursor)
        return drive(script, self._lanes)

    async def run(self, script: Script) -> None:
        """Run a script to its end."""
        self.check_open()
        await self._settle(None)
        async for _ in drive(script, self._lanes):
            pass

    async def run_whole(self, script: Script) -> None:
        """Run a script to its end although the caller be cancelled meanwhile."""
        await sheltered(self.run(script), GRACE)

    async def record(self, script: Script) -> list[dict[str, Any]]:
        """Run a script to its end and give the steps it took."""
        self.check_open()
        await self._settle(None)
        recording = Recording(self._lanes)
        async for _ in Drive(script, recording):
            pass
        return [asdict(step) for step in recording.steps]

    async def run_for(self, script: Any) -> Any:
        """Run a script for the value it returns."""
        found: list[Any] = []

        def wrapped() -> Script:
            found.append((yield from script))

        await self.run(wrapped())
        return found[0]

    async def _commit(self) -> None:
        if not await self.commit_alone():
            await self.run(transaction.commit(self._session))

    async def _settle(self, cursor: Cursor | None) -> None:
        self._lanes.check_free()  # before a result that another task is reading is touched
        streaming = self._settled()
        if streaming is cursor and streaming is not None:
            await streaming.drop()
        elif streaming is not None:
            await streaming.keep_rows()
