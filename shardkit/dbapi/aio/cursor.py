"""The cursor under asyncio: runs a script and hands out its rows in order.

Rows stream: the first batch is in memory when `execute` returns, the rest stays on the servers until asked for.
Invariant: a row is handed out exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from shardkit.dbapi.aio.arrow import ArrowResults
from shardkit.dbapi.shell import CursorShell, sequence
from shardkit.errors import Error
from shardkit.flow import Rows
from shardkit.plan import Explanation
from shardkit.runtime.aio.drive import Drive
from shardkit.session import statements
from shardkit.values import Params, Row

if TYPE_CHECKING:
    from shardkit.dbapi.aio.connection import Connection


class Cursor(CursorShell["Connection"], ArrowResults):
    """Made by `connection.cursor()`."""

    _drive: Drive | None = None

    async def execute(self, sql: str, params: Params = None) -> Cursor:
        """Run one statement, with `%s` and a sequence, or `%(name)s` and a mapping.

            await cursor.execute("SELECT * FROM t_order WHERE memberId = %s ORDER BY createdAt LIMIT 20", (42,))

        Returns the cursor itself. Raises errors of shardkit.errors; NotSupportedError when the exact answer cannot be
        given. Cancelled, it leaves nothing running on any server.
        """
        connection = self._connection or self.connection
        if type(params) is tuple:
            try:
                opened = await connection.point(sql, params)
            except BaseException as error:
                self._failed(error)
                raise
            if opened is not None:
                self.description, (_, self._rows, last, warned), self.rowcount, self.lastrowid = opened
                self._next, self._drive, self._lost = 0, None, None
                self.warning_count = 0 if warned is None else warned.number
                if not last:
                    self._stream_rest(connection, connection.rest())
                return self
        script = statements.execute(connection.session, sql, sequence(params))
        await self._start(connection, await connection.start(self, script))
        return self

    async def executemany(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement with many parameter sets; gives the affected rows. INSERTs travel in batches by shard."""
        connection = self.connection
        rows = rows if isinstance(rows, (list, tuple)) else list(rows)
        script = statements.execute_many(connection.session, sql, rows)
        await self._start(connection, await connection.start(self, script))
        return self.rowcount

    async def explain(self, sql: str, params: Params = None, *, analyze: bool = False) -> Explanation:
        """What `execute` would do with it: `str()` is a tree, `.json()` plain data.

        `analyze` runs the statement (a SELECT) and adds its steps with the rows that the servers expected, the rows and
        bytes that came, and times.
        """
        connection = self.connection
        found: Explanation = await connection.run_for(statements.explain(connection.session, sql, params))
        if not analyze or found.kind == "refused":
            return found
        expected = await connection.run_for(statements.expected(connection.session, sql, params))
        script = statements.execute(connection.session, sql, params)
        return found.analyzed(await connection.record(script), expected)

    async def fetchone(self) -> Row | None:
        """The next row, or None."""
        self._check_result()
        while self._next >= len(self._rows):
            if not await self._more():
                return None
        self._next += 1
        return self._rows[self._next - 1]

    async def fetchmany(self, size: int | None = None) -> tuple[Row, ...]:
        """At most `size` rows (default: arraysize); () at the end."""
        self._check_result()
        wanted = self.arraysize if size is None else size
        found: list[Row] = []
        while len(found) < wanted:
            if self._next >= len(self._rows) and not await self._more():
                break
            part = self._rows[self._next : self._next + wanted - len(found)]
            self._next += len(part)
            found += part
        return tuple(found)

    async def fetchall(self) -> tuple[Row, ...]:
        """All rows that are left."""
        if self._connection is None or self.description is None:
            self._check_result()
        if self._drive is None and self._lost is None:
            rest = self._rows[self._next :] if self._next else self._rows
            self._rows, self._next = (), 0
            return tuple(rest)
        found = list(self._left())
        while await self._more():
            found += self._left()
        return tuple(found)

    def __aiter__(self) -> Cursor:
        return self

    async def __anext__(self) -> Row:
        if self._next < len(self._rows):
            self._next += 1
            return self._rows[self._next - 1]
        row = await self.fetchone()
        if row is None:
            raise StopAsyncIteration
        return row

    async def close(self) -> None:
        """End the result; the cursor cannot be used again."""
        if self._drive is not None:
            self.connection.check_free()
        try:
            await self.drop()
        finally:
            self._connection = None
            self.description = None

    aclose = close
    """For contextlib.aclosing."""

    async def __aenter__(self) -> Cursor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- for the connection -----------------------------------------------------------------------------------------

    async def drop(self) -> None:
        """Give up the rows that have not been fetched."""
        running, self._drive, self._lost = self._drive, None, None
        self._rows, self._next = (), 0
        if running is not None:
            await running.close()

    async def lose(self, error: BaseException) -> None:
        """Give them up because of `error`: who fetches them is told."""
        await self.drop()
        self._lost = error

    async def keep_rows(self) -> None:
        """Read what is left on the servers into memory, because another statement is about to start."""
        if self._drive is None:
            return
        kept = list(self._left())  # while they are gathered nobody else finds them here
        while await self._more():
            kept += self._left()
            self._check_kept(kept)
        self._rows = kept

    async def _start(self, connection: Connection, running: Drive) -> None:
        self._forget()
        try:
            head = await anext(running)
        except Error as error:
            self._refused(connection, error)
            raise
        self._begun(connection, running, head)

    async def _more(self) -> bool:
        """Replace the rows in memory by the next ones; False at the end. A result that broke off stays broken."""
        self._check_whole()
        while self._drive is not None:
            self.connection.check_free()  # another task that reads it goes on as if nobody had asked
            try:
                step = await anext(self._drive)
            except StopAsyncIteration:
                self._ended()
                break
            except BaseException as error:
                self._broken(error)
                raise
            if isinstance(step, Rows) and step.rows:
                self._rows, self._next = step.rows, 0
                return True
        return False
