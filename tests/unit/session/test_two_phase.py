"""Commit over several shards: the steps, and what each failure leads to."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import (
    CommitInDoubt,
    ConnectionLost,
    CrossShardTransaction,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    ShardUnavailable,
    TransactionAborted,
)
from shardkit.flow import Each
from shardkit.session import transaction
from tests.unit.session.play import SHARDS, Play, opened, wrote

LOST = ConnectionLost("lost", shards=(SHARDS[1],))
REFUSED = OperationalError("no", errno=1105)
NO_TABLE = ProgrammingError("no such table", errno=1146)
UNKNOWN_XID = OperationalError("XAER_NOTA", errno=1397)
DECISION = "each m_1: INSERT INTO shardkit_decision (gtrid, outcome) VALUES ('decided by m_1', 'commit')"
PREPARE = "each m_2: XA END m_2; XA PREPARE m_2"
ABORT = "outside m_1: INSERT INTO shardkit_decision (gtrid, outcome) VALUES ('decided by m_1', 'abort')"
ASK = "outside m_1: SELECT outcome FROM shardkit_decision WHERE gtrid = %s"


def writing(*keys: int) -> Play:
    """A transaction that has written rows with these keys, one on each shard."""
    play = Play("transactions: xa")
    for key in keys:
        play.execute(f"UPDATE member SET n = 1 WHERE id = {key}", (wrote(1),))
    return play


def commit(play: Play, *answers: Any) -> list[str]:
    """What a commit does, given these answers."""
    play.run(transaction.commit(play.session), *answers)
    return play.told()


def failing(play: Play, error: type[Exception], *answers: Any) -> Any:
    """The error of a commit, given these answers; nothing may be enlisted afterwards."""
    with pytest.raises(error) as caught:
        play.run(transaction.commit(play.session), *answers)
    assert not play.session.enlisted
    return caught.value


def test_the_second_shard_joins_as_a_branch() -> None:
    play = writing(1)
    assert play.told() == ["enlist m_1: START TRANSACTION", "query m_1: UPDATE member SET n = 1 WHERE id = 1"]
    play.execute("UPDATE member SET n = 1 WHERE id = 2", (wrote(1),))
    assert play.told() == ["enlist m_2: XA START m_2", "query m_2: UPDATE member SET n = 1 WHERE id = 2"]


def test_several_join_at_once() -> None:
    play = Play("transactions: xa")
    play.execute("UPDATE member SET n = 1 WHERE id IN (1, 2)", (wrote(1), wrote(1)))
    assert play.told()[:2] == ["enlist m_1: START TRANSACTION", "enlist m_2: XA START m_2"]


def test_the_steps_of_a_commit() -> None:
    assert commit(writing(1, 2)) == [DECISION, PREPARE, "end m_1: COMMIT", "end m_2: XA COMMIT m_2"]


@pytest.mark.parametrize("errno", [1180, 1317])
def test_a_single_commit_that_was_interrupted_is_in_doubt(errno: int) -> None:
    play = writing(1)
    error = failing(play, CommitInDoubt, (OperationalError("interrupted", errno=errno),))
    assert (error.committed, error.pending) == ((), (SHARDS[1],))


def test_one_written_shard_needs_no_decision() -> None:
    assert commit(writing(1)) == ["finish m_1: COMMIT"]
    play = Play("transactions: xa")
    play.execute("SELECT n FROM member WHERE id = 1", (opened(),))
    play.execute("UPDATE member SET n = 1 WHERE id = 2", (wrote(1),))
    assert commit(play) == ["end m_2: XA END m_2; XA COMMIT m_2 ONE PHASE", "finish m_1: COMMIT"]


def test_who_only_reads_ends_before_the_decision() -> None:
    play = writing(1, 2)
    play.execute("SELECT n FROM member WHERE id = 3", (opened(),))
    told = commit(play)
    assert told[2:4] == ["end m_3: XA END m_3; XA COMMIT m_3 ONE PHASE", "end m_1: COMMIT"]


def test_the_first_shard_decides_even_if_it_was_only_read() -> None:
    play = Play("transactions: xa")
    play.execute("SELECT n FROM member WHERE id = 1", (opened(),))
    for key in (2, 3):
        play.execute(f"UPDATE member SET n = 1 WHERE id = {key}", (wrote(1),))
    assert commit(play)[0] == DECISION


def test_a_missing_decision_table_is_made_outside_the_transaction() -> None:
    told = commit(writing(1, 2), (NO_TABLE, None), opened())
    assert told[2].startswith("outside m_1: CREATE TABLE IF NOT EXISTS shardkit_decision")
    assert told[3:] == [DECISION, "end m_1: COMMIT", "end m_2: XA COMMIT m_2"]


def test_a_decision_table_that_may_not_be_made_aborts() -> None:
    play = writing(1, 2)
    failing(play, TransactionAborted, (NO_TABLE, None), OperationalError("denied", errno=1142))
    assert play.told()[-2:] == ["end m_1: ROLLBACK", "end m_2: XA ROLLBACK m_2"]


def test_an_interruption_leaves_no_connection_enlisted() -> None:
    for place in range(2):
        script = transaction.commit((play := writing(1, 2)).session)
        op: Any = script.send(None)
        for _ in range(place):
            op = script.send((None,) * len(op.shards))
        dropped: Any = script.throw(KeyboardInterrupt())
        assert dropped == Each(SHARDS[1 + place : 3], ((),) * (2 - place), finish=True)
        with pytest.raises(KeyboardInterrupt):
            script.send((None,) * len(dropped.shards))
        assert not play.session.enlisted


@pytest.mark.parametrize("error", [REFUSED, LOST])
def test_a_shard_that_cannot_prepare_undoes_all(error: Exception) -> None:
    play = writing(1, 2, 3)
    failing(play, TransactionAborted, (None, error, None))
    assert play.told()[3:] == ["end m_1: ROLLBACK", "end m_2: XA END m_2; XA ROLLBACK m_2", "end m_3: XA ROLLBACK m_3"]


def test_a_branch_that_does_not_roll_back_is_tried_on_another_connection() -> None:
    play = writing(1, 2)
    failing(play, TransactionAborted, (None, LOST), (None, LOST), opened())
    assert play.told()[-1] == "outside m_2: XA ROLLBACK m_2"


def test_somebody_has_written_an_abort_meanwhile() -> None:
    play = writing(1, 2)
    failing(play, TransactionAborted, (IntegrityError("duplicate", errno=1062), None))
    assert play.told()[2:] == ["end m_1: ROLLBACK", "end m_2: XA ROLLBACK m_2"]


def test_a_lost_decision_that_was_a_commit() -> None:
    play = writing(1, 2)
    duplicate = IntegrityError("duplicate", errno=1062)
    told = commit(play, (None, None), (LOST,), duplicate, opened(("commit",)))
    assert told[2:] == ["end m_1: COMMIT", ABORT, ASK, "end m_2: XA COMMIT m_2"]


def test_a_lost_decision_that_never_came_is_an_abort() -> None:
    play = writing(1, 2)
    failing(play, TransactionAborted, (None, None), (LOST,), opened())
    assert play.told()[2:] == ["end m_1: COMMIT", ABORT, "end m_2: XA ROLLBACK m_2"]


def test_a_decision_that_cannot_be_asked_for_is_in_doubt() -> None:
    play = writing(1, 2)
    error = failing(play, CommitInDoubt, (None, None), (LOST,), ShardUnavailable("gone", shards=(SHARDS[1],)))
    assert (error.committed, error.pending) == ((), (SHARDS[1], SHARDS[2]))
    assert play.told()[2:] == ["end m_1: COMMIT", ABORT, "end m_2: "]  # left prepared for recovery


def test_a_decided_branch_is_tried_again() -> None:
    assert commit(writing(1, 2), (None, None), (None,), (LOST,), opened())[-1] == "outside m_2: XA COMMIT m_2"


def test_a_decided_branch_that_somebody_else_has_ended() -> None:
    told = commit(writing(1, 2), (None, None), (None,), (LOST,), UNKNOWN_XID, opened(width=4))
    assert told[-1] == "outside m_2: XA RECOVER"


def test_a_decided_branch_that_is_left_to_recovery() -> None:
    play = writing(1, 2, 3)
    error = failing(play, CommitInDoubt, (None, None, None), (None,), (LOST, None), ShardUnavailable("gone"))
    assert (error.committed, error.pending) == ((SHARDS[1], SHARDS[3]), (SHARDS[2],))
    assert "committed, but not yet to be seen on rds1/m_2" in str(error)


def test_rollback_ends_branches() -> None:
    play = writing(1, 2)
    play.run(transaction.rollback(play.session))
    assert play.told() == ["end m_1: ROLLBACK", "end m_2: XA END m_2; XA ROLLBACK m_2"]


def test_savepoints_are_repeated_on_a_branch() -> None:
    play = writing(1)
    play.execute("SAVEPOINT s")
    play.execute("UPDATE member SET n = 1 WHERE id = 2", (wrote(1),))
    assert play.told()[0] == "enlist m_2: XA START m_2; SAVEPOINT s"


def test_a_read_only_transaction_has_no_branches() -> None:
    play = Play("transactions: xa")
    play.execute("START TRANSACTION READ ONLY")
    play.execute("SELECT n FROM member", tuple(opened(source=number) for number in range(4)))
    assert play.told()[0] == "enlist m_0 m_1 m_2 m_3: START TRANSACTION READ ONLY"
    with pytest.raises(CrossShardTransaction, match="READ ONLY"):
        play.execute("UPDATE member SET n = 1 WHERE id IN (1, 2)")


def test_a_lock_wait_over_several_shards_ends_the_transaction() -> None:
    waited = OperationalError("Lock wait timeout exceeded", errno=1205)
    play = writing(1)
    with pytest.raises(OperationalError):
        play.execute("UPDATE member SET n = 2 WHERE id = 1", waited)
    assert play.session.failed is None  # one shard: MySQL undoes the statement only
    play.execute("UPDATE member SET n = 1 WHERE id = 2", (wrote(1),))
    with pytest.raises(OperationalError):
        play.execute("UPDATE member SET n = 2 WHERE id = 1", waited)
    assert play.session.failed is not None
