"""Federated SELECTs in transactions and sessions: what they see, what they lock, and under which settings they run."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

import shardkit
from tests.integration.dbapi.stage import Stage, rows, run, value

FAR = "SELECT o.orderId, d.k FROM t_order o JOIN doc d ON d.n = o.orderId ORDER BY o.orderId, d.k"
GROUPS = (
    "SELECT status, SUM(amount) / COUNT(*) AS mean FROM t_order GROUP BY status HAVING COUNT(*) > 1 ORDER BY status"
)
SHARES = "SELECT orderId, amount / SUM(amount) OVER () AS share FROM t_order ORDER BY orderId"


@pytest.fixture
def filled(loose: shardkit.Connection) -> shardkit.Connection:
    """Orders 0 to 7 on four shards, and a document for each."""
    orders = [(n % 4, n, Decimal(n), "new" if n < 4 else "paid") for n in range(8)]
    loose.cursor().executemany(
        "INSERT INTO t_order (memberId, orderId, amount, status) VALUES (%s, %s, %s, %s)", orders
    )
    loose.cursor().executemany("INSERT INTO doc (k, n) VALUES (%s, %s)", [(f"d{n}", n) for n in range(8)])
    return loose


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("sql", "before", "after"),
    [
        (FAR, [(n, f"d{n}") for n in range(8)], [(n, f"d{n}") for n in range(1, 8)]),
        (GROUPS, [("new", Decimal("1.500000")), ("paid", Decimal("5.500000"))],
         [("new", Decimal("2.000000")), ("paid", Decimal("5.500000"))]),
    ],
)  # fmt: skip
def test_a_transaction_sees_its_own_writes(
    cluster: shardkit.Cluster, sql: str, before: list[object], after: list[object]
) -> None:
    writer, other = cluster.connect(), cluster.connect(autocommit=True)
    assert rows(writer, sql) == before
    assert run(writer, "DELETE FROM t_order WHERE memberId = 0 AND orderId = 0") == 1
    assert rows(writer, sql) == after
    assert rows(other, sql) == before
    writer.rollback()
    assert rows(writer, sql) == before
    writer.close()
    other.close()


def test_a_transaction_goes_on_behind_a_federated_select(
    cluster: shardkit.Cluster, filled: shardkit.Connection
) -> None:
    writer = cluster.connect()
    run(writer, "UPDATE t_order SET amount = 100 WHERE memberId = 1 AND orderId = 1")
    assert rows(writer, SHARES)[1][1] > Decimal("0.7")
    run(writer, "UPDATE t_order SET status = 'paid' WHERE memberId = 1 AND orderId = 1")
    writer.commit()
    assert rows(filled, "SELECT amount, status FROM t_order WHERE memberId = 1 AND orderId = 1") == [
        (Decimal("100.00"), "paid")
    ]
    writer.close()


def test_repeatable_reads_hold_over_the_shards(cluster: shardkit.Cluster, filled: shardkit.Connection) -> None:
    reader = cluster.connect()
    before = rows(reader, FAR)
    run(filled, "DELETE FROM t_order WHERE orderId > 3")
    assert rows(reader, FAR) == before
    reader.rollback()
    assert len(rows(reader, FAR)) == 4
    reader.close()


@pytest.mark.parametrize("sql", [FAR, GROUPS, SHARES])
def test_a_plain_select_waits_for_nobodys_locks(
    cluster: shardkit.Cluster, filled: shardkit.Connection, sql: str
) -> None:
    before = rows(filled, sql)
    writer = cluster.connect()
    run(writer, "UPDATE t_order SET amount = amount + 100 WHERE memberId = 0")
    assert rows(filled, sql.replace("SELECT", "SELECT /*+ shardkit(timeout=5s) */", 1)) == before
    writer.rollback()
    writer.close()


@pytest.mark.parametrize("sql", [FAR, GROUPS, SHARES])
def test_a_plain_select_locks_nothing(cluster: shardkit.Cluster, filled: shardkit.Connection, sql: str) -> None:
    """Its cursor is still open, and the rows can be written."""
    reader = cluster.connect(autocommit=True).cursor().execute(sql)
    reader.fetchone()
    run(filled, "SET SESSION innodb_lock_wait_timeout = 2")
    assert run(filled, "UPDATE t_order SET amount = 7 WHERE memberId = 0") == 2
    reader.close()


def test_for_update_locks_the_shards_rows(cluster: shardkit.Cluster, filled: shardkit.Connection) -> None:
    reader = cluster.connect()
    assert len(rows(reader, f"{FAR} FOR UPDATE")) == 8
    run(filled, "SET SESSION innodb_lock_wait_timeout = 1")
    for member in range(4):
        with pytest.raises(shardkit.Error) as caught:
            run(filled, "UPDATE t_order SET amount = 0 WHERE memberId = %s", (member,))
        assert caught.value.errno == 1205
    reader.rollback()
    assert run(filled, "UPDATE t_order SET amount = -1") == 8
    reader.close()


def test_the_sessions_time_zone(filled: shardkit.Connection) -> None:
    run(filled, "UPDATE t_order SET at = '2024-05-01 12:00:00' WHERE memberId = 1 AND orderId = 1")
    sql = "SELECT o.at, COUNT(*) OVER () AS n FROM t_order o WHERE o.at IS NOT NULL"
    assert rows(filled, sql) == [(datetime(2024, 5, 1, 12), 1)]
    run(filled, "SET time_zone = '+02:00'")
    assert rows(filled, sql) == [(datetime(2024, 5, 1, 14), 1)]
    assert rows(filled, f"{sql} AND o.at > '2024-05-01 13:00:00'") == [(datetime(2024, 5, 1, 14), 1)]


def test_the_sessions_sql_mode(filled: shardkit.Connection) -> None:
    sql = "SELECT 1 / (SELECT COUNT(*) - 8 FROM t_order) AS x, CAST(d.k AS SIGNED) AS k FROM doc d, t_order LIMIT 1"
    assert rows(filled, sql) == [(None, 0)]
    run(filled, "SET sql_mode = 'ONLY_FULL_GROUP_BY'")
    with pytest.raises(shardkit.Error) as caught:
        rows(filled, "SELECT d.k, COUNT(*) FROM doc d JOIN t_order o ON o.orderId = d.n")
    assert caught.value.errno in (1140, 1055)
    run(filled, "SET sql_mode = ''")
    assert len(rows(filled, "SELECT d.k, COUNT(*) FROM doc d JOIN t_order o ON o.orderId = d.n")) == 1


def test_the_sessions_user_variables(filled: shardkit.Connection) -> None:
    run(filled, "SET @least = 5")
    assert rows(filled, "SELECT o.orderId, @least AS v FROM t_order o JOIN doc d ON d.n = o.orderId "
                "WHERE o.orderId >= @least ORDER BY 1") == [(n, 5) for n in (5, 6, 7)]  # fmt: skip
    run(filled, "SET @least = 7")
    assert value(filled, "SELECT COUNT(*) + 0 FROM t_order WHERE orderId >= @least") == 1
    sql = "SELECT COUNT(*) FROM t_order o JOIN doc d ON d.n = o.orderId WHERE o.amount >= @least"
    assert value(filled, sql) == 1


def test_a_workspace_leaves_no_settings_behind(filled: shardkit.Connection) -> None:
    mode = value(filled, "SELECT @@sql_mode")
    for sql in (FAR, GROUPS, SHARES):
        rows(filled, sql)
    assert value(filled, "SELECT @@sql_mode") == mode
    assert value(filled, "SELECT @@time_zone = @@GLOBAL.time_zone") == 1
    assert value(filled, "SELECT @sk__mode IS NULL AND @sk__zone IS NULL") == 1


def test_found_rows_counts_without_the_limit(filled: shardkit.Connection) -> None:
    assert len(rows(filled, f"SELECT SQL_CALC_FOUND_ROWS{FAR[6:]} LIMIT 3")) == 3
    assert value(filled, "SELECT FOUND_ROWS()") == 8


@pytest.mark.parametrize("server", ["rds0", "rds1"])
def test_the_rules_choose_the_server(stage: Stage, filled: shardkit.Connection, server: str) -> None:
    expected = rows(filled, FAR), rows(filled, GROUPS), rows(filled, SHARES)
    with stage.cluster(workspace=server) as cluster:
        connection = cluster.connect(autocommit=True)
        for sql in (FAR, GROUPS, SHARES):
            plan = connection.cursor().explain(sql).json()
            assert plan["workspace"].partition("/")[0] == server
        assert (rows(connection, FAR), rows(connection, GROUPS), rows(connection, SHARES)) == expected
        connection.close()
        stage.assert_idle(cluster)
