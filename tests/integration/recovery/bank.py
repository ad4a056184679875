"""A bank over four shards of two servers: the sum of all accounts never changes, whatever is killed.

Invariant: every transfer takes from one shard what it gives to another, so half a transfer shows in the sum.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import shardkit
from shardkit.rules import Rules, loads
from shardkit.session.branches import Branch, read_branch, shards_by_mark
from tests import servers
from tests.servers import ServerUrl, new_prefix

SHARDS, ACCOUNTS, START = 4, 40, 1000
PATIENCE = 60.0
"""Seconds until the servers must have forgotten the dead; reached only by a failure."""


@dataclass
class Bank:
    """The accounts; `k` modulo 4 is an account's shard."""

    pair: tuple[ServerUrl, ServerUrl]
    prefix: str = field(default_factory=new_prefix)

    @property
    def text(self) -> str:
        """The rules file."""
        return (
            f'version: 1\nservers: {{ rds0: {{ url: "{self.pair[0].text}" }}, rds1: {{ url: "{self.pair[1].text}" }} }}\n'
            f'layouts: {{ m: {{ databases: "{self.prefix}m{{00..03}}", servers: [rds0, rds1] }} }}\n'
            "tables: { account: { layout: m, shard_by: k, algorithm: mod } }\n"
        )

    def rules(self) -> Rules:
        """The rules, loaded."""
        return loads(self.text)

    def build(self) -> None:
        """Make databases, tables and accounts."""
        for number in range(SHARDS):
            with self.pair[number // 2].connect() as connection, connection.cursor() as cursor:
                database = f"{self.prefix}m{number:02}"
                cursor.execute(f"CREATE DATABASE `{database}`")
                cursor.execute(f"CREATE TABLE `{database}`.account (k INT PRIMARY KEY, v INT NOT NULL)")
                rows = [(k, START) for k in range(number, ACCOUNTS, SHARDS)]
                cursor.executemany(f"INSERT INTO `{database}`.account VALUES (%s, %s)", rows)

    def remove(self) -> None:
        """Drop everything."""
        servers.drop_databases(self.pair, self.prefix)

    def balances(self) -> dict[int, int]:
        """Every account, read past shardkit."""
        found: dict[int, int] = {}
        for number in range(SHARDS):
            with self.pair[number // 2].connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"SELECT k, v FROM `{self.prefix}m{number:02}`.account")
                found.update({int(k): int(v) for k, v in cursor.fetchall()})
        return found

    def prepared(self) -> list[Branch]:
        """Branches of this bank that are prepared on the servers."""
        mine, found = shards_by_mark(self.rules()), []
        for server in dict.fromkeys(self.pair):
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute("XA RECOVER")
                found += [branch for row in cursor.fetchall() if (branch := read_branch(row)) and branch.bqual in mine]
        return found

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


def transfer(connection: shardkit.Connection, keys: Sequence[int], amount: int = 1) -> None:
    """Move `amount` from the first account to each of the others; the transaction stays open."""
    cursor = connection.cursor()
    cursor.execute("UPDATE account SET v = v - %s WHERE k = %s", (amount * (len(keys) - 1), keys[0]))
    for key in keys[1:]:
        cursor.execute("UPDATE account SET v = v + %s WHERE k = %s", (amount, key))


@contextmanager
def bank(pair: tuple[ServerUrl, ServerUrl]) -> Iterator[Bank]:
    """A bank for one module."""
    found = Bank(pair)
    try:
        found.build()
        yield found
    finally:
        found.remove()
