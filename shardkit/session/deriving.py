"""Tables of a workspace that queries make: one for each place that names a CTE.

Invariant: a table holds what its query shows under the session's own modes; only its declaration may need others.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.errors import Error
from shardkit.federate import LENIENT, UNCHECKED
from shardkit.flow import Arrange, Derived, Op

_PURPOSE = "tables of CTEs"
_INVALID_DEFAULT = 1067


def derive(tables: Sequence[Derived]) -> Generator[Op, Any, None]:
    """Make them, in order; each query finds the tables before it."""
    yield Arrange(LENIENT)
    for one in tables:
        try:
            yield Arrange((f"CREATE TEMPORARY TABLE {one.table} AS {one.query}",), one.args, _PURPOSE)
        except Error as error:
            if error.errno != _INVALID_DEFAULT:
                raise
            yield from _declare_first(one)


def _declare_first(one: Derived) -> Generator[Op, Any, None]:
    """MariaDB gives a moment from a derived table the default of year zero, which NO_ZERO_DATE forbids to declare."""
    yield Arrange(UNCHECKED)
    yield Arrange((f"CREATE TEMPORARY TABLE {one.table} AS {one.query} LIMIT 0",), one.args, _PURPOSE)
    yield Arrange(LENIENT)
    yield Arrange((f"INSERT INTO {one.table} {one.query}",), one.args, _PURPOSE)
