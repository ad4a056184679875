"""What Prometheus reads of the service after a few orders."""

from __future__ import annotations

import urllib.request
from contextlib import closing
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, start_http_server

from examples.observability.metrics import TABLE, OrderService, observed_cluster


def test_a_scrape(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    with observed_cluster(tmp_path, registry) as cluster, closing(cluster.connect(autocommit=True)) as connection:
        connection.cursor().execute(TABLE)
        service = OrderService(connection, Counter("orders_placed", "Orders placed.", registry=registry))
        for number in range(1, 5):
            service.place(number, number, "2.50")
        assert str(service.turnover()) == "10.00"
        server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as answer:
                lines = answer.read().decode().splitlines()
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
    for line in (
        "orders_placed_total 4.0", 'shardkit_statements_total{plan="write"} 4.0',
        'shardkit_statements_total{plan="merge"} 1.0', "shardkit_statement_seconds_count 6.0",
        'shardkit_plan_cache_total{result="hits"} 3.0',
    ):  # fmt: skip
        assert line in lines
