"""The script of a SELECT that a server finishes: pull rows into a workspace, run the rest there, hand its rows out.

Rows pass through in batches and are never all in the client's memory; what the workspace holds is counted against the
budget. Invariant: on every way out the workspace is closed, by this script or by whoever runs it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.errors import Error
from shardkit.flow import (
    Arrange,
    CloseWorkspace,
    Federation,
    Fetch,
    Fill,
    Head,
    Op,
    Opened,
    OpenWorkspace,
    Plan,
    Pull,
    Query,
    RowBatch,
    Script,
    Task,
)
from shardkit.merge import Meter, estimate
from shardkit.session import transaction
from shardkit.session.reading import failed, relabelled, rest_of_one
from shardkit.session.state import Session

Steps = Generator[Op, Any, None]


def federated(session: Session, plan: Plan, work: Federation) -> Script:
    """Pull, finish, emit."""
    if session.in_transaction:
        shards = dict.fromkeys(task.shard for pull in work.pulls for task in pull.tasks)
        yield from transaction.enlist(session, tuple(shards))
    budget = session.budget(plan)
    meter = Meter(budget)
    workspace = yield OpenWorkspace(work.place, work.needs_database, budget.time)
    try:
        if work.before:
            yield Arrange(work.before)
        for pull in work.pulls:
            yield from pulled(pull, meter)
        for sql, args in work.steps:
            yield Arrange((sql,), args)
        if work.after:
            yield Arrange(work.after)
    except Error as error:
        yield from failed(session, plan, error)
        raise
    final = Task(workspace, work.sql, work.args)
    ((description, (_, rows, last), _, lastrowid),) = yield Query((final,), True, None)
    if last:
        yield CloseWorkspace()
    yield Head(relabelled(description, plan.labels), len(rows) if last else -1, lastrowid, rows, last)
    if not last:
        yield from rest_of_one()
        yield CloseWorkspace()


def pulled(pull: Pull, meter: Meter) -> Steps:
    """Make one table, fill it from its shards, and make its copies."""
    yield Arrange((pull.create,), pull.create_args)
    if pull.tasks:
        opened: tuple[Opened, ...] = yield Query(pull.tasks, True, None)
        batches: Sequence[RowBatch] = [one.first for one in opened]
        while batches:
            for batch in batches:
                if batch.rows:
                    meter.hold(f"pull of {pull.table}", len(batch.rows), len(batch.rows) * estimate(batch.rows))
                    yield Fill(pull.name, pull.columns, batch.rows)
            wanted = tuple(batch.source for batch in batches if not batch.last)
            batches = (yield Fetch(wanted)) if wanted else ()
    if pull.copies:
        yield Arrange(pull.copies)
