"""A server is killed with SIGKILL at each step of a commit and started again with its data.

Invariant shown: what commit() said is true after recovery: success is there everywhere, TransactionAborted nowhere, and
CommitInDoubt names the shards that did not answer; nothing is ever there in part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import shardkit
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.errors import CommitInDoubt, Error, TransactionAborted
from shardkit.runtime.sync import Lanes
from tests.integration.failures.victims import Victims, victims
from tests.integration.recovery.bank import ACCOUNTS, START, Bank, transfer
from tests.servers import ServerUrl

KEYS = (0, 2, 3)
"""The deciding shard is on the first server, the two branches are on the second."""

STEPS = ("prepare", "decide", "spread")
MOMENTS = [(when, number) for number in (1, 2, 3) for when in ("before", "within")] + [("after", 3)]


@pytest.fixture(scope="module")
def private(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Victims]:
    folder = Path(tempfile.mkdtemp(prefix="shardkit-victims-"))
    with victims(folder, mysql_servers[0].flavor, lasting=True) as found:
        yield found


@pytest.fixture(scope="module")
def accounts(private: Victims) -> Bank:
    found = Bank(private.pair)
    found.build()
    return found


def strike(monkeypatch: pytest.MonkeyPatch, moment: tuple[str, int], blow: Callable[[], None]) -> None:
    """Let the blow fall at this Op of a commit that comes next, once."""
    perform, collect = Lanes.perform, MySqlConnection.collect
    when, number = moment
    count, struck = 0, False

    def once() -> None:
        nonlocal struck
        if not struck and count == number:
            struck = True
            blow()

    def performing(self: Lanes, op: Any) -> Any:
        nonlocal count
        count += 1
        if when == "before":
            once()
        answer = perform(self, op)
        if when == "after":
            once()
        return answer

    def collecting(self: MySqlConnection) -> None:
        if when == "within":
            once()
        collect(self)

    monkeypatch.setattr(Lanes, "perform", performing)
    monkeypatch.setattr(MySqlConnection, "collect", collecting)


def commit(connection: shardkit.Connection) -> Error | None:
    """What commit() says."""
    try:
        connection.commit()
    except Error as error:
        return error
    return None


@pytest.mark.parametrize("back", [True, False], ids=["back at once", "away"])
@pytest.mark.parametrize("victim", [0, 1], ids=["the deciding", "a branch's"])
@pytest.mark.parametrize("moment", MOMENTS, ids=[f"{when} {STEPS[number - 1]}" for when, number in MOMENTS])
def test_what_commit_says_is_true(
    private: Victims, accounts: Bank, moment: tuple[str, int], victim: int, back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blow() -> None:
        private.kill(victim)
        if back:
            private.restart(victim)

    name = f"{moment[0]}{moment[1]}{victim}{back}"
    with shardkit.Cluster(accounts.rules()) as cluster:
        connection = cluster.connect()
        transfer(connection, KEYS, name=name)
        with monkeypatch.context() as patched:
            strike(patched, moment, blow)
            said = commit(connection)
        connection.close()
    if not back:
        private.restart(victim)
    accounts.recover()
    reached = accounts.entries().get(name, set())
    assert reached in (set(), set(KEYS))
    assert sum(accounts.balances().values()) == ACCOUNTS * START
    is_true(said, reached, victim)


def is_true(said: Error | None, reached: set[int], victim: int) -> None:
    """Compare what was said with what is there."""
    match said:
        case None:
            assert reached
        case TransactionAborted():
            assert not reached
        case CommitInDoubt(committed=committed, pending=pending):
            assert pending
            assert reached or not committed
            assert f"rds{victim}" in {shard.server for shard in pending}
        case _:
            raise said
