"""One statement has one moment, on however many shards, whether its text or its columns ask for the time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import shardkit
from tests.integration.dbapi.stage import Stage, rows, run, value

MOMENT = "TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)"


@pytest.fixture
def connection(stage: Stage) -> Iterator[shardkit.Connection]:
    """A table with a moment on every shard, and a connection that may write without a key."""
    stage.everywhere(f"CREATE TABLE scratch (id BIGINT PRIMARY KEY, x INT, made DATETIME(6) NULL, at {MOMENT})")
    with stage.connection(full_scan_writes="allow") as connection:
        yield connection
    stage.everywhere("DROP TABLE scratch")


def moments(connection: shardkit.Connection, column: str = "at") -> set[Any]:
    return {row[0] for row in rows(connection, f"SELECT {column} FROM scratch")}


STATEMENTS = [
    "INSERT INTO scratch (id, x) VALUES (20, 1), (21, 1), (22, 1), (23, 1)",
    "INSERT INTO scratch (id, x, at) VALUES (20, 1, DEFAULT), (21, 1, DEFAULT), (22, 1, DEFAULT)",
    "REPLACE INTO scratch (id, x) VALUES (0, 5), (1, 5), (2, 5), (3, 5)",
    "INSERT INTO scratch (id, x) VALUES (0, 7), (1, 7), (2, 7), (3, 7) ON DUPLICATE KEY UPDATE x = x + 7",
    "INSERT INTO scratch (id, x) SELECT id + 40, x FROM scratch",
    "UPDATE scratch SET x = x + 100",
    "UPDATE scratch SET x = x + 200 ORDER BY id DESC LIMIT 3",
    "UPDATE scratch SET at = NOW(6)",
    "UPDATE scratch SET at = NOW(6) ORDER BY id LIMIT 3",
    "UPDATE scratch s JOIN scratch t ON s.id = t.id + 1 SET s.x = t.x + 300",
]


@pytest.mark.parametrize("sql", STATEMENTS)
def test_all_shards_have_one_moment(connection: shardkit.Connection, sql: str) -> None:
    run(connection, "INSERT INTO scratch (id, x, at) VALUES (0, 0, NULL), (1, 1, NULL), (2, 2, NULL), (3, 3, NULL)")
    for _ in range(2):  # the second time planned already
        run(connection, "UPDATE scratch SET at = '2020-01-01'")
        run(connection, "DELETE FROM scratch WHERE id > 3")
        run(connection, sql)
        assert len(moments(connection) - {value(connection, "SELECT CAST('2020-01-01' AS DATETIME(6))")}) == 1


def test_the_next_statements_time_goes_on(connection: shardkit.Connection) -> None:
    for number in range(0, 12, 4):
        run(connection, f"INSERT INTO scratch (id, x) VALUES ({number}, 1), ({number + 1}, 1), ({number + 2}, 1)")
    for number in range(12, 24):
        run(connection, "INSERT INTO scratch (id, x) VALUES (%s, 1)", (number,))
    assert len(moments(connection)) == 3 + 12


def test_a_time_that_the_session_has_set_holds(connection: shardkit.Connection) -> None:
    run(connection, "SET SESSION time_zone = '+00:00'")
    run(connection, "SET SESSION timestamp = 1000000000")
    for number in (0, 4):
        run(connection, f"INSERT INTO scratch (id, x) VALUES ({number}, 1), ({number + 1}, 1), ({number + 2}, 1)")
    run(connection, "INSERT INTO scratch (id, x) VALUES (100, 1)")
    assert [str(moment) for moment in moments(connection)] == ["2001-09-09 01:46:40"]
