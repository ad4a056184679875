"""Which writes read the servers' clocks: NOW() in the text, and columns that take the time by themselves.

    at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP

One statement has one moment on one server. Over several shards it must be given to them, which costs them two SETs; so
only statements that need it are named here. Invariant: a statement that is not named stores no time of a server.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from shardkit.flow import Statement, TableInfo

_DEFAULT = re.compile(r"\bDEFAULT\b", re.IGNORECASE)


def reads_clock(statement: Statement, infos: Mapping[str, TableInfo]) -> bool:
    """Whether a write stores a time that the servers tell."""
    if statement.clock:
        return True
    written = {use.index: infos[use.name] for use in statement.tables if use.written and use.name in infos}
    insert, fill, change = statement.insert, statement.fill, statement.change
    if insert is not None or fill is not None:
        columns = insert.columns if insert is not None else fill.columns if fill is not None else ()
        changes = insert is None or insert.lenient
        given = () if _DEFAULT.search(statement.clean) else columns
        return any(_fills(info, given) or (changes and _renews(info, ())) for info in written.values())
    if change is None:
        return False
    return any(
        _renews(info, [one.column for one in change.assignments if one.use == use and not one.default])
        for use, info in written.items()
        if any(one.use == use for one in change.assignments)
    )


def left_to_chance(statement: Statement, info: TableInfo) -> str:
    """The column that an INSERT leaves to a default with another value for every server; '' if there is none."""
    insert, fill = statement.insert, statement.fill
    columns = insert.columns if insert is not None else fill.columns if fill is not None else None
    if columns is None:
        return ""
    given = () if _DEFAULT.search(statement.clean) else columns
    return next((one.name for one in info.columns if one.random_default and one.name.lower() not in given), "")


def _fills(info: TableInfo, given: Collection[str]) -> bool:
    """Whether a new row gets a time in a column that the statement does not give."""
    return any(column.clock_default and column.name.lower() not in given for column in info.columns)


def _renews(info: TableInfo, given: Collection[str]) -> bool:
    """Whether a changed row gets a time in a column that the statement does not assign."""
    return any(column.clock_update and column.name.lower() not in given for column in info.columns)
