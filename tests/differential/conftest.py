"""The worlds of the differential tests, each built once in a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import shardkit
from shardkit.rules import loads
from shardkit.verify import Connection
from tests import bridge, servers
from tests.differential.world import ASYNC, SIZES, World, build
from tests.servers import ServerUrl


def connect(rules: str, autocommit: bool = True) -> Connection:
    """A shardkit connection from the text of a rules file."""
    return shardkit.connect(loads(rules, file="<world>", environ={}), autocommit=autocommit)


@pytest.fixture(scope="session", params=(*SIZES, ASYNC))
def world(request: pytest.FixtureRequest, mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[World]:
    """One oracle and the same rows over 1, 2, 3, 5 or 16 databases, or 4 of 4 tables each; once under asyncio."""
    size, under = str(request.param), bridge.connect if request.param == ASYNC else connect
    made = World(size.split()[0], mysql_servers, servers.new_prefix(), under)
    try:
        build(made)
        yield made
    finally:
        made.reconnect()
        servers.drop_databases(mysql_servers, made.prefix)
