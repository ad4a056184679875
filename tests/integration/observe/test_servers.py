"""Spans, figures and outcomes of statements and transactions over two real servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import shardkit
from shardkit.observe import Observer, TransactionEnds
from shardkit.rules import loads
from shardkit.telemetry import Figures
from shardkit.telemetry.otel import OpenTelemetry
from tests.integration.dbapi.stage import Stage
from tests.integration.observe.conftest import Heard

pytestmark = pytest.mark.mysql


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def figures() -> Figures:
    return Figures()


@pytest.fixture
def connection(
    stage: Stage, spans: InMemorySpanExporter, heard: Heard, figures: Figures
) -> Iterator[shardkit.Connection]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    rules = loads(stage.text(transactions="xa"))
    observers: list[Observer] = [heard, figures, OpenTelemetry(provider)]
    with (
        shardkit.Cluster(rules, observers=observers) as cluster,
        closing(cluster.connect(autocommit=True)) as connection,
    ):
        yield connection


def test_a_merge_is_a_span_with_children_on_both_servers(
    connection: shardkit.Connection, spans: InMemorySpanExporter, stage: Stage
) -> None:
    connection.cursor().execute("SELECT COUNT(*) FROM member").fetchall()
    spans.clear()
    connection.cursor().execute("SELECT COUNT(*) FROM member").fetchall()
    *children, statement = spans.get_finished_spans()
    assert statement.name == "SELECT member"
    assert [child.parent.span_id for child in children if child.parent] == [statement.context.span_id] * 4
    found = {(dict(child.attributes or {})["server.port"], dict(child.attributes or {})["db.namespace"])
             for child in children}  # fmt: skip
    assert found == {(stage.url(i // 2).port, database.database) for i, database in enumerate(stage.databases)}


def test_a_transaction_over_two_shards(connection: shardkit.Connection, heard: Heard, figures: Figures) -> None:
    cursor = connection.cursor()
    connection.begin()
    cursor.execute("INSERT INTO member (memberId) VALUES (1000)")
    cursor.execute("INSERT INTO member (memberId) VALUES (1003)")
    connection.commit()
    (end,) = (event for event in heard if isinstance(event, TransactionEnds))
    assert (end.outcome, len(end.shards)) == ("committed", 2)
    commit = heard.last().statement
    assert (commit.text, len(commit.shards)) == ("COMMIT", 2)
    now = figures.snapshot()
    assert now["transactions"] == {"committed": 1}
    assert now["running"] == 0
    assert all(one["running"] == 0 for one in now["shards"].values())
    cursor.execute("DELETE FROM member WHERE memberId IN (1000, 1003)")


def test_the_driver_still_answers_by_key(connection: shardkit.Connection, heard: Heard) -> None:
    for _ in range(3):
        assert connection.cursor().execute("SELECT name FROM member WHERE memberId = %s", (77,)).fetchall() == ()
    assert [end.statement.kind for end in heard.statements] == ["pass"] * 3
    assert [len(end.statement.shards) for end in heard.statements[1:]] == [1, 1]  # the first one looks things up
