"""The PEP 249 cursor: runs a script and hands out its rows in order.

Rows stream: the first batch is in memory when `execute` returns, the rest stays on the servers until asked for.
Invariant: a row is handed out exactly once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from shardkit.dbapi.arrow import ArrowResults
from shardkit.dbapi.shell import CursorShell, sequence
from shardkit.errors import Error
from shardkit.flow import Rows
from shardkit.plan import Explanation
from shardkit.runtime.sync import Drive
from shardkit.session import statements
from shardkit.values import Params, Row

if TYPE_CHECKING:
    from shardkit.dbapi.connection import Connection


class Cursor(CursorShell["Connection"], ArrowResults):
    """Made by `connection.cursor()`."""

    _drive: Drive | None = None

    def execute(self, sql: str, params: Params = None) -> Cursor:
        """Run one statement, with `%s` and a sequence, or `%(name)s` and a mapping.

            cursor.execute("SELECT * FROM t_order WHERE memberId = %s ORDER BY createdAt LIMIT 20", (42,))

        Returns the cursor itself. Raises errors of shardkit.errors; NotSupportedError when the exact answer cannot be
        given.
        """
        connection = self._connection or self.connection
        if type(params) is tuple:
            try:
                opened = connection.point(sql, params)
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
        self._start(connection, connection.start(self, script))
        return self

    def executemany(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement with many parameter sets; gives the affected rows. INSERTs travel in batches by shard."""
        connection = self.connection
        rows = rows if isinstance(rows, (list, tuple)) else list(rows)
        self._start(connection, connection.start(self, statements.execute_many(connection.session, sql, rows)))
        return self.rowcount

    def explain(self, sql: str, params: Params = None, *, analyze: bool = False) -> Explanation:
        """What `execute` would do with it: `str()` is a tree, `.json()` plain data.

        `analyze` runs the statement (a SELECT) and adds its steps with the rows that the servers expected, the rows and
        bytes that came, and times.
        """
        connection = self.connection
        found: Explanation = connection.run_for(statements.explain(connection.session, sql, params))
        if not analyze or found.kind == "refused":
            return found
        expected = connection.run_for(statements.expected(connection.session, sql, params))
        script = statements.execute(connection.session, sql, params)
        return found.analyzed(connection.record(script), expected)

    def fetchone(self) -> Row | None:
        """The next row, or None."""
        self._check_result()
        while self._next >= len(self._rows):
            if not self._more():
                return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = None) -> tuple[Row, ...]:
        """At most `size` rows (default: arraysize); () at the end."""
        self._check_result()
        wanted = self.arraysize if size is None else size
        found: list[Row] = []
        while len(found) < wanted:
            if self._next >= len(self._rows) and not self._more():
                break
            part = self._rows[self._next : self._next + wanted - len(found)]
            self._next += len(part)
            found += part
        return tuple(found)

    def fetchall(self) -> tuple[Row, ...]:
        """All rows that are left."""
        if self._connection is None or self.description is None:
            self._check_result()
        if self._drive is None and self._lost is None:
            rest = self._rows[self._next :] if self._next else self._rows
            self._rows, self._next = (), 0
            return tuple(rest)
        found = list(self._left())
        while self._more():
            found += self._left()
        return tuple(found)

    def __iter__(self) -> Iterator[Row]:
        while (row := self.fetchone()) is not None:
            yield row

    def close(self) -> None:
        """End the result; the cursor cannot be used again."""
        self.drop()
        self._connection = None
        self.description = None

    def __enter__(self) -> Cursor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- for the connection -----------------------------------------------------------------------------------------

    def drop(self) -> None:
        """Give up the rows that have not been fetched."""
        running, self._drive, self._lost = self._drive, None, None
        self._rows, self._next = (), 0
        if running is not None:
            running.close()

    def lose(self, error: BaseException) -> None:
        """Give them up because of `error`: who fetches them is told."""
        self.drop()
        self._lost = error

    def keep_rows(self) -> None:
        """Read what is left on the servers into memory, because another statement is about to start."""
        if self._drive is None:
            return
        kept = list(self._left())
        while self._more():
            kept += self._left()
            self._check_kept(kept)
        self._rows = kept

    def _start(self, connection: Connection, running: Drive) -> None:
        self._forget()
        try:
            head = next(running)
        except Error as error:
            self._refused(connection, error)
            raise
        self._begun(connection, running, head)

    def _more(self) -> bool:
        """Replace the rows in memory by the next ones; False at the end. A result that broke off stays broken."""
        self._check_whole()
        while self._drive is not None:
            try:
                step = next(self._drive)
            except StopIteration:
                self._ended()
                break
            except BaseException as error:
                self._broken(error)
                raise
            if isinstance(step, Rows) and step.rows:
                self._rows, self._next = step.rows, 0
                return True
        return False
