"""Upserts, counts, ids, definitions: what changes data or tables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from shardkit.errors import DataError, IntegrityError, NotSupportedError, OperationalError
from shardkit.flow import Family, TableInfo
from tests.integration.sqlite.conftest import Database

TABLE = """CREATE TABLE `member_03`.`t` (
  id BIGINT NOT NULL AUTO_INCREMENT,
  code VARCHAR(10) NOT NULL,
  n INT NOT NULL DEFAULT 7,
  made DATETIME DEFAULT CURRENT_TIMESTAMP,
  touched DATETIME NULL ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (id), UNIQUE KEY uk_code (code), KEY (n)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"""


@pytest.fixture
def table(database: Database) -> Database:
    database.write(TABLE)
    return database


def test_ids_count_up(table: Database) -> None:
    assert table.write("INSERT INTO t (code) VALUES (%s)", ("a",)) == (1, 1)
    assert table.write("INSERT INTO t (code) VALUES (%s), (%s), (%s)", ("b", "c", "d")) == (3, 2)
    assert table.one("SELECT LAST_INSERT_ID()") == 2
    assert table.write("INSERT INTO t (id, code) VALUES (%s, %s)", (50, "e")) == (1, 50)
    assert table.write("INSERT INTO t (id, code) VALUES (0, 'f')") == (1, 51)
    assert table.write("UPDATE t SET n = 1 WHERE id < 3") == (2, 0)
    assert table.one("SELECT ROW_COUNT()") == 2


def test_upsert(table: Database) -> None:
    table.write("INSERT INTO t (code, n) VALUES ('a', 1)")
    table.write("INSERT INTO t (code, n) VALUES ('A', 5), ('b', 2) ON DUPLICATE KEY UPDATE n = t.n + VALUES(n)")
    table.write("INSERT INTO t (code, n) VALUES (%s, %s) AS new ON DUPLICATE KEY UPDATE n = new.n * %s", ("b", 10, 3))
    assert table.rows("SELECT code, n FROM t ORDER BY code") == [("a", 6), ("b", 30)]
    assert table.write("INSERT IGNORE INTO t (code) VALUES ('a'), ('c')")[0] == 1
    table.write("REPLACE INTO t (code, n) VALUES ('a', 99)")
    assert table.rows("SELECT code, n FROM t ORDER BY code") == [("a", 99), ("b", 30), ("c", 7)]


def test_assignments_see_the_ones_before_them(table: Database) -> None:
    table.write("INSERT INTO t (id, code, n) VALUES (1, 'a', 5)")
    table.write("UPDATE t SET n = n + 1, id = n * 10")
    assert table.rows("SELECT id, n FROM t") == [(60, 6)]


def test_moments_of_a_row(table: Database) -> None:
    table.write("INSERT INTO t (code) VALUES ('a')")
    ((made, touched),) = table.rows("SELECT made, touched FROM t")
    assert isinstance(made, datetime)
    assert made.microsecond == 0
    assert touched is None
    table.write("UPDATE t SET n = 8")
    assert isinstance(table.one("SELECT touched FROM t"), datetime)
    table.write("UPDATE t SET n = 9, touched = '2020-01-01'")
    assert table.one("SELECT touched FROM t") == datetime(2020, 1, 1)


def test_limited_writes(table: Database) -> None:
    table.write("INSERT INTO t (code) VALUES ('a'), ('b'), ('c')")
    assert table.write("UPDATE t SET n = 0 ORDER BY code DESC LIMIT 2") == (2, 0)
    assert table.write("DELETE FROM t ORDER BY code LIMIT %s", (1,)) == (1, 0)
    assert table.rows("SELECT code, n FROM t ORDER BY code") == [("b", 0), ("c", 0)]


def test_insert_select_stores_too(table: Database) -> None:
    table.write("INSERT INTO t (code, n) VALUES ('a', 2), ('b', 3)")
    table.write("CREATE TABLE s (p DECIMAL(5,1), v VARCHAR(3))")
    table.write("INSERT INTO s SELECT n / 3, code FROM t UNION ALL SELECT SUM(n), 'sum' FROM t")
    assert table.rows("SELECT p, v FROM s ORDER BY v") == [
        (Decimal("0.7"), "a"),
        (Decimal("1.0"), "b"),
        (Decimal(5), "sum"),
    ]
    with pytest.raises(DataError):
        table.write("INSERT INTO s (v) SELECT 'long' FROM t")


def test_constraints(table: Database) -> None:
    table.write("INSERT INTO t (code) VALUES ('a')")
    cases = [
        ("INSERT INTO t (code) VALUES ('A')", 1062),
        ("INSERT INTO t (code) VALUES (NULL)", 1048),
        ("INSERT INTO t (n) VALUES (1)", 1048),
    ]
    for sql, errno in cases:
        with pytest.raises(IntegrityError) as caught:
            table.write(sql)
        assert caught.value.errno == errno
    assert table.one("SELECT COUNT(*) FROM t") == 1


def test_changing_a_table(table: Database) -> None:
    table.write("INSERT INTO t (code) VALUES ('a')")
    table.write("ALTER TABLE t ADD COLUMN price DECIMAL(8,3) NOT NULL DEFAULT '1.500', ADD INDEX k2 (price)")
    table.write("ALTER TABLE t RENAME COLUMN price TO cost")
    assert table.one("SELECT SUM(cost) FROM t") == Decimal("1.500")
    table.write("ALTER TABLE t DROP INDEX k2, DROP COLUMN cost")
    table.write("CREATE INDEX other ON t (n, code)")
    table.write("DROP INDEX other ON t")
    table.write("TRUNCATE TABLE t")
    assert table.rows("SELECT * FROM t") == []
    with pytest.raises(OperationalError) as caught:
        table.write(TABLE)
    assert caught.value.errno == 1050
    table.write(TABLE.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
    table.write("DROP TABLE t")
    table.write("DROP TABLE IF EXISTS t")


def test_a_definition_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(OperationalError):
        database.write("CREATE TABLE t (a INT, KEY k (a), KEY k (a))")
    assert database.connection.describe("t") is None
    with pytest.raises(NotSupportedError):
        database.write("CREATE TABLE t (a GEOMETRY)")


def test_describe(table: Database) -> None:
    table.write("ALTER TABLE t ADD COLUMN bin VARCHAR(9) COLLATE utf8mb4_bin")
    found = table.connection.describe("T")
    assert isinstance(found, TableInfo)
    assert (found.name, found.primary_key) == ("t", ("id",))
    by_name = {column.name: column for column in found.columns}
    assert list(by_name) == ["id", "code", "n", "made", "touched", "bin"]
    assert by_name["id"].auto_increment
    assert by_name["code"].collation == "utf8mb4_0900_ai_ci"
    assert by_name["bin"].collation == "utf8mb4_bin"
    assert (by_name["code"].family, by_name["code"].length, by_name["code"].nullable) == (Family.TEXT, 10, False)
    assert (by_name["n"].type_text, by_name["made"].family) == ("int", Family.DATETIME)
    assert table.connection.describe("missing") is None


def test_names_that_need_quotes(database: Database) -> None:
    database.write("CREATE TABLE `or``der` (`select` INT, `a b` VARCHAR(5), `COLLATE` INT, PRIMARY KEY (`select`))")
    database.write("INSERT INTO `member_03`.`or``der` VALUES (1, 'x', 2)")
    assert database.rows("SELECT `select`, `a b` FROM `or``der` WHERE `COLLATE` = 2") == [(1, "x")]
    found = database.connection.describe("or`der")
    assert found is not None
    assert found.columns[1].collation == "utf8mb4_0900_ai_ci"
