"""A MySQL server for one test: it speaks the protocol and says, byte by byte, what the test tells it.

    async with Server() as server:
        server.says["SELECT 1"] = [answer(column("n"), rows=[["1"]])]        # one entry is one write
        server.says["SELECT SLEEP(9)"] = []                                  # never answers

Invariant: a statement that no test has spoken of is answered with OK, and nothing is sent that was not asked for.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from types import TracebackType

from sqlalchemy.engine import make_url

from shardkit.backends.aio.mysql import AioMySqlBackend
from shardkit.backends.mysql import SQL_MODE
from shardkit.rules import Server as Configured

LONG, DOUBLE, VARCHAR = 3, 5, 253
_CAPABILITIES = 0x00000001 | 0x00000008 | 0x00000200 | 0x00002000 | 0x00008000 | 0x00080000
_QUIT, _QUERY = 1, 3
_OK = b"\x00\x00\x00\x02\x00\x00\x00"


def text(said: str) -> bytes:
    """A string with its length before it."""
    raw = said.encode()
    assert len(raw) < 251
    return bytes([len(raw)]) + raw


def column(name: str, kind: int = LONG, charset: int = 63) -> bytes:
    """The definition of a column."""
    names = text("def") + text("shop") + text("t") + text("t") + text(name) + text(name)
    return names + b"\x0c" + struct.pack("<HIBHB2x", charset, 64, kind, 0, 0)


def packets(payloads: Sequence[bytes], first: int = 1) -> bytes:
    """Payloads with their headers."""
    return b"".join(
        struct.pack("<I", len(payload))[:3] + bytes([(first + number) & 0xFF]) + payload
        for number, payload in enumerate(payloads)
    )


def eof(warnings: int = 0) -> bytes:
    """The end of the columns, or of the rows."""
    return b"\xfe" + struct.pack("<HH", warnings, 2)


def failure(number: int, message: str) -> bytes:
    """The server's word that it cannot."""
    return b"\xff" + struct.pack("<H", number) + b"#HY000" + message.encode()


def answer(*columns: bytes, rows: Sequence[Sequence[str]] = (), warnings: int = 0, ends: bytes | None = None) -> bytes:
    """A whole answer; `ends` is its last packet, if that is not the ordinary one."""
    values = [b"".join(map(text, row)) for row in rows]
    last = eof(warnings) if ends is None else ends
    return packets([bytes([len(columns)]), *columns, eof(), *values, last])


class Server:
    """See the module."""

    def __init__(self) -> None:
        self.says: dict[str, list[bytes]] = {SQL_MODE: [answer(column("m", VARCHAR, 45), rows=[[""]])]}
        self.heard: list[str] = []
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._over = asyncio.Event()
        self._over.set()

    async def __aenter__(self) -> Server:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Break off every connection."""
        for writer in self._writers:
            writer.transport.abort()
        await self._over.wait()

    def backend(self, driver: str) -> AioMySqlBackend:
        """The asyncio backend for this server."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return AioMySqlBackend(
            Configured("rds0", make_url(f"mysql+{driver}://app:@127.0.0.1:{port}/?ssl_disabled=true"))
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._over.clear()
        try:
            writer.write(packets([_greeting()], 0))
            await _packet(reader)
            writer.write(packets([_OK], 2))
            while (command := await _packet(reader))[0] != _QUIT:
                await self._answer(command, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client broke it off
        finally:
            if not self._loop.is_closed():
                writer.close()
            self._writers.discard(writer)
            if not self._writers:
                self._over.set()

    async def _answer(self, command: bytes, writer: asyncio.StreamWriter) -> None:
        said = command[1:].decode() if command[0] == _QUERY else ""
        self.heard.append(said)
        for part in self.says.get(said, [packets([_OK])]):
            writer.write(part)
            for _ in range(3):  # so that the client reads what has come so far
                await asyncio.sleep(0)


async def _packet(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readexactly(4)
    return await reader.readexactly(int.from_bytes(header[:3], "little"))


def _greeting() -> bytes:
    low, high = _CAPABILITIES & 0xFFFF, _CAPABILITIES >> 16
    scramble = b"12345678", b"123456789012\x00"
    head = b"\x0a8.0.0\x00" + struct.pack("<I", 7) + scramble[0] + b"\x00"
    rest = struct.pack("<HBHHB10x", low, 45, 2, high, 21)
    return head + rest + scramble[1] + b"mysql_native_password\x00"
