"""Tables of a workspace: how they are declared, and how a shard must spell a value so that it arrives unchanged.

Text protocols round FLOAT, repeat an hour of TIMESTAMP in autumn and show ENUM by a text that may be ambiguous, so
these travel as doubles, as seconds since 1970 and as numbers. Dates, times and decimals travel as text, which spares
the client from making objects of them.
Invariant: a value that was pulled and filled in equals the value on the shard, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence

from shardkit.flow import Column, Family

BEFORE = (
    "SET @sk__mode = @@SESSION.sql_mode, @sk__zone = @@SESSION.time_zone, "
    "SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', SESSION time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)
"""Takes zero dates and moments in UTC as they are; the session's own settings are kept in user variables. Reading a
shard's table into a temporary one locks no row of it under READ COMMITTED."""

LENIENT = (
    "SET SESSION time_zone = @sk__zone, SESSION sql_mode = REPLACE(REPLACE(REPLACE("
    "@sk__mode, 'STRICT_TRANS_TABLES', ''), 'STRICT_ALL_TABLES', ''), 'TRADITIONAL', '')",
)
"""For tables made by a query of the user's: expressions mean what they mean to the session, but a table may hold all
that a SELECT can show, a division by zero among it."""

UNCHECKED = ("SET SESSION sql_mode = REPLACE(REPLACE(@@sql_mode, 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', '')",)
"""For the declaration alone of a table whose columns have a year zero for their default."""

AFTER = ("SET SESSION sql_mode = @sk__mode, SESSION time_zone = @sk__zone",)
"""The session's settings again: the final statement is read under them."""

_BY_NAME = frozenset({Family.TEXT, Family.ENUM, Family.SET})
_AS_TEXT = frozenset({Family.DECIMAL, Family.DATE, Family.DATETIME, Family.TIME})
_LONGEST_KEY = 700
"""Characters of a column that an index may hold: 3072 bytes of four-byte characters, with room for other columns."""


def quote(name: str) -> str:
    """A name in backticks."""
    return "`" + name.replace("`", "``") + "`"


def create(name: str, columns: Sequence[Column], key: Sequence[str], indexes: Sequence[str], embedded: bool) -> str:
    """CREATE TABLE of a workspace. `key` is unique; `indexes` are columns worth an index of their own."""
    parts = [_definition(column) for column in columns]
    indexed = {column.name.lower() for column in columns if _indexable(column)}
    if key and all(part.lower() in indexed for part in key):
        parts.append(f"PRIMARY KEY ({', '.join(map(quote, key))})")
    else:
        key = ()
    first = key[0].lower() if key else None
    for column in indexes:
        if column in indexed and column != first and not embedded:
            parts.append(f"KEY ({quote(column)})")
    temporary = "" if embedded else "TEMPORARY "
    return f"CREATE {temporary}TABLE {name} ({', '.join(parts)})"


def spelling(column: Column, embedded: bool) -> str:
    """The select item by which a shard gives this column."""
    name = quote(column.name).replace("%", "%%")
    if embedded:
        return name
    if column.family is Family.FLOAT:
        return f"{name} + 0e0"
    if column.family is Family.TIMESTAMP:
        return f"UNIX_TIMESTAMP({name})"
    if column.family in (Family.ENUM, Family.SET):
        return f"CAST({name} AS UNSIGNED)"
    if column.family in _AS_TEXT:
        return f"CAST({name} AS CHAR)"
    return name


def bounded(columns: Sequence[Column]) -> bool:
    """Whether no value can be long, so that rows which never pass the client can be counted by their number."""
    return all(_widest(column) <= _LONG for column in columns)


def width(columns: Sequence[Column]) -> int:
    """About how many bytes a row of these columns takes, as budgets count it; partial groups are taken as small."""
    return _ROW + sum(_VALUE + _widest(column) // 2 for column in columns)


_LONG, _ROW, _VALUE = 255, 64, 48


def _widest(column: Column) -> int:
    if column.family in (Family.JSON, Family.OTHER):
        return _LONG + 1
    return (column.length or 0) if column.family in (Family.TEXT, Family.BINARY) else 0


def _definition(column: Column) -> str:
    collation = f" COLLATE {column.collation}" if column.collation and column.family in _BY_NAME else ""
    return f"{quote(column.name)} {column.type_text}{collation} {'NULL' if column.nullable else 'NOT NULL'}"


def _indexable(column: Column) -> bool:
    if column.family is Family.TEXT or column.family is Family.BINARY:
        return ("char" in column.type_text and (column.length or 0) <= _LONGEST_KEY) or (
            "binary" in column.type_text and (column.length or 0) <= _LONGEST_KEY
        )
    return column.family not in (Family.JSON, Family.OTHER)
