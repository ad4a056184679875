"""DDL: the table it speaks of, where its name stands, and what is not spread."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.parse import Ddl, Style, lex, read_ddl, split_statements


def read(text: str, style: Style = Style.RAW) -> Ddl:
    return read_ddl(lex(text, style))


@pytest.mark.parametrize(
    ("text", "verb", "names"),
    [
        ("CREATE TABLE t (a INT)", "create table", ["t"]),
        ("CREATE TABLE IF NOT EXISTS `t``x` (a INT)", "create table", ["`t``x`"]),
        ("create /* x */ table 东 (a INT)", "create table", ["东"]),
        ("DROP TABLE IF EXISTS t", "drop table", ["t"]),
        ("DROP TABLE t CASCADE", "drop table", ["t"]),
        ("TRUNCATE t", "truncate table", ["t"]),
        ("TRUNCATE TABLE t;", "truncate table", ["t"]),
        ("ALTER TABLE t ADD COLUMN a INT, DROP b", "alter table", ["t"]),
        ("ALTER TABLE t RENAME COLUMN a TO b", "alter table", ["t"]),
        ("ALTER TABLE t RENAME INDEX a TO b, RENAME KEY c TO d", "alter table", ["t"]),
        ("CREATE UNIQUE INDEX i ON t (a)", "create index", ["t"]),
        ("CREATE FULLTEXT INDEX i ON t (a) COMMENT 'ON u'", "create index", ["t"]),
        ("DROP INDEX i ON t", "drop index", ["t"]),
        ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES u (b), c INT REFERENCES `v` (d))", "create table",
         ["t", "u", "`v`"]),
    ],
)  # fmt: skip
def test_the_tables_ddl_speaks_of(text: str, verb: str, names: list[str]) -> None:
    found = read(text)
    assert found.verb == verb
    assert [text[use.span[0] : use.span[1]] for use in found.statement.tables] == names
    assert [use.written for use in found.statement.tables] == [True] + [False] * (len(names) - 1)


@pytest.mark.parametrize(
    ("text", "name", "schema"),
    [
        ("CREATE TABLE d.t (a INT)", "d.t", "d"),
        ("DROP TABLE `d`.`t`", "d.t", "d"),
        ("CREATE TABLE shop.t (a INT)", "t", ""),
        ("CREATE INDEX i ON d . t (a)", "d.t", "d"),
    ],
)
def test_a_name_with_a_schema(text: str, name: str, schema: str) -> None:
    (use,) = read_ddl(lex(text, Style.RAW), own="shop").statement.tables
    assert (use.name, use.schema) == (name, schema)
    start, end = use.span
    assert text[start:end].replace("`", "").replace(" ", "") in ("d.t", "shop.t")


def test_a_doubled_percent_sign_counts_for_the_name_and_its_place() -> None:
    text = "CREATE TABLE `a %% b` (c INT)"
    (use,) = read_ddl(lex(text, Style.POSITIONAL)).statement.tables
    assert use.name == "a % b"
    assert text[slice(*use.span)] == "`a %% b`"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("CREATE TEMPORARY TABLE t (a INT)", "a temporary table"), ("DROP TEMPORARY TABLE t", "a temporary table"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW"), ("CREATE DATABASE d", "CREATE DATABASE"),
        ("DROP DATABASE d", "DROP DATABASE"), ("CREATE TRIGGER x BEFORE INSERT ON t", "CREATE TRIGGER"),
        ("CREATE OR REPLACE TABLE t (a INT)", "CREATE OR"), ("ALTER DATABASE d", "ALTER DATABASE"),
        ("CREATE TABLE t AS SELECT 1", "CREATE TABLE … SELECT"), ("CREATE TABLE t SELECT 1", "CREATE TABLE … SELECT"),
        ("CREATE TABLE t (SELECT 1)", "CREATE TABLE … SELECT"),
        ("CREATE TABLE t LIKE u", "CREATE TABLE … LIKE"), ("CREATE TABLE t (LIKE u)", "CREATE TABLE … LIKE"),
        ("ALTER TABLE t RENAME TO u", "RENAME"), ("ALTER TABLE t ADD a INT, RENAME u", "RENAME"),
        ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "EXCHANGE PARTITION"),
        ("DROP TABLE t, u", "DROP TABLE of several tables"),
    ],
)  # fmt: skip
def test_what_is_not_spread(text: str, what: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        read(text)
    assert caught.value.what.endswith(what)
    assert caught.value.where.startswith("line 1, column ")


def test_ddl_takes_no_placeholders() -> None:
    with pytest.raises(NotSupportedError, match="a placeholder in DDL"):
        read("ALTER TABLE t ADD a INT DEFAULT %s", Style.POSITIONAL)


@pytest.mark.parametrize("text", ["DROP TABLE", "TRUNCATE", "CREATE TABLE IF NOT EXISTS"])
def test_ddl_without_a_table(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read(text)


@pytest.mark.parametrize(
    "text", ["CREATE TABLE t (a INT COMMENT 'references')", "ALTER TABLE t ADD a INT COMMENT 'rename'",
             "ALTER TABLE t ADD a INT COMMENT 'exchange'", "CREATE TABLE t (`references` INT)"]
)  # fmt: skip
def test_texts_and_names_are_no_keywords(text: str) -> None:
    assert [use.name for use in read(text).statement.tables] == ["t"]


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("CREATE TABLE a (x INT); CREATE TABLE b (y INT)\n", ["CREATE TABLE a (x INT)", "CREATE TABLE b (y INT)"]),
        ("INSERT INTO a VALUES (';'); -- x; y\nDROP TABLE b", ["INSERT INTO a VALUES (';')", "-- x; y\nDROP TABLE b"]),
        ("-- only a comment\n;;", []),
        ("", []),
        (
            "/* head */ CREATE TABLE `a;b` (x INT COMMENT '100%')",
            ["/* head */ CREATE TABLE `a;b` (x INT COMMENT '100%')"],
        ),
    ],
)
def test_a_script_is_split_at_its_semicolons(script: str, statements: list[str]) -> None:
    assert split_statements(script) == statements
