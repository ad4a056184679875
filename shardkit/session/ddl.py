"""The script of DDL: it runs on one physical table after another, and no server can undo it.

When it fails halfway its error names the tables that have the change. Run again with `passed`, a table that answers
that it has the change already counts as done.
Invariant: a transaction that is open is committed first, as MySQL does.
"""

from __future__ import annotations

from collections.abc import Sequence

from shardkit.errors import Error
from shardkit.flow import Head, Plan, Query, Script
from shardkit.parse import Ddl
from shardkit.session import transaction
from shardkit.session.state import Session

NAMED = 24
"""Physical tables that an error names; of more it tells the number."""

_HAS_IT = {
    "create table": frozenset({1050}),
    "create view": frozenset({1050}),
    "drop view": frozenset({1051}),
    "drop table": frozenset({1051, 1146}),
    "alter table": frozenset({1060, 1061, 1091}),
    "create index": frozenset({1061}),
    "drop index": frozenset({1091}),
}
"""What a server says when it has the change: the table, column or key is there, or is there no more."""


def spread(session: Session, ddl: Ddl, passed: list[str] | None = None) -> Script:
    """DDL on every physical table. `passed`: go on past those that have the change, and add their names."""
    plan = session.planner.spread(ddl)
    if session.in_transaction:
        yield from transaction.commit(session)
    names = _names(plan)
    done = affected = 0
    try:
        for name, task in zip(names, plan.tasks, strict=True):
            try:
                (opened,) = yield Query((task,), False, None)
                affected += opened.rowcount
                if not done:
                    session.note(opened.first.warned)  # the other tables give the same ones
            except Error as error:
                if passed is None or error.errno not in _HAS_IT.get(ddl.verb, ()):
                    raise
                passed.append(name)
            done += 1
    except Error as error:
        if len(plan.tasks) > 1:
            error.add_note(_how_far(ddl.verb, names, done))
        raise
    finally:
        session.planner.catalog.forget_all()  # views may stand on the table
    yield Head(None, affected, None, (), True)


def _names(plan: Plan) -> tuple[str, ...]:
    return tuple(f"{target.shard}.{target.names[0]}" for target in plan.route.targets)


def _how_far(verb: str, names: Sequence[str], done: int) -> str:
    """Which tables have the change, which refused it, and which were not asked."""
    text = f"{verb}: done on {done} of {len(names)} physical tables"
    text += f" ({_listed(names[:done])})" if done else ""
    text += f", then failed on {names[done]}"
    if names[done + 1 :]:
        text += f"; not tried on {_listed(names[done + 1 :])}"
    return text + ("; `shardkit sql RULES --resume` completes it" if done else "")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
