"""Transactions that end badly: deadlocks, killed connections, closed and forgotten ones. Nothing half done, ever."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

import shardkit
from shardkit.errors import CommitInDoubt, ConnectionLost, Error, OperationalError, TransactionAborted
from tests.integration.dbapi.stage import Stage, eventually, rows, run, thread_of

LONG = "x" * 2000


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Members 0 to 7 with n = memberId, and on shard 0 some long rows."""
    with stage.connection(transactions="best_effort") as connection:
        connection.cursor().executemany("INSERT INTO member (memberId, n) VALUES (%s, %s)", [(i, i) for i in range(8)])
    return stage


@pytest.fixture
def best(filled: Stage) -> Iterator[shardkit.Cluster]:
    """A cluster under best_effort; every test must leave it idle."""
    with filled.cluster(transactions="best_effort", full_scan_writes="allow") as cluster:
        yield cluster
        filled.assert_idle(cluster)


def n(stage: Stage) -> list[object]:
    return [row[2] for row in sorted(stage.stored("member", "memberId, n"), key=lambda row: row[1])]


def waits_for_lock(stage: Stage) -> bool:
    return any(row[2] == "LOCK WAIT" for row in stage.transactions())


def test_a_real_deadlock_aborts_one_and_lets_the_other_go_on(best: shardkit.Cluster, filled: Stage) -> None:
    first, second = best.connect(), best.connect()
    failures: list[Error] = []

    def cross(connection: shardkit.Connection, member: int) -> None:
        try:
            run(connection, "UPDATE member SET n = n + 100 WHERE memberId = %s", (member,))
        except Error as error:
            failures.append(error)

    run(first, "UPDATE member SET n = n + 10 WHERE memberId = 0")
    run(second, "UPDATE member SET n = n + 20 WHERE memberId = 4")
    thread = threading.Thread(target=cross, args=(first, 4))
    thread.start()
    eventually(lambda: waits_for_lock(filled), "the first connection waits for the second")
    cross(second, 0)
    thread.join()
    (error,) = failures
    assert (error.errno, error.shards) == (1213, (filled.databases[0],))
    assert isinstance(error, OperationalError)
    (loser,) = [one for one in (first, second) if not one.in_transaction]
    winner = second if loser is first else first
    with pytest.raises(TransactionAborted):
        rows(loser, "SELECT 1 FROM member WHERE memberId = 1")
    with pytest.raises(TransactionAborted):
        run(loser, "UPDATE member SET n = 7 WHERE memberId = 1")
    loser.rollback()
    assert rows(loser, "SELECT 1 FROM member WHERE memberId = 1") == [(1,)]
    loser.rollback()
    winner.commit()
    gained = n(filled)
    assert (gained[0], gained[4]) in ((10, 104), (100, 24))
    first.close()
    second.close()


def test_a_deadlock_takes_the_other_shards_of_the_transaction_with_it(best: shardkit.Cluster, filled: Stage) -> None:
    first, second = best.connect(), best.connect()
    failed: list[bool] = []

    def cross(connection: shardkit.Connection, member: int) -> None:
        try:
            run(connection, "UPDATE member SET n = 1000 + n WHERE memberId = %s", (member,))
        except OperationalError:
            failed.append(connection is first)

    for connection, own, elsewhere in ((first, 0, 1), (second, 4, 2)):
        run(connection, "UPDATE member SET n = 50 + n WHERE memberId = %s", (elsewhere,))
        run(connection, "UPDATE member SET n = 50 + n WHERE memberId = %s", (own,))
    thread = threading.Thread(target=cross, args=(first, 4))
    thread.start()
    eventually(lambda: waits_for_lock(filled), "the first connection waits for the second")
    cross(second, 0)
    thread.join()
    loser, winner = (first, second) if failed == [True] else (second, first)
    with pytest.raises(TransactionAborted, match="nothing was committed"):
        loser.commit()
    winner.commit()
    changed = [1, 0, 4] if winner is first else [2, 4, 0]
    expected: list[object] = list(range(8))
    expected[changed[0]], expected[changed[1]], expected[changed[2]] = (
        changed[0] + 50, changed[1] + 50, changed[2] + 1000)  # fmt: skip
    assert n(filled) == expected
    first.close()
    second.close()


def test_a_lock_wait_that_is_too_long_undoes_the_statement_only(best: shardkit.Cluster, filled: Stage) -> None:
    holder, waiter = best.connect(), best.connect()
    run(waiter, "SET innodb_lock_wait_timeout = 1")
    run(holder, "UPDATE member SET n = 90 WHERE memberId = 4")
    run(waiter, "UPDATE member SET n = 80 WHERE memberId = 0")
    with pytest.raises(OperationalError) as caught:
        run(waiter, "UPDATE member SET n = 84 WHERE memberId = 4")
    assert caught.value.errno == 1205
    waiter.commit()
    holder.rollback()
    assert n(filled) == [80, 1, 2, 3, 4, 5, 6, 7]
    holder.close()
    waiter.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE member SET n = 200 WHERE memberId = 0",
        "SELECT n FROM member WHERE memberId = 0",
        "SELECT COUNT(*) FROM member",
        "UPDATE member SET n = n + 200",
        "SAVEPOINT a",
    ],
)
def test_a_killed_connection_aborts_the_transaction_everywhere(best: shardkit.Cluster, filled: Stage, sql: str) -> None:
    connection = best.connect()
    run(connection, "UPDATE member SET n = 103 WHERE memberId = 3")
    run(connection, "UPDATE member SET n = 100 WHERE memberId = 0")
    filled.kill(0, thread_of(connection, filled.databases[0]))
    with pytest.raises(ConnectionLost) as caught:
        run(connection, sql)
    assert filled.databases[0] in caught.value.shards
    assert not connection.in_transaction
    with pytest.raises(TransactionAborted):
        run(connection, "UPDATE member SET n = 5 WHERE memberId = 1")
    with pytest.raises(TransactionAborted, match="nothing was committed"):
        connection.commit()
    assert n(filled) == list(range(8))
    run(connection, "UPDATE member SET n = 55 WHERE memberId = 0")
    connection.commit()
    assert n(filled)[0] == 55
    connection.close()


def test_a_connection_killed_in_mid_stream_aborts_the_transaction(best: shardkit.Cluster, filled: Stage) -> None:
    connection = best.connect()
    shard = filled.databases[0]
    for first in range(100, 4100, 500):
        values = ", ".join(f"({i * 4}, '{LONG}')" for i in range(first, first + 500))
        filled.ask(0, f"INSERT INTO `{shard.database}`.member (memberId, v) VALUES {values}")
    run(connection, "UPDATE member SET n = 103 WHERE memberId = 3")
    run(connection, "UPDATE member SET n = 100 WHERE memberId = 0")
    cursor = connection.cursor().execute("SELECT * FROM member")
    assert cursor.fetchone() is not None
    filled.kill(0, thread_of(connection, shard))
    with pytest.raises(ConnectionLost):
        cursor.fetchall()
    with pytest.raises(TransactionAborted):
        connection.commit()
    assert n(filled)[:8] == list(range(8))
    connection.close()


def test_a_connection_killed_before_the_commit(best: shardkit.Cluster, filled: Stage) -> None:
    connection = best.connect()
    run(connection, "UPDATE member SET n = 100 WHERE memberId = 0")
    filled.kill(0, thread_of(connection, filled.databases[0]))
    with pytest.raises((CommitInDoubt, TransactionAborted)):
        connection.commit()
    assert n(filled) == list(range(8))
    assert not connection.in_transaction
    run(connection, "UPDATE member SET n = 101 WHERE memberId = 0")
    connection.commit()
    assert n(filled)[0] == 101
    connection.close()


def test_a_killed_connection_may_be_rolled_back(best: shardkit.Cluster, filled: Stage) -> None:
    connection = best.connect()
    run(connection, "UPDATE member SET n = 100 WHERE memberId IN (0, 1, 2, 3)")
    filled.kill(1, thread_of(connection, filled.databases[2]))
    connection.rollback()
    assert n(filled) == list(range(8))
    assert rows(connection, "SELECT SUM(n) FROM member") == [(28,)]
    connection.close()


def test_closing_without_commit_rolls_back(best: shardkit.Cluster, filled: Stage) -> None:
    connection = best.connect()
    run(connection, "UPDATE member SET n = n + 100")
    assert len(filled.transactions()) == 4
    connection.close()
    assert filled.transactions() == []
    assert n(filled) == list(range(8))


def test_closing_while_a_result_streams_in_a_transaction(best: shardkit.Cluster, filled: Stage) -> None:
    connection = best.connect()
    run(connection, "UPDATE member SET n = 100 WHERE memberId = 0")
    for first in (100, 600):
        values = ", ".join(f"({i * 4}, '{LONG}')" for i in range(first, first + 500))
        filled.ask(0, f"INSERT INTO `{filled.databases[0].database}`.member (memberId, v) VALUES {values}")
    cursor = connection.cursor().execute("SELECT memberId, v FROM member ORDER BY memberId")
    assert cursor.fetchone() is not None
    connection.close()
    filled.assert_idle(best)
    assert n(filled)[:8] == list(range(8))


def test_a_forgotten_connection_leaves_no_transaction(best: shardkit.Cluster, filled: Stage) -> None:
    connection, other = best.connect(), best.connect(autocommit=True)
    run(connection, "UPDATE member SET n = n + 100")
    assert len(filled.transactions()) == 4
    del connection
    gc.collect()
    assert rows(other, "SELECT SUM(n) FROM member") == [(28,)]
    eventually(lambda: not filled.transactions(), "its transactions are gone")
    assert run(other, "UPDATE member SET n = n + 1000") == 8
    other.close()


def test_a_forgotten_connection_with_an_open_cursor(best: shardkit.Cluster, filled: Stage) -> None:
    connection, other = best.connect(), best.connect(autocommit=True)
    cursor = connection.cursor().execute("SELECT memberId FROM member ORDER BY memberId")
    run(connection, "UPDATE member SET n = 100 WHERE memberId = 2")
    del connection
    gc.collect()
    assert [row[0] for row in cursor] == list(range(8))
    del cursor
    gc.collect()
    assert run(other, "UPDATE member SET n = 7 + n") == 8
    eventually(lambda: not filled.transactions(), "its transactions are gone")
    other.close()
