"""The few calls both example services make on a connection: read rows, change rows, one transaction.

The connection is described by protocols, so a service does not care who made it. Invariant: values reach the database
as parameters only; no function here builds SQL text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = tuple[Any, ...]


class Cursor(Protocol):
    """The part of a PEP 249 cursor the examples use."""

    @property
    def rowcount(self) -> int:
        """Rows changed by the last statement."""

    def execute(self, sql: str, params: Sequence[Any] | None = None, /) -> Any:
        """Run one statement; every value of it is a parameter."""

    def fetchall(self) -> Sequence[Row]:
        """All rows that are left."""

    def close(self) -> None:
        """Give the cursor back."""


class Connection(Protocol):
    """The part of a shardkit connection the examples use. It is expected in autocommit mode."""

    def cursor(self) -> Any:
        """A new cursor."""

    def begin(self) -> None:
        """Start a transaction."""

    def commit(self) -> None:
        """Keep what the transaction wrote."""

    def rollback(self) -> None:
        """Forget what the transaction wrote."""


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One transaction around the block: committed at its end, rolled back when anything is raised in it."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def rows(connection: Connection, sql: str, params: Sequence[Any] = ()) -> list[Row]:
    """All rows of one query."""
    cursor: Cursor
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def one(connection: Connection, sql: str, params: Sequence[Any] = ()) -> Row | None:
    """The first row of one query, or None when there is none."""
    found = rows(connection, sql, params)
    return found[0] if found else None


def change(connection: Connection, sql: str, params: Sequence[Any] = ()) -> int:
    """Run one write; the number of rows it changed."""
    cursor: Cursor
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def whole_second(moment: datetime) -> datetime:
    """The moment as a DATETIME column keeps it: UTC without a zone, whole seconds, never rounded up."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=0)
