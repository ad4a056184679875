"""CREATE TABLE texts as tables: the facts that information_schema would give."""

from __future__ import annotations

import pytest

from shardkit.errors import SqlSyntaxError
from shardkit.flow import Column, Family
from shardkit.parse import read_schema
from tests.differential import schema as differential
from tests.plan import catalog


def column(text: str, tail: str = "") -> Column:
    return read_schema(f"CREATE TABLE t ({text}) {tail}")["t"].columns[0]


@pytest.mark.parametrize(
    ("text", "family", "type_text"),
    [
        ("a BIGINT(20) UNSIGNED NOT NULL", Family.INTEGER, "bigint(20) unsigned"),
        ("a INTEGER", Family.INTEGER, "int"),
        ("a BOOL", Family.INTEGER, "tinyint(1)"),
        ("a int4 ZEROFILL", Family.INTEGER, "int"),
        ("a NUMERIC(12, 2)", Family.DECIMAL, "decimal(12,2)"),
        ("a DOUBLE PRECISION", Family.DOUBLE, "double"),
        ("a REAL", Family.DOUBLE, "double"),
        ("a FLOAT(53)", Family.DOUBLE, "double"),
        ("a FLOAT(7,4)", Family.FLOAT, "float(7,4)"),
        ("a CHARACTER VARYING(7)", Family.TEXT, "varchar(7)"),
        ("a NATIONAL CHAR(3)", Family.TEXT, "char(3)"),
        ("a LONG VARCHAR", Family.TEXT, "mediumtext"),
        ("a ENUM('a,b', 'c)') NOT NULL", Family.ENUM, "enum"),
        ("a SET('a', '7')", Family.SET, "set"),
        ("a VARBINARY(32)", Family.BINARY, "varbinary(32)"),
        ("a TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)", Family.TIMESTAMP,
         "timestamp(3)"),
        ("a POINT NOT NULL SRID 4326", Family.OTHER, "point"),
        ("a uuid", Family.OTHER, "uuid"),
        ("a JSON DEFAULT (JSON_OBJECT('x', 1))", Family.JSON, "json"),
    ],
)  # fmt: skip
def test_types(text: str, family: Family, type_text: str) -> None:
    found = column(text)
    assert (found.name, found.family, found.type_text) == ("a", family, type_text)


def test_facts() -> None:
    assert column("a VARCHAR(9)").length == 9
    assert column("a CHAR").length == 1
    assert (column("a DECIMAL").precision, column("a DECIMAL").scale) == (10, 0)
    assert column("a DATETIME(6)").scale == 6
    assert column("a TIME").scale == 0
    serial = Column("a", Family.INTEGER, "bigint unsigned", False, unsigned=True, auto_increment=True)
    assert column("a SERIAL") == serial
    assert column("a INT AUTO_INCREMENT").auto_increment
    assert column("a INT GENERATED ALWAYS AS (b + 1) STORED").generated
    assert column("a INT AS (b * 2)").type_text == "int"
    assert not column("a INT DEFAULT 5").generated
    assert column("a INT COMMENT 'NOT NULL'").nullable
    assert not column("a CHAR(5) ASCII").generated


@pytest.mark.parametrize(
    ("text", "tail", "collation"),
    [
        ("a TEXT", "", "utf8mb4_0900_ai_ci"),
        ("a TEXT", "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin", "utf8mb4_bin"),
        ("a TEXT COLLATE `utf8mb4_bin`", "COLLATE utf8mb4_general_ci", "utf8mb4_bin"),
        ("a TEXT CHARACTER SET latin1", "", "latin1_swedish_ci"),
        ("a TEXT CHARSET ascii", "", "ascii_general_ci"),
        ("a ENUM('x')", "CHARACTER SET = latin1", "latin1_swedish_ci"),
        ("a INT", "COLLATE=utf8mb4_bin", None),
    ],
)
def test_collations(text: str, tail: str, collation: str | None) -> None:
    assert column(text, tail).collation == collation


def test_keys_and_everything_else() -> None:
    text = """
        /*!40101 SET NAMES utf8 */; -- a dump; of mysqldump
        DROP TABLE IF EXISTS `t`;
        CREATE TABLE IF NOT EXISTS shop.`t` (
          `Id` int NOT NULL, `key` varchar(20), b int UNIQUE, c geometry NOT NULL,
          PRIMARY KEY (`id`, `key`(10)) USING BTREE, UNIQUE KEY `u` (b), KEY k (b, `key` DESC), FULLTEXT KEY f (`key`),
          SPATIAL INDEX (c), CONSTRAINT x FOREIGN KEY (b) REFERENCES u (id) ON DELETE CASCADE, CHECK (b > 0)
        ) ENGINE=InnoDB AUTO_INCREMENT=7 COMMENT='a; (b)' /*!50100 PARTITION BY HASH (id) */;
        INSERT INTO t VALUES (1, 'x;', 2, NULL);
        CREATE TABLE u (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN MAXVALUE);
        CREATE INDEX i ON t (b)"""
    found = read_schema(text)
    assert list(found) == ["t", "u"]
    assert [one.name for one in found["t"].columns] == ["Id", "key", "b", "c"]
    assert found["t"].primary_key == ("Id", "key")
    assert not any(one.nullable for one in found["t"].columns[:2])
    assert found["u"].primary_key == ("id",)


@pytest.mark.parametrize("text", ["CREATE TABLE t LIKE u", "CREATE TABLE t AS SELECT 1", "CREATE TABLE t (a INT"])
def test_tables_that_cannot_be_read(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read_schema(text)


@pytest.mark.parametrize("name", sorted(differential.BODIES))
def test_the_tables_of_the_differential_tests(name: str) -> None:
    """The catalog of the plan tests reads the same texts by other means."""
    found = read_schema(differential.tables("mysql")[name].format(table=name))[name]
    known = catalog.tables()[name]
    assert found.primary_key == known.primary_key
    for ours, theirs in zip(found.columns, known.columns, strict=True):
        facts = ("name", "family", "length", "precision", "scale", "unsigned", "collation")
        assert [getattr(ours, fact) for fact in facts] == [getattr(theirs, fact) for fact in facts]
