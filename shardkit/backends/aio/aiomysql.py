"""aiomysql's connection, read in batches. It decodes in Python, with PyMySQL's own functions.

Invariant: as in wire.Wire; its stream's own flow control bounds what is buffered.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiomysql.connection import Connection
from pymysql import err
from pymysql.constants import CLIENT

from shardkit.backends.aio.wire import QUIT, Manner, Shared
from shardkit.backends.mysql_wire import marked
from shardkit.values import Row

HAS_NO_TLS = 2026


class AiomysqlWire(Shared, Connection):  # type: ignore[misc]
    """See wire.Wire."""

    _writer: Any
    _reader: Any
    _result: Any
    server_capabilities: int
    server_thread_id: tuple[int]

    def __init__(self, manner: Manner) -> None:
        super().__init__(**manner.arguments)
        self.manner = manner
        self._last_writer: Any = None
        # One text is one statement: what follows a semicolon must not run.
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS

    def __del__(self) -> None:
        """Nothing: the pool closes connections that were lost."""

    async def open(self) -> None:
        """Connect."""
        await self._connect()
        await self.prepare_session()

    @property
    def number(self) -> int:
        """See Wire."""
        return self.server_thread_id[0]

    @property
    def is_open(self) -> bool:
        """See Wire."""
        return self._writer is not None and not self._writer.transport.is_closing() and not self._reader.eof_received

    async def ask(self, sql: str, limit: int, template: str) -> tuple[Any, list[Row], bool]:
        """See Wire."""
        await self.query(sql, True)
        answer = self._result
        if answer.description is not None:
            answer.description = tuple(map(marked, answer.description, answer.fields))
        return answer, *(await self.rows_up_to(answer, limit))

    async def rows_up_to(self, answer: Any, limit: int) -> tuple[list[Row], bool]:
        """See Wire."""
        rows: list[Row] = []
        if not answer.unbuffered_active:
            return rows, True
        read_packet, read_row, is_end = self._read_packet, answer._read_row_from_packet, answer._check_packet_is_eof
        while True:
            packet = await read_packet()
            if is_end(packet):
                answer.unbuffered_active = False
                answer.connection = None
                return rows, True
            rows.append(read_row(packet))
            if len(rows) == limit:
                return rows, False

    def gone(self) -> asyncio.Future[None]:
        """See Wire."""
        return self._loop.create_task(_closed(self._last_writer))

    def abort(self) -> None:
        """See Wire."""
        self._last_writer = self._writer or self._last_writer
        if self._writer is not None:
            self._writer.transport.abort()

    def leave(self) -> None:
        """See Wire."""
        if self.is_open:
            self._writer.write(QUIT)
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._last_writer = self._writer or self._last_writer
        super().close()

    async def _request_authentication(self) -> None:
        if self.manner.tls_required and not self.server_capabilities & CLIENT.SSL:
            raise err.OperationalError(HAS_NO_TLS, "SSL connection error: the server does not support SSL")
        await super()._request_authentication()


async def _closed(writer: Any) -> None:
    if writer is not None:
        with contextlib.suppress(OSError):  # it is closed for that reason
            await writer.wait_closed()


def arguments(template: Any) -> dict[str, Any]:
    """Its arguments for what a URL says (a PyMySQL connection that was never opened)."""
    return {
        "host": template.host, "port": template.port, "unix_socket": template.unix_socket, "user": template.user,
        # It encodes the password as latin-1, which gives the bytes back.
        "password": template.password.decode("latin-1"), "db": template.db, "charset": "utf8mb4",
        "connect_timeout": template.connect_timeout, "server_public_key": template.server_public_key,
        "program_name": template._connect_attrs.get("program_name") or "", "autocommit": None,
        "ssl": template.ctx if template.ssl else None,
    }  # fmt: skip
