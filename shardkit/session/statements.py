"""The scripts of one connection: what happens from a text and its parameters to rows or counts.

Each is a generator that yields Ops and gets their answers; threads or asyncio, it cannot tell. What it emits for the
caller is one Head, then Rows.
Invariant: on every way out each query it started is read to its end or closed, and no half-done write is left open.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.errors import InternalError, OperationalError, ProgrammingError, SessionBoundRefused, UnknownColumn
from shardkit.flow import (
    NO_HINTS,
    Finish,
    Head,
    Hints,
    Kind,
    NewId,
    Op,
    ParamRef,
    Rows,
    Script,
)  # fmt: skip
from shardkit.parse import (
    CurrentDatabase,
    Ddl,
    FoundRows,
    LoadData,
    SetAutocommit,
    SetNextTransaction,
    SetVariables,
    Show,
    ShowWarnings,
    TransactionCommand,
)
from shardkit.plan import (
    Explanation,
    Filling,
    MetadataNeeded,
    Prepared,
    Ready,
    explain_ready,
    refuse_place,
    together,
)
from shardkit.session import transaction
from shardkit.session.bulk import in_waves
from shardkit.session.ddl import spread
from shardkit.session.estimating import estimates
from shardkit.session.keys import planned, with_ids
from shardkit.session.loading import load
from shardkit.session.metadata import describe, prepared
from shardkit.session.reading import rest_of_one
from shardkit.session.running import collected, emitted, select
from shardkit.session.settings import set_autocommit, set_variables
from shardkit.session.showing import database, show
from shardkit.session.staged import staged
from shardkit.session.state import Session
from shardkit.session.warnings import told
from shardkit.session.watched import known
from shardkit.session.writing import write
from shardkit.values import Params

__all__ = ["command", "execute", "execute_many", "expected", "explain", "rest_of_one", "resume", "set_autocommit"]

DONE = Head(None, 0, None, (), True)


def execute(session: Session, text: str, params: Params) -> Script:
    """One statement. Emits a Head, then Rows."""
    script = _execute(session, text, params)
    return script if session.watch is None else session.watch.statement(text, script)


def _execute(session: Session, text: str, params: Params) -> Script:
    before, session.warned = session.warned, ()
    ready = session.planner.ready(text, params)
    cached = ready is not None
    if ready is None:
        ready = yield from prepared(session, text, params)
    if isinstance(ready, ShowWarnings):
        session.warned = before
        yield told(before, ready)
    else:
        yield from _carry_out(session, ready, text, params, cached)


def _carry_out(session: Session, ready: Ready, text: str, params: Params, cached: bool) -> Script:
    if session.watch is not None and not isinstance(ready, Prepared):
        session.watch.planned(known(ready, None, cached))
    if isinstance(ready, Prepared):
        if session.failed is not None:
            session.check_usable()
        if session.next_transaction is not None and not session.in_transaction:
            session.next_transaction = None  # this statement is the next transaction
        plan = ready.plan(params, session.enlisted, session.hints) if ready.filling is None else (
            yield from planned(session, ready, params, session.hints)
        )  # fmt: skip
        if session.watch is not None:
            session.watch.planned(known(ready, plan, cached))
        try:
            if plan.stage is not None:
                yield from staged(session, plan, plan.stage)
            elif plan.kind is not Kind.SELECT:
                yield from write(session, plan)
            else:
                session.found = (text, params, session.hints) if ready.statement.cut else None
                yield from select(session, plan)
        except UnknownColumn:
            session.planner.catalog.forget(use.name for use in ready.statement.tables)
            raise
    elif isinstance(ready, Ddl):
        refuse_place(session.hints, ready.verb.upper())
        yield from spread(session, ready)
    elif isinstance(ready, LoadData):
        yield from load(session, ready, params, _many)
    elif isinstance(ready, Show):
        yield from show(session, ready, params)
    else:
        yield from command(session, ready)


def resume(session: Session, text: str, passed: list[str]) -> Script:
    """DDL that failed halfway, once more; physical tables that have the change are added to `passed`."""
    ready = yield from prepared(session, text, None)
    if not isinstance(ready, Ddl):
        raise ProgrammingError("only DDL can be resumed (CREATE, ALTER, DROP, TRUNCATE)")
    yield from spread(session, ready, passed)


def found_rows(session: Session, label: str) -> Script:
    """How many rows the statement before would have had without its LIMIT: it is run again so, and counted."""
    if session.found is None:
        raise SessionBoundRefused(
            "FOUND_ROWS() after a statement without SQL_CALC_FOUND_ROWS",
            why="its answer belongs to one server connection",
            instead="SQL_CALC_FOUND_ROWS in the statement before, or cursor.rowcount",
        )
    text, params, hints = session.found
    ready = yield from prepared(session, text, params)
    assert isinstance(ready, Prepared)
    count = 0

    def add(step: Head | Rows) -> None:
        nonlocal count
        count += len(step.rows)

    yield from emitted(select(session, ready.whole().plan(params, session.enlisted, hints)), add)
    yield Head(((label, _BIGINT, None, 21, 21, 0, False),), 1, None, ((count,),), True)


_BIGINT = 8  # the driver's number of the type


def execute_many(session: Session, text: str, rows: Sequence[Params]) -> Script:
    """One statement with many parameter sets. Plain INSERTs go as multi-row statements, shard by shard."""
    session.warned = ()
    script = _many(session, text, rows, 0)
    return script if session.watch is None else session.watch.statement(text, script, len(rows))


def _many(session: Session, text: str, rows: Sequence[Params], first_row: int) -> Script:
    total, generated = 0, None
    last: NewId = 0
    size = session.planner.batch_rows
    for start in range(0, len(rows), size * 16):
        chunk = rows[start : start + size * 16]
        cached = session.planner.ready(text, chunk[0]) is not None
        ready = yield from prepared(session, text, chunk[0])
        session.check_usable()
        first, hints = None, session.hints or NO_HINTS
        if isinstance(ready, Prepared):
            hints = together(ready.statement.hints, session.hints)
        if isinstance(ready, Prepared) and ready.filling is not None and _batches(ready.filling, hints):
            given = yield from with_ids(ready, ready.filling, chunk)
            ready, chunk = ready.filling.prepared, [one.params for one in given]
            first = next((one.first for one in given if one.first is not None), None)
        generated = first if generated is None else generated
        batches = ready.batch(chunk, size, hints) if isinstance(ready, Prepared) else None
        if batches is None:
            for params in chunk:
                for step in (yield from collected(_one(session, text, params))):
                    total, last = total + max(step.rowcount, 0), step.lastrowid or last
            continue
        if session.watch is not None:
            session.watch.planned(known(ready, batches[0], cached))
        affected, made = yield from in_waves(session, batches, first_row + start)
        total, last = total + affected, made or last
    yield Head(None, total, last if generated is None else generated, (), True)


def _one(session: Session, text: str, params: Params) -> Script:
    cached = session.planner.ready(text, params) is not None
    yield from _carry_out(session, (yield from prepared(session, text, params)), text, params, cached)


def _batches(filling: Filling, hints: Hints) -> bool:
    """Whether rows may go together once their ids are there; not if each has a hint of its own."""
    return filling.prepared.batches and not isinstance(hints.key, ParamRef)


def command(session: Session, given: Ready) -> Script:
    """Transactions and SET."""
    match given:
        case TransactionCommand():
            yield from transaction.command(session, given)
        case FoundRows(label):
            yield from found_rows(session, label)
            return
        case CurrentDatabase(label):
            yield from database(session, label)
            return
        case SetVariables(entries):
            yield from set_variables(session, entries)
        case SetAutocommit(on):
            yield from set_autocommit(session, on)
        case SetNextTransaction(text):
            if session.enlisted:
                raise OperationalError(
                    "Transaction characteristics can't be changed while it is in progress", errno=1568
                )
            session.next_transaction = text
        case _:
            raise InternalError(f"no script for {type(given).__name__}")
    yield DONE


def explain(session: Session, text: str, params: Params) -> Generator[Op, Any, Explanation]:
    """What the statement would do, without doing it. Metadata may be looked up."""
    planner = session.planner

    def attempt() -> Explanation | MetadataNeeded:
        try:
            return explain_ready(planner, text, params, session.hints)
        except MetadataNeeded as needed:
            return needed

    while isinstance(found := attempt(), MetadataNeeded):
        for name in found.tables:
            yield from describe(session, name)
    return found


def expected(session: Session, text: str, params: Params) -> Generator[Op, Any, list[int | None]]:
    """How many rows each query of a SELECT is expected to give; see estimating. Raises ProgrammingError for others."""
    ready = yield from prepared(session, text, params)
    if not isinstance(ready, Prepared) or ready.statement.kind is not Kind.SELECT:
        raise ProgrammingError("only a SELECT can be analyzed: analyzing runs the statement")
    found: list[int | None] = yield from estimates(session, ready.plan(params, session.enlisted, session.hints))
    return found


def close(session: Session) -> Generator[Op, Any, None]:
    """End of the connection: an open transaction is rolled back."""
    shards = tuple(session.enlisted)
    session.forget_transaction()
    if shards:
        yield Finish(shards, "ROLLBACK")
