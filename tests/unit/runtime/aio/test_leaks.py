"""Ways out that are seldom taken: each gives back what it held."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from shardkit.backends.aio.protocol import Connection
from shardkit.backends.aio.scripted import AioScriptedBackend
from shardkit.backends.scripted import Reply
from shardkit.dbapi.aio import connection as connection_module
from shardkit.errors import PoolTimeout, TransactionAborted
from shardkit.flow import Query, Task
from shardkit.runtime.aio.pool import Pool
from shardkit.runtime.lending import Limits
from shardkit.values import ShardId
from tests.unit.runtime.aio.stage import Stage

S = ShardId("rds0", "db_00")
ALL = "SELECT id FROM member ORDER BY id"
ONE = "SELECT id FROM member WHERE id = %s"
UPDATE = "UPDATE member SET n = 1 WHERE id IN (0, 1, 2, 3)"
UPDATE_ONE = "UPDATE member SET n = 1 WHERE id = %s"


async def passes(count: int) -> None:
    """So many passes of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_what_was_granted_to_a_cancelled_task_does_not_outlive_its_pool() -> None:
    async def main() -> None:
        backend = AioScriptedBackend("rds0")
        pool = Pool(Limits("rds0", 1, 30), backend.connect)
        held = await pool.acquire(S, ())
        waiting = asyncio.ensure_future(pool.acquire(S, ()))
        await passes(1)
        pool.release(held)  # granted, but the task has not gone on
        waiting.cancel()
        pool.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert backend.open_count == 0
        assert pool.in_use == pool.idle == 0

    asyncio.run(main())


def test_a_close_that_is_given_up_keeps_no_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "GRACE", 0.01)

    async def main() -> None:
        stage = Stage()
        connection = stage.connection(UPDATE, autocommit=False)
        await connection.cursor().execute(UPDATE)
        for backend in stage.backends:
            backend.on("ROLLBACK", Reply(delay=60))
        task = asyncio.ensure_future(connection.close())
        await passes(3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await passes(3)
        stage.check_nothing_leaked()
        await stage.engine.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("before", "sql", "params"), [((UPDATE_ONE, (1,)), ALL, None), (None, ONE, (1,))], ids=["over shards", "by key"]
)
def test_a_fetch_that_is_cancelled_ends_its_transaction(before: Any, sql: str, params: Any) -> None:
    async def main() -> None:
        stage = Stage(ticks=3)
        connection = stage.connection(ALL, UPDATE, autocommit=False)
        if before is not None:
            await connection.cursor().execute(*before)
        cursor = await connection.cursor().execute(sql, params)
        fetching = asyncio.ensure_future(cursor.fetchall())
        await passes(2)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        with pytest.raises(TransactionAborted):
            await connection.commit()
        await connection.close()
        stage.check_nothing_leaked()
        await stage.engine.close()

    asyncio.run(main())


def test_a_statement_that_is_lost_before_its_connections_are_ready_leaks_no_permit() -> None:
    async def main() -> None:
        stage = Stage(ticks=3)
        stage.rds0.connect_delay = stage.rds1.connect_delay = 0.001
        connection = stage.connection(ALL)
        running = connection.cursor().execute(ALL)
        running.send(None)
        running.close()
        await asyncio.sleep(0.01)
        await passes(10)
        gc.collect()
        await passes(3)
        stage.check_nothing_leaked()
        await connection.close()
        await stage.engine.close()

    asyncio.run(main())


def test_a_scatter_that_finds_no_connection_leaves_what_was_idle_as_it_was() -> None:
    async def main() -> None:
        stage = Stage(size=1, wait=0.01)
        lanes, other = stage.lanes(), stage.lanes()
        await lanes.perform(Query((Task(S, "DO 1"),)))
        (idle,) = stage.rds0.connections
        idle.used_at = before = idle.used_at - 1000
        await other.perform(Query((Task(ShardId("rds1", "db_01"), "SELECT 2"),)))
        with pytest.raises(PoolTimeout):
            await lanes.perform(Query((Task(S, "DO 1"), Task(ShardId("rds1", "db_01"), "DO 1"))))
        assert idle.used_at == before
        await other.close()
        stage.check_nothing_leaked()
        await stage.engine.close()

    asyncio.run(main())


def test_those_who_wait_when_their_loop_ends_raise_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio.run cancels what waits; a loop that is closed by hand does not."""
    loop = asyncio.new_event_loop()
    tasks: list[asyncio.Task[Connection]] = []

    async def main() -> Pool:
        pool = Pool(Limits("rds0", 1, 30), AioScriptedBackend("rds0").connect)
        await pool.acquire(S, ())
        tasks.extend(loop.create_task(pool.acquire(S, ())) for _ in range(3))
        await passes(1)
        return pool

    pool = loop.run_until_complete(main())
    loop.set_exception_handler(lambda *_: None)  # "Task was destroyed but it is pending!" is true
    loop.close()
    unraised: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", unraised.append)
    assert pool.waiting == 3
    pool.give_back()
    tasks.clear()
    del pool
    gc.collect()
    assert unraised == []
