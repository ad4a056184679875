"""Results stream: memory stays flat over a million merged rows, and an early end gives every connection back.

The rows are made on the servers: sixteen databases of 62,500 members each, member i on shard i mod 16.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import shardkit
from shardkit.errors import BudgetExceeded, ConnectionLost, InterfaceError
from tests.integration.dbapi.stage import Stage, rows, run, value
from tests.servers import ServerUrl

SHARDS = 16
SIDE = 250
ROWS = SHARDS * SIDE * SIDE
FLAT = 60_000
"""Growth of memory in kB that still counts as flat; the rows together are ten times as much."""

FILL = (
    f"INSERT INTO `{{database}}`.{{table}} WITH RECURSIVE q AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM q "
    f"WHERE i < {SIDE - 1}) SELECT {{columns}} FROM q a CROSS JOIN q b"
)


@pytest.fixture(scope="module")
def wide(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Stage]:
    """Sixteen databases with a million members, and 62,500 orders of member 5."""
    stage = Stage(mysql_servers, shards=SHARDS)
    number = f"a.i * {SIDE} + b.i"

    def fill(server: str) -> None:
        for shard, (name, database) in enumerate(stage.databases):
            if name == server:
                columns = f"({number}) * {SHARDS} + {shard}, NULL, NULL, NULL, NULL"
                stage.ask(int(server[-1]), FILL.format(database=database, table="member", columns=columns))

    try:
        stage.build(("member", "t_order"))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(fill, ("rds0", "rds1")))
        orders = f"5, {number}, 1.50, 'new', NULL"
        stage.ask(0, FILL.format(database=stage.databases[5].database, table="t_order", columns=orders))
        yield stage
    finally:
        stage.remove()


@pytest.fixture(scope="module")
def cluster(wide: Stage) -> Iterator[shardkit.Cluster]:
    with wide.cluster(transactions="best_effort", budget="time: 120s, rows: 70_000") as cluster:
        yield cluster


@pytest.fixture
def connection(cluster: shardkit.Cluster) -> Iterator[shardkit.Connection]:
    connection = cluster.connect(autocommit=True)
    yield connection
    connection.close()
    assert [pool.in_use for pool in cluster.engine.pools] == [0, 0]


def in_use(cluster: shardkit.Cluster) -> int:
    return sum(pool.in_use for pool in cluster.engine.pools)


def streamed(stage: Stage, folder: Path, sql: str) -> dict[str, Any]:
    rules = folder / "rules.yaml"
    rules.write_text(stage.text(budget="time: 300s"), encoding="utf-8")
    command = [sys.executable, "-m", "tests.integration.dbapi.stream_child", str(rules), sql]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_million_merged_rows_in_flat_memory(wide: Stage, tmp_path: Path) -> None:
    found = streamed(wide, tmp_path, "SELECT memberId, name FROM member ORDER BY memberId")
    assert found["growth"] < FLAT
    assert (found["rows"], found["sum"], found["ordered"]) == (ROWS, ROWS * (ROWS - 1) // 2, True)
    assert (found["used"], found["rowcount"]) == (0, -1)


def test_one_shard_in_flat_memory(wide: Stage, tmp_path: Path) -> None:
    found = streamed(wide, tmp_path, "SELECT orderId, amount FROM t_order WHERE memberId = 5 ORDER BY orderId")
    assert found["growth"] < 10_000
    assert (found["rows"], found["ordered"], found["used"]) == (SIDE * SIDE, True, 0)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT memberId FROM member ORDER BY memberId LIMIT 1000, 10",
        "SELECT memberId FROM member ORDER BY memberId LIMIT 10 OFFSET 1000",
        "SELECT memberId FROM member WHERE memberId >= 1000 ORDER BY memberId LIMIT 10",
    ],
)
def test_a_limit_ends_the_shards_early(cluster: shardkit.Cluster, connection: shardkit.Connection, sql: str) -> None:
    cursor = connection.cursor().execute(sql)
    assert in_use(cluster) == 0
    assert [number for (number,) in cursor] == list(range(1000, 1010))


def test_a_limit_without_order_ends_the_shards_early(
    cluster: shardkit.Cluster, connection: shardkit.Connection
) -> None:
    found = rows(connection, "SELECT memberId FROM member LIMIT 20000")
    assert in_use(cluster) == 0
    assert len(set(found)) == 20000
    for target in connection.cursor().explain("SELECT memberId FROM member LIMIT 20000").json()["targets"]:
        assert target["sql"].endswith("LIMIT 20000")


def test_a_page_from_a_stream_then_close(cluster: shardkit.Cluster, connection: shardkit.Connection) -> None:
    cursor = connection.cursor().execute("SELECT memberId FROM member ORDER BY memberId")
    assert cursor.fetchmany(3) == ((0,), (1,), (2,))
    assert in_use(cluster) == SHARDS
    cursor.close()
    assert in_use(cluster) == 0
    assert value(connection, "SELECT COUNT(*) FROM member") == ROWS


def test_executing_again_ends_the_former_stream(cluster: shardkit.Cluster, connection: shardkit.Connection) -> None:
    cursor = connection.cursor().execute("SELECT memberId FROM member ORDER BY memberId")
    cursor.fetchone()
    cursor.execute("SELECT COUNT(*) FROM member")
    assert in_use(cluster) == 0
    assert cursor.fetchall() == ((ROWS,),)


def test_a_forgotten_cursor_gives_its_connections_back(
    cluster: shardkit.Cluster, connection: shardkit.Connection
) -> None:
    for _ in range(3):
        cursor = connection.cursor().execute("SELECT memberId FROM member")
        assert cursor.fetchone() is not None
        del cursor
    assert value(connection, "SELECT COUNT(*) FROM member") == ROWS
    assert in_use(cluster) == 0


@pytest.mark.parametrize(
    "sql",
    ["SELECT memberId FROM member WHERE memberId < 20000 ORDER BY memberId",
     "SELECT orderId FROM t_order WHERE memberId = 5 AND orderId < 20000 ORDER BY orderId"],
)  # fmt: skip
def test_a_second_statement_keeps_the_rows_of_the_first(connection: shardkit.Connection, sql: str) -> None:
    first = connection.cursor().execute(sql)
    seen = list(first.fetchmany(700))
    second = connection.cursor().execute(sql)
    seen += first.fetchmany(5)
    other = list(islice(second, 800))
    assert rows(connection, "SELECT COUNT(*) FROM member WHERE memberId < 5") == [(5,)]
    seen += first.fetchall()
    other += second.fetchall()
    assert seen == other == [(i,) for i in range(20000)]


def test_a_second_point_select_keeps_the_rows_of_the_first(connection: shardkit.Connection) -> None:
    point = "SELECT orderId FROM t_order WHERE memberId = %s"
    for _ in range(2):  # the second time goes the short way
        first = connection.cursor().execute(point, (5,))
        seen = [first.fetchone()]
        assert rows(connection, "SELECT name FROM member WHERE memberId = %s", (7,)) == [(None,)]
        seen += first.fetchall()
        assert len(seen) == len(set(seen)) == SIDE * SIDE


def test_a_write_keeps_the_rows_of_a_stream(connection: shardkit.Connection) -> None:
    connection.begin()
    cursor = connection.cursor().execute("SELECT memberId, n FROM member WHERE memberId < 20000 ORDER BY memberId")
    first = cursor.fetchone()
    assert run(connection, "UPDATE member SET n = 1 WHERE memberId = 19999") == 1
    assert [first, *cursor] == [(i, None) for i in range(20000)]
    connection.rollback()


def test_rows_that_cannot_be_kept_stay_on_the_servers(
    cluster: shardkit.Cluster, connection: shardkit.Connection
) -> None:
    cursor = connection.cursor().execute("SELECT memberId FROM member ORDER BY memberId")
    assert cursor.fetchone() == (0,)
    with pytest.raises(BudgetExceeded, match="cursor"):
        connection.cursor().execute("SELECT 1")
    assert cursor.fetchmany(80_000) == tuple((i,) for i in range(1, 80_001))
    cursor.close()
    assert in_use(cluster) == 0
    assert value(connection, "SELECT 1") == 1


def test_wide_rows_come_in_smaller_batches(connection: shardkit.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT memberId, REPEAT('x', 20000) FROM member ORDER BY memberId LIMIT 12000")
    assert [number for number, _ in cursor] == list(range(12_000))  # full batches would take 650 MB


@pytest.mark.parametrize("where", ["", " WHERE memberId % 4 = 1"], ids=["all shards", "a condition"])
def test_a_rollback_does_not_wait_for_rows_that_cannot_be_kept(
    cluster: shardkit.Cluster, connection: shardkit.Connection, where: str
) -> None:
    connection.begin()
    assert run(connection, "UPDATE member SET n = 7 WHERE memberId = 5") == 1
    cursor = connection.cursor().execute(f"SELECT memberId FROM member{where} ORDER BY memberId")
    assert cursor.fetchone() is not None
    connection.rollback()
    assert not connection.in_transaction
    with pytest.raises(InterfaceError, match=r"broke off: .*over 70000 rows"):
        cursor.fetchall()
    cursor.close()
    assert in_use(cluster) == 0
    assert value(connection, "SELECT n FROM member WHERE memberId = 5") is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT memberId, REPEAT('x', 3000) FROM member ORDER BY memberId",
        "SELECT orderId, REPEAT('x', 3000) FROM t_order WHERE memberId = 5",
    ],
)
def test_a_result_that_broke_while_it_was_kept_is_never_taken_for_whole(
    connection: shardkit.Connection, wide: Stage, sql: str
) -> None:
    cursor = connection.cursor().execute(sql)
    assert cursor.fetchone() is not None
    for number, thread, command, *_ in wide.sessions():
        if command != "Sleep":
            wide.kill(number, thread)
    with pytest.raises(ConnectionLost):
        connection.cursor().execute("SELECT 1")
    with pytest.raises(shardkit.Error):
        cursor.fetchall()
    assert value(connection, "SELECT 1") == 1


def test_a_result_that_broke_stays_broken(connection: shardkit.Connection, wide: Stage) -> None:
    cursor = connection.cursor().execute("SELECT memberId, REPEAT('x', 3000) FROM member ORDER BY memberId")
    assert cursor.fetchone() is not None
    for number, thread, command, *_ in wide.sessions():
        if command != "Sleep":
            wide.kill(number, thread)
    with pytest.raises(ConnectionLost):
        cursor.fetchall()
    for fetch in (cursor.fetchone, cursor.fetchmany, cursor.fetchall):
        with pytest.raises(shardkit.Error):
            fetch()


def test_fetchmany_walks_through_a_merge(connection: shardkit.Connection) -> None:
    cursor = connection.cursor().execute("SELECT memberId FROM member WHERE memberId < 5000 ORDER BY memberId DESC")
    seen: list[tuple[int]] = []
    for size in (1, 0, 7, 255, 256, 257, 1023, 1024, 1025, 10_000, 5):
        part = cursor.fetchmany(size)
        assert len(part) == min(size, 5000 - len(seen))
        seen += part
    assert seen == [(i,) for i in range(4999, -1, -1)]
    assert cursor.fetchmany(5) == cursor.fetchall() == ()
    assert cursor.fetchone() is None
