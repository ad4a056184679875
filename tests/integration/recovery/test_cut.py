"""The crash matrix in process: a commit is cut after every Op, its connections fall, and recovery makes it whole.

Invariant shown: whatever the cut, either every shard has the transfer or none, and no branch stays prepared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

import shardkit
from shardkit.errors import TransactionAborted
from shardkit.flow import Each
from shardkit.session import transaction
from tests.integration.recovery.bank import ACCOUNTS, SHARDS, START, Bank, bank, transfer
from tests.servers import ServerUrl

KEYS = {
    "two shards of two servers": (0, 2),
    "two shards of one server": (0, 1),
    "four shards": (0, 1, 2, 3),
}


@pytest.fixture(scope="module")
def accounts(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Bank]:
    with bank(mysql_servers) as found:
        yield found


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("reads", [(), (3,)], ids=["", "and one that only reads"])
def test_a_commit_cut_after_any_op_leaves_all_or_nothing(
    accounts: Bank, keys: tuple[int, ...], reads: tuple[int, ...]
) -> None:
    outcomes = []
    for cut in range(20):
        before = accounts.balances()
        finished = _cut(accounts, keys, reads, cut)
        accounts.recover()
        after = accounts.balances()
        moved = {key: after[key] - before[key] for key in keys}
        assert sum(after.values()) == ACCOUNTS * START
        assert moved in (dict.fromkeys(keys, 0), {keys[0]: 1 - len(keys), **dict.fromkeys(keys[1:], 1)}), cut
        outcomes.append(any(moved.values()))
        if finished:
            break
    # Nothing before the decision, everything after it.
    assert finished
    assert outcomes == sorted(outcomes)
    assert outcomes[0] is False
    assert outcomes[-1] is True


def _cut(accounts: Bank, keys: tuple[int, ...], reads: tuple[int, ...], cut: int) -> bool:
    """A transfer whose commit ends after `cut` Ops, as if the process had died; whether it was finished by then."""
    with shardkit.Cluster(accounts.rules()) as cluster:
        connection = cluster.connect()
        transfer(connection, keys)
        for key in reads:
            connection.cursor().execute("SELECT v FROM account WHERE k = %s", (key,)).fetchall()
        script = transaction.commit(connection.session)
        finished, answer = False, None
        try:
            op = script.send(None)
            for _ in range(cut):
                answer = connection._lanes.perform(op)
                op = script.send(answer)
        except StopIteration:
            finished = True
        for pinned in connection._lanes._pinned.by_shard.values():
            cast(Any, pinned.connection)._wire.shut_and_close()
        script.close()
        connection.close()
    return finished


def test_a_branch_that_changed_nothing_is_ended_too(accounts: Bank) -> None:
    outcomes = []
    for cut in range(20):
        before = accounts.balances()[0]
        finished = _cut(accounts, (0, 2 + SHARDS * ACCOUNTS), (), cut)  # there is no such account
        accounts.recover()
        outcomes.append(accounts.balances()[0] - before)
        if finished:
            break
    with accounts.pair[0].connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"UPDATE `{accounts.prefix}m00`.account SET v = v + %s WHERE k = 0", (-sum(outcomes),))
    assert outcomes == [0, 0, -1, -1]


def test_a_branch_that_is_not_ours_is_left_alone(accounts: Bank) -> None:
    xid = f"'{accounts.prefix}foreign','b',7"
    with accounts.pair[0].connect() as connection, connection.cursor() as cursor:
        for sql in (
            f"XA START {xid}", f"UPDATE `{accounts.prefix}m00`.account SET v = v + 1 WHERE k = 0",
            f"XA END {xid}", f"XA PREPARE {xid}",
        ):  # fmt: skip
            cursor.execute(sql)
        try:
            with shardkit.Cluster(accounts.rules()) as cluster:
                assert cluster.recover(older_than=0).branches == ()
            cursor.execute("XA RECOVER")
            assert xid.split("'")[1] in str(cursor.fetchall())
        finally:
            cursor.execute(f"XA ROLLBACK {xid}")


def test_a_young_branch_is_left_to_its_coordinator(accounts: Bank) -> None:
    assert _cut(accounts, (0, 2), (), 1) is False
    with shardkit.Cluster(accounts.rules()) as cluster:
        (left,) = cluster.recover(older_than=60).branches
        assert (left.outcome, left.reason) == ("left", "its commit may still be on its way")
    accounts.recover()


def test_recovery_in_the_middle_of_a_commit_makes_the_commit_fail_as_a_whole(accounts: Bank) -> None:
    before = accounts.balances()
    with shardkit.Cluster(accounts.rules()) as cluster:
        connection = cluster.connect()
        transfer(connection, (0, 2))
        script = transaction.commit(connection.session)
        step = script.send(None)
        assert isinstance(step, Each)
        first, others = step.shards[:1], step.shards[1:]
        prepared = connection._lanes.perform(Each(others, step.statements[1:]))
        cluster.recover(older_than=0)  # an abort is written before the coordinator has written its decision
        decided = connection._lanes.perform(Each(first, step.statements[:1]))
        with pytest.raises(TransactionAborted):
            _go_on(connection, script, (*decided, *prepared))
        connection.close()
    accounts.recover()
    assert accounts.balances() == before


def _go_on(connection: shardkit.Connection, script: Any, answer: Any) -> None:
    """Run a script on, from the answer to its first Op."""
    step = script.send(answer)
    while True:
        try:
            answer = connection._lanes.perform(step)
        except shardkit.Error as error:
            step = script.throw(error)
        else:
            step = script.send(answer)
