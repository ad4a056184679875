"""asyncmy's connection, read in batches: its C parser takes every row that has arrived in one step.

asyncmy never stops reading its socket, so an answer that nobody fetches would gather in memory. Here the transport
rests between two batches, and the server waits. Invariant: what is buffered is what arrives during one batch.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from asyncmy import errors
from asyncmy.connection import Connection, MySQLResult
from asyncmy.constants import CLIENT
from asyncmy.constants.COMMAND import COM_QUERY
from asyncmy.protocol import skip_packets_from_buffer

from shardkit.backends.aio.wire import QUIT, Manner, Shared
from shardkit.backends.mysql_wire import marked
from shardkit.values import Row

HAS_NO_TLS = 2026


MOST_KNOWN = 1000
"""Statements whose columns are remembered for a server."""


class _Columns(NamedTuple):
    """The definitions of a statement's columns as they came, and what the driver made of them."""

    raw: bytes
    meta: tuple[Any, ...]


def _meta(answer: Any) -> tuple[Any, ...]:
    """As the driver's `_consume_descriptions` takes it."""
    return None, answer.fields, answer.converters, tuple(answer.converters), (), answer.description


def _described(column: tuple[Any, ...], field: Any) -> tuple[Any, ...]:
    """A column as the other drivers describe it: this one lets lengths over 2**31 (LONGTEXT) run over."""
    if column[3] < 0:
        column = (*column[:3], field.length, field.length, *column[5:])
    return marked(column, field)


class AsyncmyWire(Shared, Connection):  # type: ignore[misc]
    """See wire.Wire."""

    _transport: Any
    _proto: Any
    _ssl_context: Any
    _result: Any
    _connected: bool
    _deprecate_eof: bool
    _next_seq_id: int
    server_status: int
    server_capabilities: int
    server_thread_id: tuple[int]

    def __init__(self, manner: Manner) -> None:
        super().__init__(**manner.arguments)
        self.manner = manner
        self._known: dict[str, _Columns] = manner.known
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

    async def ask(self, sql: str, limit: int, template: str) -> tuple[Any, list[Row], bool]:
        """See Wire. As the driver's `query`, with fewer awaits, and without reading known columns again."""
        await self._execute_command(COM_QUERY, sql.encode("utf-8", "surrogateescape"))
        answer = MySQLResult(self)
        first = await self.read_packet()
        rows: list[Row] = []
        if first.is_ok_packet():
            answer._read_ok_packet(first)
            answer.connection, self._result, self.server_status = None, answer, answer.server_status
            return answer, rows, True
        if first.is_load_local_packet():
            await answer._read_load_local_packet(first)  # which refuses
        answer.field_count = first.read_length_encoded_integer()
        await self._read_columns(answer, template)
        answer.unbuffered_active, self._result = True, answer
        row = await answer._read_rowdata_packet_unbuffered()
        if row is None:
            return answer, rows, True
        rows.append(row)
        if limit != 1:
            rows += answer._take_pending_rows(limit - 1 if limit else None)
            if len(rows) != limit:
                rest, last = await self.rows_up_to(answer, limit and limit - len(rows))
                return answer, rows + rest if rest else rows, last
        self._rest()
        return answer, rows, False

    async def _read_columns(self, answer: Any, template: str) -> None:
        """The definitions of an answer's columns. Those that are, byte by byte, the same as before are skipped."""
        proto, known = self._proto, self._known.get(template)
        if known is not None and len(known.meta[1]) != answer.field_count:
            known = None  # the old definitions may be the beginning of the new ones
        start, length, number = proto.pos, proto.length, self._next_seq_id
        end = length + 1 if known is None else start + len(known.raw)
        if known is not None and end <= length and proto.buffer[start:end] == known.raw:
            await answer._consume_descriptions(known.meta)
            return
        await answer._get_descriptions()
        answer.description = tuple(map(_described, answer.description, answer.fields))
        if proto.length == length and start < proto.pos:  # they had all arrived
            raw = proto.buffer[start : proto.pos]
            packets = answer.field_count + (not self._deprecate_eof)
            if skip_packets_from_buffer(raw, 0, len(raw), number, packets)[::2] == (len(raw), packets):
                if len(self._known) >= MOST_KNOWN:
                    self._known.clear()
                self._known[template] = _Columns(bytes(raw), _meta(answer))

    def _rest(self) -> None:
        self._rests = True
        self._transport.pause_reading()

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
                self._rest()
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
