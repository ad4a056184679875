"""The scripts of writes.

Invariant: no half-done statement is left open; several shards are written only with the policy's leave.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeVar

from shardkit.flow import (
    Head,
    NewId,
    Op,
    Opened,
    Plan,
    Script,
)
from shardkit.session import transaction
from shardkit.session.copies import run
from shardkit.session.reading import failed, query
from shardkit.session.state import Session
from shardkit.session.warnings import at_rows
from shardkit.values import ShardId

T = TypeVar("T")


def write(session: Session, plan: Plan) -> Script:
    """A write. Several shards in one statement need the policy's leave; one shard is always one transaction."""
    if len(plan.tasks) == 1 and session.autocommit and not session.explicit:
        ((description, first, rowcount, lastrowid),) = yield from query(session, plan)
        session.note(first.warned)
        yield Head(description, rowcount, lastrowid if plan.first_id is None else plan.first_id, first.rows, True)
        return
    transaction.check_write(session, plan)
    shards = tuple(dict.fromkeys(task.shard for task in plan.tasks))
    if session.in_transaction:
        yield from transaction.enlist(session, shards)
        session.written.update(dict.fromkeys(shards))
        try:
            opened = yield from run(session, plan, shards)
        except BaseException as error:
            yield from failed(session, len(plan.tasks), error)
            raise
    else:
        opened = yield from atomically(session, together(session, plan, shards))
    note(session, plan, opened)
    yield counts(plan, opened)


def note(session: Session, plan: Plan, opened: Sequence[Opened]) -> None:
    """Keep the warnings of the shards; copies give the same ones."""
    rows = plan.route.rows
    for number, one in enumerate(opened[:1] if plan.route.copies else opened):
        session.note(at_rows(one.first.warned, rows[number] if rows else ()))


def together(session: Session, plan: Plan, shards: tuple[ShardId, ...]) -> Generator[Op, Any, tuple[Opened, ...]]:
    """Several tasks in the transaction that is open."""
    yield from transaction.enlist(session, shards)
    session.written.update(dict.fromkeys(shards))
    return (yield from run(session, plan, shards))


def atomically(session: Session, work: Generator[Op, Any, T]) -> Generator[Op, Any, T]:
    """Work under autocommit that needs a transaction of its own around it."""
    session.explicit = True
    try:
        done = yield from work
    except BaseException:
        yield from transaction.rollback(session)
        raise
    yield from transaction.commit(session)
    return done


def counts(plan: Plan, opened: Sequence[Opened]) -> Head:
    """Affected rows added up over the shards (copies count once), and the first id a server made."""
    parts = opened[:1] if plan.route.copies else opened
    made = plan.first_id or made_id([one.lastrowid for one in parts], plan.last_id)
    rows = [row for one in opened for row in one.first.rows]  # of INSERT … RETURNING, where a server has it
    return Head(opened[0].description, sum(one.rowcount for one in parts), made, rows, True)


def made_id(made: Sequence[NewId | None], last: int | None) -> NewId:
    """The last insert id of a statement in several parts, of which the servers told these.

    It is the first one that a server made; where the rows brought theirs along it is that of the last row, if any row
    went in.
    """
    first = next((one for one in made if one), 0)
    return last if first and last is not None else first
