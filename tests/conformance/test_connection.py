"""PEP 249: connections. Nothing is open that was not asked for, and what is closed stays closed."""

from __future__ import annotations

from pathlib import Path

import pytest

import shardkit
from tests.integration.dbapi.stage import Stage, rows, run


def test_connecting_with_a_path_and_with_rules(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "shard-rules.yaml"
    file.write_text(stage.text(), encoding="utf-8")
    for rules in (file, str(file), stage.rules()):
        connection = shardkit.connect(rules)
        assert connection.autocommit is False
        assert rows(connection, "SELECT COUNT(*) FROM member") == [(0,)]
        connection.close()
    assert not stage.sessions() or stage.servers[0].flavor  # sessions end on their own time; see failures/


def test_connecting_asks_no_server(stage: Stage) -> None:
    text = stage.text().replace(f":{stage.servers[0].port}", ":1").replace(f":{stage.servers[1].port}", ":1")
    from shardkit.rules import loads

    connection = shardkit.connect(loads(text))
    connection.cursor()
    connection.commit()
    connection.rollback()
    connection.close()


def test_methods(connection: shardkit.Connection) -> None:
    for name in ("close", "commit", "rollback", "cursor"):
        assert callable(getattr(connection, name))
    assert connection.commit() is None  # type: ignore[func-returns-value]
    assert connection.rollback() is None  # type: ignore[func-returns-value]
    assert isinstance(connection.cursor(), shardkit.Cursor)
    assert connection.cursor() is not connection.cursor()
    assert connection.cursor().connection is connection


def test_closing(cluster: shardkit.Cluster) -> None:
    connection = cluster.connect()
    cursor = connection.cursor()
    cursor.execute("SELECT memberId FROM member")
    connection.close()
    connection.close()
    for call in (connection.commit, connection.rollback, connection.cursor, connection.begin, connection.__enter__):
        with pytest.raises(shardkit.InterfaceError):
            call()
    for sql in ("SELECT 1", "SELECT memberId FROM member"):
        with pytest.raises(shardkit.InterfaceError):
            cursor.execute(sql)
    with pytest.raises(shardkit.InterfaceError):
        cursor.executemany("INSERT INTO member (memberId) VALUES (%s)", [(1,)])
    with pytest.raises(shardkit.InterfaceError):
        cursor.explain("SELECT 1")
    cursor.close()


def test_closing_rolls_back(cluster: shardkit.Cluster, connection: shardkit.Connection) -> None:
    other = cluster.connect()
    run(other, "INSERT INTO member (memberId) VALUES (1)")
    other.close()
    assert rows(connection, "SELECT COUNT(*) FROM member") == [(0,)]


def test_transactions_of_two_connections_are_apart(cluster: shardkit.Cluster) -> None:
    first, second = cluster.connect(), cluster.connect()
    run(first, "INSERT INTO member (memberId) VALUES (1)")
    assert rows(second, "SELECT COUNT(*) FROM member") == [(0,)]
    second.rollback()
    first.commit()
    assert rows(second, "SELECT COUNT(*) FROM member") == [(1,)]
    first.close()
    second.close()


def test_cursors_of_one_connection_share_its_transaction(cluster: shardkit.Cluster) -> None:
    connection = cluster.connect()
    first, second = connection.cursor(), connection.cursor()
    first.execute("INSERT INTO member (memberId) VALUES (1)")
    second.execute("SELECT memberId FROM member")
    assert second.fetchall() == ((1,),)
    connection.rollback()
    second.execute("SELECT memberId FROM member")
    assert second.fetchall() == ()
    connection.close()


def test_commit_and_rollback_leave_open_results_readable(cluster: shardkit.Cluster) -> None:
    connection = cluster.connect()
    connection.cursor().executemany(
        "INSERT INTO t_order (memberId, orderId) VALUES (%s, %s)", [(1, i) for i in range(900)]
    )
    connection.commit()
    for end in (connection.commit, connection.rollback):
        cursor = connection.cursor().execute("SELECT orderId FROM t_order ORDER BY orderId")
        assert cursor.fetchone() == (0,)
        end()
        assert cursor.fetchall() == tuple((i,) for i in range(1, 900))
    connection.close()


def test_the_with_block_of_a_connection(cluster: shardkit.Cluster) -> None:
    connection = cluster.connect()
    with connection as entered:
        assert entered is connection
        run(connection, "INSERT INTO member (memberId) VALUES (1)")
    with pytest.raises(ZeroDivisionError), connection:
        run(connection, "INSERT INTO member (memberId) VALUES (5)")
        raise ZeroDivisionError
    assert rows(connection, "SELECT memberId FROM member") == [(1,)]
    connection.close()


def test_repr(cluster: shardkit.Cluster) -> None:
    connection = cluster.connect()
    assert "shardkit" in repr(connection)
    connection.close()
    assert "closed" in repr(connection)
