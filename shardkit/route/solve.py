"""From a Predicate and parameters to the slots whose rows may fulfil it.

Invariant: a row that fulfils the predicate lies on one of the slots returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from shardkit.flow import And, Anything, Between, Column, Eq, In, Literal, Nothing, Or, Predicate, Value
from shardkit.route.canonical import UNSURE, comparable
from shardkit.rules import ShardedTable
from shardkit.values import Params

NONE: frozenset[int] = frozenset()


def value_of(value: Value, params: Params) -> Any:
    """The value of a literal or placeholder in this execution."""
    if isinstance(value, Literal):
        return value.value
    return params[value.key]  # type: ignore[index]


def slots(predicate: Predicate, table: ShardedTable, columns: Mapping[str, Column], params: Params) -> frozenset[int]:
    """The slots whose rows may fulfil the predicate; `columns` are the shard-key columns by lower-case name."""
    everything = table.sharding.all_slots
    match predicate:
        case Eq(column, value):
            return equal(table, columns[column], value_of(value, params))
        case In(column, values):
            return NONE.union(*(equal(table, columns[column], value_of(v, params)) for v in values))
        case Between(column):
            return _between(predicate, table, columns[column], params)
        case And(parts):
            return everything.intersection(*(slots(part, table, columns, params) for part in parts))
        case Or(parts):
            return NONE.union(*(slots(part, table, columns, params) for part in parts))
        case Anything():
            return everything
        case Nothing():
            return NONE
        case _:
            assert_never(predicate)


def equal(table: ShardedTable, column: Column, value: Any) -> frozenset[int]:
    """The slots of rows whose column equals the value. NULL equals nothing; a value no slot is for has no rows."""
    if value is None:
        return NONE
    canonical = comparable(column, value)
    if canonical is UNSURE:
        return table.sharding.all_slots
    return table.sharding.matching(column.name.lower(), canonical)


def _between(predicate: Between, table: ShardedTable, column: Column, params: Params) -> frozenset[int]:
    bounds = []
    for bound in (predicate.low, predicate.high):
        value = value_of(bound, params) if bound is not None else None
        if bound is not None and value is None:
            return NONE  # a comparison with NULL holds for no row
        bounds.append(comparable(column, value) if bound is not None else None)
    ordered = column.family.value in ("integer", "date", "datetime")
    if not ordered or UNSURE in bounds:
        return table.sharding.all_slots
    return table.sharding.between(column.name.lower(), bounds[0], bounds[1])
