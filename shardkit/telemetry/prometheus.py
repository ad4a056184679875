"""Prometheus: the figures of a process as metrics, read when Prometheus asks.

    figures = Figures()
    cluster = shardkit.Cluster("shard-rules.yaml", observers=[figures])
    prometheus_client.REGISTRY.register(FiguresCollector(figures))

Invariant: a scrape costs one snapshot; nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from shardkit.telemetry.figures import Figures

_NAMED = {
    "statements": ("plan", "Statements that have ended, by kind of plan."),
    "errors": ("code", "Statements that have failed, by code."),
    "plan_cache": ("result", "Look-ups of plans by text."),
    "pool_waits": ("result", "Statements that had to wait for a connection."),
    "connections": ("event", "Connections opened, failed, or found dead."),
    "transactions": ("outcome", "Transactions that have ended."),
    "recovered": ("outcome", "Prepared branches that recovery met."),
}
_POOL = {
    "size": "Connections that a pool may hold.",
    "in_use": "Connections that are lent out.",
    "idle": "Open connections that nobody uses.",
    "waiting": "Those who wait for a connection.",
}


class FiguresCollector(Collector):
    """A collector to register with a registry of prometheus_client."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """The metrics of this moment."""
        now = self._figures.snapshot()
        for group, (label, about) in _NAMED.items():
            family = CounterMetricFamily(f"shardkit_{group}", about, labels=[label])
            for name, count in now[group].items():
                family.add_metric([name], count)
            yield family
        yield CounterMetricFamily("shardkit_rows", "Rows handed out.", value=now["rows"])
        yield CounterMetricFamily("shardkit_scatter", "Statements that went to all shards.", value=now["scatter"])
        total = sum(now["statements"].values())
        yield SummaryMetricFamily("shardkit_statement_seconds", "Time of statements.", total,
                                  now["seconds"]["statements"])  # fmt: skip
        yield CounterMetricFamily("shardkit_pool_wait_seconds", "Time waited for connections.",
                                  value=now["seconds"]["pool_waits"])  # fmt: skip
        yield GaugeMetricFamily("shardkit_running", "Statements at work.", value=now["running"])
        yield from _shards(now["shards"])
        yield from _pools(now["pools"])


def _shards(shards: Mapping[str, Mapping[str, Any]]) -> Iterable[Metric]:
    seconds = SummaryMetricFamily("shardkit_shard_seconds", "Time that shards worked.", labels=["shard"])
    errors = CounterMetricFamily("shardkit_shard_errors", "Texts that a shard refused.", labels=["shard"])
    running = GaugeMetricFamily("shardkit_shard_running", "Texts at work on a shard.", labels=["shard"])
    for name, one in shards.items():
        seconds.add_metric([name], one["statements"], one["seconds"])
        errors.add_metric([name], one["errors"])
        running.add_metric([name], one["running"])
    yield from (seconds, errors, running)


def _pools(pools: Iterable[Mapping[str, Any]]) -> Iterable[Metric]:
    families = {
        name: GaugeMetricFamily(f"shardkit_pool_{name}", about, labels=["pool"]) for name, about in _POOL.items()
    }
    for pool in pools:
        for name, family in families.items():
            family.add_metric([pool["name"]], pool[name])
    yield from families.values()
