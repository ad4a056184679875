"""Tables with generated ids on the two servers, or in SQLite files, by a rules file that child processes can read.

Invariant: leases and sequences of one test are not those of another: each has databases of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shardkit
from shardkit.runtime.keys import Clock
from tests.integration.dbapi.stage import Stage
from tests.servers import new_prefix

LEASE = 1500
"""Milliseconds of a lease where a test waits for its end."""

TABLES = """
  member: { layout: m, shard_by: memberId, generate: { memberId: snowflake } }
  t_order: { layout: m, shard_by: memberId, algorithm: mod, generate: { orderId: snowflake } }
  account: { layout: m, shard_by: memberId, algorithm: mod, generate: { accountId: { type: segment, step: 10 } } }
  token: { layout: m, shard_by: memberId, algorithm: mod, generate: { id: uuid7, raw: uuid7 } }
  few: { layout: m, shard_by: id, generate: { id: { type: snowflake, bits: { worker: 1 } } } }
  wide: { layout: m, shard_by: id, generate: { id: snowflake } }
  dense: { layout: m, shard_by: id, generate: { id: { type: segment, step: 500 } } }
  wrong: { layout: m, shard_by: id, generate: { nothing: snowflake } }
  narrow: { layout: m, shard_by: id, generate: { id: snowflake } }
"""
SCHEMA = (
    "CREATE TABLE member (memberId BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE t_order (orderId BIGINT NOT NULL, memberId BIGINT NOT NULL, n INT, PRIMARY KEY (memberId, orderId))",
    "CREATE TABLE account (accountId INT NOT NULL PRIMARY KEY, memberId BIGINT NOT NULL, n INT NOT NULL DEFAULT 0)",
    "CREATE TABLE token (id CHAR(36) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, raw BINARY(16), memberId BIGINT)",
    "CREATE TABLE few (id BIGINT NOT NULL PRIMARY KEY)",
    "CREATE TABLE wide (id BIGINT NOT NULL PRIMARY KEY)",
    "CREATE TABLE dense (id BIGINT NOT NULL PRIMARY KEY)",
    "CREATE TABLE wrong (id BIGINT NOT NULL PRIMARY KEY)",
    "CREATE TABLE narrow (id INT NOT NULL PRIMARY KEY)",
)


def rules_text(servers: tuple[str, str], prefix: str) -> str:
    """The rules over two servers with two databases each."""
    return (
        "version: 1\n"
        f'servers: {{ rds0: {{ url: "{servers[0]}" }}, rds1: {{ url: "{servers[1]}" }} }}\n'
        f'layouts: {{ m: {{ databases: "{prefix}m{{0..3}}", servers: [rds0, rds1] }} }}\n'
        f"tables:{TABLES}"
        "defaults: { transactions: best_effort, full_scan_writes: allow }\n"
    )


@dataclass
class World:
    """Rules in a file, and their tables."""

    rules: Path
    prefix: str
    stage: Stage | None = None

    @contextmanager
    def cluster(self, lease: int = LEASE, clock: Clock | None = None) -> Iterator[shardkit.Cluster]:
        """A cluster as another process would have it, with short leases."""
        with shardkit.Cluster(self.rules) as cluster:
            cluster.engine.keys.lease_length = lease
            cluster.engine.keys.clock = clock or cluster.engine.keys.clock
            yield cluster

    @contextmanager
    def connection(self, *, autocommit: bool = True) -> Iterator[shardkit.Connection]:
        """A connection of a cluster of its own."""
        with self.cluster() as cluster:
            connection = cluster.connect(autocommit=autocommit)
            try:
                yield connection
            finally:
                connection.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a cluster of its own reads."""
        with self.connection() as connection:
            return list(connection.cursor().execute(sql).fetchall())


def on_servers(stage: Stage, folder: Path) -> World:
    """The world on two servers: the stage's account, which may make tables in its databases."""
    for number in range(4):
        stage.ask(number // 2, f"CREATE DATABASE `{stage.prefix}m{number}`")
    urls = [stage.url(number).render_as_string(hide_password=False) for number in (0, 1)]
    return _made(World(folder / "rules.yaml", stage.prefix, stage), (urls[0], urls[1]))


def in_files(folder: Path) -> World:
    """The world in two folders of SQLite files."""
    for name in ("rds0", "rds1"):
        (folder / name).mkdir()
    return _made(World(folder / "rules.yaml", new_prefix()), ("sqlite:///./rds0", "sqlite:///./rds1"))


def _made(world: World, urls: tuple[str, str]) -> World:
    world.rules.write_text(rules_text(urls, world.prefix), encoding="utf-8")
    with world.connection() as connection:
        for sql in SCHEMA:
            connection.cursor().execute(sql)
    return world
