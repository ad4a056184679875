"""From a value as the user wrote it to the value as the shard-key column stores it.

MySQL compares an integer column with '0123' or 1e2 by rules of its own; a route may use a value only when it is sure
which stored values equal it. For reading, an unsure value is UNSURE (no shard is left out). For writing it is an error.
Invariant: two values that are equal in MySQL under the column's type have one canonical value.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Final

from shardkit.errors import ShardKeyError
from shardkit.flow import Column, Family

_DIGITS = re.compile(r"(0|-?[1-9][0-9]{0,14})\Z")
_ISO = re.compile(r"(?a)(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?\Z")
_EXACT_COLLATIONS = {"utf8mb4_bin", "utf8mb4_0900_bin", "utf8mb4_nopad_bin"}
_NO_PAD = {"utf8mb4_0900_bin", "utf8mb4_nopad_bin"}
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}


class _Unsure:
    """The type of UNSURE."""


UNSURE: Final = _Unsure()


def check_key_column(table: str, column: Column) -> None:
    """Raise ShardKeyError if values of this column cannot be told apart as MySQL does."""
    base = column.type_text.split("(")[0].split(" ")[0].lower()
    match column.family:
        case Family.INTEGER | Family.DATE | Family.DATETIME:
            return
        case Family.TEXT if base in ("char", "varchar"):
            if column.collation in _EXACT_COLLATIONS:
                return
            problem = f"its collation {column.collation} holds different texts equal, which would share one slot"
            instead = "COLLATE utf8mb4_bin"
        case Family.BINARY if base == "varbinary":
            return
        case _:
            problem, instead = f"type {column.type_text} is not one", "an integer, DATE, DATETIME, VARBINARY or VARCHAR"
    raise ShardKeyError(f"column {column.name} of table {table} cannot be a shard key: {problem}. Instead: {instead}")


def comparable(column: Column, value: Any) -> Any:
    """The canonical form of a value that is compared with the column, or UNSURE. `value` is not None."""
    if type(value) is int and column.family is Family.INTEGER:
        return value
    match column.family:
        case Family.INTEGER:
            return _integer(value)
        case Family.TEXT:
            return _text(column, value) if isinstance(value, str) else UNSURE
        case Family.BINARY:
            return _binary(value)
        case Family.DATE | Family.DATETIME:
            return _temporal(column, value)
        case _:
            return UNSURE


def stored(table: str, column: Column, value: Any) -> Any:
    """The canonical form of a value that an INSERT stores. Raises ShardKeyError where MySQL would change it."""
    if value is None:
        raise ShardKeyError(f"the shard key {table}.{column.name} cannot be NULL", errno=1048)
    if column.family is Family.TEXT and type(value) is int:
        value = str(value)
    found = comparable(column, value)
    if found is UNSURE or not _fits(column, value, found):
        number = column.family is Family.INTEGER
        raise ShardKeyError(
            f"the value given for the shard key {table}.{column.name} ({type(value).__name__}) is not certain to be "
            f"stored unchanged as {column.type_text}: give it in the column's own type and range",
            errno=1264 if number and found is not UNSURE else 1366 if number else None,
        )
    return found


def _integer(value: Any) -> Any:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return int(value) if _DIGITS.match(value) else UNSURE
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else UNSURE
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else UNSURE
    return UNSURE


def _text(column: Column, value: str) -> str:
    pads = column.collation not in _NO_PAD or column.type_text.lower().startswith("char")
    return value.rstrip(" ") if pads else value


def _binary(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, (bytes, bytearray)) else UNSURE


def _temporal(column: Column, value: Any) -> Any:
    if isinstance(value, str):
        parts = _ISO.match(value)
        if parts is None:
            return UNSURE
        year, month, day, hour, minute, second = (int(part or 0) for part in parts.groups()[:6])
        try:
            value = dt.datetime(year, month, day, hour, minute, second, int((parts[7] or "0").ljust(6, "0")))
        except ValueError:
            return UNSURE
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            return UNSURE
        return value.date() if column.family is Family.DATE else value
    if isinstance(value, dt.date):
        return value if column.family is Family.DATE else dt.datetime(value.year, value.month, value.day)
    return UNSURE


def integer_range(column: Column) -> range:
    """The values an integer column can hold."""
    bits = _BITS.get(column.type_text.split("(")[0].split(" ")[0].lower(), 64)
    return range(2**bits) if column.unsigned else range(-(2 ** (bits - 1)), 2 ** (bits - 1))


def _fits(column: Column, value: Any, found: Any) -> bool:
    """Whether MySQL stores exactly `found`, in any sql_mode."""
    match column.family:
        case Family.INTEGER:
            return found in integer_range(column)
        case Family.TEXT:
            return column.length is None or len(value) <= column.length
        case Family.BINARY:
            return column.length is None or len(found) <= column.length
        case Family.DATE:
            moment = _temporal(Column("", Family.DATETIME, "datetime"), value)
            return bool(moment.time() == dt.time())
        case _:
            return bool(found.microsecond % 10 ** (6 - (column.scale or 0)) == 0)
