"""The shortest way: a SELECT that one `shard key = %s` sends to one shard, planned with two dictionary look-ups.

It does what Prepared.plan does for the case services run all day, and steps aside for everything else.
Invariant: a task made here equals the task Prepared.plan makes of the same parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shardkit.flow import Eq, Family, Kind, ParamRef, Plan, Statement, Task
from shardkit.route import Router
from shardkit.rules import ShardedTable
from shardkit.values import ShardId


class Point:
    """The short way of one text. It learns a slot's SQL from the first plan that goes there."""

    __slots__ = ("_column", "_count", "_index", "_known", "_matching")

    def __init__(self, index: int, count: int, column: str, matching: Callable[[str, Any], frozenset[int]]) -> None:
        self._index, self._count = index, count
        self._column, self._matching = column, matching
        self._known: dict[frozenset[int], tuple[ShardId, str, bool]] = {}

    def task(self, params: tuple[Any, ...]) -> Task | None:
        """The task, or None when the long way must be gone."""
        if len(params) != self._count:
            return None
        value = params[self._index]
        if type(value) is not int:
            return None
        known = self._known.get(self._matching(self._column, value))
        if known is None:
            return None
        shard, sql, needs_database = known
        return Task(shard, sql, params, needs_database)

    def learn(self, plan: Plan) -> None:
        """Remember the SQL of a plan of this text."""
        task = plan.tasks[0]
        slots = frozenset((plan.route.targets[0].slot,))
        self._known[slots] = (task.shard, task.sql, task.needs_database)


def point_of(statement: Statement, router: Router) -> Point | None:
    """The short way of a statement, if it has one."""
    if statement.kind is not Kind.SELECT or statement.named is not False or len(statement.tables) != 1:
        return None
    predicate, table = statement.predicates[0], router.tables[0]
    if not isinstance(predicate, Eq) or not isinstance(table, ShardedTable):
        return None
    if not isinstance(predicate.value, ParamRef) or not isinstance(predicate.value.key, int):
        return None
    if router.columns[0][predicate.column].family is not Family.INTEGER or len(table.sharding.columns) != 1:
        return None
    return Point(predicate.value.key, len(statement.params), predicate.column, table.sharding.matching)
