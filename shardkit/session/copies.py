"""What makes several shards do one thing as one server would: one moment for all, and the same ids on all copies.

NOW(), CURRENT_TIMESTAMP as a default and ON UPDATE CURRENT_TIMESTAMP follow the session variable `timestamp`; the ids
of AUTO_INCREMENT follow `insert_id`. Both are what MySQL's own replication sets to repeat a statement.
Invariant: the variables are back to what they were before the connections serve anything else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from decimal import Decimal
from typing import Any, TypeVar

from shardkit.errors import Error, OperationalError
from shardkit.flow import Command, Op, Opened, Plan, Query, Task
from shardkit.session.state import Session
from shardkit.values import ShardId

T = TypeVar("T")
Answers = Generator[Op, Any, tuple[Opened, ...]]


def run(session: Session, plan: Plan, shards: tuple[ShardId, ...]) -> Answers:
    """Run the plan's tasks on these enlisted shards."""
    work = _counted(session, plan) if plan.same_ids else _query(session, plan, plan.tasks)
    if plan.moment:
        return (yield from at_one_moment(session, shards, work))
    return (yield from work)


def at_one_moment(session: Session, shards: tuple[ShardId, ...], work: Generator[Op, Any, T]) -> Generator[Op, Any, T]:
    """Do the work while the clocks of these enlisted shards stand still, all at the first one's time."""
    if session.planner.embedded or len(shards) < 2 or "timestamp" in session.variables:
        return (yield from work)
    (opened,) = yield Query((Task(shards[0], "SELECT UNIX_TIMESTAMP(NOW(6))"),), False, None)
    stamp = Decimal(opened.first.rows[0][0])
    return (yield from under(shards, f"SET SESSION timestamp = {stamp}", "SET SESSION timestamp = DEFAULT", work))


def under(shards: tuple[ShardId, ...], before: str, after: str, work: Generator[Op, Any, T]) -> Generator[Op, Any, T]:
    """Do the work between two SETs on these enlisted shards; the second one is said whatever happens."""
    try:
        yield Command(shards, before)
        done = yield from work
    except Exception:
        with contextlib.suppress(Error):  # the work's own error is the one to tell
            yield from _restored(shards, after)
        raise
    yield from _restored(shards, after)
    return done


def _restored(shards: tuple[ShardId, ...], after: str) -> Generator[Op, Any, None]:
    try:
        yield Command(shards, after)
    except Error:
        yield from _ended(shards)
        raise


def _ended(shards: tuple[ShardId, ...]) -> Generator[Op, Any, None]:
    """End the connections, and with them the transaction, because a variable may have stayed on one of them."""
    with contextlib.suppress(Error):  # the server answers that it has been done
        yield Command(shards, "KILL CONNECTION_ID()")


def _query(session: Session, plan: Plan, tasks: tuple[Task, ...]) -> Answers:
    opened: tuple[Opened, ...] = yield Query(tasks, False, session.budget(plan).time)
    return opened


def _counted(session: Session, plan: Plan) -> Answers:
    """The first copy counts its ids; the others are told to begin with the same."""
    first = yield from _query(session, plan, plan.tasks[:1])
    rest = plan.tasks[1:]
    number = first[0].lastrowid
    if not rest or not isinstance(number, int) or not number:
        return (*first, *(yield from _query(session, plan, rest))) if rest else first
    assert isinstance(number, int)
    shards = tuple(dict.fromkeys(task.shard for task in rest))
    if not session.planner.embedded:  # files count in step, because every INSERT reaches all of them
        yield Command(shards, f"SET SESSION insert_id = {number:d}")
    try:
        others = yield from _query(session, plan, rest)
    except Exception:
        # An INSERT that did not come as far as its id leaves the number to the connection's next one, and no SET takes
        # it back: the connections are ended, and with them the transaction that has failed.
        if not session.planner.embedded:
            yield from _ended(shards)
        raise
    if any(one.lastrowid != number for one in others):
        raise OperationalError("the copies of a broadcast table do not agree on an AUTO_INCREMENT id", shards=shards)
    return (*first, *others)
