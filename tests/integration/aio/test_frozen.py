"""A server that keeps its connections and says nothing: under asyncio, too, a transaction's ends have a limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import shardkit.aio
from shardkit.backends.aio import connection as module
from shardkit.errors import CommitInDoubt, OperationalError
from shardkit.rules import loads
from tests.integration.dbapi.stage import Stage
from tests.integration.runtime.proxy import Proxy

Work = Callable[[shardkit.aio.Connection], Coroutine[Any, Any, None]]


@pytest.fixture
def proxy(stage: Stage) -> Iterator[Proxy]:
    """A wire to the first server that can be frozen."""
    proxy = Proxy(stage.servers[0].host, stage.servers[0].port)
    yield proxy
    proxy.close()


@pytest.fixture
def frozen(stage: Stage, driver: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Callable[[Work, Work], None]:
    """Does the first on a healthy server, then freezes it for the second, which must not take long."""
    real = f"@{stage.servers[0].host}:{stage.servers[0].port}"
    text = stage.text().replace("mysql+pymysql:", f"mysql+{driver}:").replace(real, f"@127.0.0.1:{proxy.port}", 1)

    async def main(before: Work, after: Work) -> None:
        async with shardkit.aio.Cluster(loads(text)) as cluster:
            connection = cluster.connect()
            await before(connection)
            monkeypatch.setattr(module, "PATIENCE", 0.5)
            proxy.freeze()
            began = time.monotonic()
            try:
                await after(connection)
                assert time.monotonic() - began < 5
            finally:
                proxy.thaw()
            await connection.close()

    return lambda before, after: asyncio.run(main(before, after))


def test_beginning(frozen: Callable[[Work, Work], None]) -> None:
    async def before(connection: shardkit.aio.Connection) -> None:
        await connection.cursor().execute("SELECT n FROM member WHERE memberId = 4")
        await connection.commit()

    async def after(connection: shardkit.aio.Connection) -> None:
        with pytest.raises(OperationalError, match="rds0"):
            await connection.cursor().execute("SELECT n FROM member WHERE memberId = 4")

    frozen(before, after)


def test_committing(frozen: Callable[[Work, Work], None]) -> None:
    async def before(connection: shardkit.aio.Connection) -> None:
        await connection.cursor().execute("INSERT INTO member (memberId) VALUES (4)")

    async def after(connection: shardkit.aio.Connection) -> None:
        with pytest.raises(CommitInDoubt, match=r"unknown on rds0/\w+m00") as caught:
            await connection.commit()
        assert [shard.server for shard in caught.value.pending] == ["rds0"]

    frozen(before, after)
