"""shardkit: many MySQL databases behind one PEP 249 connection.

    import shardkit
    connection = shardkit.connect("shard-rules.yaml")
    cursor = connection.cursor().execute("SELECT * FROM t_order WHERE memberId = %s", (42,))

Every answer is the answer one unsharded MySQL would give, or the statement is refused with the reason.
"""

import datetime as _datetime
import time as _time

from shardkit.dbapi import Cluster, Connection, Cursor, connect
from shardkit.errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)  # fmt: skip

__version__ = "0.1.0"

apilevel = "2.0"
threadsafety = 1
"""Threads may share the module and a Cluster, not connections."""
paramstyle = "pyformat"
"""`%(name)s`; `%s` is understood as well."""

Date = _datetime.date
Time = _datetime.time
Timestamp = _datetime.datetime
Binary = bytes


def DateFromTicks(ticks: float) -> _datetime.date:
    """The date of seconds since the epoch, in local time."""
    return _datetime.date.fromtimestamp(ticks)


def TimeFromTicks(ticks: float) -> _datetime.time:
    """The time of day of seconds since the epoch, in local time."""
    return Time(*_time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> _datetime.datetime:
    """The moment of seconds since the epoch, in local time."""
    return _datetime.datetime.fromtimestamp(ticks)


class _TypeObject(frozenset[int]):
    """PEP 249 type object: equals every MySQL field type of its group."""

    def __eq__(self, other: object) -> bool:
        return other in self if isinstance(other, int) else frozenset.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = frozenset.__hash__


STRING = _TypeObject({15, 247, 248, 253, 254})
BINARY = _TypeObject({249, 250, 251, 252})
NUMBER = _TypeObject({0, 1, 2, 3, 4, 5, 8, 9, 13, 16, 246})
DATETIME = _TypeObject({7, 10, 11, 12, 14})
ROWID = _TypeObject()

__all__ = [
    "BINARY", "DATETIME", "NUMBER", "ROWID", "STRING", "Binary", "Cluster", "Connection", "Cursor", "DataError",
    "DatabaseError", "Date", "DateFromTicks", "Error", "IntegrityError", "InterfaceError", "InternalError",
    "NotSupportedError", "OperationalError", "ProgrammingError", "Time", "TimeFromTicks", "Timestamp",
    "TimestampFromTicks", "Warning", "apilevel", "connect", "paramstyle", "threadsafety",
]  # fmt: skip
