"""pandas, Polars, PyArrow and DuckDB over shardkit's connection, cursor and SQLAlchemy engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sqlalchemy import Engine, create_engine, text

import shardkit.aio
from shardkit.errors import DataError, InterfaceError, ProgrammingError
from shardkit.rules import Rules
from tests.integration.ecosystem.stage import COLUMNS, FIRST, ORDERS, filled, folders, order

ALL = f"SELECT {COLUMNS} FROM t_order ORDER BY orderId"
EXPECTED = [order(number) for number in range(ORDERS)]
TOTALS = "SELECT memberId, COUNT(*) AS n, SUM(total) AS total FROM t_order GROUP BY memberId ORDER BY memberId"


def totals() -> list[tuple[Any, ...]]:
    groups = {member: [row[2] for row in EXPECTED if row[1] == member] for member in range(7)}
    return [
        (member, len(found), sum(value for value in found if value is not None)) for member, found in groups.items()
    ]


def test_pyarrow_gets_every_value_with_its_type(connection: Any) -> None:
    table = pa.table(connection.cursor().execute(ALL))
    assert [tuple(row.values()) for row in table.to_pylist()] == EXPECTED
    kinds = [str(field.type) for field in table.schema]
    assert kinds == [
        "uint64", "int32", "decimal128(12, 2)", "double", "date32[day]", "timestamp[us]", "duration[us]", "int16",
        "binary", "string", "binary", "large_string", "large_string",
    ]  # fmt: skip
    assert [field.name for field in table.schema if not field.nullable] == ["orderId", "memberId"]


def test_polars_reads_the_stream_and_the_cursor(connection: Any) -> None:
    frame = pl.DataFrame(connection.cursor().execute(ALL))
    assert frame.rows() == EXPECTED
    assert frame.schema["orderId"] == pl.UInt64
    assert frame.schema["total"] == pl.Decimal(12, 2)
    assert pl.read_database("SELECT memberId, status, day FROM t_order ORDER BY orderId", connection).rows() == [
        (row[1], row[9], row[4]) for row in EXPECTED
    ]
    portions = pl.read_database(TOTALS, connection, iter_batches=True, batch_size=3)
    assert [row for portion in portions for row in portion.rows()] == totals()


def test_duckdb_asks_a_cursor_like_a_table(connection: Any) -> None:
    orders = connection.cursor().execute(ALL)
    found = duckdb.sql("SELECT memberId, COUNT(*), SUM(total) FROM orders GROUP BY memberId ORDER BY memberId")
    assert found is not None
    assert found.fetchall() == totals()
    assert orders.fetchall() == ()


def test_pandas_reads_the_stream(connection: Any) -> None:
    frame = pd.DataFrame.from_arrow(connection.cursor().execute(TOTALS))  # type: ignore[attr-defined]
    assert list(frame.itertuples(index=False, name=None)) == totals()


def test_pandas_reads_sql(connection: Any) -> None:
    with pytest.warns(UserWarning, match="pandas only supports SQLAlchemy"):
        frame = pd.read_sql(
            "SELECT orderId, status FROM t_order WHERE memberId = %s ORDER BY orderId", connection, params=(3,)
        )
    assert list(frame["orderId"]) == [row[0] for row in EXPECTED if row[1] == 3]
    with pytest.warns(UserWarning, match="pandas only supports SQLAlchemy"):
        parts = list(pd.read_sql(TOTALS, connection, chunksize=2))
    assert [row for part in parts for row in part.itertuples(index=False, name=None)] == totals()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    rules = tmp_path / "rules.yaml"
    rules.write_text(folders(tmp_path), encoding="utf-8")
    filled(rules.read_text()).close()
    engine = create_engine(f"mysql+shardkit:///{rules}")
    yield engine
    engine.dispose()


def test_pandas_and_polars_over_sqlalchemy(engine: Engine) -> None:
    frame = pd.read_sql(text(TOTALS), engine)
    assert list(frame.itertuples(index=False, name=None)) == totals()
    frame[["memberId", "n"]].to_sql("statistics", engine, index=False)
    assert pd.read_sql_table("statistics", engine)["n"].sum() == ORDERS
    assert pl.read_database(TOTALS, engine).rows() == totals()


# --- the stream ------------------------------------------------------------------------------------------------------


def test_a_result_is_read_once(files: Any) -> None:
    cursor = files.cursor().execute(ALL)
    first, second = cursor.arrow(batch_rows=10), cursor.arrow()
    assert first.schema == second.schema  # to look is not to read
    assert first.read_next_batch().num_rows == 10
    with pytest.raises(ProgrammingError, match="another Arrow stream reads this result"):
        second.read_next_batch()
    assert cursor.fetchone() == EXPECTED[10]
    assert [batch.num_rows for batch in first] == [10, 4]
    with pytest.raises(pa.ArrowInvalid, match="another Arrow stream reads this result already"):
        pa.table(cursor)
    assert pa.table(cursor.execute(ALL)).num_rows == ORDERS


def test_another_statement_ends_the_stream(files: Any) -> None:
    cursor = files.cursor().execute(ALL)
    reader = cursor.arrow(batch_rows=1)
    reader.read_next_batch()
    cursor.execute("SELECT 1")
    with pytest.raises(InterfaceError, match="has executed another statement"):
        reader.read_next_batch()
    assert cursor.fetchall() == ((1,),)
    reader = cursor.execute(ALL).arrow()
    cursor.close()
    with pytest.raises(InterfaceError, match="closed"):
        reader.read_next_batch()


def test_a_stream_without_a_result(files: Any) -> None:
    with pytest.raises(ProgrammingError, match="no result"):
        files.cursor().arrow()


def test_an_empty_result_has_its_types(connection: Any) -> None:
    table = pa.table(connection.cursor().execute("SELECT orderId, total FROM t_order WHERE memberId = -1"))
    assert (table.num_rows, [str(kind) for kind in table.schema.types]) == (0, ["uint64", "decimal128(12, 2)"])


def test_an_outer_join_may_have_nulls(files: Any) -> None:
    sql = "SELECT a.memberId, b.memberId AS other FROM t_order a LEFT JOIN t_order b ON a.orderId = b.orderId + 1"
    nullable = {field.name: field.nullable for field in pa.table(files.cursor().execute(sql)).schema}
    assert nullable == {"memberId": False, "other": True}


def test_an_error_in_the_stream_reaches_the_reader(files: Any) -> None:
    with pytest.raises(DataError, match="'total' as decimal128"):
        files.cursor().execute("SELECT CAST(1e25 AS DECIMAL(60,30)) AS total FROM t_order").arrow().read_all()


@pytest.mark.mysql
def test_zero_dates_and_the_largest_integers_of_a_server(mysql_servers: Any, tmp_path: Path) -> None:
    from tests.integration.ecosystem.stage import on_servers

    for connection in on_servers(mysql_servers):
        cursor = connection.cursor()
        largest = cursor.execute("SELECT MAX(orderId) + %s AS largest FROM t_order", (FIRST,)).arrow().read_all()
        assert largest["largest"].to_pylist() == [2 * FIRST + ORDERS - 1]
        cursor.execute("SET sql_mode = ''")
        cursor.execute("UPDATE t_order SET day = '0000-00-00' WHERE orderId = %s", (FIRST,))
        days = "SELECT day FROM t_order ORDER BY orderId LIMIT 2"
        with pytest.raises(DataError, match="'0000-00-00', which Arrow cannot hold"):
            cursor.execute(days).arrow().read_all()
        assert cursor.execute(days).arrow(zero_dates="null").read_all()["day"].to_pylist() == [None, EXPECTED[1][4]]
        cursor.close()


def over(rules: Rules, driver: str) -> Rules:
    """The same rules, with MySQL's servers reached through this driver."""
    servers = {
        name: server if server.embedded else replace(server, url=server.url.set(drivername=f"mysql+{driver}"))
        for name, server in rules.servers.items()
    }
    return replace(rules, servers=servers)


@pytest.mark.parametrize("driver", ["asyncmy", "aiomysql"])
def test_asyncio_gives_the_same_table(connection: Any, driver: str) -> None:
    rules = over(connection.session.planner.rules, driver)
    cursor = connection.cursor().execute(ALL)
    description = cursor.description
    wanted = cursor.arrow().read_all()

    async def main() -> tuple[pa.Table, list[int]]:
        async with shardkit.aio.Cluster(rules) as cluster:
            other = cluster.connect(autocommit=True)
            for _ in range(2):  # the second time the columns are known
                cursor = await other.cursor().execute(ALL)
                assert cursor.description == description
                assert list(map(type, cursor.description or ())) == list(map(type, description))
            table = await cursor.arrow().read_all()
            batches = (await other.cursor().execute(ALL)).arrow(batch_rows=10)
            sizes = [batch.num_rows async for batch in batches]
            await other.close()
        return table, sizes

    table, sizes = asyncio.run(main())
    assert table.equals(wanted, check_metadata=True)
    assert sizes == [10, 10, 5]
