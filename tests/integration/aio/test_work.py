"""What the asyncio drivers do on real servers: values, streams, transactions, timeouts, lost cursors, closed servers."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shardkit.aio import Cluster, Connection
from shardkit.errors import (
    DataError,
    IntegrityError,
    InterfaceError,
    ParameterError,
    PoolTimeout,
    ProgrammingError,
    StatementTimeout,
    UnknownColumn,
)
from tests.integration.dbapi.hostile import TEXTS
from tests.integration.dbapi.stage import Stage

Play = Callable[..., None]
MANY = 8000


async def value(connection: Connection, sql: str, params: Any = None) -> Any:
    """The only value of one statement."""
    ((found,),) = await (await connection.cursor().execute(sql, params)).fetchall()
    return found


async def filled(cluster: Cluster) -> Connection:
    """A connection, after many rows were stored."""
    connection = cluster.connect(autocommit=True)
    rows = [(k, k, "x" * 200) for k in range(MANY)]
    assert await connection.bulk_insert("member", ("memberId", "n", "v"), rows) == MANY
    return connection


def test_a_statement_that_fails_leaves_no_result(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        await connection.bulk_insert("member", ("memberId", "n"), [(1, 1)])
        cursor = connection.cursor()
        for _ in range(2):  # the second time the text is known
            await cursor.execute("SELECT n FROM member WHERE memberId = %s", (1,))
            with pytest.raises(IntegrityError):
                await cursor.execute("INSERT INTO member (memberId, n) VALUES (%s, %s)", (1, 1))
            assert (cursor.description, cursor.rowcount, cursor.warning_count) == (None, -1, 1)
            with pytest.raises(ProgrammingError):
                await cursor.fetchall()

    play(work)


def test_a_rollback_does_not_wait_for_rows_that_cannot_be_kept(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        await (await filled(cluster)).close()
        connection = cluster.connect()
        await connection.cursor().execute("UPDATE member SET name = 'x' WHERE memberId = 5")
        cursor = await connection.cursor().execute("SELECT memberId FROM member ORDER BY memberId")
        assert await cursor.fetchone() == (0,)
        await connection.rollback()
        assert not connection.in_transaction
        with pytest.raises(InterfaceError, match=r"broke off: .*over 3000 rows"):
            await cursor.fetchall()
        assert await value(connection, "SELECT name FROM member WHERE memberId = 5") is None
        await connection.close()

    play(work, budget="time: 30s, rows: 3000")


def test_values_come_back_as_they_went(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        for number, text in enumerate(TEXTS):
            row = (number, text, text.encode("utf-8", "replace"))
            await connection.cursor().execute("INSERT INTO member (memberId, v, b) VALUES (%s, %s, %s)", row)
            cursor = await connection.cursor().execute(
                "SELECT memberId, v, b FROM member WHERE memberId = %s", (number,)
            )
            assert await cursor.fetchall() == (row,)
        at = datetime(2026, 2, 3, 4, 5, 6)
        await connection.cursor().execute(
            "INSERT INTO t_order (memberId, orderId, amount, at) VALUES (%s, 1, %s, %s)", (7, Decimal("12.50"), at)
        )
        cursor = await connection.cursor().execute(
            "SELECT amount, at, CAST(-1.5 AS TIME(1)), b'101', NULL, 1e0, DATE '2026-01-02', '0000-00-00' FROM t_order"
        )
        ((amount, moment, span, bits, nothing, double, day, text),) = await cursor.fetchall()
        assert (amount, moment, nothing, double, text) == (Decimal("12.50"), at, None, 1.0, "0000-00-00")
        assert (span, bits, str(day)) == (-timedelta(seconds=1.5), b"\x05", "2026-01-02")

    play(work)


def test_a_table_that_got_another_column_at_its_end(play: Play) -> None:
    """Its columns begin with the same definitions as before."""

    async def work(cluster: Cluster) -> None:
        connection, sql = cluster.connect(autocommit=True), "SELECT * FROM member WHERE memberId = 1"
        await connection.cursor().execute("INSERT INTO member (memberId, v) VALUES (1, 'x')")
        cursor = await connection.cursor().execute(sql)
        (before,), names = await cursor.fetchall(), [column[0] for column in cursor.description or ()]
        await connection.cursor().execute("ALTER TABLE member ADD COLUMN extra INT NULL DEFAULT 7")
        try:
            cursor = await connection.cursor().execute(sql)
            assert [column[0] for column in cursor.description or ()] == [*names, "extra"]
            assert await cursor.fetchall() == ((*before, 7),)
        finally:
            await connection.cursor().execute("ALTER TABLE member DROP COLUMN extra")

    play(work)


def test_streams_rest_on_their_servers(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = await filled(cluster)
        seen = [row async for row in await connection.cursor().execute("SELECT memberId FROM member ORDER BY n")]
        assert seen == [(k,) for k in range(MANY)]
        first = await connection.cursor().execute("SELECT memberId FROM member ORDER BY n")
        assert await first.fetchmany(3) == ((0,), (1,), (2,))
        assert await value(connection, "SELECT COUNT(*) FROM member") == MANY  # the first one's rows are kept
        assert len(await first.fetchall()) == MANY - 3
        async with await connection.cursor().execute("SELECT * FROM member WHERE v LIKE 'x%%'") as cursor:
            await cursor.fetchone()
        await connection.close()

    play(work)


def test_transactions_over_shards(play: Play, stage: Stage) -> None:
    async def work(cluster: Cluster) -> None:
        connection = cluster.connect()
        sql = "INSERT INTO member (memberId, n) VALUES (%s, %s)"
        async with connection:
            assert await connection.cursor().executemany(sql, [(k, k) for k in range(8)]) == 8
        with pytest.raises(ZeroDivisionError):
            async with connection:
                await connection.cursor().execute("DELETE FROM member WHERE memberId IN (1, 2, 3)")
                raise ZeroDivisionError
        with pytest.raises(IntegrityError):
            await connection.cursor().execute(sql, (1, 99))
        await connection.rollback()
        await connection.tpc_begin(connection.xid(1, "aio", stage.prefix))
        await connection.cursor().execute("UPDATE member SET n = n + 100 WHERE memberId IN (1, 2)")
        await connection.tpc_prepare()
        await connection.tpc_commit()
        assert await value(connection, "SELECT SUM(n) FROM member") == sum(range(8)) + 200
        await connection.close()

    play(work, transactions="xa")


def test_joins_are_finished_in_a_workspace(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = await filled(cluster)
        sql = "SELECT COUNT(*) FROM member a JOIN member b ON a.n = b.memberId + 1 WHERE a.memberId < 100"
        assert await value(connection, sql) == 99
        await connection.close()

    play(work)


def test_the_time_of_a_statement(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        with pytest.raises(StatementTimeout):
            await connection.cursor().execute("SELECT SLEEP(20), COUNT(*) FROM member WHERE memberId = 1")
        assert await value(connection, "SELECT COUNT(*) FROM member WHERE memberId = 1") == 0
        await connection.close()

    play(work, budget="time: 400ms")


def test_cancelled_by_asyncio_timeout(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = await filled(cluster)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.cursor().execute("SELECT memberId FROM member WHERE SLEEP(20) = 0")
        assert await value(connection, "SELECT COUNT(*) FROM member") == MANY
        await connection.close()

    play(work)


def test_a_full_pool_says_so(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        holders = [cluster.connect() for _ in range(2)]
        for holder in holders:
            await holder.cursor().execute("SELECT COUNT(*) FROM member WHERE memberId = 0")
        with pytest.raises(PoolTimeout, match="pool size 2, 2 in use"):
            await value(cluster.connect(autocommit=True), "SELECT COUNT(*) FROM member WHERE memberId = 0")
        for holder in holders:
            await holder.close()

    play(work, pool="size: 2, wait: 100ms")


def test_what_is_forgotten_is_discarded(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        async def careless() -> None:
            await (await filled(cluster)).cursor().execute("SELECT * FROM member")
            await cluster.connect().cursor().execute("UPDATE member SET n = NULL WHERE memberId = 1")

        await careless()
        gc.collect()
        await asyncio.sleep(0)

    play(work)


def test_one_task_at_a_time(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        asks = [value(connection, "SELECT SLEEP(0.1) + COUNT(*) FROM member WHERE memberId = 1") for _ in range(2)]
        first, second = await asyncio.gather(*asks, return_exceptions=True)
        assert first == 0
        assert isinstance(second, InterfaceError)
        await connection.close()

    play(work)


def test_errors_leave_the_connection_sound(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        cursor = connection.cursor()
        for sql, params, kind in (
            ("SELECT nothing FROM member WHERE memberId = 1", None, UnknownColumn),
            ("SELECT v FROM member WHERE memberId = %s", (), ParameterError),
            ("INSERT INTO member (memberId, n) VALUES (1, 99999999999)", None, DataError),
            ("SELECT v FROM member WHERE memberId = %s AND v = %s", (1, "\ud800"), DataError),
        ):
            with pytest.raises(kind):
                await cursor.execute(sql, params)
        assert await value(connection, "SELECT COUNT(*) FROM member") == 0
        await connection.close()

    play(work)


def test_warnings_are_told(play: Play) -> None:
    async def work(cluster: Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        cursor = await connection.cursor().execute("SELECT 1 / 0, COUNT(*) FROM member WHERE memberId = 1")
        assert cursor.warning_count == 1
        ((level, code, _),) = connection.show_warnings()
        assert (level, code) == ("Warning", 1365)
        await connection.close()

    play(work)
