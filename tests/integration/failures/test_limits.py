"""Pools, time and memory have limits: each ends in an error that says which, and nothing is left running or lent out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import shardkit
from shardkit.errors import (
    BudgetExceeded,
    Error,
    IntegrityError,
    PoolTimeout,
    StatementTimeout,
    TransactionAborted,
    UnknownTable,
)
from tests.integration.dbapi.stage import SHARDS, Stage, eventually, rows, run, value

SLOW = 60
"""Seconds that no test waits for."""

TOTAL = 8 + 4 * 55 * 55


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Members 0 to 7 with n = memberId."""
    with stage.connection(transactions="best_effort") as connection:
        connection.cursor().executemany("INSERT INTO member (memberId, n) VALUES (%s, %s)", [(i, i) for i in range(8)])
    return stage


def opened(stage: Stage, **options: str) -> Iterator[shardkit.Cluster]:
    with stage.cluster(transactions="best_effort", full_scan_writes="allow", **options) as cluster:
        yield cluster
        stage.assert_idle(cluster)


@pytest.fixture
def hurried(filled: Stage) -> Iterator[shardkit.Cluster]:
    """Statements may take half a second."""
    yield from opened(filled, budget="time: 500ms")


@pytest.fixture
def narrow(filled: Stage) -> Iterator[shardkit.Cluster]:
    """Two connections to each server, and little patience."""
    yield from opened(filled, pool="size: 2, wait: 300ms")


@pytest.fixture
def frugal(filled: Stage) -> Iterator[shardkit.Cluster]:
    """Buffers of 6,000 rows, and 12,108 members, a quarter on each shard."""
    fill = (
        "INSERT INTO member WITH RECURSIVE q AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM q WHERE i < 54) "
        "SELECT (a.i * 55 + b.i + 100) * 4 + {0}, CONCAT({0}, '-', a.i * 55 + b.i), NULL, NULL, NULL FROM q a, q b"
    )
    for shard, (server, database) in enumerate(filled.databases):
        filled.ask(int(server[-1]), f"USE `{database}`")
        filled.ask(int(server[-1]), fill.format(shard))
    yield from opened(filled, budget="rows: 6000")


def n(stage: Stage) -> list[Any]:
    return [row[2] for row in sorted(stage.stored("member", "memberId, n"), key=lambda row: row[1]) if row[1] < 8]


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        (f"SELECT SLEEP({SLOW}) FROM member WHERE memberId = 1", None),
        ("SELECT SLEEP(%s) FROM member WHERE memberId = %s", (SLOW, 1)),
        (f"UPDATE member SET n = SLEEP({SLOW}) WHERE memberId = 1", None),
        (f"SELECT SLEEP({SLOW}) FROM config UNION SELECT SLEEP({SLOW})", None),
    ],
)
def test_a_slow_statement_is_stopped(hurried: shardkit.Cluster, filled: Stage, sql: str, params: Any) -> None:
    connection = hurried.connect(autocommit=True)
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(StatementTimeout) as caught:
            run(connection, sql, params)
        assert time.monotonic() - began < 5
        assert caught.value.args[0] == 3024
        assert len(caught.value.shards) == 1
        eventually(lambda: not filled.running(), "the server has stopped it")
    assert value(connection, "SELECT /*+ shardkit(timeout=30s) */ COUNT(*) FROM member") == 8
    assert n(filled) == list(range(8))
    connection.close()


def test_a_slow_write_on_all_shards_is_stopped_and_undone(hurried: shardkit.Cluster, filled: Stage) -> None:
    connection = hurried.connect(autocommit=True)
    with pytest.raises(StatementTimeout) as caught:
        run(connection, f"UPDATE member SET n = n + 100 + SLEEP(IF(memberId = 6, {SLOW}, 0))")
    assert filled.databases[2] in caught.value.shards
    filled.assert_idle(hurried)
    assert n(filled) == list(range(8))
    assert run(connection, "UPDATE member SET n = n + 100") == 8
    connection.close()


def test_a_slow_shard_of_a_select_is_named(hurried: shardkit.Cluster, filled: Stage) -> None:
    """Row locks hold one shard up; the others answer."""
    blocker = filled.servers[1].connect(filled.databases[2].database, autocommit=False)
    with blocker.cursor() as cursor:
        cursor.execute("SELECT * FROM member WHERE memberId = 2 FOR UPDATE")
    connection = hurried.connect(autocommit=True)
    with pytest.raises(StatementTimeout) as caught:
        run(connection, "UPDATE member SET n = n + 100")
    blocker.rollback()
    blocker.close()
    assert filled.databases[2] in caught.value.shards
    assert n(filled) == list(range(8))
    connection.close()


def test_a_timeout_ends_the_transaction(hurried: shardkit.Cluster, filled: Stage) -> None:
    connection = hurried.connect()
    run(connection, "UPDATE member SET n = 103 WHERE memberId = 3")
    with pytest.raises(StatementTimeout):
        run(connection, f"UPDATE member SET n = SLEEP({SLOW}) WHERE memberId = 1")
    with pytest.raises(TransactionAborted):
        run(connection, "UPDATE member SET n = 104 WHERE memberId = 4")
    connection.rollback()
    assert n(filled) == list(range(8))
    connection.close()


def test_a_stream_has_the_same_time(hurried: shardkit.Cluster, filled: Stage) -> None:
    shard = filled.databases[1]
    filled.ask(0, f"INSERT INTO `{shard.database}`.t_order (memberId, orderId) WITH RECURSIVE q AS (SELECT 0 AS i UNION "
               "ALL SELECT i + 1 FROM q WHERE i < 900) SELECT 1, i FROM q")  # fmt: skip
    connection = hurried.connect(autocommit=True)
    seen = 0
    with pytest.raises(StatementTimeout) as caught:
        for _ in connection.cursor().execute("SELECT orderId, SLEEP(0.001) FROM t_order WHERE memberId = 1"):
            seen += 1
    assert seen < 901
    assert caught.value.shards == (shard,)
    connection.close()


# --- pools ----------------------------------------------------------------------------------------------------------


def test_an_exhausted_pool_waits_as_long_as_the_rules_say(narrow: shardkit.Cluster, filled: Stage) -> None:
    holders = [narrow.connect() for _ in range(2)]
    for holder in holders:
        rows(holder, "SELECT n FROM member WHERE memberId = 0")
    late = narrow.connect(autocommit=True)
    for sql in ("SELECT n FROM member WHERE memberId = 1", "SELECT COUNT(*) FROM member", "UPDATE member SET n = 5"):
        began = time.monotonic()
        with pytest.raises(PoolTimeout, match="rds0") as caught:
            run(late, sql)
        assert 0.25 < time.monotonic() - began < 3
        assert caught.value.args[0] == 1040
    assert value(late, "SELECT n FROM member WHERE memberId = 2") == 2  # the other server has connections left
    holders[0].rollback()
    assert value(late, "SELECT n FROM member WHERE memberId = 1") == 1
    for connection in (*holders, late):
        connection.close()
    assert n(filled) == list(range(8))


def test_who_waits_gets_the_next_connection(narrow: shardkit.Cluster) -> None:
    holders = [narrow.connect() for _ in range(2)]
    for holder in holders:
        rows(holder, "SELECT n FROM member WHERE memberId = 0")
    found: list[Any] = []

    def wait() -> None:
        connection = narrow.connect(autocommit=True)
        found.append(value(connection, "SELECT n FROM member WHERE memberId = 1"))
        connection.close()

    waiter = threading.Thread(target=wait)
    waiter.start()
    (pool,) = [pool for pool in narrow.engine.pools if pool.limits.server == "rds0"]
    eventually(lambda: bool(pool._waiting), "the thread waits")
    holders[0].close()
    waiter.join(10)
    holders[1].close()
    assert found == [1]


def test_many_threads_share_few_connections(narrow: shardkit.Cluster, filled: Stage) -> None:
    """Six threads over pools of two: whoever gets connections gives them back; nobody hangs, nobody loses an update."""
    failures: list[BaseException] = []
    done: list[int] = []

    def work(number: int) -> None:
        connection = narrow.connect(autocommit=True)
        while len(done) < 60 and not failures:
            try:
                run(
                    connection,
                    "UPDATE t_order SET amount = amount + 1 WHERE memberId = %s AND orderId = 1",
                    (number % 4,),
                )
                assert rows(connection, "SELECT COUNT(*), SUM(n) FROM member") == [(8, 28)]
                done.append(number)
            except PoolTimeout:
                continue
            except BaseException as error:
                failures.append(error)
        connection.close()

    setup = narrow.connect(autocommit=True)
    run(setup, "INSERT INTO t_order (memberId, orderId) VALUES (0, 1), (1, 1), (2, 1), (3, 1)")
    setup.close()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert sum(row[1] for row in filled.stored("t_order", "amount")) >= len(done) >= 60


def test_a_closed_cluster_refuses(filled: Stage) -> None:
    with filled.cluster() as cluster:
        connection = cluster.connect(autocommit=True)
        rows(connection, "SELECT COUNT(*) FROM member")
    for call in (lambda: rows(connection, "SELECT COUNT(*) FROM member"), cluster.connect):
        with pytest.raises(shardkit.InterfaceError):
            call()
    connection.close()
    eventually(lambda: not filled.sessions(), "no session is left")


# --- buffers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "step"),
    [
        ("SELECT DISTINCT v, name FROM member", "step"),
        ("SELECT name, n, COUNT(*) FROM member GROUP BY name, n ORDER BY 3, 1 LIMIT 5", "step"),
        ("SELECT name, SUM(n) FROM member GROUP BY name", "step"),
    ],
)
def test_a_buffer_over_its_budget_names_the_step(frugal: shardkit.Cluster, filled: Stage, sql: str, step: str) -> None:
    connection = frugal.connect(autocommit=True)
    with pytest.raises(BudgetExceeded) as caught:
        rows(connection, sql)
    assert step in str(caught.value)
    assert "budget.rows" in str(caught.value)
    filled.assert_idle(frugal)
    assert value(connection, "SELECT COUNT(*) FROM member") == TOTAL
    connection.close()


def test_what_needs_no_buffer_needs_no_budget(frugal: shardkit.Cluster) -> None:
    connection = frugal.connect(autocommit=True)
    assert len(rows(connection, "SELECT memberId FROM member")) == TOTAL
    found = rows(connection, "SELECT memberId FROM member ORDER BY memberId DESC")
    assert found == sorted(found, reverse=True)
    assert len(found) == TOTAL
    assert value(connection, "SELECT COUNT(*) FROM member") == TOTAL
    connection.close()


# --- siblings -------------------------------------------------------------------------------------------------------


@pytest.fixture
def blocked(filled: Stage) -> Iterator[Stage]:
    """`doc` is missing on shard 1 and locked by somebody else on shards 2 and 3."""
    database = filled.databases[1].database
    locker = filled.servers[1].connect()
    with locker.cursor() as cursor:
        names = ", ".join(f"`{shard.database}`.doc WRITE" for shard in filled.databases[2:])
        cursor.execute(f"LOCK TABLES {names}")
    filled.ask(0, f"RENAME TABLE `{database}`.doc TO `{database}`.doc_away")
    yield filled
    locker.close()
    filled.ask(0, f"RENAME TABLE `{database}`.doc_away TO `{database}`.doc")


@pytest.mark.parametrize("pool", ["size: 16, wait: 5s", "size: 2, wait: 1s"])
def test_a_failed_shard_cancels_its_siblings(blocked: Stage, pool: str) -> None:
    with blocked.cluster(pool=pool) as cluster:
        connection = cluster.connect(autocommit=True)
        began = time.monotonic()
        with pytest.raises(UnknownTable) as caught:
            rows(connection, "SELECT COUNT(*), MAX(n) FROM doc")
        assert time.monotonic() - began < 10
        assert caught.value.shards == (blocked.databases[1],)
        blocked.assert_idle(cluster)
        connection.close()


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_failed_shard_cancels_the_writes_of_its_siblings(filled: Stage, autocommit: bool) -> None:
    """Shard 1 fails at once; the others would sleep until their time is over."""
    with filled.cluster(transactions="best_effort", full_scan_writes="allow", budget="time: 4s") as cluster:
        connection = cluster.connect(autocommit=autocommit)
        began = time.monotonic()
        with pytest.raises(IntegrityError) as caught:
            run(connection, f"UPDATE member SET n = IF(memberId % 4 = 1, 5, n + SLEEP({SLOW}))")
        took = time.monotonic() - began
        assert caught.value.shards == (filled.databases[1],)
        connection.close()
        filled.assert_idle(cluster)
        assert n(filled) == list(range(8))
        assert took < 3


def test_an_interrupted_thread_leaves_no_statement(filled: Stage) -> None:
    """Closing the connection's server side while four shards work: the first error ends all."""
    with filled.cluster(transactions="best_effort", full_scan_writes="allow") as cluster:
        caught: list[Error] = []

        def work() -> None:
            connection = cluster.connect(autocommit=True)
            try:
                run(connection, f"UPDATE member SET n = n + SLEEP({SLOW})")
            except Error as error:
                caught.append(error)
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        eventually(lambda: len(filled.running()) == SHARDS, "all shards work")
        number, session, *_ = filled.running()[-1]
        filled.kill(number, session)
        thread.join(20)
        (error,) = caught
        assert error.shards
        filled.assert_idle(cluster)
    assert n(filled) == list(range(8))
