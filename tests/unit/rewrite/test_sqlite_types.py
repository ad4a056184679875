"""Type texts: what SQLite is told reads back as what MySQL said."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError
from shardkit.flow import Family
from shardkit.rewrite import sqlite_types as types

SPELLED = [
    ("bigint", "BIGINT", Family.INTEGER),
    ("bigint unsigned", "BIGINT UNSIGNED", Family.INTEGER),
    ("tinyint(1)", "TINYINT(1)", Family.INTEGER),
    ("varchar(64)", "VARCHAR(64)", Family.TEXT),
    ("longtext", "LONGTEXT", Family.TEXT),
    ("decimal(12,2)", "DECIMAL(12,2)", Family.DECIMAL),
    ("decimal(12,2) unsigned", "DECIMAL UNSIGNED(12,2)", Family.DECIMAL),
    ("double", "DOUBLE", Family.DOUBLE),
    ("datetime(6)", "DATETIME(6)", Family.DATETIME),
    ("timestamp", "TIMESTAMP", Family.TIMESTAMP),
    ("time(3)", "TIME(3)", Family.TIME),
    ("date", "DATE", Family.DATE),
    ("year", "YEAR", Family.YEAR),
    ("varbinary(16)", "VARBINARY(16)", Family.BINARY),
    ("bit(3)", "BIT(3)", Family.BIT),
    ("json", "JSON TEXT", Family.JSON),
]


@pytest.mark.parametrize(("mysql", "declared", "family"), SPELLED)
def test_there_and_back(mysql: str, declared: str, family: Family) -> None:
    assert types.declared(mysql) == declared
    assert types.mysql_type(declared) == mysql
    assert types.column("x", mysql).family is family


def test_facts_of_a_type() -> None:
    price = types.column("p", "decimal(12,2) unsigned", nullable=False)
    assert (price.precision, price.scale, price.unsigned, price.nullable) == (12, 2, True, False)
    assert types.column("a", "varchar(64)", collation="utf8mb4_bin").length == 64
    assert types.integer_range(types.column("n", "int unsigned")) == (0, 2**32 - 1)
    assert types.integer_range(types.column("n", "bigint unsigned")) == (0, 2**63 - 1)


@pytest.mark.parametrize("text", ["point", "geometry", "set('a')", ""])
def test_unknown_types_are_refused(text: str) -> None:
    with pytest.raises(NotSupportedError):
        types.column("x", text)
