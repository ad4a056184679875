"""What observers hear of a real cluster over embedded shards."""

from __future__ import annotations

import gc
import logging

import pytest

import shardkit
from shardkit.errors import IntegrityError, SqlSyntaxError
from shardkit.observe import ClusterCloses, ClusterOpens, PieceBegins, PieceEnds, StatementBegins, TransactionEnds
from tests.integration.observe.conftest import Heard, Opening


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def connection(opening: Opening, heard: Heard) -> shardkit.Connection:
    return opening(heard).connect(autocommit=True)


def test_a_cluster_without_observers_has_no_watch(opening: Opening) -> None:
    cluster = opening()
    assert cluster.watch is None
    assert cluster.connect(autocommit=True).session.plain


@pytest.mark.parametrize(
    ("sql", "kind", "shards", "rows", "scatter"),
    [
        ("SELECT * FROM t_order WHERE memberId = 1", "pass", 1, 1, False),
        ("SELECT * FROM t_order ORDER BY n", "merge", 4, 8, True),
        ("SELECT * FROM t_order WHERE memberId IN (1, 2) ORDER BY n", "merge", 2, 2, False),
        ("SELECT n % 2, SUM(n) FROM t_order GROUP BY n % 2 HAVING SUM(n) > 1", "federate", 4, 2, False),
        ("SELECT COUNT(*) FROM t_order a JOIN t_order b ON a.n = b.n + 1", "federate", 4, 1, False),
        ("SET autocommit = 1", "session", 0, 0, False),
    ],
)
def test_statements(
    connection: shardkit.Connection, heard: Heard, sql: str, kind: str, shards: int, rows: int, scatter: bool
) -> None:
    connection.cursor().execute(sql).connection.commit()
    cursor = connection.cursor().execute(sql)
    if rows:
        cursor.fetchall()
    one = heard.last().statement
    assert (one.text, one.kind, one.rows, one.scatter, one.cached) == (sql, kind, rows, scatter, True)
    assert len(one.shards) == shards
    assert sum(isinstance(event, PieceBegins) for event in heard) == sum(isinstance(e, PieceEnds) for e in heard)


def test_the_second_execution_comes_from_the_plan_cache(connection: shardkit.Connection, heard: Heard) -> None:
    for member in (1, 2, 3):
        connection.cursor().execute("SELECT n FROM t_order WHERE memberId = %s", (member,)).fetchall()
    assert [end.statement.cached for end in heard.statements] == [False, True, True]
    assert [end.statement.rows for end in heard.statements] == [1, 1, 1]


def test_writes(connection: shardkit.Connection, heard: Heard) -> None:
    cursor = connection.cursor()
    cursor.execute("UPDATE t_order SET n = 0 WHERE memberId = %s", (1,))
    assert (heard.last().statement.kind, heard.last().statement.affected) == ("write", 1)
    cursor.executemany("INSERT INTO t_order VALUES (%s, %s, 0)", [(i, i) for i in range(10, 20)])
    one = heard.last().statement
    assert (one.kind, one.affected, one.batch, len(one.shards)) == ("write", 10, 10, 4)
    assert len(heard.statements) == 2


def test_errors(connection: shardkit.Connection, heard: Heard) -> None:
    with pytest.raises(IntegrityError) as caught:
        connection.cursor().execute("INSERT INTO t_order VALUES (1, 1, 1)")
    assert heard.last().statement.error is caught.value
    with pytest.raises(SqlSyntaxError):
        connection.cursor().execute("SELEC 1")
    assert heard.last().statement.kind == ""
    failed = [end.statement for end in heard.statements if end.statement.error is not None]
    assert len(failed) == 2


def test_transactions(connection: shardkit.Connection, heard: Heard) -> None:
    cursor = connection.cursor()
    for end in (connection.commit, connection.rollback):
        connection.begin()
        cursor.execute("UPDATE t_order SET n = 0 WHERE memberId = 1")
        end()
    connection.commit()  # nothing is open
    cursor.execute("BEGIN")
    cursor.execute("UPDATE t_order SET n = 0 WHERE memberId = 1")
    cursor.execute("COMMIT")
    outcomes = [event.outcome for event in heard if isinstance(event, TransactionEnds)]
    assert outcomes == ["committed", "rolled back", "committed"]
    assert [end.statement.text for end in heard.statements] == [
        "UPDATE t_order SET n = 0 WHERE memberId = 1", "COMMIT", "UPDATE t_order SET n = 0 WHERE memberId = 1",
        "ROLLBACK", "BEGIN", "UPDATE t_order SET n = 0 WHERE memberId = 1", "COMMIT",
    ]  # fmt: skip


def test_a_transaction_that_is_closed_with_its_connection(connection: shardkit.Connection, heard: Heard) -> None:
    connection.begin()
    connection.cursor().execute("UPDATE t_order SET n = 0 WHERE memberId = 1")
    connection.close()
    assert [event.outcome for event in heard if isinstance(event, TransactionEnds)] == ["rolled back"]


def test_results_that_nobody_reads_to_the_end(connection: shardkit.Connection, heard: Heard) -> None:
    rows = [(100 + i, i % 4, i) for i in range(4000)]
    connection.cursor().executemany("INSERT INTO t_order VALUES (%s, %s, %s)", rows)
    cursor = connection.cursor().execute("SELECT * FROM t_order WHERE memberId = 1")
    cursor.close()
    connection.cursor().execute("SELECT 1")
    closed = heard.statements[1]
    assert (closed.statement.text, closed.complete) == ("SELECT * FROM t_order WHERE memberId = 1", False)
    connection.cursor().execute("SELECT * FROM t_order WHERE memberId = 2")
    gc.collect()  # the cursor is forgotten
    connection.cursor().execute("SELECT 2").fetchall()
    lost = heard.statements[-2]
    assert (lost.statement.text, lost.complete) == ("SELECT * FROM t_order WHERE memberId = 2", False)
    begun = [event.statement for event in heard if isinstance(event, StatementBegins)]
    assert sorted(one.text for one in begun) == sorted(end.statement.text for end in heard.statements)


def test_the_cluster_itself(opening: Opening, heard: Heard) -> None:
    cluster = opening(heard)
    opened = heard[0]
    assert isinstance(opened, ClusterOpens)
    assert opened.servers["one"].embedded
    cluster.connect(autocommit=True).cursor().execute("SELECT * FROM t_order WHERE memberId = 1").fetchall()
    (pool,) = (state for state in opened.pools() if state.name == "one/o_1")
    assert (pool.size, pool.in_use, pool.idle, pool.waiting) == (16, 0, 1, 0)
    cluster.close()
    assert heard[-1] == ClusterCloses(opened)


def test_the_rules_ask_for_a_log_of_slow_statements(opening: Opening, caplog: pytest.LogCaptureFixture) -> None:
    cluster = opening(defaults="slow_statement: 0s")
    with caplog.at_level(logging.WARNING, "shardkit.slow"):
        cluster.connect(autocommit=True).cursor().execute("SELECT COUNT(*) FROM t_order WHERE n < 5").fetchall()
    record = caplog.records[-1]
    assert "merge on 4 shards" in record.getMessage()
    assert record.getMessage().endswith("1 rows: SELECT COUNT(*) FROM t_order WHERE n < ?")
