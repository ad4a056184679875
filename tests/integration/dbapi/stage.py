"""A sharded world of its own for one room of tests: four databases on the two servers, one account, small tables.

`member` and `t_order` lie by memberId mod 4 (so tests choose the shard), `doc` by the hash of a text, `country` is
copied everywhere, `config` lies on one shard.
Invariant: every server connection of shardkit uses the stage's own account, so the servers can be asked what is left.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from sqlalchemy.engine import URL

import shardkit
import shardkit.aio
from shardkit.rules import Rules, loads
from shardkit.values import ShardId
from tests import servers
from tests.servers import ServerUrl, new_prefix

SHARDS = 4
DRIVERS = ("pymysql", "mysqldb")
"""The word of each server's URL."""
PATIENCE = 20.0
"""Seconds to wait for what must happen soon; reached only by a failure."""

BODIES = {
    "member": "memberId BIGINT NOT NULL PRIMARY KEY, name VARCHAR(64), v LONGTEXT, b LONGBLOB, n INT NULL, UNIQUE (n)",
    "t_order": "memberId BIGINT NOT NULL, orderId BIGINT NOT NULL, amount DECIMAL(12,2) NOT NULL DEFAULT 0, "
    "status VARCHAR(10) NOT NULL DEFAULT 'new', at TIMESTAMP NULL DEFAULT NULL, PRIMARY KEY (memberId, orderId)",
    "doc": "k VARCHAR(300) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, v LONGTEXT, n INT",
    "country": "code VARCHAR(64) NOT NULL PRIMARY KEY, label LONGTEXT",
    "config": "k VARCHAR(64) NOT NULL PRIMARY KEY, v LONGTEXT",
}


def rules_text(urls: Sequence[str], prefix: str, shards: int = SHARDS, pool: str = "size: 16", **defaults: str) -> str:
    """A rules file over two servers; `defaults` are lines of its last section."""
    budget = defaults.pop("budget", "time: 30s")
    more = "".join(f"  {key}: {value}\n" for key, value in defaults.items())
    return (
        "version: 1\n"
        "servers:\n"
        f'  rds0: {{ url: "{urls[0]}", pool: {{ {pool} }} }}\n'
        f'  rds1: {{ url: "{urls[1]}", pool: {{ {pool} }} }}\n'
        "layouts:\n"
        f'  m: {{ databases: "{prefix}m{{00..{shards - 1:02}}}", servers: [rds0, rds1] }}\n'
        "tables:\n"
        "  member: { layout: m, shard_by: memberId, algorithm: mod }\n"
        "  t_order: { layout: m, shard_by: memberId, algorithm: mod, bound_to: member }\n"
        "  doc: { layout: m, shard_by: k }\n"
        "  scratch: { layout: m, shard_by: id, algorithm: mod }\n"
        "broadcast: { layout: m, tables: [country] }\n"
        f"single: {{ database: rds0/{prefix}m00, tables: [config] }}\n"
        f"defaults:\n  budget: {{ {budget} }}\n{more}"
    )


@dataclass(slots=True)
class Stage:
    """The world; `text` gives its rules, `cluster` opens it."""

    servers: tuple[ServerUrl, ServerUrl]
    prefix: str = field(default_factory=new_prefix)
    password: str = field(default_factory=lambda: f"pw'%s@:/{secrets.token_hex(6)}", repr=False)
    shards: int = SHARDS
    _asked_at: float = 0.0
    _open: list[shardkit.Cluster] = field(default_factory=list, repr=False)
    _roots: dict[int, Any] = field(default_factory=dict, repr=False)

    @property
    def user(self) -> str:
        """The account of every shardkit connection."""
        return f"{self.prefix}app"

    @property
    def databases(self) -> tuple[ShardId, ...]:
        """The shards in the order of their slots."""
        half = self.shards // 2
        return tuple(ShardId(f"rds{int(i >= half)}", f"{self.prefix}m{i:02}") for i in range(self.shards))

    def url(self, number: int) -> URL:
        """The URL of a server with the stage's account. What several shards do meets both drivers."""
        driver = f"mysql+{DRIVERS[number]}"
        return self.servers[number].url.set(drivername=driver, username=self.user, password=self.password)

    def text(self, pool: str = "size: 16, wait: 5s", budget: str = "time: 30s", **defaults: str) -> str:
        """The rules file."""
        urls = [self.url(number).render_as_string(hide_password=False) for number in (0, 1)]
        return rules_text(urls, self.prefix, self.shards, pool=pool, budget=budget, **defaults)

    def rules(self, **options: str) -> Rules:
        """The rules, loaded; `options` as `text` takes them."""
        return loads(self.text(**options))

    @contextmanager
    def cluster(self, **options: str) -> Iterator[shardkit.Cluster]:
        """A cluster of these rules, which is closed."""
        with shardkit.Cluster(self.rules(**options)) as cluster:
            self._open.append(cluster)
            try:
                yield cluster
            finally:
                self._open.remove(cluster)

    @contextmanager
    def connection(self, *, autocommit: bool = True, **options: str) -> Iterator[shardkit.Connection]:
        """A connection of a cluster of its own; both are closed."""
        with self.cluster(**options) as cluster:
            connection = cluster.connect(autocommit=autocommit)
            try:
                yield connection
            finally:
                connection.close()

    # --- past shardkit ----------------------------------------------------------------------------------------------

    def root(self, number: int) -> Any:
        """Root's own connection to one server, kept open because each new one costs milliseconds."""
        if number not in self._roots:
            self._roots[number] = self.servers[number].connect()
        return self._roots[number]

    def ask(self, number: int, sql: str, args: Any = None) -> list[tuple[Any, ...]]:
        """The rows of one statement that root runs on one server."""
        with self.root(number).cursor() as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def stored(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Every row of a table on every shard: (number of the shard, column, …), sorted by text."""
        found = []
        for number, shard in enumerate(self.databases):
            sql = f"SELECT {columns} FROM `{shard.database}`.`{table}`"
            found += [(number, *row) for row in self.ask(int(shard.server[-1]), sql)]
        return sorted(found, key=repr)

    def everywhere(self, *statements: str) -> None:
        """Run these statements in every database, as root."""
        for shard in self.databases:
            self.ask(int(shard.server[-1]), f"USE `{shard.database}`")
            for sql in statements:
                self.ask(int(shard.server[-1]), sql)

    def wipe(self) -> None:
        """Empty every table."""
        self.everywhere(*(f"DELETE FROM `{table}`" for table in BODIES))

    def make_account(self) -> None:
        """Create the account, which may do everything in databases with the stage's prefix."""
        wild = self.prefix.replace("_", "\\_") + "%"
        for number in self._numbers():
            self.ask(number, f"CREATE USER '{self.user}'@'%%' IDENTIFIED BY %s", (self.password,))
            self.ask(number, f"GRANT ALL PRIVILEGES ON `{wild}`.* TO '{self.user}'@'%'")

    def build(self, tables: Iterable[str] = BODIES) -> None:
        """Create the account, the databases and the tables."""
        self.make_account()
        for shard in self.databases:
            self.ask(int(shard.server[-1]), f"CREATE DATABASE `{shard.database}` CHARACTER SET utf8mb4")
        self.everywhere(*(f"CREATE TABLE `{table}` ({BODIES[table]})" for table in tables))

    def remove(self) -> None:
        """Drop what `build` made."""
        servers.drop_databases(self.servers, self.prefix)
        for number in self._numbers():
            self.ask(number, f"DROP USER '{self.user}'@'%'")
        while self._roots:
            self._roots.popitem()[1].close()

    def _numbers(self) -> tuple[int, ...]:
        """The servers, each once: one server may serve under both names."""
        return (0,) if self.servers[0].url == self.servers[1].url else (0, 1)

    # --- what the servers see ---------------------------------------------------------------------------------------

    def sessions(self) -> list[tuple[Any, ...]]:
        """The connections of the stage's account: (number of the server, thread, command, statement)."""
        found: list[tuple[Any, ...]] = []
        for number in self._numbers():
            sql = "SELECT id, command, info FROM information_schema.processlist WHERE user = %s"
            found += [(number, *row) for row in self.ask(number, sql, (self.user,))]
        return found

    def running(self) -> list[tuple[Any, ...]]:
        """Those of `sessions` that run a statement."""
        return [row for row in self.sessions() if row[2] not in ("Sleep", "Daemon")]

    def transactions(self) -> list[tuple[Any, ...]]:
        """Open InnoDB transactions of the stage's account."""
        # InnoDB gives the former answer again while the last question is less than 0.1 s old.
        time.sleep(max(0.0, self._asked_at + 0.12 - time.monotonic()))
        mine = {(number, thread) for number, thread, *_ in self.sessions()}
        found = []
        for number in self._numbers():
            sql = "SELECT trx_mysql_thread_id, trx_state FROM information_schema.innodb_trx"
            found += [(number, *row) for row in self.ask(number, sql) if (number, row[0]) in mine]
        self._asked_at = time.monotonic()
        return found

    def kill(self, number: int, thread: int) -> None:
        """KILL a connection as root and wait until it is gone."""
        self.ask(number, f"KILL {thread:d}")
        eventually(lambda: all((s, t) != (number, thread) for s, t, *_ in self.sessions()), "the killed session ended")

    def assert_idle(self, cluster: shardkit.Cluster | shardkit.aio.Cluster) -> None:
        """No permit is lent out, nothing runs, no transaction is open, and no session is outside the pools."""
        pools = cluster.engine.pools
        assert [pool.in_use for pool in pools] == [0] * len(pools)
        eventually(lambda: not self.running(), "no statement runs")
        eventually(lambda: not self.transactions(), "no transaction is open")
        known = sum(pool.idle + pool.in_use for one in {cluster, *self._open} for pool in one.engine.pools)
        eventually(lambda: len(self.sessions()) == known, f"the servers see {known} sessions, those in the pools")


def eventually(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Ask again until it holds; a failure after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.01)


def rows(connection: shardkit.Connection, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    return list(connection.cursor().execute(sql, params).fetchall())


def run(connection: shardkit.Connection, sql: str, params: Any = None) -> int:
    """The row count of one statement."""
    return connection.cursor().execute(sql, params).rowcount


def value(connection: shardkit.Connection, sql: str, params: Any = None) -> Any:
    """The only value of one statement."""
    ((found,),) = rows(connection, sql, params)
    return found


def thread_of(connection: shardkit.Connection, shard: ShardId) -> int:
    """The server's number of the connection that a transaction has pinned on a shard."""
    pinned = connection._lanes._pinned.get(shard)
    assert pinned is not None
    return cast(Any, pinned.connection)._number  # type: ignore[no-any-return]


@pytest.fixture(scope="package")
def built_stage(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Stage]:
    """One world for the tests of a room."""
    stage = Stage(mysql_servers)
    try:
        stage.build()
        yield stage
    finally:
        stage.remove()


@pytest.fixture
def stage(built_stage: Stage) -> Stage:
    """The room's world with empty tables."""
    built_stage.wipe()
    return built_stage


@pytest.fixture(scope="package")
def built_cluster(built_stage: Stage) -> Iterator[shardkit.Cluster]:
    """One cluster for the tests of a room, because opening connections is most of what a small test costs."""
    with built_stage.cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(stage: Stage, built_cluster: shardkit.Cluster) -> Iterator[shardkit.Cluster]:
    """The room's cluster with the default rules; a test must give all its connections back."""
    yield built_cluster
    assert [pool.in_use for pool in built_cluster.engine.pools] == [0] * len(built_cluster.engine.pools)


@pytest.fixture
def connection(cluster: shardkit.Cluster) -> Iterator[shardkit.Connection]:
    """A connection in autocommit."""
    connection = cluster.connect(autocommit=True)
    yield connection
    connection.close()


@pytest.fixture
def loose(stage: Stage) -> Iterator[shardkit.Connection]:
    """A connection in autocommit whose rules allow writes over several shards (best_effort) and without a key."""
    with stage.connection(transactions="best_effort", full_scan_writes="allow") as connection:
        yield connection


__all__ = ["built_cluster", "built_stage", "cluster", "connection", "loose", "stage"]
