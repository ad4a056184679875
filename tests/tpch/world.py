"""TPC-H twice on the same servers: one unsharded database, and the same rows over several databases.

The sharded tables are loaded through shardkit, so the load itself tests `executemany`; the copies of broadcast tables
and the oracle are loaded past it.
Invariant: both sides hold exactly the generated rows, and fresh statistics about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql

import shardkit
from shardkit.rules import loads
from tests.servers import ServerUrl
from tests.tpch import generate, schema


class World:
    """The oracle and the subject, each with one connection in autocommit."""

    def __init__(self, servers: tuple[ServerUrl, ServerUrl], prefix: str, shards: int) -> None:
        self.rules = loads(schema.rules(servers, prefix, shards), file="<tpch>", environ={})
        self._direct = {server.name: server.connect() for server in servers}
        self._oracle_home = (servers[0].name, f"{prefix}oracle")
        layout = self.rules.layouts["tpch"]
        self._homes = [(shard.server, shard.database) for shard in layout.shards]
        for server, database in (self._oracle_home, *self._homes):
            self._run(server, f"CREATE DATABASE {database} DEFAULT CHARSET utf8mb4", f"USE {database}")
            self._run(server, *(schema.create(table) for table in schema.TABLES))
        self.oracle: pymysql.Connection[Any] = servers[0].connect(self._oracle_home[1])
        self.subject = shardkit.connect(self.rules, autocommit=True)

    def close(self) -> None:
        """Close every connection."""
        self.subject.close()
        for connection in (self.oracle, *self._direct.values()):
            connection.close()

    def load(self) -> None:
        """Load every table on both sides."""
        for table, rows in generate.tables().items():
            sql = f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(schema.TABLES[table]))})"
            past = [self._oracle_home, *(self._homes if table in schema.BROADCAST else ())]
            for server, database in past:
                self._run(server, f"USE {database}")
                with self._direct[server].cursor() as cursor:
                    cursor.executemany(sql, rows)
            if table not in schema.BROADCAST:
                with self.subject.cursor() as writer:
                    writer.executemany(sql, rows)
        for server, database in (self._oracle_home, *self._homes):
            self._run(server, f"USE {database}", f"ANALYZE TABLE {', '.join(schema.TABLES)}")

    def stored(self, table: str) -> Iterator[int]:
        """How many rows of a table each shard holds, asked past shardkit."""
        for server, database in self._homes:
            with self._direct[server].cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM {database}.{table}")
                yield from (row[0] for row in cursor.fetchall())

    def _run(self, server: str, *statements: str) -> None:
        with self._direct[server].cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
                cursor.fetchall()
