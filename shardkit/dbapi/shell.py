"""What the connections and cursors of both interpreters share: everything that neither waits nor runs a script.

Invariant: nothing here does I/O.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from shardkit import errors
from shardkit.dbapi.hinting import Hinting
from shardkit.errors import BudgetExceeded, Error, InterfaceError, ProgrammingError
from shardkit.flow import Description, Head, NewId
from shardkit.session import Session
from shardkit.session.warnings import failed_with, together
from shardkit.values import Row

C = TypeVar("C", bound="ConnectionShell[Any]")
K = TypeVar("K", bound="CursorShell[Any]")
F = TypeVar("F")

BULK_PORTION = 16_000
"""Rows that bulk_insert holds at a time."""


class ConnectionShell(Hinting, Generic[K]):
    """A connection's session, and the cursor whose rows are still on the servers."""

    Warning = errors.Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    OperationalError = errors.OperationalError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    ProgrammingError = errors.ProgrammingError
    NotSupportedError = errors.NotSupportedError

    def __init__(self, session: Session) -> None:
        self._session = session
        self._streaming: weakref.ref[K] | None = None
        self._closed = False

    @property
    def session(self) -> Session:
        """The session; cursors hand it to scripts."""
        return self._session

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction has touched any shard and is still open."""
        return bool(self._session.enlisted)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{len(self._session.enlisted)} shards enlisted"
        return f"<shardkit connection, {state}>"

    def show_warnings(self) -> tuple[tuple[str, int, str], ...]:
        """(level, code, message) of each warning of the last statement, as SHOW WARNINGS gives them."""
        return together(self._session.warned).shown

    def streams(self, cursor: K) -> None:
        """This cursor has rows that are still on the servers."""
        self._streaming = weakref.ref(cursor)

    def check_open(self) -> None:
        """InterfaceError once closed."""
        if self._closed:
            raise InterfaceError("the connection is closed")

    def _settled(self) -> K | None:
        """The cursor that streamed until now, unless it was forgotten, and its connections with it."""
        known, self._streaming = self._streaming, None
        return known() if known is not None else None


class CursorShell(Generic[C]):
    """A cursor's result as far as it is in memory."""

    # What a new cursor has stands here, because one is made for nearly every statement.
    arraysize = 1
    description: Description = None
    rowcount = -1
    """Rows affected or read; -1 while a result is still streaming."""
    warning_count = 0
    """Of the last statement (of a SELECT, once its rows are read); `connection.show_warnings()` lists them."""
    lastrowid: NewId | None = None
    """The first id that was generated for the last statement, by shardkit or else by the server."""
    _rows: Sequence[Row] = ()
    _next = 0
    _drive: Any = None  # gives the rows that are still on the servers, if there are any
    _lost: BaseException | None = None  # why the rest of the result will never come

    def __init__(self, connection: C) -> None:
        self._connection: C | None = connection

    @property
    def connection(self) -> C:
        """The connection it was made from."""
        if self._connection is None:
            raise InterfaceError("the cursor is closed")
        return self._connection

    def nextset(self) -> None:
        """There is never a second result set."""

    def setinputsizes(self, sizes: object) -> None:
        """PEP 249 asks for it; nothing to do."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """PEP 249 asks for it; nothing to do."""

    # --- the result's life, without its waits ----------------------------------------------------------------------

    def _forget(self) -> None:
        """Before a statement: there is no result."""
        self.description, self.rowcount, self.lastrowid = None, -1, None
        self._rows, self._next, self._drive, self._lost = (), 0, None, None

    def _begun(self, connection: C, running: Any, head: Any) -> None:
        """A statement has given its head; the rest comes from `running`."""
        assert isinstance(head, Head)
        self.description, self.rowcount, self.lastrowid, self._rows, complete = head
        session = connection.session
        self.warning_count = session.warning_count if session.warned else 0
        if not complete:
            self._drive = running
            connection.streams(self)

    def _refused(self, connection: C, error: Error) -> None:
        """A statement has failed."""
        connection.session.note(failed_with(error))
        self.warning_count = connection.session.warning_count

    def _stream_rest(self, connection: C, running: Any) -> None:
        """A short way's SELECT has more rows than came with it; they come from `running`."""
        self.rowcount = -1
        self._drive = running
        connection.streams(self)

    def _left(self) -> Sequence[Row]:
        """Take all rows that are in memory."""
        rest = self._rows[self._next :] if self._next else self._rows
        self._rows, self._next = (), 0
        return rest

    def _ended(self) -> None:
        """The last row has come."""
        self._drive = None
        self.warning_count = self.connection.session.warning_count

    def _broken(self, error: BaseException) -> None:
        """No more rows will come."""
        self._drive, self._lost = None, error
        self._rows, self._next = (), 0

    def _check_whole(self) -> None:
        """A result that broke off stays broken."""
        if self._lost is not None:
            raise InterfaceError(f"the result broke off: {self._lost!r}") from self._lost

    def _check_kept(self, kept: list[Row]) -> None:
        """Rows that are kept because another statement comes count against the budget; over it they stay to be read."""
        budget = self.connection.session.planner.rules.defaults.budget
        if len(kept) > budget.rows:
            self._rows = kept
            self.connection.streams(self)
            raise BudgetExceeded(
                f"keeping another cursor's open result: over {budget.rows} rows; fetch or close that cursor first"
            )

    def _failed(self, error: BaseException) -> None:
        """A statement failed before it had a result: the former one's is gone."""
        self._forget()
        if isinstance(error, Error):
            self.connection.session.warned, self.warning_count = (failed_with(error),), 1

    def _check_result(self) -> None:
        if self._connection is None:
            raise InterfaceError("the cursor is closed")
        if self.description is None:
            raise ProgrammingError("there is no result to fetch: execute a SELECT first", errno=2030)


def sequence(params: Any) -> Any:
    """Parameters as scripts take them: a single value stands for a sequence of one."""
    return (params,) if isinstance(params, (str, bytes, int, float)) else params


def bulk_text(table: str, columns: Sequence[str]) -> str:
    """The INSERT of one row, for bulk_insert."""
    names = ", ".join("`" + name.replace("`", "``").replace("%", "%%") + "`" for name in columns)
    into = "`" + table.replace("`", "``").replace("%", "%%") + "`"
    return f"INSERT INTO {into} ({names}) VALUES ({', '.join(['%s'] * len(columns))})"


def portions(rows: Iterable[F]) -> Iterator[list[F]]:
    """The rows in portions that bulk_insert holds at a time."""
    rest = iter(rows)
    while portion := list(islice(rest, BULK_PORTION)):
        yield portion
