"""Fixtures of the runtime's tests on real servers: a server for each driver, a database, an engine, a wire that can fail.

Invariant: the tests do not know which driver they meet; what one of them gives, every other gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy.engine import URL

from shardkit.backends.mysql import MySqlBackend
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.rules import Pool, Rules, Server
from shardkit.runtime.sync import Engine
from shardkit.values import ShardId
from tests.integration.runtime.proxy import Proxy
from tests.servers import ServerUrl


def engine_for(url: URL, size: int = 4, wait: float = 5.0) -> Engine:
    """An engine over one server named rds0."""
    servers = {"rds0": Server("rds0", url, Pool(size, wait))}
    return Engine(cast(Rules, SimpleNamespace(servers=servers)))


DRIVERS = ("pymysql", "mysqldb")
"""The words of server URLs; each driver meets a server of its own, which costs no more than one driver on both."""


@pytest.fixture(params=DRIVERS)
def server(request: pytest.FixtureRequest, mysql_servers: tuple[ServerUrl, ServerUrl]) -> ServerUrl:
    """Each of the two servers in turn, with the driver in its URL. Its own `connect` is bare PyMySQL."""
    one = mysql_servers[DRIVERS.index(request.param)]
    return replace(one, url=one.url.set(drivername=f"mysql+{request.param}"))


@pytest.fixture
def shard(server: ServerUrl, database_prefix: str) -> ShardId:
    """A database of this module, with a table `n` of the numbers 0..9999."""
    name = f"{database_prefix}rt"
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE TABLE IF NOT EXISTS `{name}`.n (a INT PRIMARY KEY, b VARCHAR(200))")
        cursor.execute(f"SELECT COUNT(*) FROM `{name}`.n")
        if cursor.fetchone() == (0,):
            cursor.executemany(f"INSERT INTO `{name}`.n VALUES (%s, %s)", [(a, "x" * 200) for a in range(10_000)])
    return ShardId("rds0", name)


@pytest.fixture
def backend(server: ServerUrl) -> MySqlBackend:
    """The backend of the server."""
    return MySqlBackend(Server("rds0", server.url))


@pytest.fixture
def connection(backend: MySqlBackend, shard: ShardId) -> Iterator[MySqlConnection]:
    """One connection."""
    connection = backend.connect(shard)
    yield connection
    connection.close()


@pytest.fixture
def engine(server: ServerUrl) -> Iterator[Engine]:
    """An engine with a pool of four."""
    engine = engine_for(server.url)
    yield engine
    engine.close()


@pytest.fixture
def proxy(server: ServerUrl) -> Iterator[Proxy]:
    """A wire to the server that can fail."""
    proxy = Proxy(server.host, server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def weak_engine(server: ServerUrl, proxy: Proxy) -> Iterator[Engine]:
    """An engine whose connections go through `proxy`."""
    engine = engine_for(server.url.set(host="127.0.0.1", port=proxy.port).update_query_dict({"connect_timeout": "1"}))
    yield engine
    engine.close()
