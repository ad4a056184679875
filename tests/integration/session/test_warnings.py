"""Warnings of statements over shards are those that one unsharded server gives for the same statement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import shardkit
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.errors import Error
from tests.integration.dbapi.stage import Stage, rows, run

LONG = "x" * 12


@pytest.fixture
def ours(stage: Stage) -> Iterator[shardkit.Connection]:
    """A connection in autocommit that may write on all shards without a key."""
    with stage.connection(full_scan_writes="allow") as connection:
        yield connection


def warnings(cursor: Any) -> list[Any]:
    cursor.execute("SHOW WARNINGS")
    return list(cursor.fetchall())


def both(ours: shardkit.Connection, oracle: Any, sql: str, params: Any = None) -> tuple[list[Any], list[Any]]:
    """What each side shows after the statement; their counts must agree already."""
    cursor = ours.cursor().execute(sql, params)
    if cursor.description is not None:
        cursor.fetchall()
    oracle.execute(sql, params)
    expected, found = warnings(oracle), list(ours.show_warnings())
    assert cursor.warning_count == len(found)
    assert rows(ours, "SHOW WARNINGS") == found
    assert rows(ours, "SHOW COUNT(*) WARNINGS") == [(len(expected),)]
    assert rows(ours, "SHOW WARNINGS LIMIT 1, 2") == found[1:3]
    return expected, found


ORDERED = [
    "INSERT IGNORE INTO t_order (memberId, orderId, amount, status) VALUES (0, 1, 1e20, 'a'), (1, 1, 1, 'abcdefghijkl'), "
    f"(2, 1, 1, 'b'), (3, 1, -1e20, '{LONG}'), (0, 2, 2, '{LONG}'), (1, 2, 1e20, 'c')",
    "INSERT IGNORE INTO t_order (memberId, orderId) VALUES (0, 1)",
    f"INSERT IGNORE INTO t_order (memberId, orderId, status) SELECT memberId, orderId + 10, '{LONG}' FROM t_order "
    "ORDER BY memberId, orderId",
    "INSERT INTO t_order (memberId, orderId, status) VALUES (0, 1, 'a'), (1, 1, 'b'), (2, 9, 'c') "
    "ON DUPLICATE KEY UPDATE status = VALUES(status)",
    "REPLACE INTO t_order (memberId, orderId, status) VALUES (2, 2, 'ok')",
    "SELECT COUNT(*) FROM t_order",
]
UNORDERED = [
    "UPDATE IGNORE t_order SET amount = amount + 1e20",
    "SELECT memberId FROM t_order WHERE status + 0 = 0",
    "SELECT SUM(status + 0) FROM t_order",
]


def test_warnings_equal_those_of_one_server(ours: shardkit.Connection, oracle: Any) -> None:
    for sql in ORDERED:
        expected, found = both(ours, oracle, sql)
        assert found == expected, sql
    for sql in UNORDERED:
        expected, found = both(ours, oracle, sql)
        assert Counter(map(_rowless, found)) == Counter(map(_rowless, expected)), sql


def _rowless(warning: Any) -> Any:
    return (*warning[:2], re.sub(r" at row \d+", "", warning[2]))


def test_those_of_many_rows_name_the_row(ours: shardkit.Connection) -> None:
    cursor = ours.cursor()
    cursor.executemany(
        "INSERT IGNORE INTO t_order (memberId, orderId, status) VALUES (%s, %s, %s)",
        [(n, n, LONG if n % 700 == 5 else "ok") for n in range(2000)],
    )
    assert [text for _, _, text in ours.show_warnings()] == [
        f"Data truncated for column 'status' at row {row}" for row in (6, 706, 1406)
    ]
    assert cursor.warning_count == 3


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_key_and_its_row(stage: Stage, autocommit: bool) -> None:
    """The short ways tell too, and the next statement begins with none."""
    with stage.connection(autocommit=autocommit) as ours:
        insert = "INSERT IGNORE INTO t_order (memberId, orderId, status) VALUES (%s, %s, %s)"
        for number in range(3):
            cursor = ours.cursor().execute(insert, (0, number, LONG))
            assert cursor.warning_count == 1
            assert ours.show_warnings() == (("Warning", 1265, "Data truncated for column 'status' at row 1"),)
            assert rows(ours, "SHOW WARNINGS", ()) == list(ours.show_warnings())
            assert ours.cursor().execute(insert, (0, number + 10, "ok")).warning_count == 0
            assert ours.show_warnings() == ()
        read = "SELECT orderId, status + 0 FROM t_order WHERE memberId = %s"
        for _ in range(2):
            reader = ours.cursor().execute(read, (0,))
            assert len(reader.fetchall()) == 6
            assert reader.warning_count == 6


def test_an_error_is_shown(ours: shardkit.Connection) -> None:
    run(ours, "INSERT INTO t_order (memberId, orderId) VALUES (0, 1)")
    for sql, params in (
        ("INSERT INTO t_order (memberId, orderId) VALUES (0, 1)", None),
        ("INSERT INTO t_order (memberId, orderId) VALUES (1, 1), (0, 1)", None),
        ("INSERT INTO t_order (memberId, orderId) VALUES (%s, %s)", (0, 1)),
        ("INSERT INTO t_order (memberId, orderId) VALUES (%s, %s)", (0, 1)),
    ):
        with pytest.raises(Error) as caught:
            run(ours, sql, params)
        assert rows(ours, "SHOW ERRORS") == rows(ours, "SHOW WARNINGS") == [("Error", 1062, caught.value.message)]
        assert rows(ours, "SHOW COUNT(*) ERRORS") == [(1,)]
    run(ours, "INSERT INTO t_order (memberId, orderId) VALUES (0, 3)")
    assert rows(ours, "SHOW WARNINGS") == rows(ours, "SHOW ERRORS") == []


def test_nothing_is_asked_where_there_are_none(stage: Stage) -> None:
    with stage.cluster() as cluster:
        ours = cluster.connect(autocommit=True)
        insert = "INSERT IGNORE INTO t_order (memberId, orderId, status) VALUES (0, %s, %s)"
        run(ours, insert, (0, "ok"))
        (idle,) = cluster.engine.by_shard[stage.databases[0]]._idle
        assert isinstance(idle, MySqlConnection)

        def asked() -> int:
            (row,) = idle._wire.ask("SHOW SESSION STATUS LIKE 'Questions'").rows_up_to(0)[0]
            return int(row[1])

        before = asked()
        run(ours, insert, (1, "ok"))
        after = asked()
        run(ours, insert, (2, LONG))
        assert (after - before, asked() - after) == (2, 3)
        ours.close()
