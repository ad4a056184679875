"""Observers to hang on a cluster: a log of slow statements, figures of a process, OpenTelemetry, Prometheus.

    cluster = shardkit.Cluster("shard-rules.yaml", observers=[SlowLog(2.0), Figures()])

`telemetry.otel` and `telemetry.prometheus` need their libraries (`pip install 'shardkit[otel,prometheus]'`) and are
imported by name.
Invariant: no value of a statement leaves here; its fingerprint does.
"""

from shardkit.telemetry.figures import Figures
from shardkit.telemetry.slow import SlowLog
from shardkit.telemetry.words import operation, sanitised, summary

__all__ = ["Figures", "SlowLog", "operation", "sanitised", "summary"]
