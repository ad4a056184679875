"""Connections whose user has gone: a coroutine that was closed, a loop that has ended, a cluster that is closing."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from shardkit import errors
from shardkit.backends.aio.mysql import AioMySqlBackend
from shardkit.backends.aio.sqlite import AioSqliteBackend
from shardkit.backends.aio.watch import Watch
from shardkit.flow import Task
from shardkit.rules import Server as Configured
from shardkit.values import ShardId
from tests.unit.backends.aio.server import Server

S = ShardId("rds0", "")
LONG = "SELECT SLEEP(60)"


@pytest.fixture(params=["asyncmy", "aiomysql"])
def driver(request: pytest.FixtureRequest) -> str:
    """Each driver in turn."""
    return str(request.param)


def killed(backend: AioMySqlBackend, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this backend stops on its server from now on."""
    found: list[str] = []
    monkeypatch.setattr(backend.reaper, "_kill_all", lambda *targets: found.extend(targets))
    return found


async def at_work(server: Server) -> None:
    """Until the server has the long statement."""
    while LONG not in server.heard:
        await asyncio.sleep(0)


def ended(backend: AioMySqlBackend) -> None:
    """Until nothing is being stopped any more."""
    for _ in range(1000):
        if not backend.reaper.at_work:
            return
        time.sleep(0.005)
    raise AssertionError("the reaper does not end")


def test_a_statement_whose_coroutine_is_closed_is_stopped(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with Server() as server:
            server.says[LONG] = []
            backend = server.backend(driver)
            stopped = killed(backend, monkeypatch)
            connection = await backend.connect(S)
            running = connection.start(Task(S, LONG), 0, None)
            running.send(None)
            running.close()
            assert not connection.usable
            connection.close()
            await asyncio.to_thread(ended, backend)
            assert stopped == ["7"]
            await backend.close()

    asyncio.run(main())


def test_a_loop_that_ends_with_a_statement_under_way(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio.run cancels what runs; a loop that is closed by hand does not."""
    loop = asyncio.new_event_loop()

    async def main() -> tuple[AioMySqlBackend, list[str]]:
        server = await Server().__aenter__()
        server.says[LONG] = []
        backend = server.backend(driver)
        stopped = killed(backend, monkeypatch)
        connection = await backend.connect(S)

        async def work() -> None:
            try:
                await connection.start(Task(S, LONG), 0, None)
            finally:
                connection.close()

        background.append(loop.create_task(work()))
        await at_work(server)
        return backend, stopped

    background: list[asyncio.Task[None]] = []
    backend, stopped = loop.run_until_complete(main())
    loop.close()
    unraised: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", unraised.append)
    loop.set_exception_handler(lambda *_: None)  # "Task was destroyed but it is pending!" is true
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the loop's own sockets, which nobody closed
        background.clear()
        gc.collect()
    ended(backend)
    assert stopped == ["7"]
    assert unraised == []


def test_what_is_watched_when_a_cluster_closes_keeps_its_limit() -> None:
    class Late:
        happened = False

        def expire(self) -> None:
            self.happened = True

    async def main() -> None:
        watch, late = Watch(), Late()
        watch.add(late, time.monotonic() + 0.01)
        watch.close()
        await asyncio.sleep(0.05)
        assert late.happened

    asyncio.run(main())


def test_a_closed_coroutine_leaves_an_embedded_connection_unusable(tmp_path: Path) -> None:
    async def main() -> None:
        backend = AioSqliteBackend(Configured("east", make_url(f"sqlite:///{tmp_path}")))
        connection = await backend.connect(ShardId("east", "shop_0"))
        running = connection.start(Task(ShardId("east", "shop_0"), "SELECT 1"), 1, None)
        running.send(None)
        running.close()
        assert not connection.usable
        connection.close()
        connection.close()
        with pytest.raises(errors.Error):
            await connection.run(ShardId("east", "shop_0"), "SELECT 1")

    asyncio.run(main())


def test_an_embedded_statement_that_is_cancelled_is_not_in_the_log(tmp_path: Path) -> None:
    said: list[object] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: said.append(what))
        backend = AioSqliteBackend(Configured("east", make_url(f"sqlite:///{tmp_path}")))
        place = ShardId("east", "shop_0")
        connection = await backend.connect(place)
        endless = "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t"
        running = asyncio.ensure_future(connection.start(Task(place, endless), 1, None))
        await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not connection.usable
        connection.close()

    asyncio.run(main())
    gc.collect()
    assert said == []


ENDS = """
import asyncio
from tests.unit.backends.aio.server import Server
from shardkit.flow import Task
from shardkit.values import ShardId

kept = []

async def main():
    server = await Server().__aenter__()
    server.says["SELECT SLEEP(60)"] = []
    connection = await server.backend("asyncmy").connect(ShardId("rds0", ""))
    kept.append(connection.start(Task(ShardId("rds0", ""), "SELECT SLEEP(60)"), 0, None))
    kept[0].send(None)

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
print("ended")
"""


def test_a_program_that_ends_with_a_statement_under_way_ends() -> None:
    """Its coroutine is closed when the interpreter can start no thread any more."""
    found = subprocess.run(
        [sys.executable, "-c", ENDS],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert found.stdout == "ended\n"
