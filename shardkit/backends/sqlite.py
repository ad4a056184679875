"""The embedded backend: a server is a folder, every physical database a file `<database>.db` in it.

The SQL stays MySQL's; rewrite/sqlite.py translates it, this module runs it and gives PyMySQL's kind of rows back.
Invariant: a connection belongs to one file; after an error it is usable only if its transaction is what it was before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from shardkit.backends.sqlite_connection import SqliteConnection, SqliteWorkspace
from shardkit.backends.sqlite_errors import translated
from shardkit.errors import InternalError, ShardUnavailable
from shardkit.flow import Collation, TableInfo
from shardkit.rewrite.sqlite_collations import SCHEMES
from shardkit.rules import Server
from shardkit.values import ShardId

_SETTINGS = (
    "PRAGMA journal_mode = WAL",  # readers and one writer do not wait for each other
    "PRAGMA synchronous = FULL",  # a commit survives a power cut, as on MySQL
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = OFF",
)


class SqliteBackend:
    """One folder of database files (`url: sqlite:///./data`)."""

    def __init__(self, server: Server) -> None:
        self._name = server.name
        self._folder = Path(server.url.database or ".")

    def pool_of(self, shard: ShardId) -> str:
        """Connections are interchangeable within one file only."""
        return f"{self._name}/{shard.database}"

    def connect(self, shard: ShardId) -> SqliteConnection:
        """Open the shard's file, which is created if it is missing. Raises ShardUnavailable."""
        path = self._path(shard)
        try:
            raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        except sqlite3.Error as error:
            raise translated(error, shard) from error
        try:
            for setting in _SETTINGS:
                raw.execute(setting).close()
            return SqliteConnection(raw, shard)
        except sqlite3.Error as error:
            raw.close()
            raise translated(error, shard) from error

    def workspace(self, place: ShardId) -> SqliteConnection:
        """A new database in memory."""
        raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=256)
        return SqliteWorkspace(raw, place)

    def _path(self, shard: ShardId) -> Path:
        if not self._folder.is_dir():
            raise ShardUnavailable(
                f"{shard}: the folder {str(self._folder)!r} of server {self._name!r} does not exist; create it first",
                shards=(shard,),
            )
        path = self._folder / f"{shard.database}.db"
        if path.parent != self._folder or "\0" in shard.database or not shard.database.strip("."):
            raise ShardUnavailable(f"{shard}: this database name cannot be a file's name", shards=(shard,))
        return path

    def describe(self, connection: object, shard: ShardId, table: str) -> TableInfo | None:
        """Columns, types, collations and primary key of a physical table, or None."""
        if not isinstance(connection, SqliteConnection):
            raise InternalError(f"{shard}: a connection of another backend")
        return connection.describe(table)

    def collations(self, connection: object, names: Sequence[str]) -> tuple[Collation, ...]:
        """How these collations compare; unknown ones are left out."""
        return tuple(Collation(name, SCHEMES[name.lower()].blank) for name in names if name.lower() in SCHEMES)
