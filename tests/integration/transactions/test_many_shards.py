"""Several shards in one transaction: reads always, writes only under best_effort, and a failure leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import shardkit
from shardkit.errors import (
    CommitInDoubt,
    CrossShardTransaction,
    IntegrityError,
    ScatterWriteRefused,
    TransactionAborted,
)
from tests.integration.dbapi.stage import SHARDS, Stage, rows, run, thread_of

BEFORE = [(i % SHARDS, i, i) for i in range(8)]


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Members 0 to 7, two on each shard, with n = memberId."""
    for shard, database in enumerate(stage.databases):
        values = ", ".join(f"({i}, {i})" for i in range(8) if i % SHARDS == shard)
        stage.ask(int(database.server[-1]), f"INSERT INTO `{database.database}`.member (memberId, n) VALUES {values}")
    return stage


@pytest.fixture
def best(filled: Stage) -> Iterator[shardkit.Connection]:
    """A connection under best_effort, in autocommit; it leaves nothing behind."""
    with filled.cluster(transactions="best_effort", full_scan_writes="allow") as cluster:
        connection = cluster.connect(autocommit=True)
        yield connection
        connection.close()
        filled.assert_idle(cluster)


def stored(stage: Stage) -> list[tuple[object, ...]]:
    return sorted(stage.stored("member", "memberId, n"), key=lambda row: row[1])


@pytest.mark.parametrize("policy", ["xa", "single_shard", "best_effort"])
def test_reads_on_many_shards_inside_a_transaction(filled: Stage, policy: str) -> None:
    with filled.connection(autocommit=False, transactions=policy) as connection:
        run(connection, "UPDATE member SET n = 100 WHERE memberId = 1")
        seen = rows(connection, "SELECT memberId, n FROM member ORDER BY n DESC LIMIT 3")
        assert seen == [(1, 100), (7, 7), (6, 6)]
        assert rows(connection, "SELECT COUNT(*), SUM(n) FROM member") == [(8, 127)]
        assert len(filled.transactions()) == SHARDS
        connection.rollback()
        assert rows(connection, "SELECT SUM(n) FROM member") == [(28,)]
    assert stored(filled) == BEFORE


def test_a_second_written_shard_is_refused_and_the_first_can_be_committed(filled: Stage) -> None:
    with filled.connection(autocommit=False, transactions="single_shard", full_scan_writes="allow") as connection:
        run(connection, "UPDATE member SET n = 100 WHERE memberId = 0")
        for sql in ("UPDATE member SET n = 101 WHERE memberId = 1", "DELETE FROM member WHERE memberId IN (4, 5)",
                    "INSERT INTO member (memberId) VALUES (8), (9)", "DELETE FROM member",
                    "INSERT INTO country VALUES ('de', 'x')"):  # fmt: skip
            with pytest.raises(CrossShardTransaction) as caught:
                run(connection, sql)
            assert set(caught.value.shards) > {filled.databases[0]}
            assert all((caught.value.why, caught.value.instead))
        assert run(connection, "UPDATE member SET n = 104 WHERE memberId = 4") == 1
        connection.commit()
    assert [row[2] for row in stored(filled)] == [100, 1, 2, 3, 104, 5, 6, 7]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE member SET n = NULL",
        "DELETE FROM member WHERE memberId IN (0, 1)",
        "INSERT INTO member (memberId) VALUES (8), (9)",
        "REPLACE INTO member (memberId, n) VALUES (0, 9), (1, 8)",
        "INSERT INTO member (memberId, n) VALUES (0, 9), (1, 8) ON DUPLICATE KEY UPDATE n = 50 + VALUES(n)",
        "INSERT INTO country VALUES ('de', 'x')",
    ],
)
def test_one_statement_on_many_shards_is_refused(filled: Stage, sql: str) -> None:
    with filled.connection(transactions="single_shard", full_scan_writes="allow") as connection:
        with pytest.raises(CrossShardTransaction):
            run(connection, sql)
        assert run(connection, "UPDATE member SET n = 70 WHERE memberId IN (0, 4) AND n = 0") == 1
    assert stored(filled) == [(0, 0, 70), *BEFORE[1:]]
    assert filled.stored("country") == []


@pytest.mark.parametrize(
    "sql", ["UPDATE member SET n = NULL", "DELETE FROM member", "INSERT INTO country VALUES ('d', 'x')"]
)
def test_one_statement_on_many_shards_is_whole_or_undone(filled: Stage, sql: str) -> None:
    with filled.connection(autocommit=False, transactions="xa", full_scan_writes="allow") as connection:
        run(connection, sql)
        connection.rollback()
        assert stored(filled) == BEFORE
        assert filled.stored("country") == []
        run(connection, sql)
        connection.commit()
    assert stored(filled) != BEFORE or len(filled.stored("country")) == SHARDS


def test_writes_without_a_key_are_refused_unless_the_rules_allow_them(filled: Stage) -> None:
    with filled.connection(transactions="best_effort") as connection:
        for sql in ("UPDATE member SET n = 1", "DELETE FROM member", "DELETE FROM member WHERE n > 3"):
            with pytest.raises(ScatterWriteRefused):
                run(connection, sql)
    assert stored(filled) == BEFORE


def test_best_effort_writes_everywhere_or_nowhere(best: shardkit.Connection, filled: Stage) -> None:
    best.begin()
    assert run(best, "UPDATE member SET n = n + 100") == 8
    assert run(best, "INSERT INTO member (memberId) VALUES (8), (9), (10), (11)") == 4
    assert run(best, "DELETE FROM member WHERE memberId IN (0, 5, 7)") == 3
    best.rollback()
    assert stored(filled) == BEFORE
    best.begin()
    assert run(best, "UPDATE member SET n = n + 100") == 8
    best.commit()
    assert [row[2] for row in stored(filled)] == [100 + i for i in range(8)]


@pytest.mark.parametrize("duplicate", range(SHARDS))
def test_a_failing_statement_over_shards_leaves_nothing(
    best: shardkit.Connection, filled: Stage, duplicate: int
) -> None:
    values = ", ".join(f"({duplicate if i == duplicate else 8 + i}, NULL)" for i in range(SHARDS))
    with pytest.raises(IntegrityError) as caught:
        run(best, f"INSERT INTO member (memberId, n) VALUES {values}")
    assert caught.value.shards == (filled.databases[duplicate],)
    assert str(filled.databases[duplicate]) in str(caught.value)
    assert stored(filled) == BEFORE
    assert run(best, "UPDATE member SET n = 50 WHERE memberId = 1") == 1
    assert not best.in_transaction


def test_a_failing_statement_over_shards_ends_the_whole_transaction(best: shardkit.Connection, filled: Stage) -> None:
    best.begin()
    run(best, "UPDATE member SET n = n + 100")
    with pytest.raises(IntegrityError):
        run(best, "INSERT INTO member (memberId) VALUES (8), (9), (2), (11)")
    assert not filled.transactions()
    for _ in range(2):
        with pytest.raises(TransactionAborted, match="rollback"):
            rows(best, "SELECT 1 FROM member WHERE memberId = 0")
        with pytest.raises(TransactionAborted):
            run(best, "UPDATE member SET n = 5 WHERE memberId = 0")
    best.rollback()
    assert rows(best, "SELECT COUNT(*) FROM member") == [(8,)]
    assert stored(filled) == BEFORE


def test_committing_an_aborted_transaction_says_that_nothing_was_committed(
    best: shardkit.Connection, filled: Stage
) -> None:
    best.begin()
    run(best, "UPDATE member SET n = 90 WHERE memberId = 0")
    with pytest.raises(IntegrityError):
        run(best, "INSERT INTO member (memberId) VALUES (8), (1)")
    with pytest.raises(TransactionAborted, match="nothing was committed"):
        best.commit()
    assert stored(filled) == BEFORE
    assert run(best, "UPDATE member SET n = 91 WHERE memberId = 0") == 1
    assert stored(filled)[0] == (0, 0, 91)


def test_savepoints_over_shards(best: shardkit.Connection, filled: Stage) -> None:
    best.begin()
    run(best, "UPDATE member SET n = 100 WHERE memberId = 0")
    run(best, "SAVEPOINT a")
    run(best, "UPDATE member SET n = 200 WHERE memberId IN (0, 1)")  # shard 1 joins after the savepoint
    run(best, "UPDATE member SET n = 300 WHERE memberId = 2")
    run(best, "ROLLBACK TO a")
    best.commit()
    assert stored(filled) == [(0, 0, 100), *BEFORE[1:]]


def test_deferred_unique_conflicts_of_copies_leave_nothing(best: shardkit.Connection, filled: Stage) -> None:
    """A broadcast write that fails on one copy must leave every copy as it was."""
    third = filled.databases[2]
    filled.ask(1, f"INSERT INTO `{third.database}`.country VALUES ('de', 'only here')")
    with pytest.raises(IntegrityError) as caught:
        run(best, "INSERT INTO country VALUES ('fr', 'x'), ('de', 'y')")
    assert caught.value.shards == (third,)
    assert filled.stored("country") == [(2, "de", "only here")]


def test_a_shard_lost_before_the_commit_is_named(best: shardkit.Connection, filled: Stage) -> None:
    best.begin()
    run(best, "UPDATE member SET n = 100 WHERE memberId = 0")
    run(best, "UPDATE member SET n = 103 WHERE memberId = 3")
    first, last = filled.databases[0], filled.databases[3]
    filled.kill(0, thread_of(best, first))
    with pytest.raises(CommitInDoubt) as caught:
        best.commit()
    assert (caught.value.committed, caught.value.pending) == ((), (first,))
    assert str(last) in str(caught.value)
    assert stored(filled) == BEFORE
    assert not best.in_transaction
    assert run(best, "UPDATE member SET n = 103 WHERE memberId = 3") == 1


def test_best_effort_is_what_it_says_when_a_later_commit_fails(best: shardkit.Connection, filled: Stage) -> None:
    best.begin()
    run(best, "UPDATE member SET n = 100 WHERE memberId = 0")
    run(best, "UPDATE member SET n = 103 WHERE memberId = 3")
    first, last = filled.databases[0], filled.databases[3]
    filled.kill(1, thread_of(best, last))
    with pytest.raises(CommitInDoubt) as caught:
        best.commit()
    assert (caught.value.committed, caught.value.pending) == ((first,), (last,))
    assert stored(filled) == [(0, 0, 100), *BEFORE[1:]]
