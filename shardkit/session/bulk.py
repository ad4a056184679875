"""Many rows at once: multi-row statements of different shards run at the same time, those of one shard in order.

Without a transaction each statement is one of its own, as in MySQL: when one fails, those before it stay, and so may
those that ran beside it.
Invariant: no shard has two of the statements at a time.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import zip_longest
from typing import Any

from shardkit.errors import Error
from shardkit.flow import NewId, Op, Opened, Plan, Query
from shardkit.session import transaction
from shardkit.session.reading import failed
from shardkit.session.state import Session
from shardkit.session.warnings import at_rows
from shardkit.session.writing import made_id
from shardkit.values import ShardId


def in_waves(session: Session, batches: Sequence[Plan], first_row: int = 0) -> Generator[Op, Any, tuple[int, NewId]]:
    """Run one-task plans; gives the rows affected and the first id that a server made. Raises what they raise.

    `first_row`: what the caller calls the row that the plans call 0.
    """
    by_shard: dict[ShardId, list[Plan]] = {}
    for plan in batches:
        by_shard.setdefault(plan.tasks[0].shard, []).append(plan)
    affected = 0
    made: list[NewId | None] = []
    for wave in zip_longest(*by_shard.values()):
        plans = [plan for plan in wave if plan is not None]
        joined = plans[0]._replace(tasks=tuple(plan.tasks[0] for plan in plans))
        for one, plan in zip((yield from _wave(session, joined)), plans, strict=True):
            session.note(at_rows(one.first.warned, [row + first_row for row in plan.route.rows[0]]))
            affected += one.rowcount
            made.append(one.lastrowid)
    latest = max(batches, key=lambda plan: plan.route.rows[0][-1])
    return affected, made_id(made, latest.last_id)


def _wave(session: Session, plan: Plan) -> Generator[Op, Any, tuple[Opened, ...]]:
    if session.in_transaction:
        transaction.check_write(session, plan)
        shards = tuple(task.shard for task in plan.tasks)
        yield from transaction.enlist(session, shards)
        session.written.update(dict.fromkeys(shards))
    try:
        opened: tuple[Opened, ...] = yield Query(plan.tasks, False, session.budget(plan).time)
    except Error as error:
        yield from failed(session, len(plan.tasks), error)
        raise
    return opened
