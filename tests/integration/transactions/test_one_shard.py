"""A transaction on one shard is a plain transaction: begin, commit, rollback, savepoints, implicit and by SQL."""

from __future__ import annotations

from typing import Any

import pytest

import shardkit
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.errors import IntegrityError, InterfaceError, OperationalError
from tests.integration.dbapi.stage import Stage, rows, run, value


@pytest.fixture
def member(connection: shardkit.Connection) -> shardkit.Connection:
    """The autocommit connection, with member 0 whose n is 0."""
    run(connection, "INSERT INTO member (memberId, n) VALUES (0, 0)")
    return connection


@pytest.fixture
def other(cluster: shardkit.Cluster, member: shardkit.Connection) -> shardkit.Connection:
    """A second connection, with autocommit off, as PEP 249 wants it."""
    return cluster.connect()


def n(connection: shardkit.Connection) -> object:
    return value(connection, "SELECT n FROM member WHERE memberId = 0")


def add(connection: shardkit.Connection, number: int) -> None:
    assert run(connection, "UPDATE member SET n = %s WHERE memberId = 0", (number,)) == 1


def test_commit_makes_it_last_and_rollback_undoes_it(member: shardkit.Connection, other: shardkit.Connection) -> None:
    member.begin()
    add(member, 1)
    assert member.in_transaction
    assert n(other) == 0
    other.rollback()
    member.commit()
    assert not member.in_transaction
    assert n(other) == 1
    other.rollback()
    member.begin()
    add(member, 2)
    member.rollback()
    assert (n(member), n(other)) == (1, 1)
    other.close()


def test_statements_of_sql_do_the_same(member: shardkit.Connection) -> None:
    for begin in ("BEGIN", "begin work;", "START TRANSACTION", "START TRANSACTION READ WRITE", "/* x */ BEGIN -- y"):
        run(member, begin)
        add(member, 7)
        run(member, "ROLLBACK WORK")
        assert n(member) == 0
    for number, commit in enumerate(("COMMIT", "commit work", "COMMIT;"), 10):
        run(member, "BEGIN")
        add(member, number)
        run(member, commit)
        member.rollback()
        assert n(member) == number


def test_autocommit_off_begins_by_itself(member: shardkit.Connection, other: shardkit.Connection) -> None:
    add(other, 1)
    assert other.in_transaction
    other.rollback()
    assert n(member) == 0
    add(other, 2)
    other.commit()
    assert n(member) == 2
    add(other, 3)
    other.commit()
    assert n(member) == 3
    other.close()


def test_a_reader_with_autocommit_off_sees_one_snapshot(
    member: shardkit.Connection, other: shardkit.Connection
) -> None:
    assert n(other) == 0
    add(member, 1)
    assert n(other) == 0
    other.commit()
    assert n(other) == 1
    other.close()


def test_the_autocommit_switch(member: shardkit.Connection, other: shardkit.Connection) -> None:
    assert (member.autocommit, other.autocommit) == (True, False)
    add(other, 1)
    other.autocommit = True
    assert n(member) == 1
    add(other, 2)
    assert n(member) == 2
    run(other, "SET autocommit = 0")
    assert not other.autocommit
    add(other, 3)
    assert n(member) == 2
    other.rollback()
    run(other, "SET autocommit = 1")
    add(other, 4)
    assert n(member) == 4
    other.close()


@pytest.mark.parametrize("again", ["BEGIN", "START TRANSACTION"])
def test_begin_commits_what_is_open(member: shardkit.Connection, again: str) -> None:
    member.begin()
    add(member, 5)
    run(member, again)
    member.rollback()
    assert n(member) == 5
    member.begin()
    add(member, 6)
    member.begin()
    member.rollback()
    assert n(member) == 6


def test_commit_and_rollback_without_a_transaction_do_nothing(member: shardkit.Connection, stage: Stage) -> None:
    for _ in range(2):
        member.commit()
        member.rollback()
    assert n(member) == 0
    assert not stage.transactions()


def test_the_with_block(member: shardkit.Connection, other: shardkit.Connection) -> None:
    with other as inside:
        assert inside is other
        add(other, 1)
    assert n(member) == 1
    with pytest.raises(KeyError), other:
        add(other, 2)
        raise KeyError
    assert n(member) == 1
    assert n(other) == 1
    other.close()


def test_savepoints(member: shardkit.Connection) -> None:
    member.begin()
    add(member, 1)
    run(member, "SAVEPOINT a")
    add(member, 2)
    run(member, "savepoint `b c`")
    add(member, 3)
    run(member, "ROLLBACK TO SAVEPOINT `B C`")
    assert n(member) == 2
    add(member, 4)
    run(member, "ROLLBACK WORK TO a")
    assert n(member) == 1
    with pytest.raises(OperationalError) as caught:
        run(member, "ROLLBACK TO `b c`")
    assert caught.value.errno == 1305
    run(member, "RELEASE SAVEPOINT a")
    with pytest.raises(OperationalError, match="a"):
        run(member, "RELEASE SAVEPOINT a")
    member.commit()
    assert n(member) == 1


def test_a_savepoint_set_again_moves(member: shardkit.Connection) -> None:
    member.begin()
    run(member, "SAVEPOINT a")
    add(member, 1)
    run(member, "SAVEPOINT b")
    add(member, 2)
    run(member, "SAVEPOINT a")
    add(member, 3)
    run(member, "ROLLBACK TO a")
    assert n(member) == 2
    run(member, "ROLLBACK TO b")
    assert n(member) == 1
    member.rollback()


def test_rolling_back_to_a_savepoint_that_was_never_kept(member: shardkit.Connection) -> None:
    run(member, "SAVEPOINT a")  # MySQL ends it with the statement's own transaction
    with pytest.raises(OperationalError) as caught:
        run(member, "ROLLBACK TO a")
    assert caught.value.errno == 1305


def test_a_failed_statement_on_one_shard_is_undone_alone(member: shardkit.Connection) -> None:
    member.begin()
    add(member, 1)
    with pytest.raises(IntegrityError):
        run(member, "INSERT INTO member (memberId, n) VALUES (4, 77), (0, 78)")
    add(member, 2)
    member.commit()
    assert rows(member, "SELECT memberId, n FROM member") == [(0, 2)]


def test_ddl_commits_what_is_open(member: shardkit.Connection, stage: Stage) -> None:
    member.begin()
    add(member, 1)
    run(member, "CREATE TABLE scratch (id BIGINT PRIMARY KEY, v INT)")
    member.rollback()
    assert n(member) == 1
    assert not member.in_transaction
    try:
        add(member, 2)
        assert n(member) == 2
        assert run(member, "INSERT INTO scratch VALUES (4, 1), (8, 1)") == 2
        member.begin()
        run(member, "UPDATE scratch SET v = 2 WHERE id = 4")
        run(member, "TRUNCATE TABLE scratch")
        member.rollback()
        assert rows(member, "SELECT * FROM scratch") == []
    finally:
        run(member, "DROP TABLE scratch")
    assert not stage.transactions()


def test_a_read_only_transaction(member: shardkit.Connection) -> None:
    run(member, "START TRANSACTION READ ONLY")
    assert n(member) == 0
    with pytest.raises(OperationalError) as caught:
        run(member, "UPDATE member SET n = 1 WHERE memberId = 0")
    assert caught.value.errno == 1792
    member.commit()
    add(member, 1)


def test_locks_of_for_update_hold_until_the_end(member: shardkit.Connection, other: shardkit.Connection) -> None:
    assert rows(other, "SELECT n FROM member WHERE memberId = %s FOR UPDATE", (0,)) == [(0,)]
    with pytest.raises(OperationalError):
        rows(member, "SELECT n FROM member WHERE memberId = 0 FOR UPDATE NOWAIT")
    other.commit()
    assert rows(member, "SELECT n FROM member WHERE memberId = 0 FOR UPDATE NOWAIT") == [(0,)]
    other.close()


def test_point_selects_inside_a_transaction_stay_inside(member: shardkit.Connection) -> None:
    """The short way of point selects must not take another connection."""
    sql = "SELECT n FROM member WHERE memberId = %s"
    assert rows(member, sql, (0,)) == rows(member, sql, (0,)) == [(0,)]
    member.begin()
    add(member, 1)
    assert rows(member, sql, (0,)) == rows(member, sql, (0,)) == [(1,)]
    member.rollback()
    assert rows(member, sql, (0,)) == [(0,)]


def test_a_closed_connection_has_no_transaction(member: shardkit.Connection, other: shardkit.Connection) -> None:
    add(other, 1)
    other.close()
    assert n(member) == 0
    for call in (other.commit, other.rollback, other.begin, other.cursor):
        with pytest.raises(InterfaceError):
            call()


def questions(wire: Any) -> int:
    """How many statements this server connection has been asked, by the server's own count."""
    with wire.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
        return int(cursor.fetchone()[1])


@pytest.mark.parametrize("policy", ["xa", "best_effort", "single_shard"])
def test_a_transaction_asks_the_server_no_more_than_the_bare_driver_does(stage: Stage, policy: str) -> None:
    """BEGIN, what the program says, COMMIT: whatever the policy, while one shard is enough."""
    said = [f"UPDATE member SET n = {n} WHERE memberId = 0" for n in (1, 2, 3)]
    with stage.cluster(transactions=policy) as cluster:
        ours = cluster.connect()
        run(ours, "INSERT INTO member (memberId, n) VALUES (0, 0)")
        ours.commit()
        (idle,) = cluster.engine.by_shard[stage.databases[0]]._idle
        assert isinstance(idle, MySqlConnection)
        before = questions(idle._wire)
        for sql in said:
            run(ours, sql)
        ours.commit()
        asked = questions(idle._wire) - before
        ours.close()
    bare = stage.servers[0].connect()
    with bare.cursor() as cursor:
        cursor.execute(f"USE `{stage.databases[0].database}`")
        before = questions(bare)
        bare.begin()
        for sql in said:
            cursor.execute(sql)
        bare.commit()
        assert asked == questions(bare) - before == len(said) + 3  # BEGIN, COMMIT and the second question itself
    bare.close()
