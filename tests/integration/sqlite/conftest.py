"""One embedded server in a folder of its own, and short ways to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from shardkit.backends.sqlite import SqliteBackend
from shardkit.backends.sqlite_connection import SqliteConnection
from shardkit.flow import Task
from shardkit.rules import Server
from shardkit.values import Params, Row, ShardId

SHARD = ShardId("rds0", "member_03")


class Database:
    """One connection, asked in one line."""

    def __init__(self, connection: SqliteConnection) -> None:
        self.connection = connection

    def rows(self, sql: str, args: Params = None) -> list[Row]:
        return list(self.connection.start(Task(SHARD, sql, args), 0, None).rows)

    def one(self, sql: str, args: Params = None) -> Any:
        ((value,),) = self.rows(sql, args)
        return value

    def write(self, sql: str, args: Params = None) -> tuple[int, int | None]:
        started = self.connection.start(Task(SHARD, sql, args), 0, None)
        return started.rowcount, started.lastrowid


@pytest.fixture
def backend(tmp_path: Path) -> SqliteBackend:
    return SqliteBackend(Server("rds0", make_url(f"sqlite:///{tmp_path}")))


@pytest.fixture
def database(backend: SqliteBackend) -> Iterator[Database]:
    connection = backend.connect(SHARD)
    yield Database(connection)
    connection.close()


@pytest.fixture
def other(backend: SqliteBackend) -> Iterator[Database]:
    """A second connection to the same file."""
    connection = backend.connect(SHARD)
    yield Database(connection)
    connection.close()
