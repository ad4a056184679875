"""SQLite's errors as shardkit's, with MySQL's numbers and the shard's name.

SQLite tells most of its errors apart only by their text.
Invariant: no sqlite3 exception leaves the backend.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from shardkit.errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    ShardUnavailable,
    SqlSyntaxError,
    UnknownColumn,
    UnknownTable,
)
from shardkit.values import ShardId

Make = Callable[[ShardId, str], Error]


def _make(kind: type[Error], text: str, errno: int | None = None) -> Make:
    """An error of that kind; `{}` in its text is what the pattern caught, `{db}` the database."""

    def make(shard: ShardId, caught: str) -> Error:
        return kind(f"{shard}: {text.format(caught, db=shard.database)}", errno=errno, shards=(shard,))

    return make


_TEXTS: tuple[tuple[re.Pattern[str], Make], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"no such table: (?:main\.)?(.+)", _make(UnknownTable, "Table '{db}.{}' doesn't exist")),
        (r"no such column: (.+)", _make(UnknownColumn, "Unknown column '{}'")),
        (r"table .+ has no column named (.+)", _make(UnknownColumn, "Unknown column '{}'")),
        (r"ambiguous column name: (.+)", _make(UnknownColumn, "Column '{}' is ambiguous", 1052)),
        (r"UNIQUE constraint failed: (.+)", _make(IntegrityError, "Duplicate entry for key '{}'", 1062)),
        (r"NOT NULL constraint failed: .*?([^.]+)", _make(IntegrityError, "Column '{}' cannot be null", 1048)),
        (r"FOREIGN KEY constraint failed", _make(IntegrityError, "a foreign key constraint fails", 1452)),
        (r"foreign key mismatch - (.+)", _make(IntegrityError, "Failed to add the foreign key: {}", 1215)),
        (r"CHECK constraint failed: (.+)", _make(IntegrityError, "Check constraint '{}' is violated", 3819)),
        (r"datatype mismatch", _make(DataError, "Incorrect integer value", 1366)),
        (r"integer overflow", _make(DataError, "BIGINT value is out of range", 1690)),
        (r"string or blob too big", _make(DataError, "a value is too long", 1406)),
        (r"table (.+) already exists", _make(OperationalError, "Table {} already exists", 1050)),
        (r"index (.+) already exists", _make(OperationalError, "Duplicate key name {}", 1061)),
        (r"duplicate column name: (.+)", _make(OperationalError, "Duplicate column name '{}'", 1060)),
        (r"no such index: (.+)", _make(OperationalError, "Can't DROP '{}'; check that column/key exists", 1091)),
        (r"no such savepoint: (.+)", _make(OperationalError, "SAVEPOINT {} does not exist", 1305)),
        (r"(.+ values for .+ columns)", _make(ProgrammingError, "Column count doesn't match: {}", 1136)),
        (r"table .+ has (.+ columns but .+ values were supplied)", _make(ProgrammingError, "Table has {}", 1136)),
        (r"(SELECTs to the left and right of .+)", _make(ProgrammingError, "{}", 1222)),
        (r"no such function: (.+)", _make(ProgrammingError, "FUNCTION {} does not exist", 1305)),
        (r"wrong number of arguments to function (.+)", _make(ProgrammingError, "wrong number of arguments: {}", 1582)),
        (r"misuse of (?:aggregate|window function):? ?(.*)", _make(ProgrammingError, "Invalid use of {}", 1111)),
        (r'near "(.*)": syntax error', _make(SqlSyntaxError, "You have an error in your SQL syntax near '{}'")),
        (r"interrupted", _make(OperationalError, "Query execution was interrupted", 1317)),
    )
)

_CODES: dict[int, Make] = {
    sqlite3.SQLITE_BUSY: _make(OperationalError, "Lock wait timeout exceeded; the file is locked", 1205),
    sqlite3.SQLITE_LOCKED: _make(OperationalError, "Lock wait timeout exceeded; the table is locked", 1205),
    sqlite3.SQLITE_CANTOPEN: _make(ShardUnavailable, "the database file cannot be opened"),
    sqlite3.SQLITE_READONLY: _make(ShardUnavailable, "the database file cannot be written"),
    sqlite3.SQLITE_PERM: _make(ShardUnavailable, "the database file may not be used"),
    sqlite3.SQLITE_IOERR: _make(ShardUnavailable, "reading or writing the database file failed"),
    sqlite3.SQLITE_FULL: _make(ShardUnavailable, "the disk is full"),
    sqlite3.SQLITE_NOTADB: _make(ShardUnavailable, "the file is not a database"),
    sqlite3.SQLITE_CORRUPT: _make(ShardUnavailable, "the database file is damaged"),
}
_STALE = _make(OperationalError, "Deadlock: another transaction wrote first; roll back and try again", 1213)


def translated(error: Exception, shard: ShardId) -> Error:
    """The shardkit error for what sqlite3 raised."""
    text, code = str(error), getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_BUSY_SNAPSHOT:
        return _STALE(shard, "")
    if isinstance(code, int) and code & 0xFF in _CODES:
        return _CODES[code & 0xFF](shard, "")
    for pattern, make in _TEXTS:
        found = pattern.fullmatch(text)
        if found is not None:
            return make(shard, found[1] if pattern.groups else "")
    if isinstance(error, (UnicodeError, OverflowError)):
        return DataError(f"{shard}: a value cannot be stored ({type(error).__name__})", errno=1366, shards=(shard,))
    return DatabaseError(f"{shard}: {text}", shards=(shard,))


def named(error: Error, shard: ShardId) -> Error:
    """An error of the translator or of a value, with the shard's name in front."""
    if not error.shards:
        error.shards = (shard,)
        error.message = f"{shard}: {error.message}"
        error.args = (error.errno, error.message)
    return error
