"""An order service that tells Prometheus what it does.

    python -m examples.observability.metrics 9464        # then: curl http://127.0.0.1:9464/metrics

The figures of the cluster and the service's own counter stand in one registry, and prometheus_client serves it.
Invariant: the service's own code knows nothing of how shardkit is observed.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, start_http_server

import shardkit
from shardkit.telemetry import Figures
from shardkit.telemetry.prometheus import FiguresCollector

RULES = """\
version: 1
servers: {{ east: {{ url: "sqlite:///{folder}" }} }}
layouts: {{ shop: {{ databases: "shop_{{0..3}}", servers: [east] }} }}
tables: {{ t_order: {{ layout: shop, shard_by: memberId }} }}
"""
TABLE = "CREATE TABLE t_order (orderId BIGINT PRIMARY KEY, memberId BIGINT NOT NULL, total DECIMAL(10,2) NOT NULL)"


class OrderService:
    """Places orders and counts them."""

    def __init__(self, connection: shardkit.Connection, placed: Counter) -> None:
        self._connection, self._placed = connection, placed

    def place(self, order_id: int, member_id: int, total: str) -> None:
        """One new order."""
        sql = "INSERT INTO t_order (orderId, memberId, total) VALUES (%s, %s, %s)"
        self._connection.cursor().execute(sql, (order_id, member_id, total))
        self._placed.inc()

    def turnover(self) -> object:
        """All orders together."""
        row = self._connection.cursor().execute("SELECT SUM(total) FROM t_order").fetchone()
        assert row is not None
        return row[0]


def observed_cluster(folder: Path, registry: CollectorRegistry) -> shardkit.Cluster:
    """A cluster whose figures the registry gives out."""
    rules = folder / "rules.yaml"
    rules.write_text(RULES.format(folder=folder), encoding="utf-8")
    figures = Figures()
    registry.register(FiguresCollector(figures))
    return shardkit.Cluster(rules, observers=[figures])


def main(port: int) -> None:
    """Place a few orders, then serve the metrics until interrupted."""
    registry = CollectorRegistry()
    with tempfile.TemporaryDirectory() as folder, observed_cluster(Path(folder), registry) as cluster:
        connection = cluster.connect(autocommit=True)
        connection.cursor().execute(TABLE)
        service = OrderService(connection, Counter("orders_placed", "Orders placed.", registry=registry))
        for number in range(1, 101):
            service.place(number, number % 10, f"{number}.50")
        print("turnover:", service.turnover())
        start_http_server(port, registry=registry)
        print(f"http://127.0.0.1:{port}/metrics; interrupt to end")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9464)
