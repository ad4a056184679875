"""asyncmy's connection, read in batches: its C parser takes every row that has arrived in one step.

asyncmy never stops reading its socket, so an answer that nobody fetches would gather in memory. Here the transport
rests between two batches, and the server waits. Invariant: what is buffered is what arrives during one batch.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asyncmy import errors
from asyncmy.connection import Connection
from asyncmy.constants import CLIENT

from shardkit.backends.aio.wire import QUIT, Manner, Shared
from shardkit.values import Row

HAS_NO_TLS = 2026


class AsyncmyWire(Shared, Connection):  # type: ignore[misc]
    """See wire.Wire."""

    _transport: Any
    _proto: Any
    _ssl_context: Any
    _result: Any
    _connected: bool
    server_capabilities: int
    server_thread_id: tuple[int]

    def __init__(self, manner: Manner) -> None:
        super().__init__(**manner.arguments)
        self.manner = manner
        self._rests = False
        # One text is one statement: what follows a semicolon must not run.
        self._client_flag &= ~CLIENT.MULTI_STATEMENTS

    async def open(self) -> None:
        """Connect."""
        await self.connect()
        await self.prepare_session()

    @property
    def number(self) -> int:
        """See Wire."""
        return self.server_thread_id[0]

    @property
    def is_open(self) -> bool:
        """See Wire."""
        return not self._stream_broken

    async def rows_up_to(self, answer: Any, limit: int) -> tuple[list[Row], bool]:
        """See Wire."""
        rows: list[Row] = []
        if not answer.unbuffered_active:
            return rows, True
        if self._rests:
            self._rests = False
            self._transport.resume_reading()
        next_row, take = answer._read_rowdata_packet_unbuffered, answer._take_pending_rows
        while True:
            row = await next_row()
            if row is None:
                return rows, True
            rows.append(row)
            if limit == 0:
                rows += take()
                continue
            rows += take(limit - len(rows))
            if len(rows) == limit:
                self._rests = True
                self._transport.pause_reading()
                return rows, False

    def gone(self) -> asyncio.Future[None]:
        """See Wire."""
        found: asyncio.Future[None] = self._proto._closed_waiter
        return found

    def abort(self) -> None:
        """See Wire."""
        self._silence()
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """See Wire."""
        self._silence()
        if self._transport is not None:
            if self.is_open:
                self._transport.write(QUIT)
            self.close()

    def _silence(self) -> None:
        # Its finaliser would close the connection once more.
        if self._result is not None:
            self._result.unbuffered_active = False

    async def _request_authentication(self) -> None:
        if self._ssl_context is not None and not self.server_capabilities & CLIENT.SSL:
            if self.manner.tls_required:
                raise errors.OperationalError(HAS_NO_TLS, "SSL connection error: the server does not support SSL")
            self._ssl_context = None
            self._client_flag &= ~CLIENT.SSL
        await super()._request_authentication()


def arguments(template: Any) -> dict[str, Any]:
    """Its arguments for what a URL says (a PyMySQL connection that was never opened)."""
    return {
        "host": template.host, "port": template.port, "unix_socket": template.unix_socket, "user": template.user,
        "password": template.password, "database": template.db, "charset": "utf8mb4",
        "connect_timeout": template.connect_timeout, "server_public_key": template.server_public_key,
        "program_name": template._connect_attrs.get("program_name"), "autocommit": None,
        "ssl": template.ctx if template.ssl else None,
    }  # fmt: skip
