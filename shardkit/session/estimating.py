"""How many rows the servers expect a SELECT's statements to give, asked with their own EXPLAIN.

Invariant: an estimate is the servers' word or None, never ours.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.federate import tasks
from shardkit.flow import Op, Opened, Plan, Query, Task
from shardkit.session.state import Session


def estimates(session: Session, plan: Plan) -> Generator[Op, Any, list[int | None]]:
    """For each query of the plan (each pull, or the only one) the rows its shards expect together."""
    groups = [tasks(pull) for pull in plan.federation.pulls] if plan.federation is not None else [plan.tasks]
    found: list[int | None] = []
    for group in groups:
        found.append((yield from _together(session, group)))
    return found


def _together(session: Session, tasks: Sequence[Task]) -> Generator[Op, Any, int | None]:
    servers = session.planner.rules.servers
    if not tasks or any(servers[task.shard.server].embedded for task in tasks):
        return None
    asked = tuple(Task(task.shard, f"EXPLAIN {task.sql}", task.args, task.needs_database) for task in tasks)
    opened: tuple[Opened, ...] = yield Query(asked, False, session.planner.time)
    return sum(_rows(one) for one in opened)


def _rows(opened: Opened) -> int:
    """The product over the plan's tables of the rows that are left of each."""
    names = [str(column[0]).lower() for column in opened.description or ()]
    product = 1.0
    for row in opened.first.rows:
        cells = dict(zip(names, row, strict=True))
        if cells.get("rows") is None:
            continue
        product *= float(cells["rows"]) * float(cells.get("filtered") or 100) / 100
    return round(product)
