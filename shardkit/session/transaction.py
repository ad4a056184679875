"""Beginning, joining and ending transactions over shards.

One shard: an ordinary transaction. Under `xa` every further shard joins as an XA branch, so that commit can make all of
them last or none (see two_phase). Under `best_effort` commits are sent one after another, and when one fails after
another has succeeded, CommitInDoubt says which.
Invariant: after commit or rollback, whatever happened, no shard is enlisted any more.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from shardkit.errors import (
    ConnectionLost,
    CrossShardTransaction,
    Error,
    OperationalError,
    ShardUnavailable,
    StatementTimeout,
    TransactionAborted,
)  # fmt: skip
from shardkit.flow import Command, Each, Enlist, Finish, NewName, Op, Outside, Plan, Task
from shardkit.parse import TransactionCommand
from shardkit.session import two_phase
from shardkit.session.branches import CREATE, SNAPSHOT, branch_of, gtrid_of, outer_branch
from shardkit.session.state import BEGIN, Parties, Session
from shardkit.values import ShardId

_DEADLOCK = 1213
_LOCK_WAIT = 1205
_UNKNOWN_SAVEPOINT = 1305
Steps = Generator[Op, Any, None]


def enlist(session: Session, plan_shards: tuple[ShardId, ...]) -> Steps:
    """Let these shards join the transaction: the first as an ordinary one, the others as branches under `xa`."""
    joining = tuple(dict.fromkeys(shard for shard in plan_shards if shard not in session.enlisted))
    if not joining:
        return
    if not branching(session):
        ordinary = joining
    else:
        ordinary = joining[:1] if not session.enlisted and session.outer is None else ()
    others = joining[len(ordinary) :]
    if not others:
        yield Enlist(ordinary, session.opening())
        session.enlisted.update(dict.fromkeys(joining))
        return
    first = next(iter(session.enlisted), joining[0])
    if session.outer is not None:
        branches = {shard: outer_branch(session.outer, shard) for shard in others}
    else:
        if not session.gtrid:
            session.gtrid = gtrid_of((yield NewName()), first)
        branches = {shard: branch_of(session.gtrid, shard) for shard in others}
    own = [session.opening(branches.get(shard)) for shard in joining]
    if "SNAPSHOT" in session.begin.upper():
        for shard in others:
            yield Outside(Task(shard, CREATE.format(database=shard.database)))
        own = [(*lines, SNAPSHOT.format(database=shard.database)) for lines, shard in zip(own, joining, strict=True)]
    yield Enlist(joining, (), tuple(own))
    session.enlisted.update(dict.fromkeys(joining))
    session.branches.update(branches)


def branching(session: Session) -> bool:
    """Whether further shards join as branches: those of embedded files cannot, and what only reads need not."""
    rules = session.planner.rules
    if rules.defaults.transactions != "xa" or "READ ONLY" in " ".join(session.begin.upper().split()):
        return False
    return not any(server.embedded for server in rules.servers.values())


def check_write(session: Session, plan: Plan) -> None:
    """Raise CrossShardTransaction if this write would make the transaction write on several shards."""
    shards = dict.fromkeys((*session.written, *(task.shard for task in plan.tasks)))
    policy = session.planner.rules.defaults.transactions
    if len(shards) <= 1 or policy == "best_effort" or (policy == "xa" and branching(session)):
        return
    why = "the rules say transactions: single_shard"
    if policy == "xa":
        why = "embedded shards have no commit over several files"
        if not any(server.embedded for server in session.planner.rules.servers.values()):
            why = "the transaction is READ ONLY"
    raise CrossShardTransaction(
        f"writing on {len(shards)} shards ({', '.join(map(str, shards))}) in one transaction", why=why,
        instead="one transaction for each shard, or transactions: best_effort in the rules, which is not atomic",
        shards=shards,
    )  # fmt: skip


def fatal(session: Session, error: BaseException, tasks: int) -> bool:
    """Whether a failed statement has taken the transaction with it on some shard."""
    if tasks > 1:
        return True  # its siblings were stopped, and their connections with them
    if getattr(error, "errno", None) == _LOCK_WAIT and len(session.enlisted) > 1:
        return True  # it may wait for a transaction that waits for this one on another server
    lost = isinstance(error, (ConnectionLost, StatementTimeout, ShardUnavailable)) or not isinstance(error, Error)
    return lost or getattr(error, "errno", None) == _DEADLOCK


def abort(session: Session, reason: str) -> Steps:
    """Roll back everything because a statement took the transaction with it."""
    parties = session.parties()
    session.forget_transaction()
    session.failed = reason
    yield from ending(session, parties, "aborted", undo(parties))


def begin(session: Session, text: str = BEGIN) -> Steps:
    """BEGIN: ends an open transaction by committing it, as MySQL does."""
    following = session.next_transaction if not session.enlisted else None
    yield from commit(session)
    session.explicit, session.begin, session.next_transaction = True, text, following


def rollback(session: Session) -> Steps:
    """Undo everything on every enlisted shard."""
    session.check_own()
    parties = session.parties()
    session.failed = None
    session.forget_transaction()
    yield from ending(session, parties, "rolled back", undo(parties))


def ending(session: Session, parties: Parties, outcome: str, steps: Steps) -> Steps:
    """The steps that end a transaction; whoever watches is told how it ended."""
    if session.watch is None or not parties.shards:
        return steps
    return session.watch.ending(outcome, parties.shards, steps)


def undo(parties: Parties) -> Steps:
    """Roll back on every shard. An error means that a connection is gone, and with it the transaction there."""
    if not parties.branches:
        if parties.shards:
            yield Finish(parties.shards, "ROLLBACK")
        return
    lines = tuple(two_phase.rolling_back(parties, shard) for shard in parties.shards)
    yield Each(parties.shards, lines, finish=True)


def commit(session: Session) -> Steps:
    """Make it last. Raises CommitInDoubt or TransactionAborted; the transaction is over either way."""
    session.check_own()
    if session.failed is not None:
        reason, session.failed = session.failed, None
        session.forget_transaction()
        raise TransactionAborted(f"nothing was committed: the transaction had been rolled back ({reason})")
    parties = session.parties()
    session.forget_transaction()
    yield from ending(session, parties, "committed", two_phase.commit(parties))


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
