"""Column types of the embedded database: MySQL's type text <-> the type SQLite is told <-> flow.Column.

SQLite keeps the declared type as text, so MySQL's type can be read back from it. SQLite's grammar wants the numbers
last and derives an affinity from the words, hence `BIGINT UNSIGNED`, `DECIMAL UNSIGNED(12,2)`, `JSON TEXT`.
Invariant: column(name, mysql_type(declared(t))) describes the same type as column(name, t).
"""

from __future__ import annotations

import re
from functools import lru_cache

from shardkit.errors import NotSupportedError
from shardkit.flow import FAMILIES, Column, Family

_FAMILIES = {name: family for name, family in FAMILIES.items() if family not in (Family.ENUM, Family.SET)}
_SIZES = {"tinytext": 255, "text": 65535, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_SIZES |= {"tinyblob": 255, "blob": 65535, "mediumblob": 2**24 - 1, "longblob": 2**32 - 1, "char": 1, "binary": 1}
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TYPE = re.compile(r"\s*([a-z]+)((?:\s+[a-z]+)*)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?((?:\s+[a-z]+)*)\s*")
_TEMPORAL = (Family.DATETIME, Family.TIMESTAMP, Family.TIME)
TEMPORAL = (Family.DATE, *_TEMPORAL)
"""The families whose values are stored as ISO text."""


def column(
    name: str,
    type_text: str,
    *,
    nullable: bool = True,
    collation: str | None = None,
) -> Column:
    """A column of this MySQL type. Raises NotSupportedError for a type the embedded database does not have."""
    base, unsigned, first, second = _parts(type_text)
    family = _FAMILIES[base]
    precision, scale = (first or 10, second or 0) if family is Family.DECIMAL else (None, None)
    if family in _TEMPORAL:
        scale = first or 0
    sized = family in (Family.TEXT, Family.BINARY, Family.BIT)
    return Column(
        name,
        family,
        type_text,
        nullable=nullable,
        length=(first or _SIZES.get(base, 1)) if sized else None,
        precision=precision,
        scale=scale,
        unsigned=unsigned,
        collation=collation if family is Family.TEXT else None,
    )


@lru_cache(maxsize=1024)
def _parts(type_text: str) -> tuple[str, bool, int | None, int | None]:
    found = _TYPE.fullmatch(type_text.lower())
    if found is None or found[1] not in _FAMILIES:
        raise NotSupportedError(
            f"the column type {type_text}",
            why="the embedded database cannot compare and give back such values as MySQL does",
            instead=f"use one of {', '.join(_FAMILIES)}, enum, or a MySQL server",
        )
    first, second = (int(part) if part else None for part in (found[3], found[4]))
    return found[1], "unsigned" in found[2] + found[5], first, second


def declared(type_text: str) -> str:
    """The type as it is written into SQLite's CREATE TABLE: `decimal(12,2) unsigned` -> `DECIMAL UNSIGNED(12,2)`."""
    base, unsigned, first, second = _parts(type_text)
    numbers = "" if first is None else f"({first})" if second is None else f"({first},{second})"
    return f"{base}{' text' if base == 'json' else ''}{' unsigned' if unsigned else ''}{numbers}".upper()


def mysql_type(declared_type: str) -> str:
    """MySQL's spelling of a declared type; INTEGER, the key SQLite counts up itself, is a bigint."""
    if declared_type.upper() == "INTEGER":
        return "bigint"
    base, unsigned, first, second = _parts(declared_type)
    numbers = "" if first is None else f"({first})" if second is None else f"({first},{second})"
    return f"{base}{numbers}{' unsigned' if unsigned else ''}"


def integer_range(column: Column) -> tuple[int, int]:
    """The smallest and largest value of an INTEGER column; the largest SQLite can hold is 2**63 - 1."""
    bits = _BITS[_parts(column.type_text)[0]]
    if column.unsigned:
        return 0, min(2**bits, 2**63) - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def is_fixed(column: Column) -> bool:
    """CHAR(n): MySQL cuts off the blanks at its end."""
    return _parts(column.type_text)[0] == "char"
