"""The figures of a process, as a snapshot and as Prometheus reads them."""

from __future__ import annotations

import json
import threading

from prometheus_client import CollectorRegistry, generate_latest

from shardkit.errors import IntegrityError
from shardkit.observe import (
    BranchRecovered,
    ClusterCloses,
    ClusterOpens,
    ConnectionLapses,
    ConnectionOpens,
    Planned,
    PoolState,
    PoolWait,
    StatementBegins,
    TransactionEnds,
)
from shardkit.observe import Statement as Observed
from shardkit.telemetry import Figures
from shardkit.telemetry.prometheus import FiguresCollector
from tests.unit.telemetry.happenings import ONE, PAGE, SERVERS, Happenings

OPENED = ClusterOpens(SERVERS, lambda: [PoolState("rds0", 16, 3, 2, 1)])


def busy() -> Figures:
    """Figures of a process that has done a bit of everything."""
    figures = Figures()
    happenings = Happenings(figures)
    happenings.watch.tell(OPENED)
    happenings.statement()
    happenings.statement(plan=Planned("pass", False), shards=(ONE,))
    happenings.statement("INSERT INTO t VALUES (1)", plan=Planned("write", True), error=IntegrityError("no"))
    for event in (PoolWait("rds0", 0.5, True), PoolWait("rds0", 5.0, False), ConnectionOpens("rds0", 0.1),
                  ConnectionOpens("rds0", 0.1, ValueError()), ConnectionLapses("rds0"),
                  TransactionEnds("committed", (ONE,), 0.1), BranchRecovered("g", "rds0", "left", "young"),
                  StatementBegins(Observed(PAGE))):  # fmt: skip
        happenings.watch.tell(event)
    return figures


def test_a_snapshot() -> None:
    now = json.loads(json.dumps(busy().snapshot()))
    assert now["statements"] == {"merge": 1, "pass": 1, "write": 1}
    assert now["errors"] == {"SK0203": 1}
    assert (now["rows"], now["scatter"], now["running"]) == (4, 1, 1)
    assert now["plan_cache"] == {"hits": 2, "misses": 1}
    assert now["pool_waits"] == {"granted": 1, "timeouts": 1}
    assert now["seconds"]["pool_waits"] == 5.5
    assert now["connections"] == {"failed": 1, "lapsed": 1, "opened": 1}
    assert now["transactions"] == {"committed": 1}
    assert now["recovered"] == {"left": 1}
    assert now["pools"] == [{"name": "rds0", "size": 16, "in_use": 3, "idle": 2, "waiting": 1}]
    assert {name: (one["statements"], one["errors"], one["running"], one["rows"]) for name, one in
            now["shards"].items()} == {"rds0/order_00": (3, 0, 0, 6), "rds1/order_01": (2, 1, 0, 4)}  # fmt: skip
    (longest,) = now["longest"]
    assert longest["statement"] == "SELECT * FROM t_order WHERE total > ? AND remark = ? LIMIT ?"
    assert longest["seconds"] >= 0


def test_a_closed_cluster_has_no_pools() -> None:
    figures = Figures()
    figures(OPENED)
    figures(ClusterCloses(OPENED))
    assert figures.snapshot()["pools"] == []


def test_threads_lose_no_count() -> None:
    figures = Figures()

    def work() -> None:
        happenings = Happenings(figures)
        for _ in range(200):
            happenings.statement()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = figures.snapshot()
    assert now["statements"] == {"merge": 800}
    assert (now["running"], now["shards"]["rds0/order_00"]["statements"]) == (0, 800)


def test_prometheus_reads_them() -> None:
    registry = CollectorRegistry()
    registry.register(FiguresCollector(busy()))
    lines = generate_latest(registry).decode().splitlines()
    for line in (
        'shardkit_statements_total{plan="merge"} 1.0', 'shardkit_errors_total{code="SK0203"} 1.0',
        "shardkit_statement_seconds_count 3.0", 'shardkit_plan_cache_total{result="hits"} 2.0',
        "shardkit_scatter_total 1.0", "shardkit_rows_total 4.0", 'shardkit_pool_waits_total{result="timeouts"} 1.0',
        "shardkit_pool_wait_seconds_total 5.5", 'shardkit_transactions_total{outcome="committed"} 1.0',
        'shardkit_shard_seconds_count{shard="rds0/order_00"} 3.0', 'shardkit_pool_in_use{pool="rds0"} 3.0',
        "shardkit_running 1.0", 'shardkit_shard_errors_total{shard="rds1/order_01"} 1.0',
    ):  # fmt: skip
        assert line in lines
