"""What the asyncio drivers have in common, as shardkit uses them: asyncmy and aiomysql are both made after PyMySQL.

`Shared` is mixed into a driver's own connection class. Invariant: a wire has at most one open answer, it is opened by
`query`, and nothing is sent before it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from pymysql.constants import COMMAND, SERVER_STATUS

from shardkit.backends.mysql_errors import of_server
from shardkit.values import Row

QUIT = b"\x01\x00\x00\x00\x01"
_RESET = getattr(COMMAND, "COM_RESET_CONNECTION", 0x1F)


class Manner(NamedTuple):
    """How connections to one server are opened, as its URL says."""

    arguments: dict[str, Any]  # of the driver
    names: str  # SET NAMES …
    tls_required: bool
    known: dict[str, Any]  # what the wires of one server remember of statements


class Answer(Protocol):
    """A driver's result object."""

    description: Any
    affected_rows: Any
    insert_id: Any
    has_next: Any
    warning_count: int
    unbuffered_active: Any


class Wire(Protocol):
    """A driver's connection."""

    @property
    def number(self) -> int:
        """The server's number of it."""

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""

    @property
    def is_adrift(self) -> bool:
        """Whether its event loop has ended."""

    @property
    def backslash_escapes(self) -> bool:
        """Whether the session reads backslashes in strings as escapes."""

    async def ask(self, sql: str, limit: int, template: str) -> tuple[Any, list[Row], bool]:
        """Send one statement: its answer, at most `limit` rows (0: all), and whether it has ended.

        `template`: its text without parameters, which tells that it may have the same columns as before.
        """

    async def rows_up_to(self, answer: Any, limit: int) -> tuple[list[Row], bool]:
        """At most `limit` more rows (0: all) and whether the answer has ended; the driver's errors pass."""

    async def skip_results(self) -> None:
        """Read away what follows the first result (a stored procedure's status and further results)."""

    async def run_all(self, statements: Sequence[str]) -> Exception | None:
        """Send statements without rows, then read all answers; gives the first error that the server names."""

    async def select_db(self, db: str) -> None:
        """Select a database."""

    async def is_alive(self) -> None:
        """Ask the server; the driver's errors pass."""

    async def reset_connection(self) -> None:
        """COM_RESET_CONNECTION, then what the connection was opened with."""

    def gone(self) -> asyncio.Future[None]:
        """Done when the socket is closed, after `abort` or `leave`."""

    def abort(self) -> None:
        """Break it off: every wait on it ends at once."""

    def leave(self) -> None:
        """Say goodbye and close, without waiting."""


class Shared:
    """The methods that are alike."""

    _result: Any
    _next_seq_id: int
    server_status: int
    is_open: Any
    _execute_command: Any
    _read_query_result: Any
    _read_ok_packet: Any
    autocommit: Any
    ping: Any
    rows_up_to: Any
    manner: Manner
    _loop: asyncio.AbstractEventLoop

    @property
    def is_adrift(self) -> bool:
        """See Wire."""
        return self._loop.is_closed()

    @property
    def backslash_escapes(self) -> bool:
        """See Wire."""
        return not self.server_status & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES

    async def skip_results(self) -> None:
        """See Wire."""
        while self._result is not None and self._result.has_next:
            await self._read_query_result(unbuffered=True)
            while not (await self.rows_up_to(self._result, 1000))[1]:
                pass

    async def run_all(self, statements: Sequence[str]) -> Exception | None:
        """See Wire."""
        first: Exception | None = None
        for sql in statements:
            await self._execute_command(COMMAND.COM_QUERY, sql)
        for _ in statements:
            self._next_seq_id = 1  # each answer counts its packets anew
            try:
                await self._read_query_result()
            except Exception as error:
                if not self.is_open or not of_server(error):
                    raise
                first = first or error
        return first

    async def is_alive(self) -> None:
        """See Wire."""
        await self.ping(False)

    async def reset_connection(self) -> None:
        """See Wire."""
        await self._execute_command(_RESET, b"")
        await self._read_ok_packet()
        await self.prepare_session()

    async def prepare_session(self) -> None:
        """The character set by name, so that the server chooses its own collation for it, and autocommit."""
        await self._execute_command(COMMAND.COM_QUERY, self.manner.names)
        await self._read_ok_packet()
        await self.autocommit(True)
