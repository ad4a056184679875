"""Transactions over shards: who joins, who is committed in which order, and what is said when that goes wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shardkit.errors import (
    CommitInDoubt,
    ConnectionLost,
    CrossShardTransaction,
    IntegrityError,
    OperationalError,
    StatementTimeout,
    TransactionAborted,
)
from shardkit.flow import Head
from shardkit.session import statements, transaction
from shardkit.session.state import BEGIN
from tests.unit.session.play import SHARDS, Play, Refused, opened, wrote

DEADLOCK = OperationalError("Deadlock found", errno=1213)


def update(number: int) -> str:
    return f"UPDATE member SET n = 1 WHERE id = {number}"


def writing(*numbers: int, policy: str = "best_effort") -> Play:
    """A session whose transaction has written on these shards."""
    play = Play(f"transactions: {policy}")
    for number in numbers:
        play.execute(update(number), (wrote(1),))
    return play


def test_one_shard_is_an_ordinary_transaction() -> None:
    play = Play("transactions: single_shard")
    play.execute(update(1), (wrote(1),))
    assert play.told() == [f"enlist m_1: {BEGIN}", "query m_1: UPDATE member SET n = 1 WHERE id = 1"]
    play.run(transaction.commit(play.session))
    assert play.told() == ["finish m_1: COMMIT"]
    assert (play.session.enlisted, play.session.written) == ({}, {})


def test_readers_are_committed_after_writers() -> None:
    play = Play()
    play.execute("SELECT n FROM member WHERE id = 2", (opened(),))
    play.execute(update(1), (wrote(1),))
    play.run(transaction.commit(play.session))
    assert play.told() == ["finish m_1: COMMIT", "finish m_2: COMMIT"]


def test_writers_are_committed_one_after_another() -> None:
    play = writing(3, 1, 2)
    play.run(transaction.commit(play.session))
    assert play.told() == ["finish m_3: COMMIT", "finish m_1: COMMIT", "finish m_2: COMMIT"]


@pytest.mark.parametrize("failing", [0, 1, 2])
@pytest.mark.parametrize(
    "error", [ConnectionLost("gone"), StatementTimeout("late"), OperationalError("no"), ValueError("x")]
)
def test_a_commit_that_fails_at_any_place(failing: int, error: Exception) -> None:
    play = writing(1, 2, 3)
    play.execute("SELECT n FROM member WHERE id = 0", (opened(),))
    unknown = not isinstance(error, OperationalError) or isinstance(error, (ConnectionLost, StatementTimeout))
    with pytest.raises(CommitInDoubt if unknown or failing else TransactionAborted) as caught:
        commit_failing_at(play, failing, error)
    shards = SHARDS[1:]
    rest = " ".join(shard.database for shard in shards[failing + 1 :])
    told = [f"finish {shard.database}: COMMIT" for shard in shards[: failing + 1]]
    assert play.told() == [*told, *([f"finish {rest}: ROLLBACK"] if rest else []), "finish m_0: COMMIT"]
    if isinstance(caught.value, CommitInDoubt):
        assert caught.value.committed == shards[:failing]
        assert caught.value.pending == (shards[failing],)
    assert caught.value.__cause__ is error
    assert (play.session.enlisted, play.session.in_transaction, play.session.failed) == ({}, True, None)


def commit_failing_at(play: Play, failing: int, error: Exception) -> None:
    """Commit; the commit of the shard at this place is answered with an error."""
    script = transaction.commit(play.session)
    play.ops = []
    step: Any = script.send(None)
    while True:
        play.ops.append(step)
        mine = len(play.ops) - 1 == failing
        try:
            step = script.send((error,) if mine else (None,) * len(step.shards))
        except StopIteration:
            return


def test_a_second_writer_needs_the_policys_leave() -> None:
    play = writing(1, policy="single_shard")
    with pytest.raises(CrossShardTransaction, match="single_shard") as caught:
        play.execute(update(2))
    assert (play.ops, caught.value.shards) == ([], (SHARDS[1], SHARDS[2]))
    play.execute("SELECT n FROM member WHERE id = 2", (opened(),))
    play.execute(update(5), (wrote(1),))
    play.run(transaction.commit(play.session))
    assert play.told() == ["finish m_1: COMMIT", "finish m_2: COMMIT"]


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_write_on_several_shards_needs_the_policys_leave(autocommit: bool) -> None:
    play = Play("transactions: single_shard", autocommit=autocommit)
    with pytest.raises(CrossShardTransaction):
        play.execute("UPDATE member SET n = 1 WHERE id IN (1, 2)")
    assert play.ops == []


def test_a_write_on_several_shards_under_autocommit_is_a_transaction_of_its_own() -> None:
    play = Play(autocommit=True)
    (head,) = play.execute("DELETE FROM member WHERE id IN (1, 2)", (wrote(3), wrote(4)))
    assert play.told() == [
        f"enlist m_1 m_2: {BEGIN}", "query m_1: DELETE FROM member WHERE id IN (1)",
        "query m_2: DELETE FROM member WHERE id IN (2)", "finish m_1: COMMIT", "finish m_2: COMMIT",
    ]  # fmt: skip
    assert isinstance(head, Head)
    assert head.rowcount == 7
    assert (play.session.explicit, play.session.enlisted) == (False, {})


@pytest.mark.parametrize(
    "error", [IntegrityError("twice", errno=1062), ConnectionLost("gone"), KeyboardInterrupt(), ValueError("x")]
)
def test_its_failure_is_rolled_back_everywhere(error: BaseException) -> None:
    play = Play(autocommit=True)
    with pytest.raises(type(error)):
        play.execute("DELETE FROM member WHERE id IN (1, 2)", error)
    if not isinstance(error, KeyboardInterrupt):
        assert play.told()[-1] == "finish m_1 m_2: ROLLBACK"
    assert (play.session.explicit, play.session.enlisted, play.session.written) == (False, {}, {})


def test_it_may_be_in_doubt_like_any_commit() -> None:
    play = Play(autocommit=True)
    lost = ConnectionLost("gone")
    with pytest.raises(CommitInDoubt) as caught:
        play.execute("DELETE FROM member WHERE id IN (1, 2)", (wrote(1), wrote(1)), (lost,))
    assert (caught.value.committed, caught.value.pending) == ((), (SHARDS[1],))
    assert play.told()[-2:] == ["finish m_1: COMMIT", "finish m_2: ROLLBACK"]
    assert not play.session.explicit


def test_copies_count_once() -> None:
    play = Play(autocommit=True)
    moment = (opened((Decimal("1700000000.5"),)),)
    (head,) = play.execute("UPDATE country SET n = 1", moment, (wrote(2), wrote(2), wrote(2), wrote(2)))
    assert isinstance(head, Head)
    assert head.rowcount == 2
    assert [told for told in play.told() if "timestamp" in told] == [
        "command m_0 m_1 m_2 m_3: SET SESSION timestamp = 1700000000.5",
        "command m_0 m_1 m_2 m_3: SET SESSION timestamp = DEFAULT",
    ]


def test_the_first_id_a_server_made_is_told() -> None:
    play = Play(autocommit=True)
    (head,) = play.execute("INSERT INTO member (id) VALUES (1), (2)", (wrote(1), wrote(1, 77)))
    assert isinstance(head, Head)
    assert (head.rowcount, head.lastrowid) == (2, 77)


# --- statements that fail --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [DEADLOCK, ConnectionLost("gone"), StatementTimeout("late"), ValueError("x")])
@pytest.mark.parametrize("text", [update(1), "SELECT n FROM member WHERE id = 1"])
def test_a_failure_that_takes_the_transaction_with_it_ends_it_everywhere(error: Exception, text: str) -> None:
    play = writing(2)
    with pytest.raises(type(error)):
        play.execute(text, error)
    assert play.told()[-1] == "finish m_2 m_1: ROLLBACK"
    assert play.session.failed is not None
    with pytest.raises(TransactionAborted, match=r"call rollback\(\) first"):
        play.execute(update(2))
    assert play.ops == []
    with pytest.raises(TransactionAborted, match="nothing was committed"):
        play.run(transaction.commit(play.session))
    assert play.session.failed is None
    play.execute(update(2), (wrote(1),))
    assert play.told()[0] == f"enlist m_2: {BEGIN}"


def test_rollback_ends_a_failed_transaction() -> None:
    play = writing(1)
    with pytest.raises(OperationalError):
        play.execute(update(1), DEADLOCK)
    play.run(transaction.rollback(play.session))
    assert (play.ops, play.session.failed) == ([], None)


@pytest.mark.parametrize("error", [IntegrityError("twice", errno=1062), OperationalError("wait", errno=1205)])
def test_an_ordinary_failure_leaves_the_transaction_open(error: Exception) -> None:
    play = writing(1)
    with pytest.raises(type(error)):
        play.execute(update(1), error)
    assert (play.session.failed, list(play.session.written)) == (None, [SHARDS[1]])
    play.run(transaction.commit(play.session))
    assert play.told() == ["finish m_1: COMMIT"]


def test_a_failure_on_one_of_several_shards_ends_it_because_the_others_were_stopped() -> None:
    play = writing(1)
    with pytest.raises(IntegrityError):
        play.execute("UPDATE member SET n = 1 WHERE id IN (1, 2)", IntegrityError("twice", errno=1062))
    assert play.told()[-1] == "finish m_1 m_2: ROLLBACK"
    assert play.session.failed is not None


def test_under_autocommit_a_failure_ends_nothing() -> None:
    play = Play(autocommit=True)
    with pytest.raises(OperationalError):
        play.execute(update(1), DEADLOCK)
    assert (len(play.ops), play.session.failed) == (1, None)


def test_a_shard_that_cannot_join_has_not_joined() -> None:
    play = writing(1)
    with pytest.raises(ConnectionLost):
        play.execute(update(2), Refused(ConnectionLost("gone")))
    assert list(play.session.enlisted) == [SHARDS[1]]


# --- by statement ----------------------------------------------------------------------------------------------------


def test_begin_commits_what_is_open() -> None:
    play = writing(1)
    play.execute("BEGIN")
    assert play.told() == ["finish m_1: COMMIT"]
    assert play.session.explicit


def test_an_explicit_transaction_under_autocommit() -> None:
    play = Play(autocommit=True)
    play.execute("START TRANSACTION READ ONLY")
    play.execute("SELECT n FROM member WHERE id = 1", (opened(),))
    assert play.told()[0] == "enlist m_1: START TRANSACTION READ ONLY"
    play.execute("ROLLBACK")
    assert play.told() == ["finish m_1: ROLLBACK"]
    play.execute("SELECT n FROM member WHERE id = 1", (opened(),))
    assert len(play.ops) == 1


@pytest.mark.parametrize("autocommit", [True, False])
def test_set_transaction_holds_for_the_next_transaction_only(autocommit: bool) -> None:
    play = Play(autocommit=autocommit)
    play.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    play.execute("BEGIN")
    play.execute(update(1), (wrote(1),))
    assert play.told()[0] == f"enlist m_1: SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; {BEGIN}"
    play.execute(update(2), (wrote(1),))
    assert play.told()[0] == f"enlist m_2: SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; {BEGIN}"
    play.execute("COMMIT")
    play.execute("BEGIN")
    play.execute(update(1), (wrote(1),))
    assert play.told()[0] == f"enlist m_1: {BEGIN}"


def test_set_transaction_without_begin() -> None:
    play = Play()
    play.execute("SET TRANSACTION READ ONLY")
    play.execute("SELECT n FROM member WHERE id = 1", (opened(),))
    assert play.told()[0] == f"enlist m_1: SET TRANSACTION READ ONLY; {BEGIN}"
    with pytest.raises(OperationalError) as caught:
        play.execute("SET TRANSACTION READ WRITE")
    assert caught.value.errno == 1568
    play.execute("COMMIT")
    play.execute("SELECT n FROM member WHERE id = 1", (opened(),))
    assert play.told()[0] == f"enlist m_1: {BEGIN}"


def test_closing_rolls_back() -> None:
    play = writing(1, 2)
    play.run(statements.close(play.session))
    assert play.told() == ["finish m_1 m_2: ROLLBACK"]
    play.run(statements.close(play.session))
    assert play.ops == []


# --- savepoints ------------------------------------------------------------------------------------------------------


def test_a_shard_that_joins_later_repeats_the_savepoints() -> None:
    play = Play()
    play.execute("SAVEPOINT early")
    assert play.ops == []
    play.execute(update(1), (wrote(1),))
    assert play.told()[0] == f"enlist m_1: {BEGIN}; SAVEPOINT early"
    play.execute("SAVEPOINT Late")
    assert play.told() == ["command m_1: SAVEPOINT Late"]
    play.execute(update(2), (wrote(1),))
    assert play.told()[0] == f"enlist m_2: {BEGIN}; SAVEPOINT early; SAVEPOINT Late"
    play.execute("ROLLBACK TO late")
    assert play.told() == ["command m_1 m_2: ROLLBACK TO late"]
    play.execute("ROLLBACK TO SAVEPOINT EARLY")
    play.execute(update(3), (wrote(1),))
    assert play.told()[0] == f"enlist m_3: {BEGIN}; SAVEPOINT early"


def test_a_savepoint_said_again_moves_to_the_end() -> None:
    play = Play()
    for name in "aba":
        play.execute(f"SAVEPOINT {name}")
    assert list(play.session.savepoints) == ["b", "a"]


def test_release_forgets_a_savepoint_and_those_after_it() -> None:
    play = writing(1)
    for name in "abc":
        play.execute(f"SAVEPOINT {name}")
    play.execute("RELEASE SAVEPOINT b")
    assert list(play.session.savepoints) == ["a"]
    for text in ("RELEASE SAVEPOINT c", "ROLLBACK TO b"):
        with pytest.raises(OperationalError, match="does not exist") as caught:
            play.execute(text)
        assert (caught.value.errno, play.ops) == (1305, [])


def test_savepoints_end_with_their_transaction() -> None:
    play = writing(1)
    play.execute("SAVEPOINT a")
    play.execute("COMMIT")
    assert play.session.savepoints == {}
    play = Play(autocommit=True)
    play.execute("SAVEPOINT a")
    assert (play.ops, play.session.savepoints) == ([], {})


def test_a_savepoint_that_fails_on_a_shard_ends_the_transaction() -> None:
    play = writing(1, 2)
    with pytest.raises(ConnectionLost):
        play.execute("SAVEPOINT a", Refused(ConnectionLost("gone")))
    assert play.told() == ["command m_1 m_2: SAVEPOINT a", "finish m_1 m_2: ROLLBACK"]
    assert play.session.failed is not None
    assert play.session.savepoints == {}
