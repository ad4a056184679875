"""Values on their way into the embedded database: parameters, and what a column makes of them.

MySQL rounds a decimal to its column's scale, checks ranges and lengths and refuses what does not fit; SQLite takes
anything. `store` does MySQL's part (strict mode), for parameters here and for expressions as the SQL function my_store.
Decimals are kept as SQLite numbers: exact up to 15 digits, and refused beyond.
Invariant: a value that store lets through reads back as MySQL would give it.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from shardkit.backends.sqlite_moments import moment, moment_text, rounded, span, span_text
from shardkit.errors import DataError, ParameterError
from shardkit.flow import Column, Family
from shardkit.rewrite import sqlite_types as types

Stored: TypeAlias = int | float | str | bytes | None
"""What SQLite holds."""

Store = Callable[[Any], Stored]

_LOW, _HIGH = -(2**63), 2**63 - 1
_WIDE = Context(prec=120)


def parameter(value: Any) -> Stored:
    """A parameter that is compared or computed with. Raises DataError and ParameterError."""
    kind = type(value)
    if value is None or kind is str or kind is bytes:
        return value  # type: ignore[no-any-return]
    if isinstance(value, Enum):
        return parameter(value.value)
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        return str(value) if isinstance(value, str) else bytes(value)
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, (datetime, date, time, timedelta)):
        return _moment_parameter(value)
    try:
        whole = operator.index(value)
    except TypeError:
        raise ParameterError(f"a parameter of type {kind.__name__} has no meaning in SQL") from None
    return _within(whole)


def _moment_parameter(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, datetime):
        return moment_text(value.replace(tzinfo=None))
    if isinstance(value, date):
        return value.isoformat()
    found = span(value)
    return span_text(found if found is not None else timedelta())


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise DataError("NaN and infinity have no meaning in SQL", errno=1367)
    return float(value)


def _within(value: int) -> int:
    if not _LOW <= value <= _HIGH:
        raise DataError("the embedded database holds integers from -2**63 to 2**63 - 1", errno=1264)
    return value


def number(value: Decimal) -> int | float:
    """A decimal as SQLite keeps it; DataError if it has more digits than a double holds exactly."""
    if not value.is_finite():
        raise DataError("NaN and infinity have no meaning in SQL", errno=1367)
    if value == value.to_integral_value():
        return _within(int(value))
    nearest = float(value)
    if Decimal(repr(nearest)) != value:
        raise DataError("the embedded database keeps decimals of at most 15 significant digits", errno=1264)
    return nearest


def storing(column: Column) -> Store:
    """A function that makes a value the column's, or raises DataError (1264, 1292, 1366, 1406) with its name."""
    quick, rule = _QUICK.get(column.family, _never)(column), _RULES[column.family]

    def store(value: Any) -> Stored:
        if value is None:
            return None
        if quick(value):
            return value  # type: ignore[no-any-return]
        if isinstance(value, Enum):
            value = value.value
        if column.auto_increment and value == 0:
            return None
        return rule(value, column)

    return store


@lru_cache(maxsize=1024)
def storing_by_name(type_text: str, name: str) -> Store:
    """The function behind `my_store(value, type_text, name)`."""
    return storing(types.column(name, type_text))


def _never(column: Column) -> Callable[[Any], bool]:
    return lambda value: False


def _quick_integer(column: Column) -> Callable[[Any], bool]:
    low, high = types.integer_range(column)
    low = max(low, 1) if column.auto_increment else low
    return lambda value: type(value) is int and low <= value <= high


def _quick_text(column: Column) -> Callable[[Any], bool]:
    limit = (column.length or 0) // (1 if "char" in column.type_text else 4)
    if types.is_fixed(column):
        return lambda value: type(value) is str and len(value) <= limit and not value.endswith(" ")
    return lambda value: type(value) is str and len(value) <= limit


_QUICK: dict[Family, Callable[[Column], Callable[[Any], bool]]] = {
    Family.INTEGER: _quick_integer,
    Family.TEXT: _quick_text,
}
"""Values that need no change, told at little cost."""


def _wrong(what: str, column: Column, errno: int) -> DataError:
    return DataError(f"{what} for column '{column.name}'", errno=errno)


def decimal(value: Any) -> Decimal | None:
    """The exact number a value means, a float by its shortest spelling; None if it means none."""
    try:
        if isinstance(value, (int, Decimal)):
            return Decimal(value)
        if isinstance(value, float):
            return Decimal(repr(value))
        if isinstance(value, (str, bytes)):
            text = (value.decode() if isinstance(value, bytes) else value).strip()
            return Decimal(text) if text.isascii() and "_" not in text else None
        return Decimal(operator.index(value))
    except (InvalidOperation, TypeError, UnicodeDecodeError):
        return None


def _integer(value: Any, column: Column) -> int:
    if type(value) is not int:
        exact = decimal(value)
        if exact is None or not exact.is_finite():
            raise _wrong("Incorrect integer value", column, 1366)
        value = int(exact.to_integral_value(ROUND_HALF_UP))
    low, high = types.integer_range(column)
    if not low <= value <= high:
        raise _wrong("Out of range value", column, 1264)
    return int(value)


def _decimal(value: Any, column: Column) -> int | float:
    exact = decimal(value)
    if exact is None or not exact.is_finite():
        raise _wrong("Incorrect decimal value", column, 1366)
    scale, precision = column.scale or 0, column.precision or 10
    if exact.adjusted() > 80:
        raise _wrong("Out of range value", column, 1264)
    units = int(exact.scaleb(scale, _WIDE).to_integral_value(ROUND_HALF_UP))
    if not (0 if column.unsigned else -(10**precision)) <= units < 10**precision or units == -(10**precision):
        raise _wrong("Out of range value", column, 1264)
    unit = 10**scale
    if units % unit == 0:
        return _within(units // unit)
    nearest = units / unit  # the nearest double; with up to 15 digits it spells the decimal
    return nearest if abs(units) < 10**15 else number(Decimal(units).scaleb(-scale, _WIDE))


def _floating(value: Any, column: Column) -> float:
    exact = decimal(value)
    if exact is None:
        raise _wrong("Incorrect double value", column, 1366)
    return _finite(float(exact))


def _text(value: Any, column: Column) -> str:
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise _wrong("Incorrect string value", column, 1366) from None
    elif not isinstance(value, str):
        plain = f"{value:f}" if isinstance(value, Decimal) else parameter(value)
        value = str(plain)
    limit = column.length or 0
    if types.is_fixed(column):
        value = value.rstrip(" ")
    measured = len(value) if "char" in column.type_text else len(value.encode())
    if measured > limit:
        if "char" not in column.type_text or len(value.rstrip(" ")) > limit:
            raise _wrong("Data too long", column, 1406)
        value = value[:limit]
    return str(value)


def _binary(value: Any, column: Column) -> bytes:
    raw = parameter(value)
    kept = raw if isinstance(raw, bytes) else str(raw).encode()
    limit = column.length or 0
    if len(kept) > limit:
        raise _wrong("Data too long", column, 1406)
    return kept.ljust(limit, b"\0") if column.type_text.startswith("binary") else kept


def _date(value: Any, column: Column) -> str:
    found = moment(value)
    if found is None:
        raise _wrong("Incorrect date value", column, 1292)
    return found.date().isoformat()


def _datetime(value: Any, column: Column) -> str:
    found = moment(value)
    if found is None:
        raise _wrong("Incorrect datetime value", column, 1292)
    try:
        return moment_text(rounded(found, column.scale or 0))
    except OverflowError:
        raise _wrong("Incorrect datetime value", column, 1292) from None


def _time(value: Any, column: Column) -> str:
    found = span(value)
    if found is None or abs(found) >= timedelta(hours=839):
        raise _wrong("Incorrect time value", column, 1292)
    return span_text(found, column.scale or 0)


def _year(value: Any, column: Column) -> int:
    exact = decimal(value)
    if exact is None or not (exact == 0 or 1901 <= exact <= 2155):
        raise _wrong("Out of range value", column, 1264)
    return int(exact)


def _bits(value: Any, column: Column) -> int:
    whole = int.from_bytes(value, "big") if isinstance(value, bytes) else operator.index(value)
    if not 0 <= whole < 2 ** min(column.length or 1, 63):
        raise _wrong("Data too long", column, 1406)
    return whole


def _json(value: Any, column: Column) -> str:
    """MySQL's spelling: keys by length and then by bytes, blanks behind `:` and `,`."""
    try:
        return json.dumps(_ordered(json.loads(value)), ensure_ascii=False)
    except (TypeError, ValueError):
        raise DataError(f"Invalid JSON text for column '{column.name}'", errno=3140) from None


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda k: (len(k.encode()), k.encode()))}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


_RULES: dict[Family, Callable[[Any, Column], Stored]] = {
    Family.OTHER: lambda value, column: parameter(value),
    Family.ENUM: lambda value, column: parameter(value),
    Family.SET: lambda value, column: parameter(value),
    Family.INTEGER: _integer,
    Family.DECIMAL: _decimal,
    Family.FLOAT: _floating,
    Family.DOUBLE: _floating,
    Family.TEXT: _text,
    Family.BINARY: _binary,
    Family.DATE: _date,
    Family.DATETIME: _datetime,
    Family.TIMESTAMP: _datetime,
    Family.TIME: _time,
    Family.YEAR: _year,
    Family.BIT: _bits,
    Family.JSON: _json,
}
