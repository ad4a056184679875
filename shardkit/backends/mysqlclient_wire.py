"""The one place that touches mysqlclient: the C library's connection with the face of `mysql_wire.Wire`.

Everything that decides what a value, a description or an error is stays PyMySQL's own: its converters, its way of
writing parameters, its class for each errno. So nothing but the speed changes with the driver in the server's URL.
Invariant: an answer that is left unread is never freed while its socket is open, because the C library would read it to
its end first, however long it is; and only errors of `pymysql.err` leave this module.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any, NoReturn, TypeVar

import MySQLdb
from MySQLdb import _mysql
from pymysql import err
from pymysql.constants import CR

from shardkit.backends.mysql_binding import unconnected
from shardkit.backends.mysql_watch import WATCH
from shardkit.backends.mysqlclient_values import CONVERTERS, described
from shardkit.values import Row

MARIADB = _mysql.get_client_info().startswith("3.")
"""MariaDB's C library, not MySQL's. It lets statements be sent before earlier ones are answered, and says REQUIRED to
what MySQL's calls PREFERRED: TLS where the server has it."""

_OWN_WORDS = range(2000, 3000)
"""Error numbers of the C library itself: there is no answer of the server's, and none will come."""

_CLASSES: Mapping[int, type[err.MySQLError]] = err.error_map

T = TypeVar("T")


class ClientAnswer:
    """One answer that is read in batches; see mysql_wire.Answer."""

    affected_rows: int | None = None
    insert_id: int | None = None
    description: tuple[tuple[Any, ...], ...] | None = None

    def __init__(self, wire: ClientWire, result: Any) -> None:
        self._wire, self._result = wire, result
        if result is None:
            self.affected_rows, self.insert_id = wire.raw.affected_rows(), wire.raw.insert_id()
        else:
            self.description = tuple(map(described, result.describe(), result.field_flags(), result.converter))

    def __del__(self) -> None:
        """Freeing an unread answer would read it to its end."""
        if self._result is not None:
            self._wire.shut()

    @property
    def has_next(self) -> bool:
        """Whether another result follows (of a stored procedure)."""
        return bool(self._wire.raw.more_results())

    @property
    def warning_count(self) -> int:
        """How many warnings the statement gave."""
        return int(self._wire.raw.warning_count())

    def rows_up_to(self, limit: int) -> tuple[Sequence[Row], bool]:
        """At most `limit` more rows (0: all) and whether the answer has ended; errors of pymysql.err pass."""
        result = self._result
        if result is None:
            return [], True
        try:
            rows: list[Row] = self._wire.speak(result.fetch_row, limit)
        except err.MySQLError:
            self._result = None  # the server's error is the end of the answer, or the connection is gone
            raise
        if limit and len(rows) == limit:
            return rows, False
        self._result = None
        return rows, True


class ClientWire:
    """mysqlclient's connection with answers that are read in batches; see mysql_wire.Wire."""

    time_limit: float | None = None

    def __init__(self, arguments: dict[str, Any], timeout: float) -> None:
        """`arguments` as mysql_url makes them; `timeout` for connecting. Raises errors of pymysql.err."""
        self.open = False
        self._read_limit: float | None = arguments.get("read_timeout")
        self._names = (arguments["charset"], arguments.get("collation", ""))
        self._account = (arguments.get("user", ""), arguments.get("password", ""))
        self._database: str | None = arguments.get("database")
        self._alarm: float | None = None
        self._expired = False
        self._waiting: Sequence[str] = ()
        self._result: ClientAnswer | None = None
        self._socket: socket.socket | None = None
        try:
            self.raw = login(arguments | {"connect_timeout": timeout, "conv": CONVERTERS})
        except MySQLdb.Error as error:
            self._tell(error, time.monotonic())
        self.open = True
        # A socket of our own for the same connection, which another thread may shut at any time.
        self._socket = socket.socket(fileno=os.dup(self.raw.fileno()))
        self.server_thread_id = (self.raw.thread_id(),)
        self.mogrify = _MOGRIFY

    def query(self, sql: str, unbuffered: bool = True) -> None:
        """Send one statement and read the head of its answer."""
        self._result = None
        self.speak(self._query, sql)

    def _query(self, sql: str) -> None:
        self.raw.query(_encoded(sql))
        self._result = ClientAnswer(self, self.raw.use_result())

    def ask(self, sql: str) -> ClientAnswer:
        """Send one statement; its answer."""
        self.query(sql)
        assert self._result is not None
        return self._result

    def post(self, statements: Sequence[str]) -> None:
        """Send statements without rows and wait for none, as far as the C library can."""
        sent = len(statements) if MARIADB else 1
        for sql in statements[:sent]:
            self.speak(self.raw.send_query, _encoded(sql))
        self._waiting = statements[sent:]

    def collect(self, count: int) -> Exception | None:
        """Read the answers of `count` posted statements; gives the first error that the server names."""
        waiting, self._waiting = self._waiting, ()
        first: Exception | None = None
        for at in range(count):
            later = at - (count - len(waiting))
            try:
                if later < 0:
                    self.speak(self.raw.read_query_result)
                else:
                    self.query(waiting[later])
            except err.MySQLError as error:
                if not self.open:
                    raise
                first = first or error
        return first

    def skip_results(self) -> None:
        """Read away what follows the first result."""
        self.speak(self._skip_results)

    def _skip_results(self) -> None:
        while self.raw.next_result() == 0:
            result = self.raw.use_result()
            while result is not None and result.fetch_row(1000):
                pass

    def select_db(self, database: str) -> None:
        """Choose the connection's database."""
        self.speak(self.raw.select_db, database)
        self._database = database

    def ping(self) -> None:
        """Ask the server whether it is there."""
        self.speak(self.raw.ping)

    def reset_connection(self) -> None:
        """Log in again, the only way to a new session that mysqlclient has; then as it was opened."""
        self.speak(self._reset)

    def _reset(self) -> None:
        self.raw.change_user(*self._account, *([self._database] if self._database else []))
        self.raw.set_character_set(*self._names)
        self.raw.autocommit(True)

    def limit_time(self, seconds: float | None) -> None:
        """The longest wait of each call from now on; the URL's read_timeout the C library minds by itself."""
        self.time_limit = seconds
        self._alarm = None if seconds == self._read_limit else seconds

    def forget_answer(self) -> None:
        """Drop an open answer without reading it; the connection can only be closed afterwards."""
        self._result = None  # it shuts the socket if there was more to read

    def shut(self) -> None:
        """Make every read and write on this connection end at once; another thread may be in one."""
        own = self._socket
        if own is not None:
            with contextlib.suppress(OSError):  # it is shut already
                own.shutdown(socket.SHUT_RDWR)

    def shut_and_close(self) -> None:
        """Close without waiting for anything."""
        self.shut()
        self.close()

    def close(self) -> None:
        """Say goodbye, if anybody listens, and close. A second call does nothing."""
        self.open, self._result = False, None
        own, self._socket = self._socket, None
        if own is not None:
            self.raw.close()
            own.close()

    @property
    def backslash_escapes(self) -> bool:
        """Whether the session reads backslashes in strings as escapes; the C library knows the server's status."""
        return bool(self.raw.escape_string(b"'") == b"\\'")

    # --- around every call of the driver ---

    def speak(self, call: Callable[..., T], *args: Any) -> T:
        """Call the driver: its errors leave as PyMySQL's, and the time limit holds."""
        if not self.open:
            raise err.InterfaceError(0, "")
        if self._alarm is not None:
            WATCH.add(self, time.monotonic() + self._alarm)
        began = time.monotonic() if self._read_limit is not None else 0.0
        try:
            return call(*args)
        except MySQLdb.Error as error:
            self._tell(error, began)
        finally:
            if self._alarm is not None:
                WATCH.remove(self)

    def _lost(self, number: int) -> int:
        """PyMySQL's number for what the C library says of a connection that ended or was never made."""
        if not self.open:
            return CR.CR_CONN_HOST_ERROR if number == CR.CR_CONNECTION_ERROR else number
        return number if number == CR.CR_SERVER_GONE_ERROR else CR.CR_SERVER_LOST  # with TLS it speaks of TLS

    def expire(self) -> None:
        """The time limit is over. Called by the watch."""
        self._expired = True
        self.shut()

    def kill(self) -> None:
        """Nothing: whoever set the limit decides about the statement on the server. Called by the watch."""

    def _tell(self, error: Exception, began: float) -> NoReturn:
        """Raise PyMySQL's error for the driver's; the C library's own errors end the connection."""
        number, text = error.args if len(error.args) == 2 else (0, str(error))
        if number in _OWN_WORDS:
            number = self._lost(number)
        kind = _CLASSES.get(number) or (err.InternalError if number < 1000 else err.OperationalError)
        if number not in _OWN_WORDS:
            raise kind(number, text) from error
        self.open = False  # it is closed by whoever discards the connection: an answer may still hold on to it
        self.shut()
        late = self._read_limit is not None and time.monotonic() - began >= self._read_limit
        if not (late or self._expired):
            raise kind(number, text) from error
        try:
            raise TimeoutError
        except TimeoutError:
            raise kind(number, text) from error


def login(arguments: dict[str, Any]) -> Any:
    """mysqlclient's own connection with these arguments, as mysql_url makes them: TLS where the server has it."""
    tls = {"ssl_mode": "REQUIRED" if MARIADB else "PREFERRED"}
    return MySQLdb.connect(**tls | arguments | {"connect_timeout": ceil(arguments["connect_timeout"])})


def _encoded(sql: str) -> bytes:
    return sql.encode("utf-8", "surrogateescape")


_MOGRIFY = unconnected({"charset": "utf8mb4"})[1]
