"""OpenTelemetry: a span for each statement with a child for each shard, and metrics, under the stable conventions.

    cluster = shardkit.Cluster("shard-rules.yaml", observers=[OpenTelemetry()])

A statement's span is a child of the span that is current where the statement begins; the spans of its shards are its
children whatever thread or task they run in, because every Piece knows its Statement.
Invariant: every span that is started is ended; no attribute holds a value of a statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider, set_span_in_context

from shardkit.errors import Error
from shardkit.observe import (
    ClusterCloses,
    ClusterOpens,
    ConnectionOpens,
    Event,
    Piece,
    PieceBegins,
    PieceEnds,
    PoolWait,
    ServerAddress,
    Statement,
    StatementBegins,
    StatementEnds,
    TransactionEnds,
)
from shardkit.telemetry.instruments import Instruments
from shardkit.telemetry.slow import NAMED
from shardkit.telemetry.words import operation, sanitised, summary

SCHEMA = "https://opentelemetry.io/schemas/1.36.0"
MYSQL, SQLITE = "mysql", "sqlite"
Attributes = dict[str, Any]


class OpenTelemetry:
    """An observer. Without providers it uses those that the application has set.

    `shards` False: no spans for single shards, for those whose driver is instrumented already.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        *,
        shards: bool = True,
    ) -> None:
        self._tracer = trace.get_tracer("shardkit", tracer_provider=tracer_provider, schema_url=SCHEMA)
        meter = metrics.get_meter("shardkit", meter_provider=meter_provider, schema_url=SCHEMA)
        self._instruments = Instruments(meter, self._connections)
        self._shards = shards
        self._servers: Mapping[str, ServerAddress] = {}
        self._clusters: list[ClusterOpens] = []
        self._spans: dict[Statement | Piece, Span] = {}

    def __call__(self, event: Event, /) -> None:
        """See observe.Observer."""
        match event:
            case StatementBegins(statement):
                self._begin(statement)
            case StatementEnds(statement, complete):
                self._end(statement, complete)
            case PieceBegins(piece):
                self._begin_piece(piece)
            case PieceEnds(piece):
                self._end_piece(piece)
            case ClusterOpens(servers):
                self._servers = {**self._servers, **servers}
                self._clusters.append(event)
            case ClusterCloses(opened):
                self._clusters.remove(opened)
            case PoolWait() | ConnectionOpens() | TransactionEnds():
                self._instruments.count(event)
            case _:
                pass  # nothing that the conventions have a word for

    def _begin(self, one: Statement) -> None:
        attributes: Attributes = {
            "db.system.name": MYSQL, "db.operation.name": _operation(one), "db.query.text": sanitised(one.text),
        }  # fmt: skip
        if one.batch is not None and one.batch != 1:
            attributes["db.operation.batch.size"] = one.batch
        name = attributes["db.operation.name"] or MYSQL
        self._spans[one] = self._tracer.start_span(name, None, SpanKind.CLIENT, attributes, start_time=one.began)

    def _end(self, one: Statement, complete: bool) -> None:
        words = _common(one)
        self._instruments.statement(one, words)
        span = self._spans.pop(one, None)
        if span is None:
            return
        span.update_name(words["db.query.summary"] or MYSQL)
        span.set_attributes({
            **words,
            "shardkit.plan": one.kind,
            "shardkit.scatter": one.scatter,
            "shardkit.shard.count": len(one.shards),
            "shardkit.shards": [str(shard) for shard in one.shards[:NAMED]],
            "shardkit.complete": complete,
        })  # fmt: skip
        if one.affected < 0:
            span.set_attribute("db.response.returned_rows", one.rows)
        if one.cached is not None:
            span.set_attribute("shardkit.plan.cached", one.cached)
        if len(one.shards) == 1:
            shard = one.shards[0]
            span.set_attributes({"db.namespace": shard.database, **self._server(shard.server)})
        _close(span, one.error, one.ended)

    def _begin_piece(self, piece: Piece) -> None:
        parent = self._spans.get(piece.statement) if piece.statement is not None else None
        if parent is None or not self._shards:
            return
        words = operation(piece.sql)
        attributes: Attributes = {
            "db.system.name": self._system(piece.shard.server), "db.namespace": piece.shard.database,
            "db.operation.name": words, "db.query.text": sanitised(piece.sql), **self._server(piece.shard.server),
        }  # fmt: skip
        name, context = f"{words} {piece.shard}", set_span_in_context(parent)
        self._spans[piece] = self._tracer.start_span(name, context, SpanKind.CLIENT, attributes, start_time=piece.began)

    def _end_piece(self, piece: Piece) -> None:
        attributes = {"db.namespace": piece.shard.database, **self._server(piece.shard.server), **_error(piece.error)}
        self._instruments.piece(piece, {"db.system.name": self._system(piece.shard.server), **attributes})
        span = self._spans.pop(piece, None)
        if span is not None:
            span.set_attribute("db.response.returned_rows", piece.rows)
            span.set_attributes(_error(piece.error))
            _close(span, piece.error, piece.ended)

    def _server(self, name: str) -> Attributes:
        address = self._servers.get(name)
        if address is None or address.host is None:
            return {}
        return {"server.address": address.host, "server.port": address.port}

    def _system(self, server: str) -> str:
        address = self._servers.get(server)
        return SQLITE if address is not None and address.embedded else MYSQL

    def _connections(self, what: str, options: CallbackOptions) -> Iterable[Observation]:
        """The pools as they are, for the instruments that look when they are asked."""
        for cluster in self._clusters:
            for pool in cluster.pools():
                name: Attributes = {"db.client.connection.pool.name": pool.name}
                match what:
                    case "count":
                        yield Observation(pool.in_use, {**name, "db.client.connection.state": "used"})
                        yield Observation(pool.idle, {**name, "db.client.connection.state": "idle"})
                    case "max":
                        yield Observation(pool.size, name)
                    case _:
                        yield Observation(pool.waiting, name)


def _operation(one: Statement) -> str:
    word = operation(one.text)
    return f"BATCH {word}" if one.batch is not None and one.batch != 1 else word


def _common(one: Statement) -> Attributes:
    """What spans and metrics say of a statement."""
    words: Attributes = {
        "db.system.name": MYSQL, "db.operation.name": _operation(one),
        "db.query.summary": summary(one.text, one.tables), **_error(one.error),
    }  # fmt: skip
    if len(one.tables) == 1:
        words["db.collection.name"] = one.tables[0]
    return words


def _error(error: BaseException | None) -> Attributes:
    if error is None:
        return {}
    kind = type(error)
    found: Attributes = {"error.type": f"{kind.__module__}.{kind.__qualname__}"}
    if isinstance(error, Error):
        found["db.response.status_code"] = str(error.errno)
    return found


def _close(span: Span, error: BaseException | None, ended: int) -> None:
    if error is not None:
        # The message of an error that a server sent may quote a value of the statement: its code says what it was.
        span.set_status(Status(StatusCode.ERROR, error.code if isinstance(error, Error) else type(error).__name__))
    span.end(end_time=ended)
