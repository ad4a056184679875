"""One connection to one embedded file: a statement at a time, streamed, with a deadline, and killable.

Invariant: a statement that fails leaves the connection usable only if no transaction was lost with it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from shardkit.backends.protocol import Started
from shardkit.backends.sqlite_binding import Filler, filler, local, style_of
from shardkit.backends.sqlite_catalog import Catalog
from shardkit.backends.sqlite_errors import named, translated
from shardkit.backends.sqlite_functions import Moment, register
from shardkit.backends.sqlite_results import converter, description
from shardkit.backends.sqlite_shows import show, variable
from shardkit.backends.sqlite_values import Stored, storing
from shardkit.errors import ConnectionLost, Error, OperationalError, StatementTimeout, UnknownTable
from shardkit.flow import Column, TableInfo, Task, Warned
from shardkit.rewrite.sqlite import Does, Step, Translated, parse, translate
from shardkit.values import Row, ShardId

LOCK_WAIT = 5.0
"""Seconds a statement waits for another connection's lock on the file, unless its own time is shorter."""

_PROGRESS = 4000  # SQLite's instructions between two looks at the clock: some tens of microseconds
_DRIVER = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError)


class SqliteConnection:
    """An open file. Not for several threads at once, except `kill`."""

    def __init__(self, raw: sqlite3.Connection, shard: ShardId) -> None:
        self.state: tuple[str, ...] = ()
        self.used_at = time.monotonic()
        self.warning_count = 0
        self._raw, self._shard = raw, shard
        self._moment = Moment(shard.database)
        self._catalog = Catalog(raw)
        self._cursor: sqlite3.Cursor | None = None
        self._convert: Callable[[list[Row]], list[Row]] | None = None
        self._deadline: float | None = None
        self._wait = -1.0
        self._posted: tuple[str, ...] = ()
        self._fillers: dict[int, tuple[Translated, Filler]] = {}
        self._killed = self._closed = self._lost = False
        register(raw, self._moment, lambda name: variable(name, self.state))
        raw.set_progress_handler(self._overdue, _PROGRESS)

    @property
    def usable(self) -> bool:
        """False once closed, killed, or after a transaction was lost."""
        return not (self._closed or self._killed or self._lost)

    def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """Translate and run one statement; at most `batch` rows (0: all) come at once. Raises shardkit errors."""
        self._end()
        with self._guard(timeout):
            style = style_of(task.args)
            if task.sql[:5].upper() == "SHOW ":
                return show(self._raw, self._catalog, task.sql, self.state)
            sql = local(task.sql, self._shard.database)
            parsed = parse(sql, style)
            schema = self._catalog.schema(parsed.tables) if parsed.tables else None
            plan = translate(sql, style, schema)
            values = self._filler(plan)(task.args)
            self._moment.now = datetime.now()
            match plan.does:
                case Does.CONTROL:
                    self._control(plan)
                    return Started(None, 0, None, (), True)
                case Does.DDL:
                    self._define(plan.statements)
                    return Started(None, 0, None, (), True)
                case Does.WRITE:
                    return self._write(plan, values)
                case Does.ROWS:
                    return self._query(plan, values, batch)

    def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """At most `batch` more rows of the open answer, and whether they were the last."""
        with self._guard(None, again=True):
            return self._fetch(batch)

    def abandon(self, drain: int) -> bool:
        """End the open answer; SQLite stops at once, so the connection stays usable."""
        self._end()
        return self.usable

    def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """Insert rows as they were read, which the table's own column types take unchanged."""
        stores = [storing(column) for column in columns]
        marks = ", ".join("?" * len(columns))
        with self._guard(timeout):
            stored = ([store(value) for store, value in zip(stores, row, strict=True)] for row in rows)
            self._raw.executemany(f"INSERT INTO {local(table, self._shard.database)} VALUES ({marks})", stored).close()

    def warnings(self) -> Warned:
        """See protocol.Connection.warnings: SQLite has none."""
        return Warned(0, ())

    def run(self, shard: ShardId, sql: str) -> None:
        """Run a statement without rows (BEGIN, COMMIT, SAVEPOINT, SET)."""
        self.start(Task(shard, sql), 0, None)

    def post(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """Kept for `collect`: a file does not work by itself."""
        self._posted = tuple(statements)

    def collect(self) -> None:
        """Run what was posted; the first error is raised after all have run."""
        posted, self._posted = self._posted, ()
        first: Error | None = None
        for sql in posted:
            try:
                self.run(self._shard, sql)
            except Error as error:
                first = first or error
        if first is not None:
            raise first

    def ping(self) -> bool:
        """Whether the file still answers."""
        try:
            self._raw.execute("SELECT 1").close()
        except sqlite3.Error:
            return False
        return self.usable

    def reset(self) -> None:
        """No transaction, no open answer, no session state."""
        self._end()
        self.state = ()
        with self._guard(None):
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")

    def interrupt(self) -> None:
        """See protocol.Connection.interrupt; here a write that is interrupted takes its transaction with it."""
        with contextlib.suppress(sqlite3.Error):  # it may just have been closed: then nothing runs
            self._raw.interrupt()

    def kill(self) -> None:
        """Stop the running statement from another thread."""
        self._killed = True
        with contextlib.suppress(sqlite3.Error):  # it may just have been closed: then nothing runs
            self._raw.interrupt()

    def close(self) -> None:
        """Close the file; an open transaction is rolled back. Never raises."""
        self._closed = True
        with contextlib.suppress(sqlite3.Error):
            self._raw.close()

    def describe(self, table: str) -> TableInfo | None:
        """The table as MySQL's information_schema would describe it, or None."""
        with self._guard(None):
            return self._catalog.table(table)

    # --- one statement ---

    def _filler(self, plan: Translated) -> Filler:
        """Made once for each plan; the plan is kept so that its id stays its own."""
        found = self._fillers.get(id(plan))
        if found is None:
            if len(self._fillers) >= 1024:
                self._fillers.clear()
            found = self._fillers[id(plan)] = (plan, filler(plan))
        return found[1]

    def _query(self, plan: Translated, values: list[Stored], batch: int) -> Started:
        if plan.locks and self._raw.in_transaction:
            table = plan.locks.replace("`", "``")
            self._raw.execute(f"DELETE FROM `{table}` WHERE 0")  # takes the file's write lock, changes nothing
        self._cursor = cursor = self._raw.execute(plan.statements[0], values)
        names = [column[0] for column in cursor.description]
        known = _known(len(names), plan.outputs)
        self._convert = converter(known)
        rows, last = self._fetch(batch)
        head = description(names, known, rows[0] if rows else None)
        return Started(head, len(rows) if last else -1, None, rows, last)

    def _fetch(self, batch: int) -> tuple[Sequence[Row], bool]:
        if self._cursor is None:
            return (), True
        rows: list[Row] = self._cursor.fetchmany(batch) if batch else self._cursor.fetchall()
        last = not batch or len(rows) < batch
        if last:
            self._end()
        return (self._convert(rows) if self._convert is not None else rows), last

    def _write(self, plan: Translated, values: list[Stored]) -> Started:
        cursor = self._raw.execute(plan.statements[0], values)
        rows, last_id = cursor.rowcount, 0
        if plan.counts_up is not None and rows > 0 and cursor.lastrowid:
            # MySQL tells the first id of several that it made, SQLite the last.
            last_id = cursor.lastrowid - (rows - 1 if plan.counts_up else 0)
            self._moment.last_id = last_id if plan.counts_up else self._moment.last_id
        cursor.close()
        self._moment.rows = rows
        return Started(None, rows, last_id, (), True)

    def _define(self, statements: Sequence[str]) -> None:
        """DDL commits what is open, as in MySQL; its own statements hold together."""
        if self._raw.in_transaction:
            self._raw.execute("COMMIT")
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            for sql in statements:
                self._execute_definition(sql)
            self._raw.execute("COMMIT")
        except BaseException:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

    def _execute_definition(self, sql: str) -> None:
        try:
            self._raw.execute(sql).close()
        except sqlite3.OperationalError as error:
            if sql.startswith("DROP TABLE") and str(error).startswith("no such table"):
                name = str(error).removeprefix("no such table: ")
                raise UnknownTable(f"Unknown table '{self._shard.database}.{name}'", errno=1051) from error
            raise

    def _control(self, plan: Translated) -> None:
        step, name = (plan.control.step, plan.control.savepoint) if plan.control else (Step.NOTHING, "")
        open_ = self._raw.in_transaction
        match step:
            case Step.BEGIN:
                if open_:
                    self._raw.execute("COMMIT")
                self._raw.execute("BEGIN")
            case Step.COMMIT | Step.ROLLBACK:
                if open_:
                    self._raw.execute(step.value.upper())
            case Step.SAVEPOINT:
                if open_:  # outside a transaction MySQL forgets a savepoint at once
                    self._raw.execute(f"SAVEPOINT {name}")
            case Step.ROLLBACK_TO | Step.RELEASE:
                verb = "ROLLBACK TO" if step is Step.ROLLBACK_TO else "RELEASE"
                if not open_:
                    raise OperationalError(f"SAVEPOINT {name.strip('`')} does not exist", errno=1305)
                self._raw.execute(f"{verb} {name}")
            case Step.NOTHING:
                return

    # --- around a statement ---

    @contextlib.contextmanager
    def _guard(self, timeout: float | None, *, again: bool = False) -> Iterator[None]:
        """Errors leave as shardkit's; a lost transaction makes the connection unusable."""
        if not self.usable:
            raise ConnectionLost(f"{self._shard}: the connection is closed", shards=(self._shard,))
        if not again:
            self._limit(timeout)
        self._moment.failure = None
        was_open = self._raw.in_transaction
        try:
            yield
        except Error as error:
            raise named(error, self._shard) from error.__cause__
        except _DRIVER as error:
            self._end()
            self._lost = was_open and not self._in_transaction()
            raise self._reason(error) from error
        finally:
            self.used_at = time.monotonic()

    def _in_transaction(self) -> bool:
        with contextlib.suppress(sqlite3.Error):
            return self._raw.in_transaction
        return False

    def _reason(self, error: Exception) -> Error:
        """What really went wrong: a kill, the deadline, a function, or what SQLite says."""
        if self._killed:
            text = f"{self._shard}: Query execution was interrupted"
            return OperationalError(text, errno=1317, shards=(self._shard,))
        if self._deadline is not None and time.monotonic() >= self._deadline:
            text = f"{self._shard}: the statement ran longer than its time and was stopped"
            return StatementTimeout(text, shards=(self._shard,))
        if self._moment.failure is not None:
            return named(self._moment.failure, self._shard)
        return translated(error, self._shard)

    def _limit(self, timeout: float | None) -> None:
        self._deadline = None if timeout is None else time.monotonic() + timeout
        wait = LOCK_WAIT if timeout is None else min(LOCK_WAIT, timeout)
        if wait != self._wait:
            self._wait = wait
            self._raw.execute(f"PRAGMA busy_timeout = {max(int(wait * 1000), 1)}").close()

    def _overdue(self) -> int:
        """SQLite asks this while it works; anything but 0 stops the statement."""
        return int(self._killed or (self._deadline is not None and time.monotonic() > self._deadline))

    def _end(self) -> None:
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            with contextlib.suppress(sqlite3.Error):  # the connection may be closed already
                cursor.close()


class SqliteWorkspace(SqliteConnection):
    """A database in memory for one statement."""

    def reset(self) -> None:
        """Nothing of it is kept: closed, it is not usable again."""
        self.close()


def _known(count: int, outputs: Sequence[Column | None] | None) -> tuple[Column | None, ...]:
    """The type of each column, where the translator found it."""
    return tuple(outputs) if outputs is not None and len(outputs) == count else (None,) * count
