"""The script of a SELECT that a server finishes: pull rows into a workspace, run the rest there, hand its rows out.

Rows pass through in batches and are never all in the client's memory; what the workspace holds is counted against the
budget. Shards on the workspace's own server are read there and do not travel, unless a transaction's own connections
must read them. Invariant: on every way out the workspace is closed, by this script or by whoever runs it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shardkit.federate import KEYS, ROWS, SOURCE_ROWS, Among, here, keys, tasks, width, with_rows
from shardkit.flow import (
    Arrange,
    Ask,
    CloseWorkspace,
    Federation,
    Fetch,
    Fill,
    Head,
    Inline,
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
from shardkit.plan import among
from shardkit.session import transaction
from shardkit.session.deriving import derive
from shardkit.session.reading import failed, relabelled, rest_of_one
from shardkit.session.state import Session
from shardkit.values import Params, ShardId

Steps = Generator[Op, Any, None]


@dataclass(slots=True)
class _Filling:
    """The workspace as far as it is filled."""

    workspace: ShardId
    meter: Meter
    travel: bool  # every row passes the client
    rows: dict[str, int] = field(default_factory=dict)  # of each table that is there
    asked: int = 0  # tasks of the pull that is on


def federated(session: Session, plan: Plan, work: Federation) -> Script:
    """Pull, finish, emit."""
    if session.in_transaction:
        shards = dict.fromkeys(ask.shard for pull in work.pulls for ask in pull.asks)
        yield from transaction.enlist(session, tuple(shards))
    budget = session.budget(plan)
    opened: tuple[Opened, ...] = ()
    if work.inline is not None:
        opened = yield from _parts(session, plan, work)
        args = _inline_args(work.inline, opened)
        if args is not None:
            yield from _finished(session, plan, Task(work.place, work.inline.sql, args), budget.time)
            return
    workspace = yield OpenWorkspace(work.place, work.needs_database, budget.time)
    filling = _Filling(workspace, Meter(budget), session.in_transaction or plan.locking)
    try:
        if work.before:
            yield Arrange(work.before)
        for pull in work.pulls:
            yield from pulled(session, pull, filling, opened)
        if work.derived:
            yield from derive(work.derived)
        if work.after:
            yield Arrange(work.after)
    except GeneratorExit:
        raise  # nobody is there any more to carry out an Op
    except BaseException as error:
        yield from failed(session, filling.asked or len(plan.tasks), error)
        raise
    yield from _finished(session, plan, Task(workspace, work.sql, work.args), None)


def _finished(session: Session, plan: Plan, final: Task, timeout: float | None) -> Script:
    """The statement that gives the answer, and its rows. A workspace goes back as soon as nothing is left on it."""
    ((description, (_, rows, last, warned), _, lastrowid),) = yield Query((final,), True, timeout, "finish")
    session.note(warned)
    if last:
        yield CloseWorkspace()
    yield Head(relabelled(description, plan.labels), len(rows) if last else -1, lastrowid, rows, last)
    if not last:
        yield from rest_of_one(session)
        yield CloseWorkspace()


def _parts(session: Session, plan: Plan, work: Federation) -> Generator[Op, Any, tuple[Opened, ...]]:
    """The beginnings of all partial groups: if they are few, all there is."""
    asked = tuple(task for pull in work.pulls for task in tasks(pull))
    try:
        opened: tuple[Opened, ...] = yield Query(asked, True, session.budget(plan).time, "pull partial groups")
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from failed(session, len(asked), error)
        raise
    return opened


def _inline_args(inline: Inline, opened: Sequence[Opened]) -> Params | None:
    rows = [row for one in opened for row in one.first.rows]
    whole = all(one.first.last for one in opened) and len(rows) <= ROWS
    return with_rows(inline, rows) if whole else None


def pulled(session: Session, pull: Pull, filling: _Filling, opened: Sequence[Opened] = ()) -> Steps:
    """Make one table, fill it from its shards (or from answers that are `opened` already), and make its copies."""
    yield Arrange((pull.create,), pull.create_args)
    if not opened:
        fewer = yield from _fewer(session, pull, filling)
        near = [ask for ask in pull.asks if ask.insert and not filling.travel]
        asked = tasks(pull._replace(asks=tuple(ask for ask in pull.asks if ask not in near)), fewer)
        if asked:
            filling.asked = len(asked)
            opened = yield Query(asked, True, None, f"pull {pull.table}")
        yield from _read_here(pull, near, fewer, filling)  # while the other servers work
    batches: Sequence[RowBatch] = [one.first for one in opened]
    while batches:
        for batch in batches:
            session.note(batch.warned)
            if batch.rows:
                _count(pull, len(batch.rows), estimate(batch.rows), filling)
                yield Fill(pull.name, pull.columns, batch.rows)
        wanted = tuple(batch.source for batch in batches if not batch.last)
        batches = (yield Fetch(wanted)) if wanted else ()
    filling.asked = 0
    if pull.copies:
        yield Arrange(pull.copies)


def _read_here(pull: Pull, near: Sequence[Ask], fewer: Among | None, filling: _Filling) -> Steps:
    """Shards on the workspace's server: one statement each, which stops at the first row over the budget."""
    for ask in near:
        task = here(pull, ask, filling.workspace, fewer, filling.meter.rows_left + 1)
        if task is not None:
            rows = yield Arrange((task.sql,), task.args, f"read {pull.table} beside the workspace")
            _count(pull, rows, width(pull.columns), filling)


def _fewer(session: Session, pull: Pull, filling: _Filling) -> Generator[Op, Any, Among | None]:
    """The join with a table that is there already which leaves the fewest values, if they are few."""
    best: Among | None = None
    for join in pull.joins:
        if filling.rows.get(join.source, 0) > SOURCE_ROWS:
            continue
        (opened,) = yield Query((Task(filling.workspace, keys(join)),), False, None, f"values for {pull.table}")
        values = [row[0] for row in opened.first.rows]
        if len(values) <= KEYS and (best is None or len(values) < len(best.values)):
            best = among(session.planner.rules, pull, join, values)
    return best


def _count(pull: Pull, rows: int, size: int, filling: _Filling) -> None:
    filling.rows[pull.name] = filling.rows.get(pull.name, 0) + rows
    filling.meter.hold(f"pull of {pull.table}", rows, rows * size)
