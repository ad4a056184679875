"""SET belongs to the shardkit connection: it reaches every shard, early and late, and nobody else ever sees it.

Pools that hold no more connections than a server has shards make all sessions meet on the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import shardkit
from shardkit.errors import OperationalError
from tests.integration.dbapi.stage import SHARDS, Stage, rows, run, value

STATES = {
    "time zone": ("SET time_zone = '+08:00'", "@@time_zone", "+08:00"),
    "time zone with SESSION": ("SET SESSION time_zone = '-03:30'", "@@time_zone", "-03:30"),
    "time zone with at signs": ("SET @@session.time_zone = '+01:00'", "@@time_zone", "+01:00"),
    "sql_mode": ("SET sql_mode = 'NO_ZERO_DATE'", "@@sql_mode", "NO_ZERO_DATE"),
    "no sql_mode": ("SET SESSION sql_mode = ''", "@@sql_mode", ""),
    "names": ("SET NAMES utf8mb4 COLLATE utf8mb4_bin", "@@collation_connection", "utf8mb4_bin"),
    "user variable": ("SET @tenant = 'Müller''s %s \\\\ 😀'", "@tenant", "Müller's %s \\ 😀"),
    "group_concat_max_len": ("SET group_concat_max_len = 2048", "@@group_concat_max_len", 2048),
    "several": ("SET time_zone = '+02:00', @a = 1", "CONCAT(@@time_zone, ' ', @a)", "+02:00 1"),
}


def everywhere(connection: shardkit.Connection, expression: str) -> list[Any]:
    """An expression on each shard, in the order of the shards."""
    return [found for _, found in rows(connection, f"SELECT memberId, {expression} AS x FROM member ORDER BY memberId")]


def isolation(stage: Stage) -> str:
    return "@@tx_isolation" if stage.servers[0].flavor == "mariadb" else "@@transaction_isolation"


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """One member on each shard."""
    with stage.connection(transactions="best_effort") as connection:
        connection.cursor().executemany("INSERT INTO member (memberId) VALUES (%s)", [(i,) for i in range(SHARDS)])
    return stage


@pytest.fixture
def narrow(filled: Stage) -> Iterator[shardkit.Cluster]:
    """A cluster with as few connections as the rules allow."""
    with filled.cluster(pool="size: 2, wait: 5s") as cluster:
        yield cluster
        filled.assert_idle(cluster)


@pytest.mark.parametrize("name", STATES)
def test_a_set_reaches_every_shard_and_nobody_else(narrow: shardkit.Cluster, name: str) -> None:
    statement, expression, expected = STATES[name]
    first, second = narrow.connect(autocommit=True), narrow.connect(autocommit=True)
    before = everywhere(second, expression)
    run(first, statement)
    assert everywhere(first, expression) == [expected] * SHARDS
    assert everywhere(second, expression) == before
    assert everywhere(first, expression) == [expected] * SHARDS
    first.close()
    assert everywhere(second, expression) == before
    second.close()


@pytest.mark.parametrize("name", STATES)
def test_a_set_reaches_connections_that_are_opened_later(filled: Stage, name: str) -> None:
    statement, expression, expected = STATES[name]
    with filled.connection() as connection:
        run(connection, statement)
        assert value(connection, f"SELECT {expression} FROM member WHERE memberId = 1") == expected
        connection.begin()
        for shard in (0, 3, 2):
            assert value(connection, f"SELECT {expression} FROM member WHERE memberId = {shard}") == expected
        connection.rollback()


@pytest.mark.parametrize("name", STATES)
def test_a_set_inside_a_transaction_reaches_its_connections(filled: Stage, name: str) -> None:
    statement, expression, expected = STATES[name]
    with filled.connection(autocommit=False) as connection:
        everywhere(connection, "1")
        run(connection, "UPDATE member SET n = 5 WHERE memberId = 2")
        run(connection, statement)
        assert everywhere(connection, expression) == [expected] * SHARDS
        assert value(connection, "SELECT n FROM member WHERE memberId = 2") == 5
        connection.rollback()
        assert everywhere(connection, expression) == [expected] * SHARDS
        assert value(connection, "SELECT n FROM member WHERE memberId = 2") is None


def test_the_last_of_two_sets_holds(narrow: shardkit.Cluster) -> None:
    first, second = narrow.connect(autocommit=True), narrow.connect(autocommit=True)
    for zone in ("+01:00", "+02:00", "+01:00", "+03:00"):
        run(first, f"SET time_zone = '{zone}'")
        run(second, "SET time_zone = '-09:00'")
        assert everywhere(first, "@@time_zone") == [zone] * SHARDS
        assert everywhere(second, "@@time_zone") == ["-09:00"] * SHARDS
    first.close()
    second.close()


def test_a_time_zone_changes_what_a_timestamp_shows(filled: Stage) -> None:
    with filled.connection(transactions="best_effort") as connection:
        run(connection, "SET time_zone = '+00:00'")
        run(connection, "INSERT INTO t_order (memberId, orderId, at) VALUES (0, 1, '2024-01-01 23:30:00'),"
            "(3, 1, '2024-01-01 23:30:00')")  # fmt: skip
        run(connection, "SET time_zone = '+08:00'")
        shown = rows(connection, "SELECT memberId, DATE_FORMAT(at, '%Y-%m-%d %H:%i') FROM t_order ORDER BY memberId")
        assert shown == [(0, "2024-01-02 07:30"), (3, "2024-01-02 07:30")]


def test_the_isolation_level_of_the_session(filled: Stage, narrow: shardkit.Cluster) -> None:
    first, second = narrow.connect(autocommit=True), narrow.connect(autocommit=True)
    run(first, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    assert everywhere(first, isolation(filled)) == ["READ-COMMITTED"] * SHARDS
    assert everywhere(second, isolation(filled)) == ["REPEATABLE-READ"] * SHARDS
    first.close()
    second.close()


def test_read_committed_sees_what_others_committed_and_repeatable_read_does_not(filled: Stage) -> None:
    with filled.cluster() as cluster:
        for level, expected in (("READ COMMITTED", 7), ("REPEATABLE READ", None)):
            reader, writer = cluster.connect(), cluster.connect(autocommit=True)
            run(writer, "UPDATE member SET n = NULL WHERE memberId = 1")
            run(reader, f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
            assert value(reader, "SELECT n FROM member WHERE memberId = 1") is None
            run(writer, "UPDATE member SET n = 7 WHERE memberId = 1")
            assert value(reader, "SELECT n FROM member WHERE memberId = 1") == expected
            reader.close()
            writer.close()


@pytest.mark.parametrize("explicit", [False, True])
def test_set_transaction_holds_for_one_transaction(filled: Stage, explicit: bool) -> None:
    with filled.connection(autocommit=False) as connection:
        run(connection, "SET TRANSACTION READ ONLY")
        if explicit:
            connection.begin()
        with pytest.raises(OperationalError) as caught:
            run(connection, "UPDATE member SET n = 1 WHERE memberId = 0")
        assert caught.value.errno == 1792
        connection.rollback()
        connection.begin()
        assert run(connection, "UPDATE member SET n = 1 WHERE memberId = 0") == 1
        connection.rollback()


def test_a_wrong_set_changes_nothing(narrow: shardkit.Cluster) -> None:
    connection = narrow.connect(autocommit=True)
    run(connection, "SET time_zone = '+05:00'")
    for wrong, errno in (("SET time_zone = 'nowhere'", 1298), ("SET no_such_variable = 1", 1193),
                         ("SET sql_mode = 'NO_SUCH_MODE'", 1231), ("SET time_zone = '+06:00', nothing = 1", 1193)):  # fmt: skip
        with pytest.raises(OperationalError) as caught:
            run(connection, wrong)
        assert caught.value.errno == errno
        assert everywhere(connection, "@@time_zone") == ["+05:00"] * SHARDS
    connection.close()


def test_a_wrong_set_inside_a_transaction_leaves_the_transaction(filled: Stage) -> None:
    with filled.connection(autocommit=False) as connection:
        run(connection, "UPDATE member SET n = 3 WHERE memberId = 1")
        with pytest.raises(OperationalError):
            run(connection, "SET time_zone = 'nowhere'")
        connection.commit()
        assert value(connection, "SELECT n FROM member WHERE memberId = 1") == 3


def test_sessions_survive_the_loss_of_their_server_connections(filled: Stage, narrow: shardkit.Cluster) -> None:
    others = {(number, thread) for number, thread, *_ in filled.sessions()}
    connection = narrow.connect(autocommit=True)
    run(connection, "SET time_zone = '+05:00', @who = 'me'")
    everywhere(connection, "1")
    mine = {(number, thread) for number, thread, *_ in filled.sessions()} - others
    assert mine
    for number, thread in mine:
        filled.kill(number, thread)
    for pool in narrow.engine.pools:
        pool._suspect_since = float("inf")  # as after a long idle time: ask before use
    assert everywhere(connection, "CONCAT(@@time_zone, @who)") == ["+05:00me"] * SHARDS
    for pool in narrow.engine.pools:
        pool._suspect_since = 0.0
    connection.close()


def test_a_set_is_undone_before_another_cluster_member_writes(narrow: shardkit.Cluster, filled: Stage) -> None:
    """sql_mode '' would cut the text silently; the next session must get the server's strict mode."""
    long = "x" * 65
    first, second = narrow.connect(autocommit=True), narrow.connect(autocommit=True)
    run(first, "SET sql_mode = ''")
    assert run(first, "UPDATE member SET name = %s WHERE memberId = 1", (long,)) == 1
    with pytest.raises(shardkit.DataError):
        run(second, "UPDATE member SET name = %s WHERE memberId = 1", (long + "y",))
    first.close()
    second.close()
    assert (1, 1, "x" * 64) in filled.stored("member", "memberId, name")
