"""Hints through SQLAlchemy: the execution option of a statement, a connection, an engine; and in the text itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, Select, func, insert, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from shardkit.errors import HintError
from tests.integration.sqlalchemy.stage import Member
from tests.integration.sqlalchemy.test_asyncio import Loop, loop

COUNT: Select[int] = select(func.count()).select_from(Member)
HERE = {"shardkit_hint": {"shard": 1}}


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Members 1 to 8: two on each of the four slots."""
    with engine.begin() as connection:
        connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 9)])
    return engine


TEXT = text("SELECT /*+ shardkit(key=:k) */ COUNT(*) FROM member")


@pytest.mark.parametrize(
    "count",
    [
        lambda session: session.scalar(COUNT, execution_options=HERE),
        lambda session: session.scalar(COUNT.execution_options(shardkit_hint={"key": 5})),
        lambda session: session.connection(execution_options=HERE).scalar(COUNT),
        lambda session: session.scalar(COUNT.prefix_with("/*+ shardkit(shard=1) */")),
        lambda session: session.scalar(TEXT, {"k": 5}),
    ],
    ids=["call", "statement", "connection", "prefix", "text"],
)
def test_a_statement_goes_where_its_hint_says(filled: Engine, count: Callable[[Session], int]) -> None:
    with Session(filled) as session:
        assert count(session) == 2
    with filled.connect() as connection:
        assert connection.scalar(COUNT) == 8


def test_an_engine_may_have_hints(filled: Engine) -> None:
    with filled.execution_options(**HERE).connect() as connection:
        assert connection.scalar(COUNT) == 2
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM member").scalar() == 2


def test_rows_stream_under_a_hint(filled: Engine) -> None:
    with Session(filled) as session:
        rows = session.scalars(select(Member.memberId).execution_options(yield_per=1, **HERE))
        assert sorted(rows) == [1, 5]


def test_many_rows_under_a_hint(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(insert(Member), [{"memberId": n, "name": "y"} for n in (9, 13)], execution_options=HERE)
        with pytest.raises(ProgrammingError) as caught:
            connection.execute(insert(Member), [{"memberId": n, "name": "y"} for n in (17, 10)], execution_options=HERE)
        assert isinstance(caught.value.orig, HintError)


def test_a_hint_that_is_none_is_told(filled: Engine) -> None:
    with Session(filled) as session, pytest.raises(ProgrammingError, match="shardkit knows shard"):
        session.scalar(COUNT, execution_options={"shardkit_hint": {"shards": 1}})


def test_hints_under_asyncio(loop: Loop) -> None:
    async def work(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 9)])
        async with engine.connect() as connection:
            assert await connection.scalar(COUNT, execution_options=HERE) == 2
            assert await connection.scalar(COUNT) == 8

    loop.run(work)


__all__ = ["loop"]
