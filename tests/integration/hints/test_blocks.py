"""Hints over embedded shards: rows that lie where nobody looks, statements of a block, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import shardkit
from shardkit.errors import HintError, NotSupportedError, SqlSyntaxError

RULES = """\
version: 1
servers: {{ one: {{ url: "sqlite:///{folder}" }} }}
layouts: {{ main: {{ databases: "o_{{0..3}}", servers: [one] }} }}
tables:
  t_order: {{ layout: main, shard_by: memberId, algorithm: mod }}
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[shardkit.Connection]:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(folder=tmp_path), encoding="utf-8")
    with shardkit.Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t_order (orderId BIGINT PRIMARY KEY, memberId BIGINT NOT NULL, n INT)")
        cursor.executemany("INSERT INTO t_order VALUES (%s, %s, %s)", [(i, i, i) for i in range(8)])
        yield connection
        connection.close()


def ids(connection: shardkit.Connection, sql: str, *params: object) -> list[int]:
    return [row[0] for row in connection.cursor().execute(sql, params or None).fetchall()]


POINT = "SELECT orderId FROM t_order WHERE memberId = %s"


def test_a_block_sends_every_statement_to_its_shard(connection: shardkit.Connection) -> None:
    assert ids(connection, POINT, 5) == [5]
    with connection.hint(shard=1):
        assert ids(connection, "SELECT orderId FROM t_order ORDER BY orderId") == [1, 5]
        assert ids(connection, "SELECT COUNT(*) FROM t_order") == [2]
        assert ids(connection, POINT, 5) == [5]
        assert ids(connection, POINT, 6) == []  # slot 1 does not hold it
        with connection.hint(shard="one/o_2"):
            assert ids(connection, POINT, 6) == [6]
        assert ids(connection, "SELECT orderId FROM t_order /*+ shardkit(key=%s) */ ORDER BY orderId", 3) == [3, 7]
    assert ids(connection, POINT, 6) == [6]


def test_a_row_that_lies_where_it_does_not_belong_is_found_and_taken_away(connection: shardkit.Connection) -> None:
    with connection.hint(shard=1):
        connection.cursor().execute("UPDATE t_order SET n = 50 WHERE memberId = 5")
        with pytest.raises(HintError, match=r"belongs, by its shard key, to slot 2 \(one/o_2.t_order\)"):
            connection.cursor().execute("INSERT INTO t_order VALUES (%s, %s, 0)", (90, 6))
        with pytest.raises(HintError, match="belongs"):
            connection.cursor().execute("UPDATE t_order SET memberId = 6 WHERE orderId = 5")
        with pytest.raises(HintError, match="belongs"):
            connection.cursor().executemany("INSERT INTO t_order VALUES (%s, %s, 0)", [(90, 6)])
        assert connection.cursor().execute("DELETE FROM t_order").rowcount == 2
    assert ids(connection, "SELECT orderId FROM t_order ORDER BY orderId") == [0, 2, 3, 4, 6, 7]


def test_a_block_ends_with_its_error(connection: shardkit.Connection) -> None:
    with pytest.raises(ZeroDivisionError), connection.hint(key=1):
        1 / 0  # noqa: B018
    assert ids(connection, "SELECT COUNT(*) FROM t_order") == [8]


def test_what_a_block_refuses(connection: shardkit.Connection) -> None:
    with pytest.raises(HintError, match="the rules have no shard 'one/o_9'"), connection.hint(shard="one/o_9"):
        pass
    with pytest.raises(HintError, match="no layout has a slot 4"), connection.hint(shard=4):
        pass
    with pytest.raises(NotSupportedError, match="TRUNCATE TABLE sent somewhere by a hint"), connection.hint(shard=1):
        connection.cursor().execute("TRUNCATE t_order")
    with pytest.raises(SqlSyntaxError, match="line 1, column 21"):
        connection.cursor().execute("SELECT /*+ shardkit(shrad=1) */ 1")
    assert ids(connection, "SELECT COUNT(*) FROM t_order") == [8]


def test_transactions_go_on_in_a_block(connection: shardkit.Connection) -> None:
    connection.begin()
    with connection.hint(shard=1):
        connection.cursor().execute("UPDATE t_order SET n = 0")
        connection.rollback()
        assert ids(connection, "SELECT n FROM t_order ORDER BY n") == [1, 5]


def test_explain_and_a_stream_that_outlives_its_block(connection: shardkit.Connection) -> None:
    cursor = connection.cursor()
    with connection.hint(shard=3):
        assert "connection.hint(shard=…)" in str(cursor.explain("SELECT * FROM t_order"))
        cursor.execute("SELECT orderId FROM t_order ORDER BY orderId")
    assert cursor.fetchall() == ((3,), (7,))
