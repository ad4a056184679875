"""Partial groups as one parameter: `JSON_TABLE(%s, '$[*]' COLUMNS (…))` with the type of every column.

Only types whose values are the same as text: whole numbers, decimals, doubles, bounded text, dates and moments.
Invariant: a column that is declared here takes every value of its partial groups unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shardkit.flow import Column, Family

MARK = "\0sk__rows\0"
"""Stands for the parameter until the statement's own ones are in place. No text holds it: NUL is refused in SQL."""

_EXACT = (Family.INTEGER, Family.DECIMAL)
_LONGEST = 1000


class Declared(NamedTuple):
    """One column of partial groups: its family, and its type in SQL."""

    family: Family
    sql: str


def source(columns: Sequence[tuple[str, Declared]]) -> str:
    """The table function, with MARK for its parameter."""
    parts = (f"{name} {one.sql} PATH '$[{at}]' ERROR ON ERROR" for at, (name, one) in enumerate(columns))
    return f"JSON_TABLE({MARK}, '$[*]' COLUMNS ({', '.join(parts)})) AS sk__w0"


def value(column: Column | None) -> Declared | None:
    """How a value of this type is declared; None if it does not travel so."""
    if column is None:
        return None
    match column.family:
        case Family.INTEGER if column.unsigned and not column.name:
            return None  # computed from unsigned numbers: whether it is signed depends on the sql_mode
        case Family.INTEGER:
            return Declared(Family.INTEGER, "BIGINT UNSIGNED" if column.unsigned else "BIGINT")
        case Family.DECIMAL if column.scale is not None and column.scale <= 30:
            return Declared(Family.DECIMAL, f"DECIMAL(65,{column.scale:d})")
        case Family.DOUBLE if "(" not in column.type_text:
            return Declared(Family.DOUBLE, "DOUBLE")
        case Family.DATE:
            return Declared(Family.DATE, "DATE")
        case Family.DATETIME if column.type_text.startswith("datetime") and column.name:
            return Declared(Family.DATETIME, f"DATETIME({column.scale or 0:d})")
        case Family.TEXT if column.length is not None and column.length <= _LONGEST and column.collation:
            charset = column.collation.split("_", 1)[0]
            text = f"VARCHAR({max(column.length, 1):d}) CHARACTER SET {charset} COLLATE {column.collation}"
            return Declared(Family.TEXT, text) if "char" in column.type_text and column.name else None
        case _:
            return None


def part(function: str, column: Column | None) -> Declared | None:
    """How a part of an aggregate over this type is declared."""
    if function == "COUNT":
        return Declared(Family.INTEGER, "BIGINT")
    if column is None:
        return None
    if function.startswith("BIT_"):
        return Declared(Family.INTEGER, "BIGINT UNSIGNED") if column.family in _EXACT else None
    if function != "SUM":
        return value(column)
    if column.family is Family.INTEGER:
        return Declared(Family.DECIMAL, "DECIMAL(65,0)")
    return value(column) if column.family in (Family.DECIMAL, Family.DOUBLE) else None
