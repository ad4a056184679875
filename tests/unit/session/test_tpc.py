"""PEP 249's two-phase commit: the steps, and what each failure leads to."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import (
    CommitInDoubt,
    ConnectionLost,
    OperationalError,
    ProgrammingError,
    ShardUnavailable,
    TransactionAborted,
)
from shardkit.session import tpc
from shardkit.session.branches import checked_xid, outer_branch, read_outer
from tests.unit.session.play import SHARDS, Play, opened, wrote

XID = checked_xid(7, "outer", "b")
LOST = ConnectionLost("lost", shards=(SHARDS[1],))


def names(told: list[str]) -> list[str]:
    """XA statements with the shard's database instead of their xid."""
    for shard in SHARDS:
        told = [line.replace(outer_branch(XID, shard).xid, shard.database) for line in told]
    return told


def writing(*keys: int) -> Play:
    play = Play("transactions: xa")
    tpc.begin(play.session, XID)
    for key in keys:
        play.execute(f"UPDATE member SET n = 1 WHERE id = {key}", (wrote(1),))
    return play


def prepared(*keys: int) -> Play:
    play = writing(*keys)
    play.run(tpc.prepare(play.session))
    return play


def over(play: Play) -> bool:
    session = play.session
    return not (session.outer or session.enlisted or session.failed or session.prepared or session.explicit)


def test_the_first_shard_is_a_branch_too() -> None:
    assert names(writing(1).told())[0] == "enlist m_1: XA START m_1"


def test_prepare_and_commit() -> None:
    play = writing(1, 2)
    play.execute("SELECT n FROM member WHERE id = 3", (opened(),))
    play.run(tpc.prepare(play.session))
    assert names(play.told()) == [
        "each m_1: XA END m_1; XA PREPARE m_1", "each m_2: XA END m_2; XA PREPARE m_2",
        "end m_3: XA END m_3; XA COMMIT m_3 ONE PHASE",
    ]  # fmt: skip
    play.run(tpc.commit(play.session))
    assert names(play.told()) == ["end m_1: XA COMMIT m_1", "end m_2: XA COMMIT m_2"]
    assert over(play)


def test_commit_in_one_step() -> None:
    play = writing(1)
    play.run(tpc.commit(play.session))
    assert names(play.told()) == ["end m_1: XA END m_1; XA COMMIT m_1 ONE PHASE"]
    play = writing(1, 2)
    play.run(tpc.commit(play.session))
    assert [line.split(":")[0] for line in play.told()] == ["each m_1", "each m_2", "end m_1", "end m_2"]
    assert over(play)


def test_a_shard_that_cannot_prepare_undoes_all() -> None:
    play = writing(1, 2)
    with pytest.raises(TransactionAborted):
        play.run(tpc.prepare(play.session), (None, OperationalError("no", errno=1105)))
    assert names(play.told())[2:] == ["end m_1: XA ROLLBACK m_1", "end m_2: XA END m_2; XA ROLLBACK m_2"]
    assert over(play)


def test_rollback() -> None:
    play = writing(1)
    play.run(tpc.rollback(play.session))
    assert names(play.told()) == ["end m_1: XA END m_1; XA ROLLBACK m_1"]
    play = prepared(1, 2)
    play.run(tpc.rollback(play.session))
    assert names(play.told()) == ["end m_1: XA ROLLBACK m_1", "end m_2: XA ROLLBACK m_2"]
    assert over(play)


def test_a_commit_without_an_answer_is_in_doubt_and_may_be_called_again() -> None:
    play = prepared(1, 2)
    with pytest.raises(CommitInDoubt, match=r"call tpc_commit\(xid\) again") as caught:
        play.run(tpc.commit(play.session), (LOST, None), ShardUnavailable("gone"))
    assert (caught.value.committed, caught.value.pending) == ((SHARDS[2],), (SHARDS[1],))
    assert over(play)


def test_a_rollback_without_an_answer_says_so() -> None:
    play = prepared(1, 2)
    with pytest.raises(OperationalError, match=r"call tpc_rollback\(xid\) again"):
        play.run(tpc.rollback(play.session), (LOST, None), ShardUnavailable("gone"))


@pytest.mark.parametrize("end", [tpc.prepare, tpc.commit])
def test_what_a_statement_has_undone_cannot_be_prepared(end: Any) -> None:
    play = writing(1)
    with pytest.raises(ConnectionLost):
        play.execute("UPDATE member SET n = 1 WHERE id = 1", LOST)
    with pytest.raises(TransactionAborted):
        play.run(end(play.session))
    if end is tpc.prepare:
        play.run(tpc.rollback(play.session))
    assert over(play)


def test_a_prepared_transaction_accepts_nothing_but_its_end() -> None:
    play = prepared(1)
    for sql in ("SELECT n FROM member WHERE id = 1", "COMMIT", "SAVEPOINT s", "TRUNCATE country"):
        with pytest.raises(ProgrammingError):
            play.execute(sql)


def test_names_are_read_back() -> None:
    branch = outer_branch(XID, SHARDS[1])
    row = (7, 5, len(branch.bqual), branch.gtrid + branch.bqual)
    assert read_outer(row) == (XID, branch.bqual[-12:])
    assert read_outer((7, 5, 1, b"outerb")) is None
