"""Generated ids of a statement: obtained before it is planned, so that planning stays pure.

Invariant: an id that was obtained is used for one row or for none.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

from shardkit.errors import GeneratorError
from shardkit.flow import NO_HINTS, Hints, NewId, NewIds, Op, Plan
from shardkit.plan import Filling, Prepared, chosen_column
from shardkit.plan.filling import Ids
from shardkit.rules import ShardedTable
from shardkit.session.state import Session
from shardkit.values import Params


class Given(NamedTuple):
    """A statement whose ids are there, with its parameters, and the first of the ids."""

    ready: Prepared
    params: Params
    first: NewId | None


def planned(session: Session, ready: Prepared, params: Params, around: Hints | None) -> Generator[Op, Any, Plan]:
    """The plan of one execution, its generated ids included."""
    if ready.filling is None:
        return ready.plan(params, session.enlisted, around)
    (given,) = yield from with_ids(ready, ready.filling, [params])
    hints = ready.hints(params, around)
    plan = given.ready.plan(given.params, session.enlisted, None if hints is NO_HINTS else hints)
    return plan._replace(first_id=given.first)


def with_ids(ready: Prepared, filling: Filling, rows: Sequence[Params]) -> Generator[Op, Any, list[Given]]:
    """Executions of one text, with ids for all of them obtained together."""
    for params in rows:
        ready.check_params(params)
    needs = [filling.wanted(params) for params in rows]
    totals: dict[str, NewIds] = {}
    for column, count in (one for each in needs for one in each):
        had = totals.get(column.name.lower())
        totals[column.name.lower()] = NewIds(filling.table.name, column, count + (had.count if had else 0))
    left = {}
    for name, op in totals.items():
        left[name] = iter((yield op))
    found = []
    for params, each in zip(rows, needs, strict=True):
        ids: Ids = {
            column.name.lower(): [next(left[column.name.lower()]) for _ in range(count)] for column, count in each
        }
        found.append(Given(filling.prepared, filling.fill(params, ids), first_of(ids)))
    return found


def first_of(ids: Ids) -> NewId | None:
    """What `lastrowid` tells: the first id of the first generated column."""
    return next((one for new in ids.values() for one in new[:1]), None)


def wanted(session: Session, table: str, column: str | None) -> NewIds | None:
    """The Op that makes one new id for a generated column; None if the table must be described first.

    Raises UnknownTable, and GeneratorError if there is no such column, or several and none was named.
    """
    found = session.planner.known(table)
    if not isinstance(found, ShardedTable):
        raise GeneratorError(f"the rules generate no ids for table {table}")
    info = session.planner.catalog.table(table)
    return NewIds(table, chosen_column(found, info, column), 1) if info is not None else None
