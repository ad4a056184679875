"""One MySQL or MariaDB server through PyMySQL.

Invariant: a connection leaves `connect` in autocommit and utf8mb4, under an sql_mode that reads SQL as shardkit does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pymysql import err
from pymysql.constants import CLIENT

from shardkit import errors
from shardkit.backends import mysql_schema
from shardkit.backends.mysql_connection import HEALTH_TIMEOUT, MySqlConnection
from shardkit.backends.mysql_errors import unavailable
from shardkit.backends.mysql_url import connect_arguments
from shardkit.backends.mysql_wire import Wire
from shardkit.backends.protocol import Connection
from shardkit.flow import Collation, TableInfo, Task
from shardkit.values import Params, Row, ShardId

if TYPE_CHECKING:
    from shardkit.rules import Server

REFUSED_MODES = frozenset({"ANSI", "ANSI_QUOTES", "HIGH_NOT_PRECEDENCE", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT"})
"""Parts of sql_mode under which the same text means something else."""


class MySqlBackend:
    """See protocol.Backend."""

    def __init__(self, server: Server) -> None:
        self.name: str = server.name
        self._arguments = connect_arguments(server.name, server.url)
        if server.found_rows:
            self._arguments["client_flag"] = CLIENT.FOUND_ROWS
        self._read_timeout: float | None = self._arguments.get("read_timeout")

    def __repr__(self) -> str:
        return f"<MySqlBackend {self.name}>"

    def pool_of(self, shard: ShardId) -> str:
        """All shards of the server share its connections: tables are addressed by qualified names."""
        return self.name

    def connect(self, shard: ShardId) -> MySqlConnection:
        """See protocol.Backend.connect. ProgrammingError if the server's sql_mode cannot be served."""
        try:
            wire = self._open(self._arguments["connect_timeout"])
        except Exception as error:
            raise unavailable(error, self.name, shard) from error
        connection = MySqlConnection(self, wire, self._arguments["database"], self._read_timeout)
        try:
            self._check_mode(connection, shard)
        except BaseException:
            connection.close()
            raise
        return connection

    def workspace(self, place: ShardId) -> MySqlConnection:
        """See protocol.Backend.workspace: any connection can make temporary tables."""
        return self.connect(place)

    def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """See protocol.Backend.describe."""
        return mysql_schema.describe(_Asker(connection, shard), shard.database, table)

    def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See protocol.Backend.collations."""
        return mysql_schema.collations(_Asker(connection, ShardId(self.name, "")), names)

    def kill_statement(self, number: int, what: str = "") -> None:
        """End connection `number` on the server, or with "QUERY " only what it runs.

        Quietly does nothing if the server cannot be asked in time.
        """
        try:
            wire = self._open(HEALTH_TIMEOUT)
        except (err.Error, OSError, RuntimeError):
            return
        try:
            wire.query(f"KILL {what}{number:d}")
        except (err.Error, OSError):
            pass  # it has ended by itself
        finally:
            wire.shut_and_close()

    def _open(self, timeout: float) -> Wire:
        # The limits for reading and writing hold during the handshake too: a frozen server accepts and says nothing.
        limits = {"connect_timeout": timeout, "read_timeout": timeout, "write_timeout": timeout}
        wire = Wire(**(self._arguments | limits))
        wire.limit_time(timeout)
        return wire

    def _check_mode(self, connection: MySqlConnection, shard: ShardId) -> None:
        timeout = self._arguments["connect_timeout"]
        started = connection.start(Task(shard, "SELECT @@SESSION.sql_mode"), 0, timeout)
        modes = set(re.split(r"[,\s]+", str(started.rows[0][0]).upper()))
        refused = sorted(modes & REFUSED_MODES)
        if refused:
            raise errors.ProgrammingError(
                f"shard {shard}: server {self.name} runs with sql_mode {', '.join(refused)}, which changes how SQL is "
                "read; remove it from the server's sql_mode",
                shards=(shard,),
            )


class _Asker:
    """Asks a connection one small question after another."""

    def __init__(self, connection: Connection, shard: ShardId) -> None:
        self._connection = connection
        self._shard = shard

    def __call__(self, sql: str, args: Params) -> Sequence[Row]:
        rows: Sequence[Any] = self._connection.start(Task(self._shard, sql, args or None), 0, None).rows
        return rows
