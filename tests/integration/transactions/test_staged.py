"""Writes that read first: a refusal or a failure leaves nothing open, nothing half done and no connection changed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import shardkit
from shardkit.errors import BudgetExceeded, CrossShardRefused, CrossShardTransaction, Error, TransactionAborted
from tests.integration.dbapi.stage import SHARDS, Stage, rows, run

LOOSE: dict[str, Any] = {"transactions": "best_effort", "full_scan_writes": "allow"}
FIND = "UPDATE member SET n = n + 100 ORDER BY memberId DESC LIMIT 5"


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Members 0 to 7 with n = memberId."""
    with stage.connection(**LOOSE) as connection:
        connection.cursor().executemany("INSERT INTO member (memberId, n) VALUES (%s, %s)", [(i, i) for i in range(8)])
    return stage


@pytest.fixture
def loose_cluster(filled: Stage) -> Iterator[shardkit.Cluster]:
    """A cluster that allows everything; every test must leave it idle, and its connections as they were."""
    with filled.cluster(**LOOSE) as cluster:
        yield cluster
        filled.assert_idle(cluster)
        connection = cluster.connect(autocommit=True)
        sql = "SELECT @@timestamp > 1600000000, @@insert_id, @@sql_mode LIKE '%STRICT%', memberId FROM member"
        assert {row[:3] for row in rows(connection, sql)} == {(1, 0, 1)}
        sql = "SELECT DISTINCT UNIX_TIMESTAMP() - UNIX_TIMESTAMP(SYSDATE()) >= -1 FROM member"
        assert rows(connection, sql) == [(1,)]
        connection.close()


def n(stage: Stage) -> dict[int, object]:
    return {member: value for _, member, value in stage.stored("member", "memberId, n")}


BEFORE = {i: i for i in range(8)}


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("UPDATE member SET n = 5, memberId = memberId + 1000 WHERE memberId < 3", "1062"),
        ("UPDATE member SET memberId = memberId + 1 WHERE memberId IN (1, 2, 5)", "1062"),
        ("UPDATE member SET memberId = NULL WHERE memberId = 3", "1048"),
        ("INSERT INTO member (memberId, n) SELECT memberId + 8, n FROM member", "1062"),
        ("INSERT INTO member (memberId, name) SELECT memberId + 8, REPEAT('x', memberId * 20) FROM member", "1406"),
        ("INSERT INTO country (code, label) SELECT 'DE', n FROM member", "1062"),
        ("UPDATE member SET n = NULL WHERE RAND() < 0.5", "1235"),
        ("UPDATE member m JOIN t_order o ON o.orderId < 100 SET m.n = o.orderId", "1235"),
    ],
)
def test_a_failure_under_autocommit_undoes_everything(
    loose_cluster: shardkit.Cluster, filled: Stage, sql: str, error: str
) -> None:
    connection = loose_cluster.connect(autocommit=True)
    run(connection, "INSERT INTO t_order (memberId, orderId) VALUES (1, 1), (2, 2)")
    with pytest.raises(Error) as caught:
        run(connection, sql)
    assert str(caught.value.errno) == error
    assert not connection.in_transaction
    assert n(filled) == BEFORE
    assert filled.stored("country") == []
    run(connection, FIND)
    assert n(filled) == BEFORE | {i: i + 100 for i in range(3, 8)}
    connection.close()


def test_a_refusal_leaves_the_users_transaction_as_it_was(loose_cluster: shardkit.Cluster, filled: Stage) -> None:
    connection = loose_cluster.connect()
    run(connection, "UPDATE member SET n = 50 WHERE memberId = 5")
    with pytest.raises(CrossShardRefused):
        run(connection, "UPDATE member SET n = NULL WHERE RAND() < 0.5")
    run(connection, FIND)
    connection.commit()
    assert n(filled) == BEFORE | {5: 150} | {i: i + 100 for i in (3, 4, 6, 7)}
    run(connection, FIND)
    connection.rollback()
    assert n(filled)[5] == 150
    connection.close()


def test_a_failure_half_way_ends_the_users_transaction(loose_cluster: shardkit.Cluster, filled: Stage) -> None:
    connection = loose_cluster.connect()
    run(connection, "UPDATE member SET n = 50 WHERE memberId = 5")
    with pytest.raises(Error, match="Duplicate"):
        run(connection, "UPDATE member SET memberId = memberId + 1 WHERE memberId IN (1, 2, 6)")
    with pytest.raises(TransactionAborted):
        run(connection, FIND)
    connection.rollback()
    assert n(filled) == BEFORE
    connection.close()


def test_one_shard_is_enough_for_a_single_shard_policy(filled: Stage) -> None:
    with filled.cluster(full_scan_writes="allow", transactions="single_shard") as cluster:
        connection = cluster.connect(autocommit=True)
        assert run(connection, "UPDATE member SET n = 70 ORDER BY memberId DESC LIMIT 1") == 1
        with pytest.raises(CrossShardTransaction):
            run(connection, FIND)
        with pytest.raises(CrossShardTransaction):
            run(connection, "UPDATE member SET memberId = 20 + 1 WHERE memberId = 2")
        assert n(filled) == BEFORE | {7: 70}
        connection.close()
        filled.assert_idle(cluster)


def test_rows_that_are_found_count_against_the_budget(filled: Stage) -> None:
    with filled.cluster(**LOOSE, budget="rows: 6") as cluster:
        connection = cluster.connect(autocommit=True)
        with pytest.raises(BudgetExceeded):
            run(connection, "INSERT INTO member (memberId) SELECT memberId + 8 FROM member")
        run(
            connection, "INSERT INTO /*+ shardkit(budget_rows=100) */ member (memberId) SELECT memberId + 8 FROM member"
        )
        assert len(n(filled)) == 16
        connection.close()
        filled.assert_idle(cluster)


def test_copies_get_one_moment_and_the_same_ids(loose_cluster: shardkit.Cluster, filled: Stage) -> None:
    filled.everywhere(
        "CREATE TABLE IF NOT EXISTS kept LIKE country", "DROP TABLE country",
        "CREATE TABLE country (id INT PRIMARY KEY AUTO_INCREMENT, label VARCHAR(90), x DOUBLE, "
        "made TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6), seen TIMESTAMP(6) NULL ON UPDATE CURRENT_TIMESTAMP(6))",
    )  # fmt: skip
    try:
        connection = loose_cluster.connect(autocommit=True)
        cursor = connection.cursor()
        cursor.execute("INSERT INTO country (label, x) VALUES (UUID(), RAND()), (NOW(6), 1), ('c', RAND())")
        assert (cursor.rowcount, cursor.lastrowid) == (3, 1)
        assert cursor.execute("INSERT INTO country (label) VALUES ('d')").lastrowid == 4
        assert run(connection, "UPDATE country SET x = RAND() * id, label = CONCAT(label, NOW(6))") == 4
        run(connection, "UPDATE country SET x = x + 1 WHERE id > 2")
        with pytest.raises(CrossShardRefused, match="AUTO_INCREMENT"):
            run(connection, "INSERT IGNORE INTO country (label) VALUES ('e')")
        stored = filled.stored("country")
        copies = [sorted(row[1:] for row in stored if row[0] == number) for number in range(SHARDS)]
        assert len(copies[0]) == 4
        assert copies == [copies[0]] * SHARDS
        assert {row[3] is not None and row[4] is not None for row in copies[0]} == {True}
        connection.close()
    finally:
        filled.everywhere("DROP TABLE country", "RENAME TABLE kept TO country")


def test_rows_of_a_key_that_does_not_hold_the_shard_key_move(loose_cluster: shardkit.Cluster, filled: Stage) -> None:
    filled.everywhere(
        "CREATE TABLE scratch (oid INT AUTO_INCREMENT PRIMARY KEY, id BIGINT NOT NULL, f FLOAT, d DECIMAL(30,10), "
        "at TIMESTAMP(6) NULL, j JSON, twice DOUBLE AS (d * 2) STORED)"
    )  # fmt: skip
    try:
        connection = loose_cluster.connect(autocommit=True)
        run(connection, "INSERT INTO scratch (oid, id, f, d, at, j) VALUES (1, 1, 0.1, 1.0000000001, "
            "'2024-10-27 02:30:00.123456', '{\"a\": [1, \"x\"]}'), (2, 1, 16777216, NULL, NULL, NULL)")  # fmt: skip
        before = {
            row[1]: row[3:] for row in filled.stored("scratch", "oid, id, f + 0e0, d, at, CAST(j AS CHAR), twice")
        }
        assert run(connection, "UPDATE scratch SET id = id + oid") == 2
        after = filled.stored("scratch", "oid, id, f + 0e0, d, at, CAST(j AS CHAR), twice")
        assert [(row[0], row[1], row[2]) for row in after] == [(2, 1, 2), (3, 2, 3)]
        assert {row[1]: row[3:] for row in after} == before
        assert before[1][1] == Decimal("1.0000000001")
        connection.close()
    finally:
        filled.everywhere("DROP TABLE scratch")
