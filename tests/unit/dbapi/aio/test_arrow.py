"""Record batches of an asyncio cursor: every row once, in one stream, with nothing left behind when it breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pyarrow as pa
import pytest

from shardkit.aio import Connection, Cursor
from shardkit.backends.scripted import Reply
from shardkit.errors import DataError, InterfaceError, ProgrammingError
from tests.unit.runtime.aio.stage import Stage
from tests.unit.runtime.stage import rows

ALL = "SELECT id FROM member ORDER BY id"
ONE = "SELECT id FROM member WHERE id = %s"
EACH = 600  # rows of a shard
Work = Callable[[Connection], Awaitable[None]]


def play(work: Work, reply: Reply | None = None) -> None:
    """Run it with a connection; afterwards nothing may be lent out."""

    async def main() -> None:
        stage = Stage(ticks=1)
        if reply is not None:
            for backend in stage.backends:
                backend.otherwise = lambda sql: reply
        connection = stage.connection(ALL)
        await work(connection)
        await connection.close()
        stage.check_nothing_leaked()
        await stage.engine.close()

    asyncio.run(main())


async def asked(connection: Connection, sql: str = ALL) -> Cursor:
    """A cursor that streams."""
    return await connection.cursor().execute(sql, (1,) if "%s" in sql else None)


@pytest.mark.parametrize(("sql", "count"), [(ALL, 4 * EACH), (ONE, EACH)])
def test_batches_hold_every_row_once(sql: str, count: int) -> None:
    async def work(connection: Connection) -> None:
        cursor = await asked(connection, sql)
        reader = cursor.arrow(batch_rows=250)
        assert reader.schema == pa.schema([("n", pa.int32())])
        sizes, values = [], []
        async for batch in reader:
            assert batch.schema == reader.schema
            sizes.append(batch.num_rows)
            values += batch.column(0).to_pylist()
        assert sizes == [250] * (count // 250) + [count % 250]
        assert values == sorted(list(range(EACH)) * (count // EACH))
        assert await cursor.fetchone() is None

    play(work)


def test_a_table_of_what_is_left() -> None:
    async def work(connection: Connection) -> None:
        cursor = await asked(connection, ONE)
        assert await cursor.fetchone() == (0,)
        table = await cursor.arrow().read_all()
        assert table.column("n").to_pylist() == list(range(1, EACH))

    play(work)


def test_a_table_without_rows_has_its_columns() -> None:
    async def work(connection: Connection) -> None:
        table = await (await asked(connection)).arrow().read_all()
        assert table.schema == pa.schema([("n", pa.int32())])
        assert table.num_rows == 0

    play(work, rows(0))


def test_a_result_has_one_reader() -> None:
    async def work(connection: Connection) -> None:
        cursor = await asked(connection)
        first, second = cursor.arrow(), cursor.arrow()
        await anext(first)
        with pytest.raises(ProgrammingError, match="another Arrow stream"):
            await anext(second)
        await cursor.execute(ALL)
        with pytest.raises(InterfaceError, match="another statement"):
            await anext(first)
        await cursor.close()
        with pytest.raises(InterfaceError, match="closed"):
            cursor.arrow()

    play(work)


def test_there_must_be_a_result() -> None:
    async def work(connection: Connection) -> None:
        with pytest.raises(ProgrammingError, match="no result"):
            connection.cursor().arrow()

    play(work)


def test_a_value_that_does_not_fit_is_named() -> None:
    async def work(connection: Connection) -> None:
        with pytest.raises(DataError, match="column 'n' as int32"):
            await (await asked(connection)).arrow().read_all()

    play(work, Reply(rows=[(2**40,)], description=rows(0).description))


def test_one_that_is_cancelled_has_broken_off() -> None:
    async def work(connection: Connection) -> None:
        cursor = await asked(connection)
        reading = asyncio.ensure_future(cursor.arrow().read_all())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        with pytest.raises(InterfaceError, match="broke off"):
            await cursor.fetchone()

    play(work)
