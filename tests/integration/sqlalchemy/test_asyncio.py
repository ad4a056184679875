"""The same models under create_async_engine: sessions, streams, transactions, cancellation, disposal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from shardkit.sqlalchemy import LoopPool, ShardkitAsyncDialect
from tests.integration.sqlalchemy.stage import ANYWHERE, Country, Member, Order, wipe

Work = Callable[[AsyncEngine], Awaitable[None]]


class Loop:
    """Runs a piece of work in an event loop of its own, with an engine of its own."""

    def __init__(self, rules: Path) -> None:
        self.url = f"mysql+shardkit:///{rules}"

    def run(self, work: Work) -> None:
        """Run it; the engine is disposed of afterwards."""

        async def whole() -> None:
            engine = create_async_engine(self.url)
            try:
                await work(engine)
            finally:
                await engine.dispose()

        asyncio.run(whole())


@pytest.fixture(params=ANYWHERE)
def loop(request: pytest.FixtureRequest) -> Loop:
    """Empty tables on the servers, then in SQLite files."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    wipe(engine)
    return Loop(request.getfixturevalue(f"{request.param}_rules"))


def test_a_session(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            ann = Member(name="ann", orders=[Order(number=n) for n in (1, 2)])
            session.add(ann)
            await session.commit()
            assert ann.memberId > 2**50
            found = await session.scalars(select(Order.number).where(Order.memberId == ann.memberId))
            assert sorted(found) == [1, 2]

    loop.run(work)


def test_many_rows_and_streams(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            done = await connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 1001)])
            assert done.rowcount == 1000
        async with engine.connect() as connection:
            result = await connection.stream(select(Member.memberId).order_by(Member.memberId))
            assert [row.memberId async for row in result] == list(range(1, 1001))
            assert await connection.scalar(select(func.count()).select_from(Member)) == 1000

    loop.run(work)


def test_what_is_not_committed_is_undone(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 9)])
            await connection.rollback()
            assert await connection.scalar(select(func.count()).select_from(Member)) == 0

    loop.run(work)


def test_autocommit_and_levels(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            own = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await own.execute(insert(Member).values(memberId=1, name="x"))
            await own.rollback()
            assert await own.scalar(select(func.count()).select_from(Member)) == 1
        async with engine.connect() as connection:
            own = await connection.execution_options(isolation_level="READ COMMITTED")
            assert await own.get_isolation_level() == "READ COMMITTED"

    loop.run(work)


def test_a_broken_key(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execute(insert(Country).values(code="cn"))
            with pytest.raises(IntegrityError):
                await connection.execute(insert(Country).values(code="cn"))
            await connection.rollback()

    loop.run(work)


def test_many_sessions_at_once(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(insert(Member), [{"memberId": n, "name": f"m{n}"} for n in range(1, 101)])

        async def name(number: int) -> str | None:
            async with AsyncSession(engine) as session:
                return await session.scalar(select(Member.name).where(Member.memberId == number))

        names = await asyncio.gather(*(name(number) for number in range(1, 101)))
        assert names == [f"m{n}" for n in range(1, 101)]
        assert isinstance(engine.pool, LoopPool)
        assert engine.pool.checkedout() == 0

    loop.run(work)


def test_disposal_closes_the_cluster(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        assert isinstance(engine.dialect, ShardkitAsyncDialect)
        async with engine.connect() as connection:
            await connection.execute(select(Member))
            cluster = engine.dialect.opening.cluster
        await engine.dispose()
        with pytest.raises(Exception, match="closed"):
            cluster.engine.check_open()
        async with engine.connect() as connection:
            assert (await connection.execute(select(Member))).all() == []

    loop.run(work)


def test_reflection_runs_in_the_loop(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        from sqlalchemy import inspect

        async with engine.connect() as connection:
            names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert names == ["country", "member", "note", "t_order"]

    loop.run(work)


@pytest.mark.mysql
def test_two_phases(server_engine: Engine, server_rules: Path) -> None:
    wipe(server_engine)

    async def work(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:

            def both(sync: Connection) -> None:
                phases = sync.begin_twophase()
                sync.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 9)])
                phases.prepare()
                phases.commit()

            await connection.run_sync(both)
            assert await connection.scalar(select(func.count()).select_from(Member)) == 8

    Loop(server_rules).run(work)


@pytest.mark.mysql
def test_a_cancelled_statement_leaves_the_engine_usable(server_engine: Engine, server_rules: Path) -> None:
    wipe(server_engine)

    async def work(engine: AsyncEngine) -> None:
        async def slow() -> None:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT SLEEP(30)"))

        task = asyncio.create_task(slow())
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with engine.connect() as connection:
            assert await connection.scalar(select(func.count()).select_from(Member)) == 0
        assert isinstance(engine.pool, LoopPool)
        assert engine.pool.checkedout() == 0

    Loop(server_rules).run(work)
