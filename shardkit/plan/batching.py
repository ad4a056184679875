"""Many rows of one INSERT text as multi-row statements, dealt out by shard.

Invariant: every row is in one statement, and rows of one shard keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from shardkit.errors import ParameterError
from shardkit.flow import Hints, Plan, Route, Target, Task
from shardkit.plan.hinted import budget_of
from shardkit.rewrite import runs
from shardkit.route.writes import last_id
from shardkit.rules import ShardedTable
from shardkit.values import Params

if TYPE_CHECKING:
    from shardkit.plan.prepared import Prepared

R = TypeVar("R")


def one_plain_row(ready: Prepared) -> bool:
    """Whether a statement is an INSERT of one row into a sharded table with all its %s inside the row."""
    statement = ready.statement
    insert = statement.insert
    if insert is None or insert.rows is None or len(insert.keys) != 1 or statement.named is not False:
        return False
    start, end = insert.rows.span
    if not isinstance(ready.router.tables[0], ShardedTable) or not statement.params:
        return False
    return all(start <= a and b <= end for a, b in statement.param_spans)


def batch(ready: Prepared, rows: Sequence[Params], size: int, hints: Hints) -> list[Plan]:
    """Plans of statements of at most `size` rows; the hints give them their budget."""
    groups: dict[Target, list[Sequence[Any]]] = {}
    places: dict[Target, list[int]] = {}
    targets: dict[frozenset[int], Target] = {}
    for number, params in enumerate(rows):
        if not isinstance(params, Sequence):
            raise ParameterError("parameters of executemany are all sequences or all mappings")
        ready.check_params(params)
        slots = ready.point.slots(params) if ready.point is not None else None
        target = targets.get(slots) if slots is not None else None
        if target is None:
            target = ready.router.route(params, ()).targets[0]
            if slots is not None:
                targets[slots] = target
        groups.setdefault(target, []).append(params)
        places.setdefault(target, []).append(number)
    budget = budget_of(hints, ready.rules.defaults.budget)
    return [
        _plan(ready, target, part, numbers)._replace(budget=budget)
        for target, mine in groups.items()
        for part, numbers in numbered(runs(mine, size), places[target])
    ]


def numbered(parts: Iterable[Sequence[R]], numbers: Sequence[int]) -> Iterator[tuple[Sequence[R], tuple[int, ...]]]:
    """Each part of some rows with those of their numbers that are its own."""
    start = 0
    for part in parts:
        yield part, tuple(numbers[start : start + len(part)])
        start += len(part)


def _plan(ready: Prepared, target: Target, rows: Sequence[Sequence[Any]], numbers: tuple[int, ...]) -> Plan:
    sql = ready.repeated(target, len(rows))
    args = tuple(value for row in rows for value in row)
    route = Route((target,), f"{len(rows)} rows of one batch", rows=(numbers,))
    insert = ready.statement.insert
    assert insert is not None
    given = last_id(insert, rows[-1])
    return Plan(ready.statement.kind, route, (Task(target.shard, sql, args),), last_id=given)
