"""Which columns of which tables a statement compares with values: not only those that are shard keys now.

Invariant: a column counts as compared only if the condition holds for every row that contributes, as routing needs it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from shardkit.flow import And, Eq, In, Kind, Literal, Or, Predicate
from shardkit.parse import scopes as scoping
from shardkit.parse import write
from shardkit.parse.draft import Draft
from shardkit.parse.predicate import Solver
from shardkit.parse.scopes import Names


@dataclass(frozen=True, slots=True)
class Compared:
    """One use of a table. Column names are in lower case."""

    table: str
    single: frozenset[str]  # compared with one value
    listed: frozenset[str]  # compared with a list of values
    joined: frozenset[str]  # equal to a column of another table
    assigned: frozenset[str]  # given a new value


def compared(draft: Draft, names: Names) -> tuple[Compared, ...]:
    """The columns that a SELECT, UPDATE or DELETE compares, for each use of a table; () for an INSERT.

    `WHERE o.memberId = 5 AND o.orderId IN (1, 2)` -> single memberId, listed orderId.
    """
    if draft.kind in (Kind.INSERT, Kind.REPLACE):
        return ()
    numbered = [(table, use) for use, table in enumerate(draft.tables)]
    scopes = list(scoping.build(draft.tree, numbered, names).values())
    solver = Solver(scopes, draft.source.params)
    assigned = frozenset(column.name.lower() for column in _assigned(draft.tree))
    return tuple(_use(table.name, use, solver, names, assigned) for table, use in numbered)


def _use(table: str, use: int, solver: Solver, names: Names, assigned: frozenset[str]) -> Compared:
    info = names.info(table)
    columns = [column.name.lower() for column in info.columns] if info is not None else []
    single, listed, joined = set(), set(), set()
    for column in columns:
        count = _values(solver.predicate(use, (column,)))
        if count == 1:
            single.add(column)
        elif count:
            listed.add(column)
        if any(other != use for other, _ in solver.equal_columns((use, column))):
            joined.add(column)
    here = assigned & set(columns)
    return Compared(table, frozenset(single), frozenset(listed), frozenset(joined), frozenset(here))


def _values(predicate: Predicate) -> int:
    """With how many values the one column of the predicate is compared; 0 for none, or for anything else."""
    match predicate:
        case Eq(_, value):
            return 0 if value == Literal(None) else 1
        case In(_, values):
            return len(set(values))
        case And(parts):
            return min((count for part in parts if (count := _values(part))), default=0)
        case Or(parts):
            counts = [_values(part) for part in parts]
            return sum(counts) if all(counts) else 0
        case _:
            return 0


def _assigned(tree: exp.Expr) -> list[exp.Column]:
    return write.assigned_columns(tree) if isinstance(tree, exp.Update) else []
