"""A bank over four shards of two servers: the sum of all accounts never changes, whatever is killed.

Invariant: every transfer takes from one shard what it gives to another, so half a transfer shows in the sum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import shardkit
from shardkit.rules import Rules, loads
from shardkit.session.branches import Branch, read_branch, shards_by_mark
from shardkit.values import ShardId
from tests import servers
from tests.servers import ServerUrl, new_prefix

SHARDS, ACCOUNTS, START = 4, 400, 1000
PATIENCE = 60.0
"""Seconds until the servers must have forgotten the dead; reached only by a failure."""


@dataclass
class Bank:
    """The accounts; `k` modulo 4 is an account's shard."""

    pair: tuple[ServerUrl, ServerUrl]
    prefix: str = field(default_factory=new_prefix)
    own_user: bool = False  # by which this bank's connections are known on the servers

    @property
    def user(self) -> str:
        """The account of this bank's connections."""
        return f"{self.prefix}u" if self.own_user else self.pair[0].user

    @property
    def text(self) -> str:
        """The rules file."""
        first, second = (
            server.url.set(username=self.user).render_as_string(hide_password=False) for server in self.pair
        )
        return (
            f'version: 1\nservers: {{ rds0: {{ url: "{first}" }}, rds1: {{ url: "{second}" }} }}\n'
            f'layouts: {{ m: {{ databases: "{self.prefix}m{{00..03}}", servers: [rds0, rds1] }} }}\n'
            "tables:\n"
            "  account: { layout: m, shard_by: k, algorithm: mod }\n"
            "  entry: { layout: m, shard_by: k, algorithm: mod }\n"
        )

    def rules(self) -> Rules:
        """The rules, loaded."""
        return loads(self.text)

    def marks(self) -> Mapping[str, ShardId]:
        """This bank's shards as branches name them."""
        return shards_by_mark(self.rules())

    def build(self) -> None:
        """Make databases, tables and accounts."""
        for server in dict.fromkeys(self.pair) if self.own_user else ():
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"CREATE USER IF NOT EXISTS '{self.user}'@'%' IDENTIFIED BY '{server.password}'")
                cursor.execute(f"GRANT ALL ON *.* TO '{self.user}'@'%'")
        for number in range(SHARDS):
            with self.pair[number // 2].connect() as connection, connection.cursor() as cursor:
                database = f"{self.prefix}m{number:02}"
                cursor.execute(f"CREATE DATABASE `{database}`")
                cursor.execute(f"CREATE TABLE `{database}`.account (k INT PRIMARY KEY, v INT NOT NULL)")
                cursor.execute(f"CREATE TABLE `{database}`.entry (k INT, name VARCHAR(40), PRIMARY KEY (name, k))")
                rows = [(k, START) for k in range(number, ACCOUNTS, SHARDS)]
                cursor.executemany(f"INSERT INTO `{database}`.account VALUES (%s, %s)", rows)

    def remove(self) -> None:
        """Drop everything."""
        for server in dict.fromkeys(self.pair) if self.own_user else ():
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"DROP USER IF EXISTS '{self.user}'@'%'")
        servers.drop_databases(self.pair, self.prefix)

    def balances(self) -> dict[int, int]:
        """Every account, read past shardkit."""
        return {int(k): int(v) for k, v in self._stored("SELECT k, v FROM `{}`.account")}

    def entries(self) -> dict[str, set[int]]:
        """The accounts that each named transfer has reached, read past shardkit."""
        found: dict[str, set[int]] = {}
        for name, k in self._stored("SELECT name, k FROM `{}`.entry"):
            found.setdefault(name, set()).add(int(k))
        return found

    def _stored(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT on every shard, over one connection to each server."""
        found: list[tuple[Any, ...]] = []
        for number, server in enumerate(self.pair):
            with server.connect() as connection, connection.cursor() as cursor:
                for shard in range(2 * number, 2 * number + 2):
                    cursor.execute(sql.format(f"{self.prefix}m{shard:02}"))
                    found += cursor.fetchall()
        return found

    def prepared(self) -> list[Branch]:
        """Branches of this bank that are prepared on the servers."""
        mine, found = self.marks(), []
        for server in dict.fromkeys(self.pair):
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute("XA RECOVER")
                found += [branch for row in cursor.fetchall() if (branch := read_branch(row)) and branch.bqual in mine]
        return found

    def eventually(self, happened: Callable[[], bool], what: str) -> None:
        """Ask until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, what
            time.sleep(0.1)

    def kill_connections(self, connection: shardkit.Connection, number: int) -> None:
        """KILL what a shardkit connection has pinned on one server."""
        with self.pair[number].connect() as root, root.cursor() as cursor:
            for shard, pinned in connection._lanes._pinned.by_shard.items():
                if shard.server == f"rds{number}":
                    cursor.execute(f"KILL {cast(Any, pinned.connection)._wire.thread_id()}")

    def recover(self) -> None:
        """Recover until nothing of ours is prepared: a server takes a moment to see that a connection is gone."""
        deadline = time.monotonic() + PATIENCE
        with shardkit.Cluster(self.rules()) as cluster:
            while True:
                done = cluster.recover(older_than=0)
                if not done.silent and all(one.outcome != "left" for one in done.branches) and not self.prepared():
                    return
                assert time.monotonic() < deadline, f"branches are still prepared: {done}"
                time.sleep(0.1)


def transfer(connection: shardkit.Connection, keys: Sequence[int], amount: int = 1, name: str = "") -> None:
    """Move `amount` from the first account to each of the others; the transaction stays open.

    `name`: written beside each account, so that it can be told later which transfers happened.
    """
    cursor = connection.cursor()
    cursor.execute("UPDATE account SET v = v - %s WHERE k = %s", (amount * (len(keys) - 1), keys[0]))
    for key in keys[1:]:
        cursor.execute("UPDATE account SET v = v + %s WHERE k = %s", (amount, key))
    for key in keys if name else ():
        cursor.execute("INSERT INTO entry (k, name) VALUES (%s, %s)", (key, name))


@contextmanager
def bank(pair: tuple[ServerUrl, ServerUrl], *, own_user: bool = False) -> Iterator[Bank]:
    """A bank for one module."""
    found = Bank(pair, own_user=own_user)
    try:
        found.build()
        yield found
    finally:
        found.remove()
