"""What the translator does not take, and that it says so with the right class."""

from __future__ import annotations

import pytest

from shardkit.errors import Error, NotSupportedError, ParameterError, ProgrammingError, SqlSyntaxError
from shardkit.rewrite.sqlite import Does, Step, Style, parse, translate

REFUSED = [
    "SELECT FOO(a) FROM t",
    "SELECT JSON_EXTRACT(a, '$.x') FROM t",
    "SELECT a -> '$.x' FROM t",
    "SELECT STDDEV(a) FROM t",
    "SELECT COUNT(DISTINCT a, b) FROM t",
    "SELECT GROUP_CONCAT(a ORDER BY b) FROM t",
    "SELECT a, COUNT(*) FROM t GROUP BY a WITH ROLLUP",
    "SELECT SQL_CALC_FOUND_ROWS a FROM t",
    "SELECT @x",
    "SELECT @version",
    "SELECT a FROM t PARTITION (p0)",
    "SELECT a COLLATE utf8mb4_zh_0900_as_cs FROM t",
    "SELECT MATCH (a) AGAINST ('x') FROM t",
    "SELECT WEIGHT_STRING(a AS CHAR(10)) FROM t",
    "SELECT a FROM t WHERE b > ALL (SELECT 1)",
    'SELECT `a"b` FROM t',
    "UPDATE t, u SET t.a = 1",
    "UPDATE t JOIN u ON t.a = u.a SET t.b = 1",
    "DELETE t, u FROM t JOIN u ON t.a = u.a",
    "INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, 3)",
    "CREATE TABLE x (p GEOMETRY)",
    "CREATE TABLE x (s SET('a', 'b'))",
    "CREATE TABLE x (a VARCHAR(5) COLLATE utf8mb4_zh_0900_as_cs)",
    "CREATE TABLE x (id INT AUTO_INCREMENT, b INT, PRIMARY KEY (id, b))",
    "CREATE TABLE x (a TEXT, UNIQUE KEY (a(10)))",
    "CREATE TABLE x (a TEXT, FULLTEXT KEY (a))",
    "CREATE TABLE x LIKE y",
    "CREATE TABLE x AS SELECT 1",
    "CREATE TEMPORARY TABLE x (a INT)",
    "ALTER TABLE x MODIFY COLUMN a INT",
    "ALTER TABLE x ADD COLUMN a INT FIRST",
    "ALTER TABLE x RENAME TO y",
    "DROP DATABASE x",
    "CALL p()",
    "SHOW TABLES",
    "SET @x = 1",
    "SET GLOBAL max_connections = 1",
    "SET sql_mode = 'ANSI_QUOTES'",
    "SET time_zone = '+05:00'",
    "SET autocommit = 0",
]
WRONG = [
    "SELECT",
    "SELECT a FROM",
    "SELECT 1; SELECT 2",
    "SELECT ?",
    "SELECT :x",
    "SELECT 'a",
    "ROLLBACK TO",
    "SELECT 1 LIMIT -1",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_refused(sql: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        translate(sql)
    assert caught.value.why
    assert caught.value.instead


@pytest.mark.parametrize("sql", WRONG)
def test_syntax(sql: str) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        translate(sql)
    assert caught.value.errno == 1064


@pytest.mark.parametrize(
    ("sql", "style"),
    [
        ("SELECT %s", Style.NAMED),
        ("SELECT %(a)s", Style.POSITIONAL),
        ("SELECT %d", Style.POSITIONAL),
        ("SELECT '%s'", Style.POSITIONAL),
        ("SELECT a LIKE 'x%'", Style.NAMED),
    ],
)
def test_placeholders_that_do_not_fit(sql: str, style: Style) -> None:
    with pytest.raises(ParameterError):
        translate(sql, style)


def test_columns_of_two_collations() -> None:
    with pytest.raises(Error) as caught:
        translate("SELECT 1 FROM (SELECT 'a' COLLATE utf8mb4_general_ci AS a, 'b' AS b) AS x WHERE a = b")
    assert isinstance(caught.value, ProgrammingError)
    assert caught.value.errno == 1267


@pytest.mark.parametrize(
    ("sql", "step"),
    [
        ("BEGIN", Step.BEGIN),
        ("start transaction read only", Step.BEGIN),
        ("START TRANSACTION WITH CONSISTENT SNAPSHOT", Step.BEGIN),
        ("COMMIT;", Step.COMMIT),
        ("ROLLBACK", Step.ROLLBACK),
        ("SAVEPOINT sp1", Step.SAVEPOINT),
        ("ROLLBACK TO SAVEPOINT `sp 1`", Step.ROLLBACK_TO),
        ("RELEASE SAVEPOINT sp1", Step.RELEASE),
        ("SET NAMES utf8mb4", Step.NOTHING),
        ("SET time_zone = 'SYSTEM', sql_mode = 'STRICT_TRANS_TABLES'", Step.NOTHING),
        ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", Step.NOTHING),
    ],
)
def test_control(sql: str, step: Step) -> None:
    made = translate(sql)
    assert made.does is Does.CONTROL
    assert made.control is not None
    assert made.control.step is step


def test_tables_of_a_statement() -> None:
    found = parse(
        "WITH x AS (SELECT * FROM `d`.`t`) SELECT * FROM x JOIN `d`.`u` USING (a) WHERE b IN (SELECT b FROM v)"
    )
    assert found.tables == ("t", "u", "v")
