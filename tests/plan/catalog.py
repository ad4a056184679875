"""The corpus's tables as the catalog would describe them, without a server: read from the same CREATE TABLE texts.

Invariant: a column here has the facts that information_schema would give for it, as far as planning looks at them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from shardkit.flow import Collation, Column, Family, TableInfo
from tests.differential import schema

DEFAULT = "utf8mb4_0900_ai_ci"
"""The collation of literals, and of text columns that name none."""

RULES = """\
version: 1
servers: { rds0: { url: "mysql+pymysql://app@h0" }, rds1: { url: "mysql+pymysql://app@h1" } }
layouts: { main: { databases: "shard_{00..04}", servers: { rds0: "{00..02}", rds1: "{03..04}" } } }
tables:
  member: { layout: main, shard_by: memberId }
  t_order: { layout: main, shard_by: memberId }
  t_order_item: { layout: main, shard_by: memberId, bound_to: t_order }
  coupon: { layout: main, shard_by: code }
  event: { layout: main, shard_by: at, algorithm: { type: date, unit: month } }
  scratch: { layout: main, shard_by: id }
broadcast: { layout: main, tables: [country] }
single: { database: rds0/app, tables: [config] }
defaults: { transactions: best_effort, full_scan_writes: allow }
"""
"""Five databases on two servers, everything allowed."""

COLLATIONS = (
    Collation("utf8mb4_0900_ai_ci", b""),
    Collation("utf8mb4_bin", b"\x00\x00 "),
    Collation("utf8mb4_general_ci", b"\x00 "),
    Collation("utf8mb4_unicode_ci", b"\x02\x09"),
)

_FAMILIES = {
    "bigint": Family.INTEGER, "int": Family.INTEGER, "smallint": Family.INTEGER, "tinyint": Family.INTEGER,
    "varchar": Family.TEXT, "char": Family.TEXT, "text": Family.TEXT, "varbinary": Family.BINARY,
    "binary": Family.BINARY, "blob": Family.BINARY, "decimal": Family.DECIMAL, "double": Family.DOUBLE,
    "float": Family.FLOAT, "date": Family.DATE, "datetime": Family.DATETIME, "timestamp": Family.TIMESTAMP,
    "time": Family.TIME, "year": Family.YEAR, "bit": Family.BIT, "enum": Family.ENUM, "set": Family.SET,
    "json": Family.JSON,
}  # fmt: skip
_COLUMN = re.compile(r"\s*(\w+) ((\w+)(\([^)]*\))?(?: UNSIGNED)?)(.*)", re.IGNORECASE)
_KEY = re.compile(r"PRIMARY KEY \(([^)]*)\)")
_COLLATED = frozenset({Family.TEXT, Family.ENUM, Family.SET})
_CLOCKS = frozenset({Family.TIME, Family.DATETIME, Family.TIMESTAMP})


def table(name: str, body: str) -> TableInfo:
    """One table from the columns of its CREATE TABLE, one a line."""
    lines = [line.strip().rstrip(",") for line in body.strip().splitlines()]
    columns = [column(line) for line in lines if not line.upper().startswith(("PRIMARY KEY", "KEY "))]
    key = _KEY.search(body)
    named = tuple(part.strip() for part in key[1].split(",")) if key else ()
    inline = tuple(one.name for one, line in zip(columns, lines, strict=False) if "PRIMARY KEY" in line)
    return TableInfo(name, tuple(columns), named or inline)


def column(text: str) -> Column:
    """One column from its line, such as `memberId BIGINT NOT NULL`."""
    found = _COLUMN.match(text)
    assert found is not None, text
    name, kind, word, brackets, rest = found.groups()
    family = _FAMILIES[word.lower()]
    sizes = (
        [int(size) for size in re.findall(r"\d+", brackets or "")] if family not in (Family.ENUM, Family.SET) else []
    )
    collation = re.search(r"COLLATE (\w+)", rest)
    counted = family in (Family.TEXT, Family.BINARY)
    return Column(
        name=name,
        family=family,
        type_text=kind.lower(),
        nullable="NOT NULL" not in rest and "PRIMARY KEY" not in rest,
        length=sizes[0] if sizes and counted else None,
        precision=sizes[0] if sizes and family is Family.DECIMAL else None,
        scale=(sizes[-1] if sizes else 0) if family in _CLOCKS or family is Family.DECIMAL else None,
        unsigned="UNSIGNED" in kind.upper(),
        collation=(collation[1] if collation else DEFAULT) if family in _COLLATED else None,
    )


@cache
def tables() -> Mapping[str, TableInfo]:
    """The corpus's tables by logical name; `scratch` does not exist until a case makes it. Shared, so read-only."""
    return MappingProxyType({name: table(name, body) for name, body in schema.BODIES.items()})
