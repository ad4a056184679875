"""The scripts of SELECT: one shard's rows untouched, or several shards' rows merged as they arrive.

Invariant: on every way out the query is read to its end or closed.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.errors import InternalError, UnknownColumn
from shardkit.flow import (
    CloseQuery,
    Description,
    Fetch,
    Head,
    Kind,
    MergeSpec,
    Op,
    Opened,
    Plan,
    Query,
    Rows,
    Script,
)
from shardkit.merge import Merger, merge
from shardkit.session import transaction
from shardkit.session.state import Session


def read(session: Session, plan: Plan) -> Script:
    """A SELECT of one shard: the driver's rows, untouched."""
    if session.explicit or not session.autocommit:
        yield from transaction.enlist(session, (plan.tasks[0].shard,))
    try:
        ((description, (_, rows, last, warned), _, lastrowid),) = yield Query(
            plan.tasks, True, session.budget(plan).time
        )
    except BaseException as error:
        yield from failed(session, len(plan.tasks), error)
        raise
    session.note(warned)
    if plan.labels:
        description = relabelled(description, plan.labels)
    yield Head(description, len(rows) if last else -1, lastrowid, rows, last)
    if not last:
        yield from minded(session, len(plan.tasks), rest_of_one(session))


def relabelled(description: Description, labels: Sequence[tuple[str, str]]) -> Description:
    """Columns whose names are their text, with the user's table names in it."""

    def name(text: str) -> str:
        for put, written in labels:
            text = text.replace(put, written, 1)
        return text

    return description and tuple(type(column)((name(column[0]), *column[1:])) for column in description)


def rest_of_one(session: Session) -> Script:
    """What follows the first batch of a query with one task."""
    last = False
    while not last:
        ((_, rows, last, warned),) = yield Fetch((0,))
        session.note(warned)
        yield Rows(rows)


def minded(session: Session, tasks: int, script: Script) -> Script:
    """A script of so many tasks that fetches rows; its failure may end the transaction, as that of the query may."""
    try:
        yield from script
    except GeneratorExit:
        raise  # closed early: whoever asked wants no more rows, and nothing has failed
    except BaseException as error:
        yield from failed(session, tasks, error)
        raise


def query(session: Session, plan: Plan) -> Generator[Op, Any, tuple[Opened, ...]]:
    """Start the plan's tasks. A failure that takes the transaction with it ends the transaction everywhere."""
    try:
        answer: tuple[Opened, ...] = yield Query(plan.tasks, plan.kind is Kind.SELECT, session.budget(plan).time)
        return answer
    except BaseException as error:
        yield from failed(session, len(plan.tasks), error)
        raise


def failed(session: Session, tasks: int, error: BaseException) -> Generator[Op, Any, None]:
    """After a failed statement of so many tasks: end the transaction if it has gone with it."""
    if session.in_transaction and transaction.fatal(session, error, tasks):
        yield from transaction.abort(session, str(error))


def merged(session: Session, plan: Plan, spec: MergeSpec) -> Script:
    """A SELECT of several shards: their rows become one answer as they arrive."""
    if session.in_transaction:
        yield from transaction.enlist(session, tuple(task.shard for task in plan.tasks))
    opened = yield from query(session, plan)
    check_width(opened, spec)
    description = relabelled(opened[0].description, plan.labels) or ()
    merger = merge(spec, plan.window, len(plan.tasks), session.budget(plan))
    for one in opened:
        session.note(one.first.warned)
        merger.feed(one.first)
    rows = merger.take()
    if merger.done:
        yield CloseQuery()
        yield Head(description[: spec.columns], len(rows), None, rows, True)
        return
    yield Head(description[: spec.columns], -1, None, rows)
    yield from minded(session, len(plan.tasks), rest(session, merger))
    yield CloseQuery()


def rest(session: Session, merger: Merger) -> Script:
    """Fetch and merge until nothing more comes."""
    while not merger.done:
        wanted = merger.wanted()
        if wanted:
            for batch in (yield Fetch(wanted)):
                session.note(batch.warned)
                merger.feed(batch)
        rows = merger.take()
        if rows:
            yield Rows(rows)
        elif not wanted and not merger.done:
            raise InternalError("a merge that neither wants batches nor is done")


def check_width(opened: Sequence[Opened], spec: MergeSpec) -> None:
    """A table that was changed behind our back would shift the hidden columns."""
    expected = spec.columns + len(spec.hidden)
    for one in opened:
        if one.description is None or len(one.description) != expected:
            raise UnknownColumn(
                "a table has other columns than when it was last looked at; the statement can be run again", errno=1054
            )
