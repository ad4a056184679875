"""Rows on their way into a workspace table of MySQL: INSERTs of many rows, bounded in rows and bytes.

Values go to the driver as parameters. A TIMESTAMP comes as seconds since 1970 and goes in as a moment in UTC.
Invariant: every row goes in once, in order, and no statement passes about a megabyte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shardkit.flow import Column, Family
from shardkit.rewrite.batches import bound, runs
from shardkit.values import Row

MOST = 500
"""Rows of one INSERT."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def inserts(table: str, columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The statements and their arguments."""
    moments = [at for at, column in enumerate(columns) if column.family is Family.TIMESTAMP]
    if moments:
        rows = [_dated(row, moments) for row in rows]
    if any(type(value) is timedelta for row in rows for value in row):
        rows = [tuple(bound(value) for value in row) for row in rows]
    one = f"({', '.join(['%s'] * len(rows[0]))})" if rows else ""
    head = f"INSERT INTO {table.replace('%', '%%')} VALUES "
    for part in runs(rows, MOST):
        yield head + ", ".join([one] * len(part)), tuple(value for row in part for value in row)


def _dated(row: Row, moments: list[int]) -> Row:
    cells = list(row)
    for at in moments:
        cells[at] = utc(cells[at])
    return tuple(cells)


def utc(seconds: int | Decimal | None) -> str | None:
    """A moment as MySQL reads it in UTC; 0 is the zero moment."""
    if seconds is None:
        return None
    if seconds == 0:
        return "0000-00-00 00:00:00"
    micros = int(Decimal(seconds) * 1_000_000)
    return (_EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%d %H:%M:%S.%f")
