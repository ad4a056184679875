"""One MySQL or MariaDB server through asyncmy or aiomysql.

Everything that is not reading and writing is shared with backends.mysql: URLs, binding, errors, questions about tables.
Invariant: a connection leaves `connect` in autocommit and utf8mb4, under an sql_mode that reads SQL as shardkit does.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from shardkit import errors
from shardkit.backends import mysql_schema
from shardkit.backends.aio.connection import AioMySqlConnection
from shardkit.backends.aio.protocol import Connection
from shardkit.backends.aio.reaper import Reaper
from shardkit.backends.aio.watch import Watch
from shardkit.backends.aio.wire import Manner, Wire
from shardkit.backends.mysql import SQL_MODE, MySqlBackend, check_mode, counting
from shardkit.backends.mysql_binding import unconnected
from shardkit.backends.mysql_connection import HEALTH_TIMEOUT
from shardkit.backends.mysql_errors import unavailable
from shardkit.backends.mysql_schema import Questions
from shardkit.backends.mysql_url import connect_arguments
from shardkit.flow import Collation, TableInfo, Task
from shardkit.values import ShardId

if TYPE_CHECKING:
    from shardkit.rules import Server

T = TypeVar("T")

DRIVERS = ("asyncmy", "aiomysql")
"""Best first: asyncmy decodes rows in C."""


class AioMySqlBackend:
    """See aio.protocol.Backend."""

    def __init__(self, server: Server) -> None:
        self.name: str = server.name
        arguments = connect_arguments(server.name, server.url)
        self.database: str | None = arguments["database"]
        self.read_timeout: float | None = arguments.get("read_timeout")
        self._patience: float = arguments["connect_timeout"]
        if arguments.get("bind_address"):
            raise errors.ProgrammingError(f"server {server.name}: no asyncio driver serves the URL option bind_address")
        template, self.mogrify = unconnected(arguments | counting(server))
        self._wire, driver_arguments = _driver(server.name, server.url.drivername)
        collation = f" COLLATE {arguments['collation']}" if arguments.get("collation") else ""
        required = bool(getattr(template, "_ssl_required", False))
        self._manner = Manner(
            driver_arguments(template) | counting(server), f"SET NAMES utf8mb4{collation}", required, {}
        )
        self.watch = Watch()
        self._leaving: set[asyncio.Future[None]] = set()
        self.reaper = Reaper(MySqlBackend(server).kill_all)

    def __repr__(self) -> str:
        return f"<AioMySqlBackend {self.name} by {self._wire.__name__}>"

    def pool_of(self, shard: ShardId) -> str:
        """All shards of the server share its connections: tables are addressed by qualified names."""
        return self.name

    async def connect(self, shard: ShardId) -> AioMySqlConnection:
        """See aio.protocol.Backend.connect. ProgrammingError if the server's sql_mode cannot be served."""
        wire = self._wire(self._manner)
        try:
            async with asyncio.timeout(self._patience):
                await wire.open()
        except Exception as error:
            wire.abort()
            raise unavailable(error, self.name, shard) from error
        except BaseException:
            wire.abort()
            raise
        connection = AioMySqlConnection(self, wire)
        try:
            started = await connection.start(Task(shard, SQL_MODE), 0, self._patience)
            check_mode(str(started.rows[0][0]), self.name, shard)
        except BaseException:
            connection.close()
            raise
        return connection

    async def workspace(self, place: ShardId) -> AioMySqlConnection:
        """See aio.protocol.Backend.workspace: any connection can make temporary tables."""
        return await self.connect(place)

    def left(self, wire: Wire) -> None:
        """This connection is being closed."""
        gone = wire.gone()
        self._leaving.add(gone)
        gone.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """See aio.protocol.Backend.close."""
        self.watch.close()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=HEALTH_TIMEOUT)

    async def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """See aio.protocol.Backend.describe."""
        return await _answered(mysql_schema.describe(shard.database, table), connection, shard)

    async def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See aio.protocol.Backend.collations."""
        return await _answered(mysql_schema.collations(names), connection, ShardId(self.name, ""))


async def _answered(questions: Questions[T], connection: Connection, shard: ShardId) -> T:
    """Ask a connection one question after another."""
    try:
        question = next(questions)
        while True:
            try:
                rows = (await connection.start(Task(shard, *question), 0, None)).rows
            except errors.Error as error:
                question = questions.throw(error)
            else:
                question = questions.send(rows)
    except StopIteration as end:
        found: T = end.value
        return found


def _driver(server: str, name: str) -> tuple[Any, Any]:
    """The wire of the URL's driver, or of the best one that is installed, and what makes its arguments."""
    said = name.rsplit("+", 1)[-1]
    wanted = (said,) if said in DRIVERS else DRIVERS
    found = next((driver for driver in wanted if importlib.util.find_spec(driver) is not None), None)
    if found is None:
        raise errors.ProgrammingError(
            f"server {server}: asyncio needs the driver {' or '.join(wanted)}, which is not installed; "
            f"run: pip install {wanted[0]}"
        )
    if found == "asyncmy":
        from shardkit.backends.aio import asyncmy

        return asyncmy.AsyncmyWire, asyncmy.arguments
    from shardkit.backends.aio import aiomysql

    return aiomysql.AiomysqlWire, aiomysql.arguments
