"""Ways a federated SELECT can end: budgets, timeouts, killed connections, cursors closed or lost. Nothing stays behind."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator

import pytest

import shardkit
from shardkit.errors import BudgetExceeded, ConnectionLost, PoolTimeout, StatementTimeout
from shardkit.values import ShardId
from tests.integration.dbapi.stage import Stage, eventually, rows, run, value

FAR = "SELECT o.orderId, d.k FROM t_order o JOIN doc d ON d.n = o.orderId ORDER BY o.orderId, d.k"
ORDERS, DOCS = 3_000, 1_000


@pytest.fixture
def world(stage: Stage) -> Iterator[shardkit.Cluster]:
    """Many orders and documents, and a cluster of its own whose workspaces are two a server."""
    digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL "
    digits += "SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
    numbers = (
        f"(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS i FROM {digits} a, {digits} b, {digits} c, {digits} e) n"
    )
    for number in range(4):
        shard = stage.databases[number]
        stage.ask(int(shard.server[-1]), f"INSERT INTO `{shard.database}`.t_order (memberId, orderId, amount) "
                  f"SELECT {number}, i, i FROM {numbers} WHERE i < {ORDERS} AND MOD(i, 4) = {number}")  # fmt: skip
    with stage.cluster(pool="size: 16, wait: 2s, workspaces: 2") as cluster:
        connection = cluster.connect(autocommit=True)
        docs = [(f"k{n}", n, "x" * 200) for n in range(DOCS)]
        connection.cursor().executemany("INSERT INTO doc (k, n, v) VALUES (%s, %s, %s)", docs)
        connection.close()
        yield cluster
        check_clean(stage, cluster)


def check_clean(stage: Stage, cluster: shardkit.Cluster) -> None:
    """Nothing is lent out or runs, and every pooled connection is free of temporary tables and fit for a statement."""
    gc.collect()
    connection = cluster.connect(autocommit=True)
    for _ in range(3):
        assert value(connection, f"SELECT COUNT(*) FROM ({FAR.partition(' ORDER')[0]}) f") == DOCS
        assert value(connection, "SELECT COUNT(*) FROM t_order") == ORDERS
    connection.close()
    stage.assert_idle(cluster)


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        ("budget_rows=500", r"the pull of (doc|t_order) step .* more than 500 rows \(budget.rows\)"),
        ("budget_rows=2000", r"the pull of (doc|t_order) step .* more than 2,000 rows"),
        ("budget_memory=64KB", r"the pull of (doc|t_order) step .* more than 65,536 bytes \(budget.memory\)"),
    ],
)
@pytest.mark.parametrize("autocommit", [True, False])
def test_a_breached_budget_names_the_step(world: shardkit.Cluster, hint: str, message: str, autocommit: bool) -> None:
    connection = world.connect(autocommit=autocommit)
    sql = f"SELECT /*+ shardkit({hint}) */ o.amount, d.v FROM t_order o JOIN doc d ON d.n > o.orderId"
    with pytest.raises(BudgetExceeded, match=message):
        rows(connection, sql)
    connection.rollback()
    assert len(rows(connection, FAR)) == DOCS  # the connection goes on
    connection.close()


def test_a_budget_of_the_rules(stage: Stage, world: shardkit.Cluster) -> None:
    assert world is not None
    with stage.connection(budget="rows: 100") as connection:
        with pytest.raises(BudgetExceeded, match="more than 100 rows"):
            rows(connection, FAR)
        raised = FAR.replace("SELECT", "SELECT /*+ shardkit(budget_rows=10_000) */", 1)
        assert len(rows(connection, raised)) == DOCS


def test_too_many_partial_groups(world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    sql = "SELECT /*+ shardkit(budget_rows=1000) */ orderId, SUM(amount) / COUNT(*) FROM t_order GROUP BY orderId"
    with pytest.raises(BudgetExceeded, match="the pull of partial groups step"):
        rows(connection, sql)
    connection.close()


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_timeout_in_the_final_statement(stage: Stage, world: shardkit.Cluster, autocommit: bool) -> None:
    connection = world.connect(autocommit=autocommit)
    sql = "SELECT /*+ shardkit(timeout=700ms) */ COUNT(*), SLEEP(20) FROM t_order o JOIN doc d ON d.n = o.orderId"
    with pytest.raises(StatementTimeout) as caught:
        rows(connection, sql)
    assert "(workspace)" in str(caught.value)
    connection.rollback()
    assert len(rows(connection, FAR)) == DOCS
    connection.close()
    eventually(lambda: not stage.running(), "the sleeping statement was stopped")


def test_a_timeout_in_a_pull(stage: Stage, world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    held = stage.databases[3]
    with stage.servers[1].connect() as other, other.cursor() as cursor:
        cursor.execute(f"LOCK TABLES `{held.database}`.t_order WRITE")
        with pytest.raises(StatementTimeout) as caught:
            rows(connection, FAR.replace("SELECT", "SELECT /*+ shardkit(timeout=1s) */", 1))
    assert held in caught.value.shards
    connection.close()


def victim(stage: Stage, holds: Callable[[str], bool]) -> tuple[int, int]:
    """Wait for a statement of the stage's account whose text fulfils `holds`; its server and thread."""
    found: list[tuple[int, int]] = []

    def look() -> bool:
        found.extend((server, thread) for server, thread, _, text in stage.running() if text and holds(str(text)))
        return bool(found)

    eventually(look, "the statement runs")
    return found[0]


def in_background(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def target() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    return thread, errors


def test_a_shard_that_is_killed_in_a_pull(stage: Stage, world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    held = stage.databases[3]
    with stage.servers[1].connect() as other, other.cursor() as cursor:
        cursor.execute(f"LOCK TABLES `{held.database}`.t_order WRITE")
        thread, errors = in_background(lambda: rows(connection, FAR))
        server, number = victim(stage, lambda text: held.database in text and "t_order" in text)
        stage.kill(server, number)
        thread.join(20)
    assert [type(error) for error in errors] == [ConnectionLost]
    assert held in errors[0].shards  # type: ignore[attr-defined]
    assert len(rows(connection, FAR)) == DOCS
    connection.close()


def test_a_workspace_that_is_killed(stage: Stage, world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    thread, errors = in_background(lambda: rows(connection, FAR.replace("o.orderId,", "o.orderId, SLEEP(1),", 1)))
    server, number = victim(stage, lambda text: "SLEEP" in text)
    stage.kill(server, number)
    thread.join(20)
    assert [type(error) for error in errors] == [ConnectionLost]
    assert "(workspace)" in str(errors[0])
    assert len(rows(connection, FAR)) == DOCS
    connection.close()


def test_a_transaction_outlives_a_killed_workspace(stage: Stage, world: shardkit.Cluster) -> None:
    connection = world.connect()
    run(connection, "UPDATE t_order SET amount = 7 WHERE memberId = 1 AND orderId = 1")
    thread, errors = in_background(lambda: rows(connection, FAR.replace("o.orderId,", "o.orderId, SLEEP(1),", 1)))
    stage.kill(*victim(stage, lambda text: "SLEEP" in text))
    thread.join(20)
    assert [type(error) for error in errors] == [ConnectionLost]
    assert value(connection, "SELECT amount FROM t_order WHERE memberId = 1 AND orderId = 1") == 7
    connection.rollback()
    connection.close()


def test_a_failed_pull_ends_the_transaction_everywhere(stage: Stage, world: shardkit.Cluster) -> None:
    """Its siblings were stopped, and with them what the transaction had done on those shards."""
    connection = world.connect()
    run(connection, "UPDATE t_order SET amount = 7 WHERE memberId = 1 AND orderId = 1")
    stage.ask(1, "SET SESSION lock_wait_timeout = 5")
    stage.ask(1, f"RENAME TABLE `{stage.databases[3].database}`.doc TO `{stage.databases[3].database}`.gone")
    try:
        with pytest.raises(shardkit.Error):
            rows(connection, "SELECT o.orderId, d.k FROM t_order o JOIN doc d ON d.n > o.orderId")
        with pytest.raises(shardkit.Error, match="rolled back"):
            run(connection, "UPDATE t_order SET amount = 8 WHERE memberId = 2 AND orderId = 2")
    finally:
        connection.rollback()
        stage.ask(1, f"RENAME TABLE `{stage.databases[3].database}`.gone TO `{stage.databases[3].database}`.doc")
    assert value(connection, "SELECT amount FROM t_order WHERE memberId = 1 AND orderId = 1") == 1
    connection.close()


MANY = "SELECT o.orderId, d.k FROM t_order o JOIN doc d ON d.n > o.orderId"
"""Hundreds of thousands of rows."""


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_cursor_closed_early(stage: Stage, world: shardkit.Cluster, autocommit: bool) -> None:
    connection = world.connect(autocommit=autocommit)
    cursor = connection.cursor().execute(MANY)
    assert cursor.fetchone() is not None
    cursor.close()
    assert len(rows(connection, FAR)) == DOCS
    connection.close()
    eventually(lambda: not stage.running(), "nothing runs")


def test_another_statement_while_a_cursor_is_open(world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    first = connection.cursor().execute(MANY)
    assert first.fetchone() is not None
    assert len(rows(connection, FAR)) == DOCS
    assert len(first.fetchall()) == DOCS * (DOCS - 1) // 2 - 1  # they were kept for it
    connection.close()


def test_a_cursor_that_is_lost(world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    for _ in range(4):  # there are two workspaces a server
        cursor = connection.cursor().execute(MANY)
        assert cursor.fetchone() is not None
        del cursor
        gc.collect()
    assert len(rows(connection, FAR)) == DOCS
    connection.close()


def test_a_connection_that_is_lost(world: shardkit.Cluster) -> None:
    for _ in range(4):
        connection = world.connect(autocommit=True)
        cursor = connection.cursor().execute(MANY)
        assert cursor.fetchone() is not None
        del cursor, connection
        gc.collect()


def test_a_connection_closed_with_an_open_cursor(world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    cursor = connection.cursor().execute(MANY)
    assert cursor.fetchone() is not None
    connection.close()
    with pytest.raises(shardkit.Error):
        cursor.fetchall()


def test_workspaces_that_are_all_taken(stage: Stage, world: shardkit.Cluster) -> None:
    assert world is not None
    with stage.cluster(pool="size: 8, wait: 300ms, workspaces: 1") as cluster:
        first, second = cluster.connect(autocommit=True), cluster.connect(autocommit=True)
        cursor = first.cursor().execute(MANY)
        assert cursor.fetchone() is not None
        with pytest.raises(PoolTimeout, match="workspaces"):
            rows(second, FAR)
        assert value(second, "SELECT COUNT(*) FROM t_order") == ORDERS  # other statements need none
        cursor.close()
        assert len(rows(second, FAR)) == DOCS
        first.close()
        second.close()


def test_many_threads_share_few_workspaces(world: shardkit.Cluster) -> None:
    counts: list[int] = []

    def work() -> None:
        connection = world.connect(autocommit=True)
        for _ in range(3):
            counts.append(len(rows(connection, FAR)))
        connection.close()

    started = [in_background(work) for _ in range(5)]
    for thread, _ in started:
        thread.join(60)
    assert [error for _, errors in started for error in errors] == []
    assert counts == [DOCS] * 15


def test_an_account_that_may_make_no_temporary_tables(stage: Stage, world: shardkit.Cluster) -> None:
    assert world is not None
    wild = stage.prefix.replace("_", "\\_") + "%"
    for number in (0, 1):
        stage.ask(number, f"REVOKE CREATE TEMPORARY TABLES ON `{wild}`.* FROM '{stage.user}'@'%'")
    try:
        with stage.connection() as connection:
            with pytest.raises(shardkit.Error) as caught:
                rows(connection, FAR)
            assert "CREATE TEMPORARY TABLES" in str(caught.value)
            assert "rds" in str(caught.value)
            assert value(connection, "SELECT COUNT(*) FROM t_order") == ORDERS
    finally:
        for number in (0, 1):
            stage.ask(number, f"GRANT CREATE TEMPORARY TABLES ON `{wild}`.* TO '{stage.user}'@'%'")


def test_no_temporary_table_is_left_on_a_pooled_connection(stage: Stage, world: shardkit.Cluster) -> None:
    connection = world.connect(autocommit=True)
    names = [f"sk__w{number}" for number in range(2)]
    for sql in (FAR, f"SELECT /*+ shardkit(budget_rows=10) */ COUNT(*) + 1 FROM ({FAR[:-27]}) f"):
        with contextlib.suppress(BudgetExceeded):
            rows(connection, sql)
        leased = [pool.acquire(shard, ()) for pool in world.engine.pools for shard in [_shard_of(stage, pool.key)]]
        for pool, one in zip(world.engine.pools, leased, strict=True):
            shard = _shard_of(stage, pool.key)
            for name in names:
                one.run(shard, f"CREATE TEMPORARY TABLE `{shard.database}`.`{name}` (a INT)")
            one.reset()
            pool.release(one)
    connection.close()


def _shard_of(stage: Stage, key: object) -> ShardId:
    """A shard of a pool's server."""
    number = 1 if "rds1" in str(key) else 0
    return stage.databases[number * 2]
