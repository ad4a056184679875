"""Beginning, joining and ending transactions over shards.

One shard: an ordinary transaction. Several shards may be read. Several shards may be written only under `best_effort`:
their commits are sent one after another, and when one fails after another has succeeded, CommitInDoubt says which.
Invariant: after commit or rollback, whatever happened, no shard is enlisted any more.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from shardkit.errors import (
    CommitInDoubt,
    ConnectionLost,
    CrossShardTransaction,
    Error,
    OperationalError,
    ShardUnavailable,
    StatementTimeout,
    TransactionAborted,
)  # fmt: skip
from shardkit.flow import Command, Enlist, Finish, Op, Plan
from shardkit.parse import TransactionCommand
from shardkit.session.state import BEGIN, Session
from shardkit.values import ShardId

_DEADLOCK = 1213
_UNKNOWN_SAVEPOINT = 1305
Steps = Generator[Op, Any, None]


def enlist(session: Session, plan_shards: tuple[ShardId, ...]) -> Steps:
    """Let these shards join the transaction."""
    joining = tuple(dict.fromkeys(shard for shard in plan_shards if shard not in session.enlisted))
    if joining:
        yield Enlist(joining, session.opening())
        session.enlisted.update(dict.fromkeys(joining))


def check_write(session: Session, plan: Plan) -> None:
    """Raise CrossShardTransaction if this write would make the transaction write on several shards."""
    shards = dict.fromkeys((*session.written, *(task.shard for task in plan.tasks)))
    policy = session.planner.rules.defaults.transactions
    if len(shards) <= 1 or policy == "best_effort":
        return
    why = "the rules say transactions: single_shard"
    if policy == "xa":
        why = "commit over several shards (transactions: xa) is not carried out by this version"
    raise CrossShardTransaction(
        f"writing on {len(shards)} shards ({', '.join(map(str, shards))}) in one transaction", why=why,
        instead="one transaction for each shard, or transactions: best_effort in the rules, which is not atomic",
        shards=shards,
    )  # fmt: skip


def fatal(error: BaseException, tasks: int) -> bool:
    """Whether a failed statement has taken the transaction with it on some shard."""
    if tasks > 1:
        return True  # its siblings were stopped, and their connections with them
    lost = isinstance(error, (ConnectionLost, StatementTimeout, ShardUnavailable)) or not isinstance(error, Error)
    return lost or getattr(error, "errno", None) == _DEADLOCK


def abort(session: Session, reason: str) -> Steps:
    """Roll back everything because a statement took the transaction with it."""
    shards = tuple(session.enlisted)
    session.forget_transaction()
    session.failed = reason
    if shards:
        yield Finish(shards, "ROLLBACK")  # a shard whose connection is gone has rolled back by itself


def begin(session: Session, text: str = BEGIN) -> Steps:
    """BEGIN: ends an open transaction by committing it, as MySQL does."""
    following = session.next_transaction if not session.enlisted else None
    yield from commit(session)
    session.explicit, session.begin, session.next_transaction = True, text, following


def rollback(session: Session) -> Steps:
    """Undo everything on every enlisted shard."""
    shards = tuple(session.enlisted)
    session.failed = None
    session.forget_transaction()
    if shards:
        yield Finish(shards, "ROLLBACK")  # an error means the connection is gone, and with it the transaction


def commit(session: Session) -> Steps:
    """Make it last. Raises CommitInDoubt or TransactionAborted; the transaction is over either way."""
    if session.failed is not None:
        reason, session.failed = session.failed, None
        session.forget_transaction()
        raise TransactionAborted(f"nothing was committed: the transaction had been rolled back ({reason})")
    written = tuple(session.written)
    readers = tuple(shard for shard in session.enlisted if shard not in session.written)
    session.forget_transaction()
    try:
        yield from _commit_written(written)
    finally:
        if readers:
            yield Finish(readers, "COMMIT")  # nothing to make last: an error here loses nothing


def _commit_written(written: tuple[ShardId, ...]) -> Steps:
    done: list[ShardId] = []
    for number, shard in enumerate(written):
        (error,) = yield Finish((shard,), "COMMIT")
        if error is None:
            done.append(shard)
            continue
        rest = written[number + 1 :]
        if rest:
            yield Finish(rest, "ROLLBACK")
        raise _failed_commit(shard, error, done, rest) from error


def _failed_commit(
    shard: ShardId, error: BaseException, done: list[ShardId], rest: tuple[ShardId, ...]
) -> OperationalError:
    unknown = isinstance(error, (ConnectionLost, StatementTimeout)) or not isinstance(error, Error)
    undone = f"; rolled back on {', '.join(map(str, rest))}" if rest else ""
    if unknown or done:
        state = f"unknown on {shard}" if unknown else f"refused by {shard}"
        committed = f"committed on {', '.join(map(str, done))}; " if done else ""
        message = f"the commit is in doubt: {committed}{state} ({error}){undone}"
        return CommitInDoubt(message, committed=done, pending=(shard,))
    return TransactionAborted(f"nothing was committed: {shard} refused ({error}){undone}", shards=(shard,))


def command(session: Session, given: TransactionCommand) -> Steps:
    """BEGIN, COMMIT, ROLLBACK and savepoints given as SQL."""
    match given.action:
        case "begin":
            yield from begin(session, given.text)
        case "commit":
            yield from commit(session)
        case "rollback":
            yield from rollback(session)
        case _:
            yield from savepoint(session, given)


def savepoint(session: Session, given: TransactionCommand) -> Steps:
    """SAVEPOINT, ROLLBACK TO, RELEASE, on all enlisted shards; a shard that joins later repeats the savepoints."""
    session.check_usable()
    name = given.savepoint
    if not session.in_transaction and given.action == "savepoint":
        return  # MySQL accepts a savepoint outside a transaction and forgets it at once
    if given.action == "savepoint":
        session.savepoints.pop(name, None)
        yield from _everywhere(session, given.text)
        session.savepoints[name] = given.text
        return
    if name not in session.savepoints:
        raise OperationalError(f"SAVEPOINT {name} does not exist", errno=_UNKNOWN_SAVEPOINT)
    yield from _everywhere(session, given.text)
    names = list(session.savepoints)
    later = names[names.index(name) + (given.action == "rollback_to") :]
    for gone in later:
        del session.savepoints[gone]


def _everywhere(session: Session, sql: str) -> Steps:
    shards = tuple(session.enlisted)
    if not shards:
        return
    try:
        yield Command(shards, sql)
    except Error as error:
        yield from abort(session, f"{sql} failed: {error.message}")
        raise
