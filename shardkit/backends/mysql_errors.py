"""The drivers' errors become shardkit's: same family, same errno, the shard named, the driver's error as the cause.

Invariant: every exception of the driver has exactly one class here; no message holds a password.
"""

from __future__ import annotations

from shardkit import errors
from shardkit.values import ShardId

LOST = frozenset({2006, 2013, 2055, 1053, 1080, 1152, 1153, 1927, 3169, 4031})
"""The connection is gone, or the server has announced that it will not answer on it again."""

_TIMEOUTS = frozenset({3024, 1969})
_DENIED = frozenset({1044, 1142})
_BY_ERRNO: dict[int, type[errors.Error]] = {
    1064: errors.SqlSyntaxError,
    1149: errors.SqlSyntaxError,
    1146: errors.UnknownTable,
    1051: errors.UnknownTable,
    1054: errors.UnknownColumn,
    1052: errors.UnknownColumn,
}
_DRIVERS = frozenset({"pymysql", "asyncmy", "aiomysql"})
_BY_FAMILY: dict[str, type[errors.Error]] = {
    "IntegrityError": errors.IntegrityError,
    "DataError": errors.DataError,
    "ProgrammingError": errors.ProgrammingError,
    "InternalError": errors.InternalError,
    "OperationalError": errors.OperationalError,
    "InterfaceError": errors.InterfaceError,
    "DatabaseError": errors.DatabaseError,
    "NotSupportedError": errors.DatabaseError,  # the server gives no reason in four parts
    "Error": errors.DatabaseError,
}
"""By the names that PEP 249 gives the drivers' classes, so that no driver must be imported for its errors."""


def of_driver(error: BaseException) -> bool:
    """Whether a driver raised it knowingly: what the server said, or that the connection is gone."""
    return family(error) is not None


def of_server(error: BaseException) -> bool:
    """Whether it is the server's own answer, after which the connection goes on.

    Errors that a driver finds by itself have no number: what it then takes for the next answer is the rest of this one.
    """
    number = errno_of(error)
    return bool(number) and number not in LOST and of_driver(error)


def family(error: BaseException) -> type[errors.Error] | None:
    """The class for a driver's error; None for one that is not the driver's own."""
    for kind in type(error).__mro__:
        if kind.__module__.split(".")[0] in _DRIVERS and kind.__name__ in _BY_FAMILY:
            return _BY_FAMILY[kind.__name__]
    return None


def errno_of(error: BaseException) -> int | None:
    """MySQL's number of a driver's error, if it has one."""
    number = error.args[0] if error.args else None
    return number if isinstance(number, int) else None


def translate(error: Exception, shard: ShardId | str) -> errors.Error:
    """The error to raise for a driver's error on an open connection; `shard` is named in it."""
    shards = (shard,) if isinstance(shard, ShardId) else ()
    number, text = errno_of(error), _text(error)
    if number in (2006, 2013) and isinstance(error.__context__, TimeoutError):
        return timed_out(shard)
    if number in _TIMEOUTS:
        return errors.StatementTimeout(f"shard {shard}: {text}", errno=number, shards=shards)
    ours = family(error)
    if number in LOST or (ours is errors.InterfaceError and not number):
        return errors.ConnectionLost(
            f"shard {shard}: {text or 'the connection is closed'}", errno=number or None, shards=shards
        )
    if ours is None:
        # Not the driver's own class: it met bytes that it did not expect.
        return errors.InternalError(f"shard {shard}: unexpected answer ({type(error).__name__})", shards=shards)
    if number in _DENIED and "(workspace)" in str(shard):
        text = f"{text}; what a server finishes needs the privilege CREATE TEMPORARY TABLES there"
    return _BY_ERRNO.get(number or 0, ours)(f"shard {shard}: {text}", errno=number, shards=shards)


def timed_out(shard: ShardId | str) -> errors.StatementTimeout:
    """The error to raise when a statement was stopped because its time was over."""
    shards = (shard,) if isinstance(shard, ShardId) else ()
    return errors.StatementTimeout(f"shard {shard}: no answer in time; the statement was stopped", shards=shards)


def unavailable(error: Exception, server: str, shard: ShardId) -> errors.ShardUnavailable:
    """The error to raise when no connection could be made."""
    text = _text(error) or type(error).__name__
    return errors.ShardUnavailable(f"shard {shard}: server {server}: {text}", errno=errno_of(error), shards=(shard,))


def wrong_parameters(error: Exception, shard: ShardId) -> errors.Error:
    """The error to raise when the driver could not put the parameters into the statement."""
    if isinstance(error, UnicodeEncodeError):
        reason = f"a text cannot be sent in {error.encoding}: {error.reason}"
        return errors.DataError(f"shard {shard}: {reason}", errno=1366, shards=(shard,))
    if isinstance(error, KeyError):
        return errors.ParameterError(f"shard {shard}: no value for placeholder {error}", shards=(shard,))
    return errors.ParameterError(f"shard {shard}: parameters do not fit: {error}", shards=(shard,))


def _text(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
