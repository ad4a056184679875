"""A cancellation at any moment of any kind of work leaves nothing behind: no lease, no statement, no transaction."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from shardkit.aio import Connection
from shardkit.errors import OperationalError
from tests.unit.runtime.aio.stage import Stage

ONE = "SELECT id FROM member WHERE id = %s"
ALL = "SELECT id FROM member ORDER BY id"
UPDATE = "UPDATE member SET n = 1 WHERE id IN (0, 1, 2, 3)"
Work = Callable[[Connection], Awaitable[None]]


async def one_shard(connection: Connection) -> None:
    cursor = await connection.cursor().execute(ONE, (1,))
    await cursor.fetchall()


async def merged(connection: Connection) -> None:
    cursor = await connection.cursor().execute(ALL)
    assert len(await cursor.fetchall()) == 2400


async def closed_early(connection: Connection) -> None:
    async with await connection.cursor().execute(ALL) as cursor:
        await cursor.fetchone()


async def left_unread(connection: Connection) -> None:
    await connection.cursor().execute(ALL)
    await connection.cursor().execute(ONE, (2,))


async def committed(connection: Connection) -> None:
    await connection.begin()
    await connection.cursor().execute(UPDATE)
    await connection.commit()


async def rolled_back(connection: Connection) -> None:
    await connection.begin()
    await connection.cursor().execute(UPDATE)
    cursor = await connection.cursor().execute(ALL)
    await cursor.fetchone()
    await connection.rollback()


async def in_a_block(connection: Connection) -> None:
    async with connection:
        await connection.cursor().execute("BEGIN")
        await connection.cursor().execute(UPDATE)


async def prepared(connection: Connection) -> None:
    await connection.tpc_begin(connection.xid(1, "g", "b"))
    await connection.cursor().execute(UPDATE)
    await connection.tpc_prepare()
    await connection.tpc_commit()


async def cut(work: Work, at: int, again: int | None) -> bool:
    """Run it and cancel it after `at` passes of the loop, and once more `again` passes later; whether it was cut."""
    stage = Stage(ticks=1)
    connection = stage.connection(ALL, UPDATE)
    task = asyncio.ensure_future(work(connection))
    for _ in range(at):
        await asyncio.sleep(0)
    cut = task.cancel()
    if again is not None:
        for _ in range(again):
            await asyncio.sleep(0)
        task.cancel()
    # OperationalError: a commit that was given up says what is in doubt.
    with contextlib.suppress(asyncio.CancelledError, OperationalError):
        await task
    await end(connection)
    await one_shard(connection)
    await connection.close()
    stage.check_nothing_leaked()
    await stage.engine.close()
    return cut


async def end(connection: Connection) -> None:
    """End what the work has begun."""
    if connection.session.outer is not None:
        await connection.tpc_rollback()
    else:
        await connection.rollback()


WORKS = (one_shard, merged, closed_early, left_unread, committed, rolled_back, in_a_block, prepared)


@pytest.mark.parametrize("again", [None, 1, 2])
@pytest.mark.parametrize("work", WORKS)
def test_cut_at_every_moment(work: Work, again: int | None) -> None:
    async def main() -> int:
        at = 0
        while await cut(work, at, again):
            at += 1
        return at

    assert asyncio.run(main()) > 3


def test_a_statement_that_runs_is_stopped_on_its_server() -> None:
    async def main() -> None:
        stage = Stage(ticks=5)
        task = asyncio.ensure_future(one_shard(stage.connection(ALL)))
        while not stage.rds0.happened("start"):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stage.rds0.happened("kill") == [""]
        stage.check_nothing_leaked()

    asyncio.run(main())


def test_a_commit_that_is_cancelled_is_done_first() -> None:
    async def main() -> list[str]:
        stage = Stage(ticks=2)
        connection = stage.connection(UPDATE)
        await connection.begin()
        await connection.cursor().execute(UPDATE)
        task = asyncio.ensure_future(connection.commit())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await connection.close()
        stage.check_nothing_leaked()
        return [text for backend in stage.backends for text in backend.happened("run") if "COMMIT" in text]

    said = asyncio.run(main())
    assert len(said) == 4
    assert "COMMIT" in said


def test_timeouts_of_asyncio_are_timeouts() -> None:
    async def main() -> None:
        stage = Stage(ticks=1_000_000)
        connection = stage.connection(ALL)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await merged(connection)
        assert len(stage.rds0.happened("kill") + stage.rds1.happened("kill")) == 4
        await connection.close()
        stage.check_nothing_leaked()

    asyncio.run(main())
