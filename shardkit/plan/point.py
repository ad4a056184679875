"""The shortest way: a statement that one `shard key = %s` sends to one shard, planned with two dictionary look-ups.

It does what Prepared.plan does for the statements services run all day (reading, changing or deleting by key, inserting
one row), and steps aside for everything else.
Invariant: a task made here equals the task Prepared.plan makes of the same parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shardkit.flow import Column, Eq, Family, Kind, ParamRef, Plan, Statement, Task, Value
from shardkit.route import Router, integer_range
from shardkit.rules import ShardedTable, Sharding
from shardkit.values import ShardId


class Point:
    """The short way of one text. It learns a slot's SQL from the first plan that goes there."""

    __slots__ = ("_column", "_count", "_index", "_known", "_matching", "_range", "version", "writes")

    def __init__(self, index: int, count: int, sharding: Sharding, within: range | None, *, writes: bool) -> None:
        self._index, self._count = index, count
        self._column, self._matching = sharding.columns[0], sharding.matching
        self._range = within
        self._known: dict[frozenset[int], tuple[ShardId, str, bool]] = {}
        self.version = -1
        self.writes = writes

    def task(self, params: tuple[Any, ...]) -> Task | None:
        """The task, or None when the long way must be gone."""
        if len(params) != self._count:
            return None
        value = params[self._index]
        if type(value) is not int or (self._range is not None and value not in self._range):
            return None
        known = self._known.get(self._matching(self._column, value))
        return Task(known[0], known[1], params, known[2]) if known is not None else None

    def slots(self, params: Sequence[Any]) -> frozenset[int] | None:
        """The slots of a row with these parameters, or None when the long way must be gone."""
        value = params[self._index]
        if type(value) is not int or (self._range is not None and value not in self._range):
            return None
        return self._matching(self._column, value)

    def learn(self, plan: Plan) -> None:
        """Remember the SQL of a plan of this text."""
        task = plan.tasks[0]
        self._known[frozenset((plan.route.targets[0].slot,))] = (task.shard, task.sql, task.needs_database)


def point_of(statement: Statement, router: Router) -> Point | None:
    """The short way of a statement, if it has one."""
    if statement.named is not False or len(statement.tables) != 1 or statement.shown or statement.cut:
        return None
    table, columns = router.tables[0], router.columns[0]
    if not isinstance(table, ShardedTable) or len(table.sharding.columns) != 1:
        return None
    value = _key_value(statement)
    column = columns[table.sharding.columns[0]]
    if column.family is not Family.INTEGER or not isinstance(value, ParamRef) or not isinstance(value.key, int):
        return None
    within, writes = _stored_range(statement, column), statement.kind is not Kind.SELECT
    return Point(value.key, len(statement.params), table.sharding, within, writes=writes)


def _key_value(statement: Statement) -> Value | None:
    """What the shard key is compared with, or gets, when that is all there is to know."""
    insert = statement.insert
    if insert is not None:
        return insert.keys[0][0] if len(insert.keys) == 1 and not insert.auto else None
    predicate = statement.predicates[0]
    return predicate.value if isinstance(predicate, Eq) and statement.kind is not Kind.DDL else None


def _stored_range(statement: Statement, column: Column) -> range | None:
    """An INSERT must know that the value is stored unchanged; a comparison need not."""
    return integer_range(column) if statement.insert is not None else None
