"""All of MySQL's functions and collations on one SQLite connection.

An error in a function reaches SQLite as "user-defined function raised exception"; what it really was waits in
`Moment.failure` for the connection to raise.
Invariant: exactly the names of rewrite/sqlite_names.py are registered.
"""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any

from shardkit.backends import sqlite_clock, sqlite_numbers, sqlite_text
from shardkit.backends.sqlite_values import storing_by_name
from shardkit.errors import DataError, Error
from shardkit.rewrite.sqlite_collations import SCHEMES, comparer
from shardkit.rewrite.sqlite_names import PREFIX

Function = Callable[..., Any]
_PURE = {**sqlite_text.STRICT, **sqlite_numbers.STRICT, **sqlite_clock.STRICT}
_PURE_LENIENT = {**sqlite_text.LENIENT, **sqlite_numbers.LENIENT}


@dataclass(slots=True)
class Moment:
    """What the running statement's functions share with its connection."""

    database: str
    now: datetime = field(default_factory=datetime.now)
    last_id: int = 0
    rows: int = -1
    failure: Error | None = None


def register(connection: sqlite3.Connection, moment: Moment, variable: Callable[[str], str | int]) -> None:
    """Make every function and collation known to the connection. `variable` answers @@name."""
    for name, scheme in SCHEMES.items():
        connection.create_collation(name, comparer(scheme.name))
    for name, (function, count) in _PURE.items():
        _add(connection, name, _guarded(_strict(function), moment), count, pure=True)
    for name, (function, count) in {**_PURE_LENIENT, "store": (_store, 3)}.items():
        _add(connection, name, _guarded(function, moment), count, pure=True)
    for name, (function, count) in {**sqlite_clock.moving(lambda: moment.now), **_of_session(moment)}.items():
        _add(connection, name, _guarded(function, moment), count, pure=False)
    _add(connection, "variable", _guarded(variable, moment), 1, pure=False)
    for name, aggregate in sqlite_numbers.AGGREGATES.items():
        connection.create_window_function(PREFIX + name, 1, _watched(aggregate, moment))


def _add(connection: sqlite3.Connection, name: str, function: Function, count: int, *, pure: bool) -> None:
    connection.create_function(PREFIX + name, count, function, deterministic=pure)


def _strict(function: Function) -> Function:
    @wraps(function)
    def answer(*values: Any) -> Any:
        return None if None in values else function(*values)

    return answer


def _guarded(function: Function, moment: Moment) -> Function:
    """The function, its errors kept for the connection."""

    @wraps(function)
    def answer(*values: Any) -> Any:
        try:
            return function(*values)
        except Error as error:
            moment.failure = error
            raise
        except (ArithmeticError, TypeError, ValueError, re.error) as error:
            moment.failure = DataError(f"a function got a value it cannot take: {type(error).__name__}", errno=1411)
            raise

    return answer


def _watched(aggregate: type[Any], moment: Moment) -> type[Any]:
    """The aggregate, its errors kept for the connection."""
    parts = {part: _guarded(getattr(aggregate, part), moment) for part in ("value", "finalize")}
    return type(aggregate.__name__, (aggregate,), parts)


def _store(value: Any, type_text: str, name: str) -> Any:
    return storing_by_name(type_text, name)(value)


def _of_session(moment: Moment) -> dict[str, tuple[Function, int]]:
    return {
        "database": (lambda: moment.database, 0),
        "schema": (lambda: moment.database, 0),
        "last_insert_id": (lambda: moment.last_id, 0),
        "row_count": (lambda: moment.rows, 0),
        "rand": (sqlite_numbers.rand, -1),
        "uuid": (lambda: str(uuid.uuid4()), 0),
        "version": (lambda: f"8.4.0-shardkit-sqlite-{sqlite3.sqlite_version}", 0),
    }
