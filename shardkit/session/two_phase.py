"""Commit over several shards, with the first shard as the decision.

    1  every other written shard prepares its branch, and the first shard writes the decision's row
    2  the first shard commits its ordinary transaction, and with it that row: now it is decided
    3  the others commit their branches

Whoever finds a prepared branch (see recovery) reads the row in the deciding shard named by the branch, or writes an
abort there, which InnoDB arbitrates against a coordinator that is still at work.
Invariant: no branch is committed before the decision is on disk, and none is rolled back once it may be.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeVar

from shardkit.errors import (
    CommitInDoubt,
    ConnectionLost,
    Error,
    IntegrityError,
    OperationalError,
    ShardUnavailable,
    StatementTimeout,
    TransactionAborted,
)  # fmt: skip
from shardkit.flow import Each, Finish, Op, Opened, Outside, Task
from shardkit.session.branches import CREATE, UNKNOWN_XID
from shardkit.session.state import Parties
from shardkit.values import ShardId

Steps = Generator[Op, Any, None]
Errors = tuple[BaseException | None, ...]
T = TypeVar("T")

SETTLE = 10.0
"""Seconds that a commit whose decision is not known asks for it before it says so."""

_UNKNOWN_TABLE = 1146
_MAYBE = frozenset({1180, 1317})  # an error during COMMIT; a KILL that came while COMMIT ran, or just after it
_READ_ONLY = "XA COMMIT {xid} ONE PHASE"


def commit(parties: Parties) -> Steps:
    """Make a transaction last on all its shards. Raises CommitInDoubt, TransactionAborted."""
    written = tuple(shard for shard in parties.shards if shard in parties.written)
    if len(written) > 1 and any(shard in parties.branches for shard in written):
        yield from _in_two_phases(parties, written)
        return
    readers = tuple(shard for shard in parties.shards if shard not in parties.written)
    try:
        yield from _one_by_one(parties, written)
    finally:
        if readers:
            yield from end_readers(parties, readers)


def rolling_back(parties: Parties, shard: ShardId) -> tuple[str, ...]:
    """What undoes a shard's part."""
    if shard not in parties.branches:
        return ("ROLLBACK",)
    return (f"XA END {parties.xid(shard)}", f"XA ROLLBACK {parties.xid(shard)}")


def end_readers(parties: Parties, readers: Sequence[ShardId]) -> Steps:
    """Nothing to make last: an error here loses nothing."""
    if not any(shard in parties.branches for shard in readers):
        yield Finish(tuple(readers), "COMMIT")
        return
    yield Each(tuple(readers), tuple(_committing(parties, shard) for shard in readers), finish=True)


def _committing(parties: Parties, shard: ShardId) -> tuple[str, ...]:
    """What makes the only written shard's part last, or ends one that only read."""
    if shard not in parties.branches:
        return ("COMMIT",)
    return (f"XA END {parties.xid(shard)}", _READ_ONLY.format(xid=parties.xid(shard)))


def _one_by_one(parties: Parties, written: tuple[ShardId, ...]) -> Steps:
    """One written shard, or several under best_effort."""
    done: list[ShardId] = []
    for number, shard in enumerate(written):
        if shard in parties.branches:
            (error,) = yield Each((shard,), (_committing(parties, shard),), finish=True)
        else:
            (error,) = yield Finish((shard,), "COMMIT")
        if error is None:
            done.append(shard)
            continue
        rest = written[number + 1 :]
        if rest:
            yield Finish(rest, "ROLLBACK")
        raise failed_commit(shard, error, done, rest) from error


def failed_commit(
    shard: ShardId, error: BaseException, done: Sequence[ShardId] = (), rest: Sequence[ShardId] = ()
) -> OperationalError:
    """What is known after an ordinary COMMIT that gave this error, with shards committed before and rolled back."""
    undone = f"; rolled back on {listed(rest)}" if rest else ""
    unknown = _lost(error)
    if unknown or done:
        state = f"unknown on {shard}" if unknown else f"refused by {shard}"
        committed = f"committed on {listed(done)}; " if done else ""
        message = f"the commit is in doubt: {committed}{state} ({error}){undone}"
        return CommitInDoubt(message, committed=done, pending=(shard,))
    return TransactionAborted(f"nothing was committed: {shard} refused ({error}){undone}", shards=(shard,))


def _lost(error: BaseException) -> bool:
    """Whether a commit that gave this error may have happened."""
    if not isinstance(error, Error) or isinstance(error, (ConnectionLost, StatementTimeout)):
        return True
    return error.errno in _MAYBE


# --- all or nothing --------------------------------------------------------------------------------------------------


def _in_two_phases(parties: Parties, written: tuple[ShardId, ...]) -> Steps:
    first = parties.shards[0]
    others = tuple(shard for shard in written if shard != first)
    readers = tuple(shard for shard in parties.shards if shard != first and shard not in written)
    errors = yield from or_drop(parties.shards, _prepare(parties, first, others))
    if any(errors):
        yield from give_up(parties, dict(zip((first, *others), errors, strict=True)), readers)
    if readers:
        yield from or_drop((first, *others), end_readers(parties, readers))
    (error,) = yield from or_drop(others, one(Each((first,), (("COMMIT",),), finish=True)))
    if error is not None:
        yield from _undecided(parties, first, others, error)
    yield from _spread(parties, first, others)


def _prepare(parties: Parties, first: ShardId, others: tuple[ShardId, ...]) -> Generator[Op, Any, Errors]:
    """Prepare the branches and write the decision's row, all at the same time."""
    prepares = tuple((f"XA END {parties.xid(shard)}", f"XA PREPARE {parties.xid(shard)}") for shard in others)
    errors: Errors = yield Each((first, *others), ((_decision(first, parties.gtrid),), *prepares))
    if getattr(errors[0], "errno", None) != _UNKNOWN_TABLE or any(errors[1:]):
        return errors
    try:
        yield Outside(Task(first, CREATE.format(database=first.database)))
    except Error as error:
        return (error, *errors[1:])
    again: Errors = yield Each((first,), ((_decision(first, parties.gtrid),),))
    return (*again, *errors[1:])


def one(op: Op) -> Generator[Op, Any, Any]:
    """A script of a single Op."""
    return (yield op)


def or_drop(shards: tuple[ShardId, ...], steps: Generator[Op, Any, T]) -> Generator[Op, Any, T]:
    """Run these steps; after an interruption drop these shards' connections, and recovery does the rest."""
    try:
        return (yield from steps)
    except GeneratorExit:
        raise  # nobody is there any more to carry out an Op
    except BaseException:
        yield Each(shards, tuple(() for _ in shards), finish=True)
        raise


def _decision(shard: ShardId, gtrid: str, outcome: str = "commit") -> str:
    """Writes the decision. Both words are ours: letters, digits and `-`."""
    return f"INSERT INTO `{shard.database}`.`shardkit_decision` (gtrid, outcome) VALUES ('{gtrid}', '{outcome}')"


def give_up(parties: Parties, asked: Mapping[ShardId, BaseException | None], readers: Sequence[ShardId]) -> Steps:
    """Before the decision: roll everything back. A branch whose answer was lost may be prepared or not."""
    everyone = (*asked, *readers)
    lines = tuple(
        (f"XA ROLLBACK {parties.xid(shard)}",)
        if shard in asked and asked[shard] is None and shard in parties.branches
        else rolling_back(parties, shard)
        for shard in everyone
    )
    undone = yield Each(everyone, lines, finish=True)
    for shard, error in zip(everyone, undone, strict=True):
        if error is not None and shard in parties.branches:
            yield from finish_branch(parties, shard, "ROLLBACK")
    cause = next(error for error in asked.values() if error is not None)
    raise TransactionAborted(f"nothing was committed: a shard could not prepare ({cause})") from cause


def _undecided(parties: Parties, first: ShardId, others: tuple[ShardId, ...], error: BaseException) -> Steps:
    """The deciding commit failed, or its answer was lost: the row tells, or an abort takes its place."""
    outcome = yield from settle(first, parties.gtrid)
    if outcome == "commit":
        return
    if outcome == "abort":
        lines = tuple((f"XA ROLLBACK {parties.xid(shard)}",) for shard in others)
        yield Each(others, lines, finish=True)
        raise TransactionAborted(f"nothing was committed: {first} did not decide ({error})", shards=(first,)) from error
    yield Each(others, tuple(() for _ in others), finish=True)
    raise CommitInDoubt(
        f"the commit is in doubt: {first} holds the decision and does not answer ({error}); prepared on "
        f"{listed(others)}. Recovery ends it as soon as {first} answers",
        committed=(), pending=(first, *others),
    ) from error  # fmt: skip


def settle(first: ShardId, gtrid: str) -> Generator[Op, Any, str | None]:
    """The decision on a transaction: `commit`, `abort` (written now if nothing was), or None if it cannot be known."""
    for _ in range(2):
        try:
            yield Outside(Task(first, _decision(first, gtrid, "abort")), SETTLE)
            return "abort"
        except IntegrityError:
            break  # somebody has decided
        except Error as error:
            if error.errno != _UNKNOWN_TABLE:
                return None
        yield Outside(Task(first, CREATE.format(database=first.database)), SETTLE)
    sql = f"SELECT outcome FROM `{first.database}`.`shardkit_decision` WHERE gtrid = %s"
    try:
        opened: Opened = yield Outside(Task(first, sql, (gtrid,)), SETTLE)
    except Error:
        return None
    return str(opened.first.rows[0][0]) if opened.first.rows else None


def _spread(parties: Parties, first: ShardId, others: tuple[ShardId, ...]) -> Steps:
    """It is decided: commit every branch. One that does not answer is left to recovery, and named."""
    errors = yield Each(others, tuple((f"XA COMMIT {parties.xid(shard)}",) for shard in others), finish=True)
    left = []
    for shard, error in zip(others, errors, strict=True):
        if error is not None and not (yield from finish_branch(parties, shard, "COMMIT")):
            left.append((shard, error))
    if left:
        pending = tuple(shard for shard, _ in left)
        raise CommitInDoubt(
            f"the transaction is committed, but not yet to be seen on {listed(pending)} ({left[0][1]}); recovery "
            "completes it",
            committed=(first, *(shard for shard in others if shard not in pending)), pending=pending,
        ) from left[0][1]  # fmt: skip


def finish_branch(parties: Parties, shard: ShardId, verb: str) -> Generator[Op, Any, bool]:
    """Try once more on another connection; whether the branch is known to be over."""
    try:
        yield Outside(Task(shard, f"XA {verb} {parties.xid(shard)}"), SETTLE)
    except ShardUnavailable:
        return False
    except Error as error:
        if error.errno != UNKNOWN_XID:
            return False
        # It is over, or its first connection still holds it: the server's list tells.
        return not (yield from is_prepared(shard, parties.branches[shard].bqual, parties.gtrid))
    return True


def is_prepared(shard: ShardId, bqual: str, gtrid: str) -> Generator[Op, Any, bool]:
    """Whether a server still lists this branch as prepared; True when it cannot be asked."""
    try:
        opened: Opened = yield Outside(Task(shard, "XA RECOVER"), SETTLE)
    except Error:
        return True
    wanted = (gtrid + bqual).encode()
    return any((row[3].encode() if isinstance(row[3], str) else row[3]) == wanted for row in opened.first.rows)


def listed(shards: Sequence[ShardId]) -> str:
    """Shards as messages name them."""
    return ", ".join(map(str, shards))
