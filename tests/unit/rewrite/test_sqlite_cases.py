"""Pairs of SQL: what MySQL reads, and what SQLite is given. Tables: t (see SCHEMA) and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shardkit.flow import TableInfo
from shardkit.rewrite import sqlite_types as types
from shardkit.rewrite.sqlite import Does, Schema, Style, translate

AI = "utf8mb4_0900_ai_ci"
SCHEMA = Schema(
    [
        TableInfo(
            "t",
            (
                replace(types.column("id", "bigint", nullable=False), auto_increment=True),
                types.column("a", "varchar(20)", collation=AI),
                types.column("b", "varchar(20)", collation="utf8mb4_bin"),
                types.column("n", "int"),
                types.column("p", "decimal(12,2)"),
                types.column("r", "decimal(8,4)"),
                types.column("d", "date"),
                types.column("at", "datetime"),
                types.column("raw", "varbinary(8)"),
            ),
            ("id",),
        )
    ]
)

READS = [
    ("SELECT p / 3 FROM t", "SELECT MY_QUOTIENT(`p`, 3, 6) AS `p / 3` FROM `t`"),
    ("SELECT id FROM t WHERE n / 2 > 1", "SELECT `id` AS `id` FROM `t` WHERE CAST(`n` AS REAL) / 2 > 1"),
    ("SELECT `id` FROM `member_03`.`t` AS `m` WHERE n = %s", "SELECT `id` AS `id` FROM `t` AS `m` WHERE `n` = ?"),
    ("SELECT `d`.`t`.`id` FROM `d`.`t`", "SELECT `t`.`id` AS `id` FROM `t`"),
    ("SELECT id FROM t LIMIT 5, 10", "SELECT `id` AS `id` FROM `t` LIMIT 10 OFFSET 5"),
    ("SELECT id FROM t FOR UPDATE", "SELECT `id` AS `id` FROM `t`"),
    ("SELECT id FROM t LOCK IN SHARE MODE", "SELECT `id` AS `id` FROM `t`"),
    ("SELECT SQL_NO_CACHE id FROM t USE INDEX (x)", "SELECT `id` AS `id` FROM `t`"),
    ("SELECT 1 + 1 FROM DUAL", "SELECT 1 + 1 AS `1 + 1`"),
    ("SELECT COUNT( * ), a FROM t", "SELECT COUNT(*) AS `COUNT( * )`, `a` AS `a` FROM `t`"),
    ("SELECT t.* FROM t", "SELECT `t`.* FROM `t`"),
    ("SELECT n DIV 2 FROM t", "SELECT MY_DIV(`n`, 2) AS `n DIV 2` FROM `t`"),
    ("SELECT p * n FROM t", "SELECT ROUND(`p` * `n`, 2) AS `p * n` FROM `t`"),
    ("SELECT p * r FROM t", "SELECT ROUND(`p` * `r`, 6) AS `p * r` FROM `t`"),
    ("SELECT SUM(p) FROM t", "SELECT MY_SUM_2(`p`) AS `SUM(p)` FROM `t`"),
    ("SELECT SUM(n), AVG(n) FROM t", "SELECT SUM(`n`) AS `SUM(n)`, MY_AVG_0(`n`) AS `AVG(n)` FROM `t`"),
    ("SELECT SUM(p / 3) FROM t", "SELECT MY_SUM_F(CAST(`p` AS REAL) / 3) AS `SUM(p / 3)` FROM `t`"),
    ("SELECT id FROM t WHERE a <=> NULL", "SELECT `id` AS `id` FROM `t` WHERE `a` IS NULL"),
    ("SELECT id FROM t WHERE a = 'x'", "SELECT `id` AS `id` FROM `t` WHERE `a` = 'x'"),
    (
        "SELECT id FROM t WHERE LOWER(a) = 'x'",
        f"SELECT `id` AS `id` FROM `t` WHERE (MY_LOWER(`a`)) COLLATE {AI} = 'x'",
    ),
    ("SELECT id FROM t WHERE a = b", "SELECT `id` AS `id` FROM `t` WHERE (`a`) COLLATE utf8mb4_bin = `b`"),
    ("SELECT id FROM t WHERE at = '2020-1-1'", "SELECT `id` AS `id` FROM `t` WHERE `at` = MY_AS_DATETIME('2020-1-1')"),
    (
        "SELECT id FROM t WHERE d BETWEEN %s AND %s",
        "SELECT `id` AS `id` FROM `t` WHERE `d` BETWEEN MY_AS_DATE(?) AND MY_AS_DATE(?)",
    ),
    ("SELECT id FROM t WHERE d < at", "SELECT `id` AS `id` FROM `t` WHERE MY_AS_DATETIME(`d`) < `at`"),
    ("SELECT id FROM t WHERE a = 5", "SELECT `id` AS `id` FROM `t` WHERE MY_NUMBER(`a`) = 5"),
    ("SELECT id FROM t WHERE n = 0x10", "SELECT `id` AS `id` FROM `t` WHERE `n` = 16"),
    ("SELECT id FROM t WHERE raw = 'x'", "SELECT `id` AS `id` FROM `t` WHERE `raw` = CAST('x' AS BLOB)"),
    (
        "SELECT id FROM t WHERE (id, n) IN ((1, 2), (3, 4))",
        "SELECT `id` AS `id` FROM `t` WHERE (`id`, `n`) IN (VALUES (1, 2), (3, 4))",
    ),
    ("SELECT id FROM t WHERE a LIKE 'x%%'", f"SELECT `id` AS `id` FROM `t` WHERE MY_LIKE(`a`, 'x%', '\\', '{AI}')"),
    ("SELECT WEIGHT_STRING(a) FROM t", f"SELECT MY_WEIGHT_STRING(`a`, '{AI}') AS `WEIGHT_STRING(a)` FROM `t`"),
    (
        "SELECT WEIGHT_STRING(a COLLATE utf8mb4_bin) AS w FROM t",
        "SELECT MY_WEIGHT_STRING(`a`, 'utf8mb4_bin') AS `w` FROM `t`",
    ),
    ("SELECT WEIGHT_STRING(b) AS w FROM t", "SELECT MY_WEIGHT_STRING(`b`, 'utf8mb4_bin') AS `w` FROM `t`"),
    (
        "SELECT at + INTERVAL 1 DAY FROM t",
        "SELECT MY_DATE_ADD(`at`, '1', 'DAY') AS `at + INTERVAL 1 DAY` FROM `t`",
    ),
    ("SELECT CONCAT(p) AS x FROM t", f"SELECT (MY_CONCAT(MY_CAST_TEXT(`p`, NULL, 2))) COLLATE {AI} AS `x` FROM `t`"),
    ("SELECT id FROM t ORDER BY b DESC", "SELECT `id` AS `id` FROM `t` ORDER BY `b` DESC"),
    (
        "(SELECT id FROM t ORDER BY id LIMIT 1) UNION ALL (SELECT n FROM t)",
        "SELECT * FROM (SELECT `id` FROM `t` ORDER BY `id` LIMIT 1) AS `part` UNION ALL SELECT `n` FROM `t`",
    ),
    ("SELECT '%%s', 'it''s'", "SELECT '%s' AS `%s`, 'it''s' AS `it's`"),
    ("SELECT 'a\\nb' AS x", "SELECT 'a\nb' AS `x`"),
    ("SELECT /* c %%s */ id -- ?\nFROM t", "SELECT `id` AS `id` FROM `t`"),
    ("SELECT id /*!80000 , n */ FROM t", "SELECT `id` AS `id`, `n` AS `n` FROM `t`"),
]

WRITES = [
    (
        "INSERT INTO t (id, p) VALUES (%s, 1.005)",
        "INSERT INTO `t` (`id`, `p`) VALUES (?, MY_STORE(1.005, 'decimal(12,2)', 'p'))",
    ),
    ("INSERT INTO t SET n = NULL", "INSERT INTO `t` (`n`) VALUES (NULL)"),
    ("INSERT INTO t (id, n) VALUES (%s, DEFAULT)", "INSERT INTO `t` (`id`) VALUES (?)"),
    ("INSERT INTO t () VALUES ()", "INSERT INTO `t` DEFAULT VALUES"),
    ("INSERT IGNORE INTO t (n) VALUES (%s)", "INSERT OR IGNORE INTO `t` (`n`) VALUES (?)"),
    ("REPLACE INTO t (n) VALUES (%s)", "INSERT OR REPLACE INTO `t` (`n`) VALUES (?)"),
    (
        "INSERT INTO t (id, n) VALUES (%s, %s) ON DUPLICATE KEY UPDATE n = n + VALUES(n)",
        "INSERT INTO `t` (`id`, `n`) VALUES (?, ?) ON CONFLICT DO UPDATE SET"
        " `n` = MY_STORE(`n` + `excluded`.`n`, 'int', 'n')",
    ),
    (
        "INSERT INTO t (id, n) VALUES (%s, %s) AS new ON DUPLICATE KEY UPDATE n = new.n",
        "INSERT INTO `t` (`id`, `n`) VALUES (?, ?) ON CONFLICT DO UPDATE SET"
        " `n` = MY_STORE(`excluded`.`n`, 'int', 'n')",
    ),
    (
        "INSERT INTO t (n) SELECT id FROM t",
        "INSERT INTO `t` (`n`) WITH `part`(`c0`) AS (SELECT `id` FROM `t`)"
        " SELECT MY_STORE(`c0`, 'int', 'n') FROM `part`",
    ),
    ("UPDATE `x`.`t` AS m SET m.n = %s WHERE m.id = %s", "UPDATE `t` AS `m` SET `n` = ? WHERE `m`.`id` = ?"),
    (
        "UPDATE t SET n = n + 1, id = n",
        "UPDATE `t` SET `n` = MY_STORE(`n` + 1, 'int', 'n'), `id` = MY_STORE((`n` + 1), 'bigint', 'id')",
    ),
    (
        "UPDATE t SET n = %s ORDER BY id LIMIT 2",
        "UPDATE `t` SET `n` = ? WHERE `t`.`rowid` IN (SELECT `t`.`rowid` FROM `t` ORDER BY `id` LIMIT 2)",
    ),
    ("DELETE m FROM t AS m WHERE m.id = 1", "DELETE FROM `t` AS `m` WHERE `m`.`id` = 1"),
    (
        "DELETE FROM t WHERE n = 1 LIMIT 1",
        "DELETE FROM `t` WHERE `t`.`rowid` IN (SELECT `t`.`rowid` FROM `t` WHERE `n` = 1 LIMIT 1)",
    ),
]

DDL = [
    (
        "CREATE TABLE `m`.`x` (id INT NOT NULL AUTO_INCREMENT, a VARCHAR(5) NOT NULL DEFAULT '', PRIMARY KEY (id),"
        " KEY k (a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='c'",
        (
            "CREATE TABLE `x` (\n  `id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,\n"
            f"  `a` VARCHAR(5) COLLATE {AI} NOT NULL DEFAULT ''\n)",
            "CREATE INDEX `x.k` ON `x` (`a`)",
        ),
    ),
    (
        "CREATE TABLE x (a BIGINT, b DECIMAL(9,3) UNSIGNED, c CHAR(2) COLLATE utf8mb4_bin, PRIMARY KEY (a, c))",
        (
            "CREATE TABLE `x` (\n  `a` BIGINT NOT NULL,\n  `b` DECIMAL UNSIGNED(9,3),\n"
            "  `c` CHAR(2) COLLATE utf8mb4_bin NOT NULL,\n  PRIMARY KEY (`a`, `c`)\n)",
        ),
    ),
    (
        "CREATE TABLE x (e ENUM('a', 'bb') NOT NULL, u INT UNIQUE) COLLATE utf8mb4_general_ci",
        (
            "CREATE TABLE `x` (\n  `e` VARCHAR(2) COLLATE utf8mb4_general_ci NOT NULL CHECK (`e` IN ('a', 'bb')),\n"
            "  `u` INT\n)",
            "CREATE UNIQUE INDEX `x.u` ON `x` (`u`)",
        ),
    ),
    ("CREATE UNIQUE INDEX i ON d.x (a, b DESC)", ("CREATE UNIQUE INDEX `x.i` ON `x` (`a`, `b` DESC)",)),
    ("DROP INDEX i ON d.x", ("DROP INDEX `x.i`",)),
    ("DROP TABLE IF EXISTS d.x, y", ("DROP TABLE IF EXISTS `x`", "DROP TABLE IF EXISTS `y`")),
    ("TRUNCATE TABLE d.x", ("DELETE FROM `x`",)),
    ("ALTER TABLE x ADD COLUMN n INT NOT NULL DEFAULT 0", ("ALTER TABLE `x` ADD COLUMN `n` INT NOT NULL DEFAULT 0",)),
    (
        "ALTER TABLE x DROP COLUMN n, ADD INDEX k (a)",
        ("ALTER TABLE `x` DROP COLUMN `n`", "CREATE INDEX `x.k` ON `x` (`a`)"),
    ),
    ("ALTER TABLE x RENAME COLUMN a TO b", ("ALTER TABLE `x` RENAME COLUMN `a` TO `b`",)),
]


@pytest.mark.parametrize(("mysql", "sqlite"), [*READS, *WRITES])
def test_statement(mysql: str, sqlite: str) -> None:
    assert translate(mysql, Style.POSITIONAL, SCHEMA).statements == (sqlite,)


@pytest.mark.parametrize(("mysql", "sqlite"), DDL)
def test_definition(mysql: str, sqlite: tuple[str, ...]) -> None:
    made = translate(mysql)
    assert (made.does, made.statements) == (Does.DDL, sqlite)


def test_placeholders_follow_their_clauses() -> None:
    made = translate("SELECT id FROM t WHERE n = %(n)s LIMIT %(from)s, %(n)s", Style.NAMED, SCHEMA)
    assert made.statements == ("SELECT `id` AS `id` FROM `t` WHERE `n` = ? LIMIT ? OFFSET ?",)
    assert [bind.key for bind in made.binds] == ["n", "n", "from"]


def test_types_of_the_result() -> None:
    made = translate("SELECT *, SUM(p), AVG(n), n / 2, COUNT(*), MAX(at) FROM t", Style.RAW, SCHEMA)
    assert made.outputs is not None
    spelled = [column.type_text if column is not None else None for column in made.outputs]
    assert spelled[-5:] == ["decimal(65,2)", "decimal(65,4)", "decimal(65,4)", "bigint", "datetime"]
    assert len(spelled) == len(SCHEMA.tables[0].columns) + 5


def test_the_cached_tree_is_never_changed() -> None:
    sql = "INSERT INTO t (id, n) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE n = new.n"
    assert translate(sql, Style.RAW, SCHEMA) == translate(sql, Style.RAW, Schema(SCHEMA.tables))
    assert translate(sql, Style.RAW, Schema(())).statements != translate(sql, Style.RAW, SCHEMA).statements
