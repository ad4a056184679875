"""OpenTelemetry: spans, their parents and attributes, and metrics, as an exporter gets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv.attributes import db_attributes, error_attributes, server_attributes
from opentelemetry.semconv.metrics import db_metrics
from opentelemetry.trace import SpanKind, StatusCode

from shardkit.errors import IntegrityError
from shardkit.observe import (
    ClusterCloses,
    ClusterOpens,
    ConnectionOpens,
    Planned,
    PoolState,
    PoolWait,
    TransactionEnds,
)
from shardkit.telemetry.otel import OpenTelemetry
from tests.unit.telemetry.happenings import ONE, SERVERS, Happenings

OPENED = ClusterOpens(SERVERS, lambda: [PoolState("rds0", 16, 3, 2, 1)])


class Exported:
    """What an application's exporters have got."""

    def __init__(self, *, shards: bool = True) -> None:
        self._spans, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._meters = MeterProvider([self._reader])
        self.observer = OpenTelemetry(self.tracers, self._meters, shards=shards)
        self.happenings = Happenings(self.observer)
        self.happenings.watch.tell(OPENED)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    def metrics(self) -> dict[str, list[tuple[Mapping[str, Any], Any]]]:
        """name -> (attributes, value or number of values)."""
        data: Any = self._reader.get_metrics_data()
        return {
            metric.name: [(point.attributes, getattr(point, "count", getattr(point, "value", None)))
                          for point in metric.data.data_points]
            for resource in data.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics
        }  # fmt: skip


@pytest.fixture
def exported() -> Exported:
    return Exported()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_statement_is_a_span_with_a_child_for_each_shard(exported: Exported) -> None:
    exported.happenings.statement()
    one, two, statement = exported.spans
    assert statement.parent is None
    assert {child.parent.span_id for child in (one, two) if child.parent} == {statement.context.span_id}
    assert {span.kind for span in exported.spans} == {SpanKind.CLIENT}
    assert [span.name for span in exported.spans] == [
        "SELECT rds0/order_00", "SELECT rds1/order_01", "SELECT t_order",
    ]  # fmt: skip
    assert statement.start_time is not None
    assert one.start_time is not None
    assert statement.start_time <= one.start_time


def test_the_words_of_the_conventions(exported: Exported) -> None:
    exported.happenings.statement()
    one, _, statement = exported.spans
    assert attributes(statement) == {
        db_attributes.DB_SYSTEM_NAME: "mysql", db_attributes.DB_OPERATION_NAME: "SELECT",
        db_attributes.DB_QUERY_TEXT: "SELECT * FROM t_order WHERE total > ? AND remark = ? LIMIT ?",
        db_attributes.DB_QUERY_SUMMARY: "SELECT t_order", db_attributes.DB_COLLECTION_NAME: "t_order",
        "db.response.returned_rows": 2, "shardkit.plan": "merge", "shardkit.plan.cached": True,
        "shardkit.scatter": True, "shardkit.shard.count": 2, "shardkit.shards": ("rds0/order_00", "rds1/order_01"),
        "shardkit.complete": True,
    }  # fmt: skip
    assert attributes(one) == {
        db_attributes.DB_SYSTEM_NAME: "mysql", db_attributes.DB_NAMESPACE: "order_00",
        db_attributes.DB_OPERATION_NAME: "SELECT", server_attributes.SERVER_ADDRESS: "10.0.0.1",
        server_attributes.SERVER_PORT: 3306, "db.response.returned_rows": 2,
        db_attributes.DB_QUERY_TEXT: "SELECT * FROM t_order WHERE total > ? AND remark = ? LIMIT ?",
    }  # fmt: skip


def test_a_statement_of_one_shard_says_where_it_was(exported: Exported) -> None:
    exported.happenings.statement(shards=(ONE,), plan=Planned("pass", False, False, ("t_order", "t_order_item")))
    found = attributes(exported.spans[-1])
    assert (found["db.namespace"], found["server.address"], found["server.port"]) == ("order_00", "10.0.0.1", 3306)
    assert found["db.query.summary"] == "SELECT t_order t_order_item"
    assert "db.collection.name" not in found


def test_an_error_is_its_class_and_its_number_and_never_its_text(exported: Exported) -> None:
    exported.happenings.statement(
        "INSERT INTO t VALUES (1)", error=IntegrityError("Duplicate entry 'secret'", errno=1062)
    )
    one, two, statement = exported.spans
    assert one.status.status_code is StatusCode.UNSET
    for span in (two, statement):
        found = attributes(span)
        assert found[error_attributes.ERROR_TYPE] == "shardkit.errors.IntegrityError"
        assert found[db_attributes.DB_RESPONSE_STATUS_CODE] == "1062"
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "SK0203")
        assert not span.events


def test_a_batch_says_its_size(exported: Exported) -> None:
    exported.happenings.statement("INSERT INTO t VALUES (%s)", batch=500)
    exported.happenings.statement("INSERT INTO t VALUES (%s)", batch=1)
    many, single = (attributes(span) for span in exported.spans if span.parent is None)
    assert (many["db.operation.name"], many["db.operation.batch.size"]) == ("BATCH INSERT", 500)
    assert single["db.operation.name"] == "INSERT"
    assert "db.operation.batch.size" not in single
    assert "db.response.returned_rows" not in single


def test_it_is_a_child_of_the_applications_span(exported: Exported) -> None:
    with exported.tracers.get_tracer("app").start_as_current_span("GET /orders") as request:
        exported.happenings.statement()
    statement = next(span for span in exported.spans if span.name == "SELECT t_order")
    assert statement.parent is not None
    assert statement.parent.span_id == request.get_span_context().span_id


def test_without_children() -> None:
    exported = Exported(shards=False)
    exported.happenings.statement()
    assert [span.name for span in exported.spans] == ["SELECT t_order"]


def test_the_duration_is_recorded_once_for_each_statement(exported: Exported) -> None:
    exported.happenings.statement()
    exported.happenings.statement()
    exported.happenings.statement("UPDATE t SET a = 1", error=IntegrityError("no", errno=1062))
    points = exported.metrics()[db_metrics.DB_CLIENT_OPERATION_DURATION]
    assert [(point["db.operation.name"], point.get("error.type"), count) for point, count in points] == [
        ("SELECT", None, 2), ("UPDATE", "shardkit.errors.IntegrityError", 1),
    ]  # fmt: skip
    assert all("db.query.text" not in point for point, _ in points)


def test_counters(exported: Exported) -> None:
    tell = exported.happenings.watch.tell
    exported.happenings.statement()
    exported.happenings.statement(plan=Planned("pass", False), shards=(ONE,))
    exported.happenings.statement(plan=None, shards=())
    for event in (PoolWait("rds0", 0.5, True), PoolWait("rds0", 5.0, False), ConnectionOpens("rds0", 0.1),
                  ConnectionOpens("rds0", 0.1, ValueError()), TransactionEnds("in doubt", (ONE,), 0.1)):  # fmt: skip
        tell(event)
    found = exported.metrics()
    assert {(p["shardkit.plan"], p["shardkit.scatter"]): n for p, n in found["shardkit.statements"]} == {
        ("merge", True): 1, ("pass", False): 1, ("none", False): 1,
    }  # fmt: skip
    assert {p["shardkit.result"]: n for p, n in found["shardkit.plan_cache.lookups"]} == {"hit": 1, "miss": 1}
    assert {p["db.namespace"]: n for p, n in found["shardkit.shard.duration"]} == {"order_00": 2, "order_01": 1}
    pool = {"db.client.connection.pool.name": "rds0"}
    assert found["db.client.connection.wait_time"] == [(pool, 2)]
    assert found["db.client.connection.timeouts"] == [(pool, 1)]
    assert found["db.client.connection.create_time"] == [(pool, 1)]
    assert found["shardkit.transactions"] == [({"shardkit.outcome": "in doubt"}, 1)]


def test_pools_are_asked_when_somebody_looks(exported: Exported) -> None:
    found = exported.metrics()
    assert {p["db.client.connection.state"]: n for p, n in found["db.client.connection.count"]} == {
        "used": 3, "idle": 2,
    }  # fmt: skip
    pool = {"db.client.connection.pool.name": "rds0"}
    assert found["db.client.connection.max"] == [(pool, 16)]
    assert found["db.client.connection.pending_requests"] == [(pool, 1)]


def test_a_closed_cluster_has_no_pools(exported: Exported) -> None:
    exported.happenings.statement()
    exported.happenings.watch.tell(ClusterCloses(OPENED))
    assert "db.client.connection.count" not in exported.metrics()


def test_nothing_is_kept_of_what_has_ended(exported: Exported) -> None:
    exported.happenings.statement()
    exported.happenings.statement(error=IntegrityError("no"))
    assert exported.observer._spans == {}
