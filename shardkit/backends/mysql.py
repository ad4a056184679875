"""One MySQL or MariaDB server, through the driver that its URL names.

Invariant: a connection leaves `connect` in autocommit and utf8mb4, under an sql_mode that reads SQL as shardkit does.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from pymysql import err
from pymysql.constants import CLIENT

from shardkit import errors
from shardkit.backends import mysql_schema
from shardkit.backends.mysql_connection import HEALTH_TIMEOUT, MySqlConnection
from shardkit.backends.mysql_driver import Wire, driver
from shardkit.backends.mysql_errors import unavailable
from shardkit.backends.mysql_schema import Questions
from shardkit.backends.protocol import Connection
from shardkit.flow import Collation, TableInfo, Task
from shardkit.values import ShardId

if TYPE_CHECKING:
    from shardkit.rules import Server

REFUSED_MODES = frozenset({"ANSI", "ANSI_QUOTES", "HIGH_NOT_PRECEDENCE", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT"})
"""Parts of sql_mode under which the same text means something else."""

SQL_MODE = "SELECT @@SESSION.sql_mode"

T = TypeVar("T")


class MySqlBackend:
    """See protocol.Backend."""

    def __init__(self, server: Server) -> None:
        self.name: str = server.name
        arguments, self._opener = driver(server.name, server.url)
        self._arguments = arguments | counting(server)
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
        connection = MySqlConnection(self, wire, self._arguments.get("database"), self._read_timeout)
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
        return _answered(mysql_schema.describe(shard.database, table), connection, shard)

    def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """See protocol.Backend.collations."""
        return _answered(mysql_schema.collations(names), connection, ShardId(self.name, ""))

    def kill_statement(self, number: int, what: str = "") -> None:
        """End connection `number` on the server, or with "QUERY " only what it runs."""
        self.kill_all(f"{what}{number:d}")

    def kill_all(self, *targets: str) -> None:
        """KILL each of these. Quietly does nothing if the server cannot be asked in time."""
        try:
            wire = self._open(HEALTH_TIMEOUT)
        except (err.Error, OSError, RuntimeError):
            return
        try:
            for target in targets:
                with contextlib.suppress(err.Error):  # it has ended by itself
                    wire.query(f"KILL {target}")
        except OSError:
            pass  # the server has gone, and its statements with it
        finally:
            wire.shut_and_close()

    def _open(self, timeout: float) -> Wire:
        wire = self._opener(self._arguments, timeout)
        wire.limit_time(timeout)
        return wire

    def _check_mode(self, connection: MySqlConnection, shard: ShardId) -> None:
        timeout = self._arguments["connect_timeout"]
        started = connection.start(Task(shard, SQL_MODE), 0, timeout)
        check_mode(str(started.rows[0][0]), self.name, shard)


def counting(server: Server) -> dict[str, int]:
    """The flag of a connection on which an UPDATE counts the rows that match, if that is wanted."""
    return {"client_flag": CLIENT.FOUND_ROWS} if server.found_rows else {}


def check_mode(sql_mode: str, server: str, shard: ShardId) -> None:
    """ProgrammingError if SQL means something else under this sql_mode."""
    refused = sorted(set(re.split(r"[,\s]+", sql_mode.upper())) & REFUSED_MODES)
    if refused:
        raise errors.ProgrammingError(
            f"shard {shard}: server {server} runs with sql_mode {', '.join(refused)}, which changes how SQL is "
            "read; remove it from the server's sql_mode",
            shards=(shard,),
        )


def _answered(questions: Questions[T], connection: Connection, shard: ShardId) -> T:
    """Ask a connection one question after another."""
    try:
        question = next(questions)
        while True:
            try:
                rows = connection.start(Task(shard, *question), 0, None).rows
            except errors.Error as error:
                question = questions.throw(error)
            else:
                question = questions.send(rows)
    except StopIteration as end:
        found: T = end.value
        return found
