"""What a table looks like: columns, keys and collations, as information_schema tells them, lazily."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Family(Enum):
    """Column types grouped by how MySQL compares their values."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    DOUBLE = "double"
    TEXT = "text"
    BINARY = "binary"
    DATE = "date"
    DATETIME = "datetime"
    TIMESTAMP = "timestamp"
    TIME = "time"
    YEAR = "year"
    BIT = "bit"
    ENUM = "enum"
    SET = "set"
    JSON = "json"
    OTHER = "other"


FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), Family.INTEGER),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), Family.TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), Family.BINARY),
    "decimal": Family.DECIMAL,
    "float": Family.FLOAT,
    "double": Family.DOUBLE,
    "date": Family.DATE,
    "datetime": Family.DATETIME,
    "timestamp": Family.TIMESTAMP,
    "time": Family.TIME,
    "year": Family.YEAR,
    "bit": Family.BIT,
    "enum": Family.ENUM,
    "set": Family.SET,
    "json": Family.JSON,
}
"""MySQL's names of types."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a logical table. `length` counts characters (text) or bytes (binary)."""

    name: str
    family: Family
    type_text: str  # as MySQL writes it: "bigint unsigned", "varchar(64)", "decimal(12,2)"
    nullable: bool = True
    length: int | None = None
    precision: int | None = None
    scale: int | None = None  # decimals of DECIMAL; fractional digits of TIME, DATETIME, TIMESTAMP
    unsigned: bool = False
    collation: str | None = None
    generated: bool = False  # GENERATED ALWAYS: it takes no value in an INSERT
    auto_increment: bool = False
    random_default: bool = False  # DEFAULT (UUID()) and its like: another value whenever it is computed
    clock_default: bool = False  # DEFAULT CURRENT_TIMESTAMP, or another expression with the time
    clock_update: bool = False  # ON UPDATE CURRENT_TIMESTAMP


@dataclass(frozen=True, slots=True)
class TableInfo:
    """The columns of one logical table in order, and its primary key (column names)."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collation:
    """How one collation compares: `blank` is the weight of ' ' when the collation pads with blanks, else b''."""

    name: str
    blank: bytes
