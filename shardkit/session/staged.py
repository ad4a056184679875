"""The scripts of writes that read first: a SELECT inside the transaction, then writes by key, then rows that move.

Under autocommit all of it is one transaction. In a transaction of the user's, a failure before the first write leaves
it as it was; a failure after it ends it, because a part of the statement is done.
Invariant: nothing is written before all rows are found and every shard may be written on.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.errors import CrossShardRefused, Error
from shardkit.federate import BEFORE
from shardkit.flow import Again, Head, Move, Op, Opened, Plan, Query, Script, Stage, Task, Writes
from shardkit.plan import Prepared
from shardkit.session import transaction
from shardkit.session.copies import at_one_moment, under
from shardkit.session.keys import planned
from shardkit.session.metadata import prepared
from shardkit.session.reading import failed
from shardkit.session.running import collected, gathered
from shardkit.session.state import Session
from shardkit.session.warnings import at_rows
from shardkit.session.writing import atomically, made_id, write
from shardkit.values import ShardId

Counts = Generator[Op, Any, Head]


def staged(session: Session, plan: Plan, stage: Stage) -> Script:
    """Read, then write."""
    work = _stages(session, plan, stage)
    if session.in_transaction:
        head = yield from work
    else:
        head = yield from atomically(session, work)
    yield head


def _stages(session: Session, plan: Plan, stage: Stage) -> Counts:
    ready = yield from prepared(session, stage.sql, stage.args)
    assert isinstance(ready, Prepared)
    reading = ready.plan(stage.args, session.enlisted, plan.hints)._replace(budget=plan.budget)
    description, rows = yield from gathered(session, reading, "rows of a write", strict=stage.strict)
    made = stage.make(description, rows)
    if isinstance(made, Again):
        return (yield from _again(session, plan, made))
    return (yield from _written(session, plan, made))


def _again(session: Session, plan: Plan, made: Again) -> Counts:
    """The statement with its computed values, which may have to read first for other reasons."""
    ready = yield from prepared(session, made.sql, made.args)
    assert isinstance(ready, Prepared)
    found = yield from planned(session, ready, made.args, plan.hints)
    following = found._replace(budget=plan.budget, first_id=plan.first_id)
    if following.stage is not None:
        return (yield from _stages(session, following, following.stage))
    heads = yield from collected(write(session, following))
    return heads[-1]


def _written(session: Session, plan: Plan, writes: Writes) -> Counts:
    arriving = [task.shard for move in writes.moves for task in (move.read,)]
    yield from _join(session, plan, [*(task.shard for task in writes.tasks), *arriving])
    try:
        opened = yield from _all(session, plan, writes)
        for move in writes.moves:
            yield from _move(session, plan, move)
    except BaseException as error:
        yield from _broken_off(session, plan, error, len(writes.tasks) + len(writes.moves))
        raise
    for number, one in enumerate(opened):
        if writes.counted[number]:
            session.note(at_rows(one.first.warned, writes.rows[number] if writes.rows else ()))
    return _counts(writes, opened)


def _join(session: Session, plan: Plan, shards: Sequence[ShardId]) -> Generator[Op, Any, None]:
    """Let these shards take part in what is written; the policy must allow it."""
    if not shards:
        return
    wanted = tuple(dict.fromkeys(shards))
    transaction.check_write(session, plan._replace(tasks=tuple(Task(shard, "") for shard in wanted)))
    yield from transaction.enlist(session, wanted)
    session.written.update(dict.fromkeys(wanted))


def _all(session: Session, plan: Plan, writes: Writes) -> Generator[Op, Any, tuple[Opened, ...]]:
    """The writes; copies, and what reads the clock, get them at one moment."""
    work = _run(session, plan, writes.tasks)
    if all(writes.counted) and not writes.moment:
        return (yield from work)
    return (yield from at_one_moment(session, tuple(dict.fromkeys(task.shard for task in writes.tasks)), work))


def _run(session: Session, plan: Plan, tasks: tuple[Task, ...]) -> Generator[Op, Any, tuple[Opened, ...]]:
    if not tasks:
        return ()
    opened: tuple[Opened, ...] = yield Query(tasks, False, session.budget(plan).time)
    return opened


def _move(session: Session, plan: Plan, move: Move) -> Generator[Op, Any, None]:
    """Take rows from one place and put them where they belong, every column as it is."""
    (opened,) = yield from _run(session, plan, (move.read,))
    rows = opened.first.rows
    if len(rows) != move.expected:
        raise CrossShardRefused(
            "an UPDATE that changes the shard key", why="the rows are not found again by the keys they should have got",
            instead="key values in the columns' own types",
        )  # fmt: skip
    tasks = move.place(rows)
    yield from _join(session, plan, [task.shard for task in tasks])
    yield from _run(session, plan, (move.delete,))
    if session.planner.embedded:
        yield from _run(session, plan, tasks)
        return
    shards = tuple(dict.fromkeys(task.shard for task in tasks))
    yield from under(shards, _AS_IT_IS, _AS_BEFORE, _run(session, plan, tasks))


_AS_IT_IS = BEFORE[0].replace("'NO_ENGINE_SUBSTITUTION'", "'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'")
_AS_BEFORE = "SET SESSION sql_mode = @sk__mode, SESSION time_zone = @sk__zone"
"""Zero dates, zero ids and moments in UTC are taken as they are while a row moves."""


def _broken_off(session: Session, plan: Plan, error: BaseException, parts: int) -> Generator[Op, Any, None]:
    """A user's transaction cannot keep half a statement."""
    if not session.in_transaction:
        return
    if parts > 1 and isinstance(error, Error):
        yield from transaction.abort(session, str(error))
    else:
        yield from failed(session, len(plan.tasks), error)


def _counts(writes: Writes, opened: Sequence[Opened]) -> Head:
    """Affected rows of what counts, and the first id a server made."""
    parts = [one for one, counts in zip(opened, writes.counted, strict=True) if counts]
    made = made_id([one.lastrowid for one in parts], writes.last_id)
    return Head(None, sum(one.rowcount for one in parts), made, (), True)
