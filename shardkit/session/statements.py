"""The scripts of one connection: what happens from a text and its parameters to rows or counts.

Each is a generator that yields Ops and gets their answers; threads or asyncio, it cannot tell. What it emits for the
caller is one Head, then Rows.
Invariant: on every way out each query it started is read to its end or closed, and no half-done write is left open.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.errors import Error, InternalError, UnknownColumn, UnknownTable
from shardkit.flow import (
    CloseQuery,
    Describe,
    DescribeCollation,
    Fetch,
    Finish,
    Head,
    Kind,
    MergeSpec,
    Op,
    Opened,
    Plan,
    Query,
    Rows,
    Script,
    SetState,
    Task,
)  # fmt: skip
from shardkit.merge import Merger, merge
from shardkit.parse import Ddl, SetAutocommit, SetNextTransaction, SetVariables, TransactionCommand
from shardkit.plan import Explanation, MetadataNeeded, Prepared, Ready, explain_ready
from shardkit.rules import BroadcastTable, Rules, ShardedTable
from shardkit.session import transaction
from shardkit.session.state import Session
from shardkit.values import Params, PhysicalTable, ShardId

DONE = Head(None, 0, None, (), True)


def execute(session: Session, text: str, params: Params) -> Script:
    """One statement. Emits a Head, then Rows."""
    ready = session.planner.ready(text, params)
    if ready is None:
        ready = yield from prepared(session, text, params)
    if isinstance(ready, Prepared):
        if session.failed is not None:
            session.check_usable()
        plan = ready.plan(params, session.enlisted)
        try:
            if plan.kind is not Kind.SELECT:
                yield from write(session, plan)
            elif plan.merge is not None:
                yield from merged(session, plan, plan.merge)
            else:
                yield from read(session, plan)
        except UnknownColumn:
            session.planner.catalog.forget(use.name for use in ready.statement.tables)
            raise
    elif isinstance(ready, Ddl):
        yield from spread(session, ready)
    else:
        yield from command(session, ready)


def prepared(session: Session, text: str, params: Params) -> Generator[Op, Any, Ready]:
    """The prepared form of a text; looks up the tables it needs first."""
    planner = session.planner
    asked: set[str] = set()
    while True:
        try:
            return planner.prepare(text, params)
        except MetadataNeeded as needed:
            tables = needed.tables
        except UnknownColumn as error:
            tables = tuple(name for name in error.tables if name not in asked)
            if not tables:
                raise  # looked up just now, and still unknown
        asked.update(tables)
        for name in tables:
            yield from describe(session, name)


def describe(session: Session, name: str) -> Generator[Op, Any, None]:
    """Look up one logical table on one of its shards. Raises UnknownTable."""
    catalog = session.planner.catalog
    place = sample(session.planner.rules, name)
    info = yield Describe(place.shard, place.name)
    if info is None:
        raise UnknownTable(f"Table '{name}' doesn't exist: {place} is not there", shards=(place.shard,))
    if catalog.connection_collation is None and not session.variables:
        yield from describe_literals(session, place.shard)
    unknown = catalog.unknown_collations(info)
    collations = (yield DescribeCollation(place.shard, unknown)) if unknown else ()
    if catalog.table(name) not in (None, info):
        catalog.forget((name,))
    catalog.add(info, name, collations)


def describe_literals(session: Session, shard: ShardId) -> Generator[Op, Any, None]:
    """Look up the collation a new connection has for literals. Embedded databases have MySQL's default."""
    planner = session.planner
    if planner.rules.servers[shard.server].embedded:
        planner.catalog.connection_collation = "utf8mb4_0900_ai_ci"
        return
    (opened,) = yield Query((Task(shard, "SELECT @@collation_connection"),), False, planner.time)
    planner.catalog.connection_collation = str(opened.first.rows[0][0])


def sample(rules: Rules, name: str) -> PhysicalTable:
    """The physical table that stands for a logical one."""
    table = rules.find(name)
    if table is None:
        raise UnknownTable(f"Table '{name}' doesn't exist: the rules do not name it")
    if isinstance(table, ShardedTable):
        return table.layout.place(0, table.name)
    shard = table.layout.shards[0] if isinstance(table, BroadcastTable) else table.shard
    return PhysicalTable(shard, table.name)


# --- reading ----------------------------------------------------------------------------------------------------------


def read(session: Session, plan: Plan) -> Script:
    """A SELECT of one shard: the driver's rows, untouched."""
    if session.explicit or not session.autocommit:
        yield from transaction.enlist(session, (plan.tasks[0].shard,))
    try:
        ((description, (_, rows, last), _, lastrowid),) = yield Query(plan.tasks, True, session.planner.time)
    except Exception as error:
        yield from failed(session, plan, error)
        raise
    yield Head(description, len(rows) if last else -1, lastrowid, rows, last)
    if not last:
        yield from rest_of_one()


def rest_of_one() -> Script:
    """What follows the first batch of a query with one task."""
    last = False
    while not last:
        ((_, rows, last),) = yield Fetch((0,))
        yield Rows(rows)


def query(session: Session, plan: Plan) -> Generator[Op, Any, tuple[Opened, ...]]:
    """Start the plan's tasks. A failure that takes the transaction with it ends the transaction everywhere."""
    try:
        answer: tuple[Opened, ...] = yield Query(plan.tasks, plan.kind is Kind.SELECT, session.planner.time)
        return answer
    except Exception as error:
        yield from failed(session, plan, error)
        raise


def failed(session: Session, plan: Plan, error: Exception) -> Generator[Op, Any, None]:
    """After a failed statement: end the transaction if it has gone with it."""
    if session.in_transaction and transaction.fatal(error, len(plan.tasks)):
        yield from transaction.abort(session, str(error))


def merged(session: Session, plan: Plan, spec: MergeSpec) -> Script:
    """A SELECT of several shards: their rows become one answer as they arrive."""
    if session.in_transaction:
        yield from transaction.enlist(session, tuple(task.shard for task in plan.tasks))
    opened = yield from query(session, plan)
    check_width(opened, spec)
    description = opened[0].description or ()
    merger = merge(spec, plan.window, len(plan.tasks), session.planner.rules.defaults.budget)
    for one in opened:
        merger.feed(one.first)
    rows = merger.take()
    if merger.done:
        yield CloseQuery()
        yield Head(description[: spec.columns], len(rows), None, rows, True)
        return
    yield Head(description[: spec.columns], -1, None, rows)
    yield from rest(merger)
    yield CloseQuery()


def rest(merger: Merger) -> Script:
    """Fetch and merge until nothing more comes."""
    while not merger.done:
        wanted = merger.wanted()
        if wanted:
            for batch in (yield Fetch(wanted)):
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


# --- writing ----------------------------------------------------------------------------------------------------------


def write(session: Session, plan: Plan) -> Script:
    """A write. Several shards in one statement need the policy's leave; one shard is always one transaction."""
    transaction.check_write(session, plan)
    shards = tuple(dict.fromkeys(task.shard for task in plan.tasks))
    if session.in_transaction:
        yield from transaction.enlist(session, shards)
        session.written.update(dict.fromkeys(shards))
        opened = yield from query(session, plan)
    elif len(plan.tasks) == 1:
        opened = yield from query(session, plan)
    else:
        opened = yield from atomically(session, plan, shards)
    yield counts(plan, opened)


def atomically(session: Session, plan: Plan, shards: tuple[ShardId, ...]) -> Generator[Op, Any, tuple[Opened, ...]]:
    """Several tasks under autocommit: a transaction of their own around them."""
    session.explicit = True
    try:
        yield from transaction.enlist(session, shards)
        session.written.update(dict.fromkeys(shards))
        opened: tuple[Opened, ...] = yield Query(plan.tasks, False, session.planner.time)
    except Exception:
        yield from transaction.rollback(session)
        raise
    yield from transaction.commit(session)
    return opened


def counts(plan: Plan, opened: Sequence[Opened]) -> Head:
    """Affected rows added up over the shards (copies count once), and the first id a server made."""
    parts = opened[:1] if plan.route.copies else opened
    ids = [one.lastrowid for one in parts if one.lastrowid]
    rows = [row for one in opened for row in one.first.rows]  # of INSERT … RETURNING, where a server has it
    return Head(opened[0].description, sum(one.rowcount for one in parts), ids[0] if ids else None, rows, True)


def execute_many(session: Session, text: str, rows: Sequence[Params]) -> Script:
    """One statement with many parameter sets. Plain INSERTs go as multi-row statements, shard by shard."""
    total, last = 0, None
    size = session.planner.batch_rows
    for start in range(0, len(rows), size * 16):
        chunk = rows[start : start + size * 16]
        ready = yield from prepared(session, text, chunk[0])
        session.check_usable()
        batches = ready.batch(chunk, size) if isinstance(ready, Prepared) else None
        if batches is None:
            for params in chunk:
                for step in (yield from collected(execute(session, text, params))):
                    total, last = total + max(step.rowcount, 0), step.lastrowid or last
            continue
        for plan in batches:
            for step in (yield from collected(write(session, plan))):
                total, last = total + step.rowcount, last or step.lastrowid
    yield Head(None, total, last, (), True)


def collected(script: Script) -> Generator[Op, Any, list[Head]]:
    """Run a script for its Heads; rows it emits are left aside."""
    heads: list[Head] = []
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            step = script.send(answer) if error is None else script.throw(error)
        except StopIteration:
            return heads
        answer = error = None
        if isinstance(step, Head):
            heads.append(step)
        elif not isinstance(step, Rows):
            try:
                answer = yield step
            except Exception as raised:
                error = raised


# --- the rest ---------------------------------------------------------------------------------------------------------


def spread(session: Session, ddl: Ddl) -> Script:
    """DDL on every physical table, one after another; commits an open transaction first, as MySQL does."""
    plan = session.planner.spread(ddl)
    if session.in_transaction:
        yield from transaction.commit(session)
    done = affected = 0
    try:
        for task in plan.tasks:
            (opened,) = yield Query((task,), False, None)
            done += 1
            affected += opened.rowcount
    except Error as error:
        if len(plan.tasks) > 1:
            error.add_note(f"{ddl.verb}: done on {done} of {len(plan.tasks)} physical tables, then failed")
        raise
    finally:
        session.planner.catalog.forget(use.name for use in ddl.statement.tables)
    yield Head(None, affected, None, (), True)


def command(session: Session, given: Ready) -> Script:
    """Transactions and SET."""
    match given:
        case TransactionCommand():
            yield from transaction.command(session, given)
        case SetVariables(entries):
            yield from set_variables(session, entries)
        case SetAutocommit(on):
            yield from set_autocommit(session, on)
        case SetNextTransaction(text):
            session.next_transaction = text
        case _:
            raise InternalError(f"no script for {type(given).__name__}")
    yield DONE


def set_variables(session: Session, entries: Sequence[tuple[str, str]]) -> Generator[Op, Any, None]:
    """Session state: tried on one shard now, applied to every shard connection when it is used."""
    wanted = dict(session.variables)
    for key, statement in entries:
        wanted.pop(key, None)
        wanted[key] = statement
    probe = next(iter(session.enlisted), session.planner.rules.shards[0])
    yield SetState(tuple(wanted.values()), probe)
    session.variables = wanted
    collation = literal_collation(wanted)
    session.planner = session.root if collation is None else session.root.under(collation)


def literal_collation(variables: dict[str, str]) -> str | None:
    """The collation that SET NAMES … COLLATE or SET collation_connection chose last; None: the connection's own."""
    found = None
    for key, statement in variables.items():
        if key == "names":
            words = statement.replace("'", "").replace('"', "").lower().split()
            found = words[words.index("collate") + 1] if "collate" in words else None
        elif key == "collation_connection":
            found = statement.rsplit("=", 1)[1].strip(" '\"`").lower()
    return found


def set_autocommit(session: Session, on: bool) -> Generator[Op, Any, None]:
    """Switching autocommit on commits what is open, as MySQL does."""
    if on and not session.autocommit:
        yield from transaction.commit(session)
    session.autocommit = on


def explain(session: Session, text: str, params: Params) -> Generator[Op, Any, Explanation]:
    """What the statement would do, without doing it. Metadata may be looked up."""
    planner = session.planner

    def attempt() -> Explanation | MetadataNeeded:
        try:
            return explain_ready(planner, text, params)
        except MetadataNeeded as needed:
            return needed

    while isinstance(found := attempt(), MetadataNeeded):
        for name in found.tables:
            yield from describe(session, name)
    return found


def close(session: Session) -> Generator[Op, Any, None]:
    """End of the connection: an open transaction is rolled back."""
    shards = tuple(session.enlisted)
    session.forget_transaction()
    if shards:
        yield Finish(shards, "ROLLBACK")
