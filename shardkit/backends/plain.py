"""One unsharded MySQL database through the bare driver, past all of shardkit: the other side of a comparison.

Nothing here is shared with the way shards are read but the URL's options and the translation of errors.
Invariant: errors leave it only as shardkit.errors classes, and no message holds the password.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pymysql
from pymysql import cursors, err
from sqlalchemy.engine import URL

from shardkit.backends.mysql_errors import translate, unavailable, wrong_parameters
from shardkit.backends.mysql_url import connect_arguments
from shardkit.errors import Error, ProgrammingError
from shardkit.values import Row, ShardId

T = TypeVar("T")


class PlainConnection:
    """A DB-API connection to one database; it connects when it is first asked, and again after it was lost."""

    def __init__(self, url: URL) -> None:
        if not url.database:
            raise ProgrammingError("the URL of an unsharded server names its database: mysql+pymysql://…/database")
        self.place = ShardId(f"{url.host or 'localhost'}:{url.port or 3306}", url.database)
        self._arguments = connect_arguments(str(self.place), url.set(drivername="mysql+pymysql"))
        self._open: pymysql.Connection[Any] | None = None

    def __repr__(self) -> str:
        return f"<PlainConnection {self.place}>"

    def cursor(self) -> PlainCursor:
        """A new cursor. Raises ShardUnavailable."""
        if self._open is None or not self._open.open:
            try:
                self._open = pymysql.connect(**self._arguments, cursorclass=cursors.SSCursor)
            except Exception as error:
                raise self.said(unavailable(error, self.place.server, self.place)) from error
        return PlainCursor(self, self._open)

    def said(self, error: Error) -> Error:
        """The error without the name of a shard, which this is not."""
        return type(error)(error.message.removeprefix(f"shard {self.place}: "), errno=error.errno)

    def drop(self) -> None:
        """End the connection without reading what it still sends."""
        if self._open is not None:
            self._open._force_close()  # type: ignore[attr-defined]

    def close(self) -> None:
        """Close it. A second call does nothing."""
        if self._open is not None and self._open.open:
            with contextlib.suppress(err.Error, OSError):  # it may have been lost
                self._open.close()


class PlainCursor:
    """A DB-API cursor whose rows are read as they are wanted."""

    def __init__(self, connection: PlainConnection, raw: pymysql.Connection[Any]) -> None:
        self._connection = connection
        self._raw: Any = raw.cursor()

    @property
    def description(self) -> Any:
        """Seven-tuples, or None."""
        return self._raw.description

    @property
    def rowcount(self) -> int:
        """Affected rows of a write."""
        return int(self._raw.rowcount)

    @property
    def lastrowid(self) -> int | None:
        """The id that an INSERT made."""
        found: int | None = self._raw.lastrowid
        return found

    def execute(self, query: str, args: Any = None) -> PlainCursor:
        """Run one statement."""
        self._guarded(lambda: self._raw.execute(query, args))
        return self

    def fetchmany(self, size: int) -> Sequence[Row]:
        """At most `size` more rows."""
        return self._guarded(lambda: list(self._raw.fetchmany(size)))

    def fetchall(self) -> Sequence[Row]:
        """All rows that are left."""
        return self._guarded(lambda: list(self._raw.fetchall()))

    def close(self) -> None:
        """End the result. If rows are left the connection is given up: a long answer is not read to its end."""
        answer = getattr(self._raw, "_result", None)
        if answer is not None and answer.unbuffered_active:
            answer.unbuffered_active = False
            self._connection.drop()
        self._raw.close()

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (TypeError, KeyError) as error:
            raise self._connection.said(wrong_parameters(error, self._connection.place)) from error
        except err.Error as error:
            raise self._connection.said(translate(error, self._connection.place)) from error
