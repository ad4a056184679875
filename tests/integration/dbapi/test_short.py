"""The short ways of a transaction on one shard give what the long ways give, and are what such transactions take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import shardkit
from shardkit.dbapi.short import ShortWays
from shardkit.errors import CommitInDoubt, ConnectionLost, Error, TransactionAborted
from shardkit.session import statements
from tests.integration.dbapi.stage import Stage, rows, run

UPDATE = "UPDATE member SET n = %s WHERE memberId = %s"
READ = "SELECT n FROM member WHERE memberId = %s"
INSERT = "INSERT INTO member (memberId, n) VALUES (%s, %s)"
LONG_READ = "SELECT orderId FROM t_order WHERE memberId = %s"
LONG: Callable[..., Any] = statements.execute


@pytest.fixture(params=["short", "long"])
def taught(request: pytest.FixtureRequest, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection with autocommit off that knows the texts for shards 0 and 1; `long`: it has no short ways."""
    if request.param == "long":
        monkeypatch.setattr(ShortWays, "point", lambda self, sql, params: None)
        monkeypatch.setattr(ShortWays, "commit_alone", lambda self: False)
    with stage.cluster() as cluster:
        connection = cluster.connect()
        run(connection, "INSERT INTO t_order (memberId, orderId) VALUES " + ", ".join(f"(0, {i})" for i in range(900)))
        for member in range(2):
            run(connection, INSERT, (member, member))
            run(connection, UPDATE, (member + 10, member))
            rows(connection, READ, (member,))
            rows(connection, LONG_READ, (member,))
        connection.commit()
        if request.param == "short":
            monkeypatch.setattr(statements, "execute", forbidden)
        yield connection
        connection.rollback()
        monkeypatch.undo()
        connection.close()
        stage.assert_idle(cluster)


def forbidden(session: Any, text: str, params: Any) -> Any:
    """In place of the long way."""
    raise AssertionError(f"{text} took the long way")


def stored(stage: Stage) -> list[Any]:
    return [row[1:] for row in stage.stored("member", "memberId, n")]


def kill(stage: Stage, connection: shardkit.Connection, shard: int) -> None:
    """End the server connection of the transaction on this shard."""
    pinned: Any = connection._lanes._pinned.get(stage.databases[shard])
    stage.ask(int(stage.databases[shard].server[-1]), f"KILL {pinned.connection._number}")


def test_it_commits_and_rolls_back(taught: Any, stage: Stage) -> None:
    assert run(taught, UPDATE, (20, 0)) == 1
    assert taught.in_transaction
    assert rows(taught, READ, (0,)) == [(20,)]
    assert run(taught, INSERT, (4, 44)) == 1
    taught.commit()
    assert not taught.in_transaction
    assert stored(stage) == [(0, 20), (4, 44), (1, 11)]
    run(taught, UPDATE, (30, 0))
    taught.rollback()
    taught.begin()
    run(taught, UPDATE, (31, 1))
    taught.rollback()
    assert stored(stage) == [(0, 20), (4, 44), (1, 11)]
    assert rows(taught, READ, (0,)) == [(20,)]
    taught.commit()


def test_a_duplicate_leaves_the_transaction_as_it_was(taught: Any, stage: Stage) -> None:
    run(taught, UPDATE, (20, 0))
    with pytest.raises(Error) as caught:
        run(taught, INSERT, (0, 5))
    assert caught.value.errno == 1062
    assert rows(taught, READ, (0,)) == [(20,)]
    taught.commit()
    assert stored(stage) == [(0, 20), (1, 11)]


def test_a_lost_connection_ends_the_transaction(taught: Any, stage: Stage) -> None:
    run(taught, UPDATE, (20, 0))
    kill(stage, taught, 0)
    with pytest.raises(ConnectionLost):
        run(taught, UPDATE, (21, 0))
    assert not taught.in_transaction
    with pytest.MonkeyPatch.context() as patch, pytest.raises(TransactionAborted):
        patch.setattr(statements, "execute", LONG)
        run(taught, UPDATE, (22, 0))
    with pytest.raises(TransactionAborted):
        taught.commit()
    run(taught, UPDATE, (23, 0))
    taught.commit()
    assert stored(stage) == [(0, 23), (1, 11)]


@pytest.mark.parametrize("written", [True, False])
def test_a_commit_whose_answer_is_lost_is_in_doubt_if_it_wrote(taught: Any, stage: Stage, written: bool) -> None:
    if written:
        run(taught, UPDATE, (20, 0))
    else:
        rows(taught, READ, (0,))
    kill(stage, taught, 0)
    if written:
        with pytest.raises(CommitInDoubt) as caught:
            taught.commit()
        assert caught.value.pending == (stage.databases[0],)
    else:
        taught.commit()
    assert not taught.in_transaction
    assert stored(stage) == [(0, 10), (1, 11)]


def test_a_second_shard_joins_what_the_short_way_began(taught: Any, stage: Stage) -> None:
    run(taught, UPDATE, (20, 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statements, "execute", LONG)
        run(taught, UPDATE, (21, 1))
        run(taught, UPDATE, (22, 0))
        taught.commit()
        assert stored(stage) == [(0, 22), (1, 21)]
        run(taught, UPDATE, (23, 1))
        run(taught, UPDATE, (24, 0))
        taught.rollback()
    assert stored(stage) == [(0, 22), (1, 21)]


def test_rows_that_stream_belong_to_the_transaction(taught: Any, stage: Stage) -> None:
    cursor = taught.cursor().execute(LONG_READ, (0,))
    assert cursor.fetchone() == (0,)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statements, "execute", LONG)  # while rows are coming there is no short way
        run(taught, UPDATE, (20, 0))
    assert len(cursor.fetchall()) == 899
    taught.commit()
    assert stored(stage) == [(0, 20), (1, 11)]


def test_hints_of_a_block_are_heeded(taught: Any, stage: Stage) -> None:
    with pytest.MonkeyPatch.context() as patch, taught.hint(budget_rows=10):
        patch.setattr(statements, "execute", LONG)
        run(taught, UPDATE, (20, 0))
        taught.commit()
    assert stored(stage) == [(0, 20), (1, 11)]


def test_what_was_said_for_the_next_transaction_holds(taught: Any, stage: Stage) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statements, "execute", LONG)
        run(taught, "SET TRANSACTION READ ONLY")
    with pytest.raises(Error) as caught:
        run(taught, UPDATE, (20, 0))
    assert caught.value.errno == 1792
    taught.rollback()
    run(taught, UPDATE, (21, 0))
    taught.commit()
    assert stored(stage) == [(0, 21), (1, 11)]
