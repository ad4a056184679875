"""What the asyncio drivers make of answers that come in pieces, change, or break off; known columns included."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shardkit import errors
from shardkit.backends.aio.connection import AioMySqlConnection
from shardkit.flow import Task
from shardkit.values import ShardId
from tests.unit.backends.aio.server import DOUBLE, LONG, VARCHAR, Server, answer, column, eof, failure, packets

S = ShardId("rds0", "")
SQL = "SELECT a, b FROM t"
TWO = (column("a"), column("b", VARCHAR, 45))
ROWS = [["1", "x"], ["2", "y"], ["3", "z"]]
READ = [(1, "x"), (2, "y"), (3, "z")]


@pytest.fixture(params=["asyncmy", "aiomysql"])
def driver(request: pytest.FixtureRequest) -> str:
    """Each driver in turn."""
    return str(request.param)


def play(driver: str, work: Callable[[Server, AioMySqlConnection], Awaitable[None]]) -> None:
    """Run it with a server and a connection to it."""

    async def main() -> None:
        async with Server() as server:
            backend = server.backend(driver)
            connection = await backend.connect(S)
            await work(server, connection)
            connection.close()
            await backend.close()

    asyncio.run(main())


async def rows_of(connection: AioMySqlConnection, sql: str = SQL, batch: int = 0) -> list[Any]:
    """All rows, read in batches of this size."""
    started = await connection.start(Task(S, sql), batch, None)
    rows, last = list(started.rows), started.last
    while not last:
        more, last = await connection.read(batch)
        rows += more
    return rows


@pytest.mark.parametrize("batch", [0, 1, 2, 3, 4])
def test_answers_that_come_in_pieces(driver: str, batch: int) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        whole = answer(*TWO, rows=ROWS)
        for at in range(len(whole) + 1):
            server.says[SQL] = [whole[:at], whole[at:]]
            assert await rows_of(connection, batch=batch) == READ
            assert connection.usable

    play(driver, work)


def test_the_same_text_with_other_columns(driver: str) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        cases = [
            (TWO, READ),
            ((column("a", DOUBLE), TWO[1]), [(1.0, "x"), (2.0, "y"), (3.0, "z")]),
            ((column("a", VARCHAR, 45), TWO[1]), [("1", "x"), ("2", "y"), ("3", "z")]),
            ((column("a", LONG), column("b", VARCHAR, 63)), [(1, b"x"), (2, b"y"), (3, b"z")]),
            ((column("c", LONG), TWO[1]), READ),
        ]
        for columns, wanted in [*cases, *cases[::-1], *cases]:
            whole = answer(*columns, rows=ROWS)
            for at in (0, 30, 60, 100, len(whole)):
                server.says[SQL] = [whole[:at], whole[at:]]
                found = await rows_of(connection)
                assert found == wanted
                assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in wanted]

    play(driver, work)


def test_more_and_fewer_columns_under_the_same_text(driver: str) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        columns = [column("a"), column("b"), column("c")]
        for count in (1, 2, 3, 2, 1, 3):
            server.says[SQL] = [answer(*columns[:count], rows=[["7"] * count])]
            assert await rows_of(connection) == [(7,) * count]

    play(driver, work)


def test_the_description_is_that_of_the_answer(driver: str) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        for name in ("a", "z", "a"):
            server.says[SQL] = [answer(column(name), rows=[["1"]])]
            started = await connection.start(Task(S, SQL), 0, None)
            assert started.description is not None
            assert started.description[0][0] == name

    play(driver, work)


@pytest.mark.parametrize("batch", [0, 1, 2, 3])
def test_an_error_in_the_middle_of_the_rows(driver: str, batch: int) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        for _ in range(2):
            broken = answer(*TWO, rows=ROWS, ends=failure(1317, "Query execution was interrupted"))
            for at in (len(broken), 40, len(broken) - 20):
                server.says[SQL] = [broken[:at], broken[at:]]
                with pytest.raises(errors.OperationalError, match="interrupted"):
                    await rows_of(connection, batch=batch)
                assert connection.usable
            server.says[SQL] = [answer(*TWO, rows=ROWS)]
            assert await rows_of(connection, batch=batch) == READ

    play(driver, work)


def test_warnings_are_counted_anew(driver: str) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        for count in (0, 2, 0, 1):
            server.says[SQL] = [answer(*TWO, rows=ROWS, warnings=count)]
            assert await rows_of(connection) == READ
            assert connection.warning_count == count
        # And where the columns end, under the same definitions.
        values = [b"\x011\x01x"]
        server.says[SQL] = [packets([b"\x02", *TWO, eof(3), *values, eof(3)])]
        assert await rows_of(connection) == [(1, "x")]
        assert connection.warning_count == 3

    play(driver, work)


@pytest.mark.parametrize("cut", [5, 60, 100, -20, -3])
def test_an_answer_that_breaks_off(driver: str, cut: int) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        whole = answer(*TWO, rows=ROWS)
        server.says[SQL] = [whole]
        assert await rows_of(connection) == READ
        server.says[SQL] = [whole[:cut]]
        reading = asyncio.ensure_future(rows_of(connection))
        while server.heard[-1:] != [SQL] or server.heard.count(SQL) < 2:
            await asyncio.sleep(0)
        await server.hang_up()
        with pytest.raises(errors.ConnectionLost):
            await reading
        assert not connection.usable

    play(driver, work)


@pytest.mark.parametrize("where", ["head", "rows"])
def test_packets_that_are_out_of_order_end_the_connection(driver: str, where: str) -> None:
    async def work(server: Server, connection: AioMySqlConnection) -> None:
        whole = answer(*TWO, rows=ROWS)
        if where == "head":
            server.says[SQL] = [packets([b"\x02"], 5)]
        else:
            server.says[SQL] = [whole[:-9] + packets([eof()], 99)]
        with pytest.raises(errors.Error):
            await rows_of(connection)
        assert not connection.usable

    play(driver, work)
