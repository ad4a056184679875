"""The same under asyncio: statements of several tasks at once keep their pieces and spans apart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import shardkit.aio
from shardkit.errors import IntegrityError
from shardkit.observe import (
    ClusterCloses,
    ClusterOpens,
    Observer,
    PieceBegins,
    PieceEnds,
    StatementBegins,
    TransactionEnds,
)
from shardkit.telemetry import Figures
from shardkit.telemetry.otel import OpenTelemetry
from tests.integration.observe.conftest import RULES, Heard, Opening

Work = Callable[[shardkit.aio.Cluster], Coroutine[Any, Any, None]]
PAGE = "SELECT * FROM t_order ORDER BY n"


@pytest.fixture
def running(opening: Opening, tmp_path: Path) -> Callable[..., None]:
    """Runs work on a cluster under asyncio over the shards of the conftest."""
    opening()

    def run(work: Work, *observers: Observer) -> None:
        rules = tmp_path / "aio.yaml"
        rules.write_text(RULES.format(folder=tmp_path, defaults=""), encoding="utf-8")

        async def main() -> None:
            async with shardkit.aio.Cluster(rules, observers=observers) as cluster:
                await work(cluster)

        asyncio.run(main())

    return run


def test_statements_and_transactions(running: Callable[..., None]) -> None:
    heard = Heard()

    async def work(cluster: shardkit.aio.Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        cursor = connection.cursor()
        for _ in range(2):
            await (await cursor.execute("SELECT n FROM t_order WHERE memberId = %s", (1,))).fetchall()
        await (await cursor.execute(PAGE)).fetchall()
        await cursor.executemany("INSERT INTO t_order VALUES (%s, %s, 0)", [(i, i) for i in range(10, 20)])
        with pytest.raises(IntegrityError):
            await cursor.execute("INSERT INTO t_order VALUES (1, 1, 1)")
        await connection.begin()
        await cursor.execute("UPDATE t_order SET n = 0 WHERE memberId = 1")
        await connection.commit()
        await connection.begin()
        await cursor.execute("UPDATE t_order SET n = 0 WHERE memberId = 1")
        await connection.close()

    running(work, heard)
    found = [(end.statement.kind, len(end.statement.shards), end.statement.rows, end.statement.cached)
             for end in heard.statements]  # fmt: skip
    assert found == [
        ("pass", 1, 1, False), ("pass", 1, 1, True), ("merge", 4, 8, False), ("write", 4, 0, False),
        ("write", 1, 0, False), ("write", 1, 0, False), ("transaction", 1, 0, None), ("write", 1, 0, True),
    ]  # fmt: skip
    outcomes = [event.outcome for event in heard if isinstance(event, TransactionEnds)]
    assert outcomes == ["committed", "rolled back"]
    assert isinstance(heard[0], ClusterOpens)
    assert isinstance(heard[-1], ClusterCloses)
    assert sum(isinstance(e, PieceBegins) for e in heard) == sum(isinstance(e, PieceEnds) for e in heard)


def test_spans_of_concurrent_tasks_have_their_own_parents(running: Callable[..., None]) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("app")

    async def work(cluster: shardkit.aio.Cluster) -> None:
        async def request(number: int) -> None:
            connection = cluster.connect(autocommit=True)
            with tracer.start_as_current_span(f"request {number}"):
                for _ in range(3):
                    await (await connection.cursor().execute(f"{PAGE} LIMIT {number}")).fetchall()
            await connection.close()

        await asyncio.gather(*(request(number) for number in range(1, 6)))

    running(work, OpenTelemetry(provider))
    spans = {span.context.span_id: span for span in exporter.get_finished_spans()}
    statements = [span for span in spans.values() if span.name == "SELECT t_order"]
    assert len(statements) == 15
    for statement in statements:
        assert statement.parent is not None
        assert spans[statement.parent.span_id].name.startswith("request ")
    parts = [span for span in spans.values() if span.name.startswith("SELECT one/")]
    assert len(parts) == 60
    by_parent: dict[int, set[str]] = {}
    for part in parts:
        assert part.parent is not None
        by_parent.setdefault(part.parent.span_id, set()).add(part.name)
    assert by_parent == {one.context.span_id: {f"SELECT one/o_{i}" for i in range(4)} for one in statements}


def test_a_cancelled_statement_ends(running: Callable[..., None]) -> None:
    heard, figures = Heard(), Figures()

    async def work(cluster: shardkit.aio.Cluster) -> None:
        connection = cluster.connect(autocommit=True)
        await (await connection.cursor().execute(PAGE)).fetchall()
        for wait in (0, 1, 2, 3, 5, 8):
            task = asyncio.create_task(connection.cursor().execute(PAGE))
            for _ in range(wait):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await (await connection.cursor().execute(PAGE)).fetchall()
        await connection.close()

    running(work, heard, figures)
    begun = [event.statement for event in heard if isinstance(event, StatementBegins)]
    assert sorted(map(id, begun)) == sorted(id(end.statement) for end in heard.statements)
    now = figures.snapshot()
    assert now["running"] == 0
    assert all(shard["running"] == 0 for shard in now["shards"].values())
