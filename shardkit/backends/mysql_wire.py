"""The one place that touches PyMySQL's inside: reading in batches, resetting, time limits, shutting a socket.

PyMySQL's own unbuffered result drains itself when it is garbage-collected and hands out one row per call. The result
here does neither, and remembers the server's status flags. Everything else of the driver is used as it is.
Invariant: a `Wire` has at most one open answer, and reading past it is impossible.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

from pymysql import err
from pymysql.connections import TEXT_TYPES, Connection, MySQLResult
from pymysql.constants import COMMAND, FIELD_TYPE, FLAG, SERVER_STATUS
from pymysql.cursors import Cursor
from pymysql.protocol import MysqlPacket

from shardkit.flow import Binary, Unsigned
from shardkit.values import Row

MOST_KNOWN = 256
"""Kinds of answers whose columns a connection remembers."""
_COM_RESET_CONNECTION = getattr(COMMAND, "COM_RESET_CONNECTION", 0x1F)

_BYTES = 63
"""The character set of what is no text: bytes, numbers, dates."""
_TEXT = TEXT_TYPES - {FIELD_TYPE.BIT, FIELD_TYPE.GEOMETRY}


class Answer(MySQLResult):
    """One answer that is read in batches."""

    connection: Any
    description: Any
    fields: Any
    converters: Any
    field_count: int
    _read_row_from_packet: Any
    _check_packet_is_eof: Any

    def __del__(self) -> None:
        """Nothing: no I/O in a finaliser, whoever lost the answer has its connection closed by the pool."""

    def rows_up_to(self, limit: int) -> tuple[list[Row], bool]:
        """At most `limit` more rows (0: all) and whether the answer has ended; the driver's errors pass."""
        rows: list[Row] = []
        if not self.unbuffered_active:
            return rows, True
        read_packet, read_row, is_end = self.connection._read_packet, self._read_row_from_packet, self._check_end
        while True:
            packet = read_packet()
            if is_end(packet):
                return rows, True
            rows.append(read_row(packet))
            if len(rows) == limit:
                return rows, False

    def _get_descriptions(self) -> None:
        """The columns of the answer. Definitions that came before, byte by byte, are not parsed again."""
        connection = self.connection
        read = connection._read_packet
        packets = [read() for _ in range(self.field_count)]
        raw = tuple([packet._data for packet in packets])
        known = connection.known.get(raw)
        if known is not None:
            self.fields, self.converters, self.description = known
            read()  # the end of the definitions
            return
        self.connection = _Replay(connection, packets)
        try:
            super()._get_descriptions()  # type: ignore[misc]
        finally:
            self.connection = connection
        self.description = tuple(map(marked, self.description, self.fields))
        if len(connection.known) >= MOST_KNOWN:
            connection.known.clear()
        connection.known[raw] = self.fields, self.converters, self.description

    def _check_end(self, packet: Any) -> bool:
        if not self._check_packet_is_eof(packet):
            return False
        self.unbuffered_active = False
        self.connection = None
        return True


class _Replay:
    """A connection as the driver's parser of definitions sees it: it reads packets that are there already."""

    def __init__(self, connection: Any, packets: list[Any]) -> None:
        self._connection, self._packets = connection, packets[::-1]
        self.use_unicode, self.encoding = connection.use_unicode, connection.encoding
        self.decoders = connection.decoders

    def _read_packet(self, packet_type: Any = MysqlPacket) -> Any:
        if not self._packets:
            return self._connection._read_packet(packet_type)
        return packet_type(self._packets.pop()._data, self.encoding)


def marked(column: tuple[Any, ...], field: Any) -> tuple[Any, ...]:
    """The column's description, with what a seven-tuple does not tell."""
    if field.charsetnr != _BYTES:
        return column
    if field.type_code in _TEXT:
        return Binary(column)
    return Unsigned(column) if field.flags & FLAG.UNSIGNED else column


class Wire(Connection):
    """PyMySQL's connection with answers that are read in batches."""

    _sock: Any
    time_limit: float | None = None
    known: dict[tuple[bytes, ...], tuple[Any, Any, Any]]
    _result: Any
    server_status: int
    server_thread_id: tuple[int]
    _next_seq_id: int

    def __init__(self, **arguments: Any) -> None:
        self.known = {}
        super().__init__(**arguments)

    @property
    def mogrify(self) -> Callable[[str, Any], str]:
        """Puts parameters into a statement, as this session reads them."""
        return Cursor(self).mogrify

    def ask(self, sql: str) -> Answer:
        """Send one statement and read the head of its answer."""
        self.query(sql, unbuffered=True)
        answer: Answer = self._result
        return answer

    def post(self, statements: Sequence[str]) -> None:
        """Send statements without rows one after another and wait for none; `collect` reads what they answer."""
        for sql in statements:
            self._execute_command(COMMAND.COM_QUERY, sql)  # type: ignore[attr-defined]

    def collect(self, count: int) -> Exception | None:
        """Read the answers of `count` posted statements; gives the first error that the server names."""
        first: Exception | None = None
        for _ in range(count):
            self._next_seq_id = 1  # each answer counts its packets anew
            try:
                self._read_query_result()
            except err.MySQLError as error:
                if self._sock is None:
                    raise
                first = first or error
        return first

    def skip_results(self) -> None:
        """Read away what follows the first result (a stored procedure's status and further results)."""
        while self._result is not None and self._result.has_next:
            self._read_query_result(unbuffered=True)
            while not self._result.rows_up_to(1000)[1]:
                pass

    def forget_answer(self) -> None:
        """Drop an open answer without reading it; the connection can only be closed afterwards."""
        if self._result is not None:
            self._result.unbuffered_active = False
            self._result.connection = None
            self._result = None

    def limit_time(self, seconds: float | None) -> None:
        """The longest wait for one packet, in either direction.

        Both directions get the same value, because PyMySQL sets the socket anew at each change of it.
        """
        self.time_limit = self._read_timeout = self._write_timeout = seconds

    def reset_connection(self) -> None:
        """COM_RESET_CONNECTION, then the charset and autocommit this connection was opened with."""
        self._execute_command(_COM_RESET_CONNECTION, b"")  # type: ignore[attr-defined]
        self._read_ok_packet()  # type: ignore[attr-defined]
        self.set_character_set(self.charset, self.collation)
        self.autocommit(True)

    def shut(self) -> None:
        """Make every read and write on this connection end at once; another thread may be in one."""
        sock = self._sock
        if sock is not None:
            # Not sock.shutdown: on a TLS socket that would turn later reads into reads of raw, encrypted bytes.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def shut_and_close(self) -> None:
        """Close without waiting for anything."""
        self.forget_answer()
        self._force_close()  # type: ignore[attr-defined]

    @property
    def backslash_escapes(self) -> bool:
        """Whether the session reads backslashes in strings as escapes."""
        return not self.server_status & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        self._result = None
        answer = Answer(self)
        if unbuffered:
            answer.init_unbuffered_query()
        else:
            answer.read()
        self._result = answer
        if answer.server_status is not None:
            self.server_status = answer.server_status
        return answer.affected_rows
