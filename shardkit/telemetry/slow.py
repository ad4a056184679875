"""The log of slow statements: one record each, for people as a line and for programs as fields.

    WARNING shardkit.slow: 2.417 s merge on 16 shards (slowest rds1/order_09, 2.402 s), 20 rows: SELECT … WHERE a = ?

Invariant: a statement is logged once, when it ends, and without its values.
"""

from __future__ import annotations

import logging
from typing import Any

from shardkit.errors import Error
from shardkit.observe import Event, Statement, StatementEnds
from shardkit.telemetry.words import sanitised

LOG = logging.getLogger("shardkit.slow")
NAMED = 16
"""Shards that a record names; of more it tells the number."""


class SlowLog:
    """An observer. `threshold` in seconds; `errors`: what failed is logged as well, however quickly it did."""

    def __init__(self, threshold: float, *, errors: bool = False, logger: logging.Logger = LOG) -> None:
        self._threshold, self._errors, self._logger = threshold, errors, logger

    def __call__(self, event: Event, /) -> None:
        """See observe.Observer."""
        if not isinstance(event, StatementEnds):
            return
        one = event.statement
        if one.seconds >= self._threshold or (self._errors and one.error is not None):
            fields = record(one, complete=event.complete)
            self._logger.warning("%s", line(one, fields), extra={"shardkit": fields})


def record(one: Statement, *, complete: bool = True) -> dict[str, Any]:
    """The fields of a record: plain data."""
    slowest = max(one.pieces.items(), key=lambda piece: piece[1], default=None)
    return {
        "seconds": round(one.seconds, 6),
        "plan": one.kind,
        "cached": one.cached,
        "scatter": one.scatter,
        "tables": list(one.tables),
        "shards": [str(shard) for shard in one.shards[:NAMED]],
        "shard_count": len(one.shards),
        "slowest_shard": None if slowest is None else str(slowest[0]),
        "slowest_seconds": None if slowest is None else round(slowest[1], 6),
        "rows": one.rows,
        "affected": one.affected,
        "batch": one.batch,
        "complete": complete,
        "error": None if one.error is None else code(one.error),
        "statement": sanitised(one.text),
    }


def code(error: BaseException) -> str:
    """The stable code of an error of shardkit's, or the class of another one."""
    return error.code if isinstance(error, Error) else type(error).__name__


def line(one: Statement, fields: dict[str, Any]) -> str:
    """The record as people read it."""
    count = fields["shard_count"]
    where = f"on {count} shards" if count != 1 else f"on {fields['shards'][0]}"
    if count > 1:
        where += f" (slowest {fields['slowest_shard']}, {fields['slowest_seconds']:.3f} s)"
    rows = f"{one.affected} affected" if one.affected >= 0 else f"{one.rows} rows"
    failed = f", {fields['error']}" if one.error is not None else "" if fields["complete"] else ", given up"
    return f"{one.seconds:.3f} s {one.kind or 'not planned'} {where}, {rows}{failed}: {fields['statement']}"
