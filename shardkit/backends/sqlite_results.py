"""Rows on their way out of the embedded database: as PyMySQL gives them, with its description.

Invariant: conversion depends on the result's types only; a value of another kind than its type leaves unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from shardkit.backends.sqlite_moments import moment, span
from shardkit.errors import DataError
from shardkit.flow import Binary, Column, Description, Family, Unsigned
from shardkit.values import Row

Convert = Callable[[Any], Any]
_WIDE = Context(prec=120)
_INTEGERS = {"tinyint": (1, 4), "smallint": (2, 6), "mediumint": (9, 9), "int": (3, 11), "bigint": (8, 20)}
_CODES = {
    Family.DECIMAL: 246,
    Family.FLOAT: 4,
    Family.DOUBLE: 5,
    Family.DATE: 10,
    Family.DATETIME: 12,
    Family.TIMESTAMP: 7,
    Family.TIME: 11,
    Family.YEAR: 13,
    Family.BIT: 16,
    Family.JSON: 245,
}
_GUESSED = {int: (8, 0), float: (5, 31), str: (253, 0), bytes: (253, 0), type(None): (6, 0)}
"""MySQL's type codes (FIELD_TYPE) and decimals for a value whose column is not known."""


def description(names: Sequence[str], types: Sequence[Column | None], first: Row | None) -> Description:
    """PEP 249's seven-tuples as PyMySQL fills them."""
    made: list[tuple[Any, ...]] = []
    for at, (name, kind) in enumerate(zip(names, types, strict=True)):
        if kind is None:
            value = first[at] if first is not None else None
            code, digits = _GUESSED.get(type(value), (253, 0))
            made.append(_marked((name, code, None, None, None, digits, True), isinstance(value, bytes), False))
        else:
            size = _size(kind)
            found = (name, _code(kind), None, size, size, _digits(kind), kind.nullable)
            made.append(_marked(found, kind.family is Family.BINARY, kind.unsigned))
    return tuple(made)


def _marked(column: tuple[Any, ...], binary: bool, unsigned: bool) -> tuple[Any, ...]:
    if binary:
        return Binary(column)
    return Unsigned(column) if unsigned else column


def _word(kind: Column) -> str:
    return kind.type_text.split("(")[0].split(" ")[0]


def _code(kind: Column) -> int:
    if kind.family is Family.INTEGER:
        return _INTEGERS.get(_word(kind), (8, 20))[0]
    if kind.family in (Family.TEXT, Family.BINARY):
        return {"char": 254, "binary": 254, "varchar": 253, "varbinary": 253}.get(_word(kind), 252)
    return _CODES.get(kind.family, 253)


def _size(kind: Column) -> int | None:
    if kind.family is Family.INTEGER:
        return _INTEGERS.get(_word(kind), (8, 20))[1]
    if kind.family is Family.DECIMAL:
        return (kind.precision or 65) + 2
    return kind.length * 4 if kind.length and kind.family is Family.TEXT else kind.length


def _digits(kind: Column) -> int:
    return 31 if kind.family in (Family.FLOAT, Family.DOUBLE) else kind.scale or 0


def converter(types: Sequence[Column | None]) -> Callable[[list[Row]], list[Row]] | None:
    """A function over a batch of rows, or None if SQLite's values are already right."""
    active = [(at, _convert(kind)) for at, kind in enumerate(types) if kind is not None and kind.family in _CONVERTED]
    if not active:
        return None

    def convert(rows: list[Row]) -> list[Row]:
        made = []
        for row in rows:
            values = list(row)
            for at, each in active:
                if values[at] is not None:
                    values[at] = each(values[at])
            made.append(tuple(values))
        return made

    return convert


def _convert(kind: Column) -> Convert:
    if kind.family is Family.DECIMAL:
        return _decimals(kind.scale or 0)
    if kind.family is Family.BIT:
        size = ((kind.length or 1) + 7) // 8
        return lambda value: value.to_bytes(size, "big") if isinstance(value, int) else value
    return _CONVERTED[kind.family]


def _decimals(scale: int) -> Convert:
    unit, safe = Decimal(1).scaleb(-scale), 10.0 ** (15 - scale)

    def convert(value: Any) -> Any:
        if isinstance(value, float):
            exact = Decimal(repr(value))
            if abs(value) < safe or exact == exact.quantize(unit, ROUND_HALF_UP, _WIDE):
                return exact.quantize(unit, ROUND_HALF_UP, _WIDE)
            raise DataError("a decimal has more digits than the embedded database keeps exactly", errno=1690)
        return Decimal(value).quantize(unit, ROUND_HALF_UP, _WIDE) if isinstance(value, int) else value

    return convert


def _date(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    found = moment(value)
    return found.date() if found is not None else value


def _datetime(value: Any) -> Any:
    if isinstance(value, str) and len(value) > 18:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    found = moment(value)
    return found if found is not None else value


def _time(value: Any) -> Any:
    found = span(value)
    return found if found is not None else value


def _text(value: Any) -> Any:
    return value if isinstance(value, (str, bytes)) else str(value)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _floating(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


_CONVERTED: dict[Family, Convert] = {
    Family.DECIMAL: _decimals(0),
    Family.BIT: _whole,
    Family.FLOAT: _floating,
    Family.DOUBLE: _floating,
    Family.DATE: _date,
    Family.DATETIME: _datetime,
    Family.TIMESTAMP: _datetime,
    Family.TIME: _time,
    Family.JSON: _text,
}
