"""Two-phase commit led by somebody else: PEP 249's tpc_* methods. Every shard joins as an XA branch, the first one too.

The outer transaction manager decides, so there is no decision row, and shardkit's own recovery leaves these branches
alone. A branch is named by the manager's xid; its bqual ends in `~` and the shard, so that recovery finds all of them.
Invariant: after prepare nothing but commit or rollback runs, on this connection or, by the xid, on another.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from shardkit.errors import CommitInDoubt, Error, NotSupportedError, OperationalError, ProgrammingError
from shardkit.flow import Each, Op, Opened, Outside, Task
from shardkit.rules import Rules
from shardkit.session import transaction, two_phase
from shardkit.session.branches import UNKNOWN_XID, Xid, outer_branch, read_outer, shards_by_mark
from shardkit.session.recovery import one_of_each_server
from shardkit.session.state import Parties, Session
from shardkit.session.two_phase import SETTLE, Steps, listed
from shardkit.values import ShardId


def begin(session: Session, xid: Xid) -> None:
    """The statements that follow belong to this transaction."""
    if session.outer is not None or session.enlisted or session.explicit or session.failed is not None:
        raise ProgrammingError("tpc_begin inside a transaction; end that one first")
    if not transaction.branching(session):
        raise NotSupportedError(
            "tpc_begin", why="it needs transactions: xa in the rules, and shards on MySQL servers", instead="begin()"
        )
    session.outer, session.explicit = xid, True


def prepare(session: Session) -> Steps:
    """Prepare every written shard; those that were only read end here. Raises TransactionAborted."""
    _inside(session)
    session.check_usable()
    parties = session.parties()
    written, readers = _parts(parties)
    lines = tuple((f"XA END {parties.xid(shard)}", f"XA PREPARE {parties.xid(shard)}") for shard in written)
    session.failed, session.prepared = "it is prepared", True
    try:
        errors = (yield from two_phase.or_drop(parties.shards, two_phase.one(Each(written, lines)))) if written else ()
        if any(errors):
            yield from two_phase.give_up(parties, dict(zip(written, errors, strict=True)), readers)
        if readers:
            yield from two_phase.end_readers(parties, readers)
    except BaseException:
        _forget(session)
        raise
    for shard in readers:
        del session.enlisted[shard]


def commit(session: Session) -> Steps:
    """Commit what is prepared; if nothing is, prepare it first, or commit one shard in one phase."""
    _inside(session)
    if session.failed is None and len(session.written) > 1:
        yield from prepare(session)
    reason, prepared, parties = session.failed, session.prepared, session.parties()
    _forget(session)
    if reason is None:
        yield from transaction.ending(session, parties, "committed", two_phase.commit(parties))
    elif prepared:
        yield from transaction.ending(session, parties, "committed", _end(parties, "COMMIT"))
    else:
        session.failed = reason
        yield from transaction.commit(session)  # which says why there is nothing to commit


def rollback(session: Session) -> Steps:
    """Undo it, prepared or not."""
    _inside(session)
    prepared, parties = session.prepared, session.parties()
    _forget(session)
    if prepared:
        yield from transaction.ending(session, parties, "rolled back", _end(parties, "ROLLBACK"))
    else:
        yield from transaction.ending(session, parties, "rolled back", transaction.undo(parties))


def recover(rules: Rules) -> Generator[Op, Any, list[Xid]]:
    """Transactions that are prepared on some shard of the rules."""
    marks, found = shards_by_mark(rules), dict[Xid, None]()
    for shard in one_of_each_server(rules):
        opened: Opened = yield Outside(Task(shard, "XA RECOVER"), SETTLE)
        found.update((outer[0], None) for row in opened.first.rows if (outer := read_outer(row)) and outer[1] in marks)
    return list(found)


def end(rules: Rules, xid: Xid, verb: str) -> Steps:
    """COMMIT or ROLLBACK a prepared transaction by its name, on every server that lists a branch of it."""
    marks, places = shards_by_mark(rules), dict[ShardId, None]()
    for server in one_of_each_server(rules):
        opened: Opened = yield Outside(Task(server, "XA RECOVER"), SETTLE)
        outer = (read_outer(row) for row in opened.first.rows)
        places.update((marks[one[1]], None) for one in outer if one and one[0] == xid and one[1] in marks)
    if not places:
        raise ProgrammingError(f"no shard has prepared {xid}", errno=UNKNOWN_XID)
    left = []
    for shard in places:
        try:
            yield Outside(Task(shard, f"XA {verb} {outer_branch(xid, shard).xid}"), SETTLE)
        except Error as error:
            left.append((shard, error))
    _tell(verb, tuple(places), left)


def _end(parties: Parties, verb: str) -> Steps:
    """End the prepared branches on their own connections, or on others where those are gone."""
    shards = parties.shards
    if not shards:
        return
    errors = yield Each(shards, tuple((f"XA {verb} {parties.xid(shard)}",) for shard in shards), finish=True)
    left = []
    for shard, error in zip(shards, errors, strict=True):
        if error is not None and not (yield from two_phase.finish_branch(parties, shard, verb)):
            left.append((shard, error))
    _tell(verb, shards, left)


def _tell(verb: str, shards: tuple[ShardId, ...], left: list[tuple[ShardId, Any]]) -> None:
    if not left:
        return
    pending = tuple(shard for shard, _ in left)
    text = f"{listed(pending)} did not answer ({left[0][1]}) and is still prepared; call tpc_{verb.lower()}(xid) again"
    if verb == "COMMIT":
        committed = tuple(shard for shard in shards if shard not in pending)
        raise CommitInDoubt(text, committed=committed, pending=pending) from left[0][1]
    raise OperationalError(text, shards=pending) from left[0][1]


def _parts(parties: Parties) -> tuple[tuple[ShardId, ...], tuple[ShardId, ...]]:
    written = tuple(shard for shard in parties.shards if shard in parties.written)
    return written, tuple(shard for shard in parties.shards if shard not in parties.written)


def _inside(session: Session) -> None:
    if session.outer is None:
        raise ProgrammingError("there is no transaction that tpc_begin began")


def _forget(session: Session) -> None:
    session.forget_transaction()
    session.outer = session.failed = None
    session.prepared = False
