"""SET: what belongs to the session and reaches every shard connection it uses.

Invariant: the session's state changes only after a shard has accepted it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from shardkit.flow import (
    Op,
    SetState,
)
from shardkit.session import transaction
from shardkit.session.state import Session


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
