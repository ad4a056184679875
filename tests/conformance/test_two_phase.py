"""PEP 249's two-phase commit extension: states, recovery by the xid, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import shardkit
from shardkit.errors import NotSupportedError, ProgrammingError, TransactionAborted
from shardkit.rules import loads
from tests.integration.recovery.bank import ACCOUNTS, START, Bank, bank, transfer
from tests.servers import ServerUrl

KEYS = (0, 2, 3)


@pytest.fixture(scope="module")
def accounts(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Bank]:
    with bank(mysql_servers) as found:
        yield found


@pytest.fixture
def cluster(accounts: Bank) -> Iterator[shardkit.Cluster]:
    with shardkit.Cluster(accounts.rules()) as found:
        yield found
        assert all(pool.in_use == 0 for pool in found.engine.pools)


@pytest.fixture
def connection(cluster: shardkit.Cluster) -> Iterator[shardkit.Connection]:
    found = cluster.connect()
    yield found
    found.close()


def began(connection: shardkit.Connection, name: str, keys: tuple[int, ...] = KEYS) -> Any:
    """A transfer in a transaction of this name."""
    xid = connection.xid(7, name, "bank")
    connection.tpc_begin(xid)
    transfer(connection, keys, name=name)
    return xid


def reached(accounts: Bank, name: str) -> set[int]:
    return accounts.entries().get(name, set())


def mine(connection: shardkit.Connection, name: str) -> list[Any]:
    return [xid for xid in connection.tpc_recover() if xid[1] == name]


def test_prepare_and_commit(connection: shardkit.Connection, accounts: Bank) -> None:
    xid = began(connection, "a")
    assert tuple(xid) == (7, "a", "bank")
    connection.tpc_prepare()
    assert not reached(accounts, "a")
    assert mine(connection, "a") == [xid]
    connection.tpc_commit()
    assert reached(accounts, "a") == set(KEYS)
    assert mine(connection, "a") == []


@pytest.mark.parametrize("prepared", [True, False])
def test_rollback(connection: shardkit.Connection, accounts: Bank, prepared: bool) -> None:
    before = accounts.balances()
    began(connection, "b")
    if prepared:
        connection.tpc_prepare()
    connection.tpc_rollback()
    assert accounts.balances() == before
    assert mine(connection, "b") == []


@pytest.mark.parametrize("keys", [KEYS, (1, 1)])
def test_commit_without_prepare(connection: shardkit.Connection, accounts: Bank, keys: tuple[int, ...]) -> None:
    name = f"c{len(keys)}"
    connection.tpc_begin(connection.xid(7, name, ""))
    cursor = connection.cursor()
    for key in set(keys):
        cursor.execute("INSERT INTO entry (k, name) VALUES (%s, %s)", (key, name))
    cursor.execute("SELECT v FROM account WHERE k = 2").fetchall()
    connection.tpc_commit()
    assert reached(accounts, name) == set(keys)
    assert mine(connection, name) == []


@pytest.mark.parametrize("commits", [True, False])
def test_another_connection_ends_what_a_lost_one_prepared(
    cluster: shardkit.Cluster, accounts: Bank, commits: bool
) -> None:
    name = f"d{commits}"
    lost, other = cluster.connect(), cluster.connect()
    xid = began(lost, name)
    lost.tpc_prepare()
    lost.close()
    accounts_after_recovery = cluster.recover(older_than=0)
    assert not [one for one in accounts_after_recovery.branches if one.gtrid == name]
    assert mine(other, name) == [xid]
    end = other.tpc_commit if commits else other.tpc_rollback
    accounts.eventually(lambda: ended(end, xid), "a lost connection lets go of its branch")
    assert reached(accounts, name) == (set(KEYS) if commits else set())
    assert mine(other, name) == []
    with pytest.raises(ProgrammingError, match="no shard has prepared"):
        end(xid)
    other.close()


def ended(end: Any, xid: Any) -> bool:
    """Whether it could be ended: a server takes a moment to see that a connection is gone."""
    try:
        end(xid)
    except shardkit.Error:
        return False
    return True


def test_after_prepare_nothing_runs_but_the_end(connection: shardkit.Connection) -> None:
    began(connection, "e")
    connection.tpc_prepare()
    cursor = connection.cursor()
    for sql in ("SELECT v FROM account WHERE k = 0", "SELECT v FROM account WHERE k = 1", "UPDATE account SET v = 1 WHERE k = 0",
                "SAVEPOINT s", "COMMIT", "ALTER TABLE account ADD x INT"):  # fmt: skip
        with pytest.raises(ProgrammingError):
            cursor.execute(sql)
    with pytest.raises(ProgrammingError):
        connection.tpc_prepare()
    connection.tpc_rollback()
    assert cursor.execute("SELECT COUNT(*) FROM account").fetchone() == (ACCOUNTS,)


def test_commit_and_rollback_are_refused_inside(connection: shardkit.Connection, accounts: Bank) -> None:
    began(connection, "f")
    for call in (connection.commit, connection.rollback, connection.begin):
        with pytest.raises(ProgrammingError):
            call()
    with pytest.raises(ProgrammingError):
        connection.tpc_begin(connection.xid(7, "f2", ""))
    connection.tpc_rollback()
    for outside in (connection.tpc_prepare, connection.tpc_commit, connection.tpc_rollback):
        with pytest.raises(ProgrammingError):
            outside()
    assert sum(accounts.balances().values()) == ACCOUNTS * START


def test_a_failed_transaction_cannot_be_prepared(connection: shardkit.Connection, accounts: Bank) -> None:
    began(connection, "g")
    accounts.kill_connections(connection, 1)
    with pytest.raises(TransactionAborted):
        connection.tpc_prepare()
    assert not reached(accounts, "g")
    assert mine(connection, "g") == []
    connection.begin()
    connection.rollback()


def test_begin_needs_no_open_transaction_and_xa(connection: shardkit.Connection, accounts: Bank) -> None:
    connection.cursor().execute("SELECT v FROM account WHERE k = 0").fetchall()
    with pytest.raises(ProgrammingError, match="inside a transaction"):
        connection.tpc_begin(connection.xid(7, "h", ""))
    connection.rollback()
    text = accounts.text + "defaults: { transactions: single_shard }\n"
    with shardkit.Cluster(loads(text)) as cluster, cluster.connect() as other, pytest.raises(NotSupportedError):
        other.tpc_begin(other.xid(7, "h", ""))


@pytest.mark.parametrize(
    "wrong", [(-1, "g", "b"), (1_397_443_924, "g", "b"), (1, "", "b"), (1, "é", ""), (1, "g", "b" * 52)]
)
def test_xids(connection: shardkit.Connection, wrong: tuple[int, str, str]) -> None:
    with pytest.raises(ProgrammingError):
        connection.xid(*wrong)
    quoted = connection.xid(1, "it's \\ `odd`", '"')
    connection.tpc_begin(quoted)
    transfer(connection, KEYS)
    connection.tpc_prepare()
    assert quoted in connection.tpc_recover()
    connection.tpc_rollback()
