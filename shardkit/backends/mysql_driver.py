"""Which driver speaks to a MySQL server, as the word behind the + of its URL says, and what every driver offers.

    mysql+pymysql://…   PyMySQL, the default: pure Python
    mysql+mysqldb://…   mysqlclient: the C library

Invariant: values, descriptions, errors and their classes are the same whichever is named; a driver that is not named is
not imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy.engine import URL

from shardkit.backends.mysql_url import client_arguments, connect_arguments
from shardkit.errors import ProgrammingError
from shardkit.values import Row


class Answer(Protocol):
    """The answer of one statement, read in batches."""

    @property
    def description(self) -> Any:
        """PEP 249's seven-tuples as PyMySQL fills them, or None for a statement without rows."""

    @property
    def affected_rows(self) -> int | None:
        """Rows that a write changed."""

    @property
    def insert_id(self) -> int | None:
        """The first id that an INSERT made."""

    @property
    def has_next(self) -> Any:
        """Whether another result follows; known at the end of this one."""

    @property
    def warning_count(self) -> int:
        """How many warnings there were; known at the end."""

    def rows_up_to(self, limit: int) -> tuple[Sequence[Row], bool]:
        """At most `limit` more rows (0: all) and whether the answer has ended."""


class Wire(Protocol):
    """A driver's connection. Its errors are pymysql.err's; `_result` is the answer of `query`."""

    time_limit: float | None
    _result: Any

    @property
    def open(self) -> bool:
        """Whether something can be sent."""

    @property
    def server_thread_id(self) -> tuple[int]:
        """The server's number of the connection."""

    @property
    def mogrify(self) -> Callable[[str, Any], str]:
        """Puts parameters into a statement."""

    @property
    def backslash_escapes(self) -> bool:
        """Whether the session reads backslashes in strings as escapes."""

    def query(self, sql: str, unbuffered: bool = False) -> Any:
        """Send one statement and read the head of its answer, which is `_result` then."""

    def ask(self, sql: str) -> Answer:
        """Send one statement; its answer."""

    def skip_results(self) -> None:
        """Read away what follows the first result."""

    def post(self, statements: Sequence[str]) -> None:
        """Send statements without rows and wait for none."""

    def collect(self, count: int) -> Exception | None:
        """Read the answers of what was posted; gives the first error that the server names."""

    def select_db(self, database: str, /) -> None:
        """Choose the connection's database."""

    def ping(self) -> None:
        """Ask the server whether it is there."""

    def reset_connection(self) -> None:
        """A new session, as the connection was opened."""

    def limit_time(self, seconds: float | None) -> None:
        """The longest wait from now on."""

    def forget_answer(self) -> None:
        """Drop an open answer without reading it; the connection can only be closed afterwards."""

    def shut(self) -> None:
        """Make every read and write end at once; another thread may be in one."""

    def shut_and_close(self) -> None:
        """Close without waiting for anything."""

    def close(self) -> None:
        """Say goodbye and close."""


Opener = Callable[[dict[str, Any], float], Wire]
"""Opens a connection with these arguments, in at most so many seconds."""


def driver(server: str, url: URL) -> tuple[dict[str, Any], Opener]:
    """The arguments and the opener for a server's URL. Raises ProgrammingError: an option is wrong, no such driver."""
    if not url.drivername.endswith("+mysqldb"):
        return connect_arguments(server, url), _open_pymysql
    try:
        from shardkit.backends.mysqlclient_wire import ClientWire
    except ImportError as error:
        raise ProgrammingError(
            f"server {server}: {url.drivername} needs mysqlclient, which cannot be imported ({error}); install it with "
            "pip install 'shardkit[mysqlclient]', or write mysql+pymysql://…"
        ) from error
    return client_arguments(server, url), ClientWire


def _open_pymysql(arguments: dict[str, Any], timeout: float) -> Wire:
    from shardkit.backends.mysql_wire import Wire as PyMySqlWire

    # The limits for reading and writing hold during the handshake too: a frozen server accepts and says nothing.
    return PyMySqlWire(**arguments | {"connect_timeout": timeout, "read_timeout": timeout, "write_timeout": timeout})
