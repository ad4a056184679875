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
    ("text", "verb", "query", "names"),
    [
        ("CREATE VIEW v AS SELECT a FROM t", "create view", "CREATE VIEW", ["v", "t"]),
        ("CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY INVOKER VIEW v (x, y) AS (SELECT a, b FROM t"
         " JOIN `u` ON t.a = u.b WHERE EXISTS (SELECT 1 FROM w))",
         "create view", "CREATE VIEW", ["v", "t", "`u`", "w"]),
        ("CREATE VIEW v AS WITH c AS (SELECT a FROM t) SELECT * FROM c", "create view", "CREATE VIEW", ["v", "t"]),
        ("CREATE VIEW v AS SELECT a FROM t WITH LOCAL CHECK OPTION", "create view", "CREATE VIEW", ["v", "t"]),
        ("CREATE VIEW d.v AS SELECT d.t.a FROM d.t", "create view", "CREATE VIEW", ["d.v", "d.t"]),
        ("CREATE VIEW v AS SELECT a FROM shop.t", "create view", "CREATE VIEW", ["v", "shop.t"]),
        ("ALTER VIEW v AS SELECT 1", "alter view", "ALTER VIEW", ["v"]),
        ("DROP VIEW IF EXISTS v", "drop view", "", ["v"]),
        ("CREATE TABLE t AS SELECT 1", "create table", "CREATE TABLE … SELECT", ["t"]),
        ("CREATE TABLE t SELECT a FROM u", "create table", "CREATE TABLE … SELECT", ["t", "u"]),
        ("CREATE TABLE t (SELECT a FROM u)", "create table", "CREATE TABLE … SELECT", ["t", "u"]),
        ("CREATE TABLE t (b INT, FOREIGN KEY (b) REFERENCES w (b)) IGNORE AS\n(SELECT a FROM u) UNION TABLE x",
         "create table", "CREATE TABLE … SELECT", ["t", "w", "u", "x"]),
        ("CREATE TABLE t TABLE u", "create table", "CREATE TABLE … SELECT", ["t", "u"]),
        ("CREATE TABLE t LIKE u", "create table", "", ["t", "u"]),
        ("CREATE TABLE t (LIKE d.u)", "create table", "", ["t", "d.u"]),
        ("ALTER TABLE t ADD a INT, RENAME TO d.u", "alter table", "", ["t", "d.u"]),
        ("ALTER TABLE t RENAME u", "alter table", "", ["t", "u"]),
        ("ALTER TABLE t RENAME AS `to`", "alter table", "", ["t", "`to`"]),
        ("RENAME TABLE shop.t TO u", "rename table", "", ["shop.t", "u"]),
        ("CREATE TABLE `view` (a INT)", "create table", "", ["`view`"]),
    ],
)  # fmt: skip
def test_ddl_that_names_other_tables(text: str, verb: str, query: str, names: list[str]) -> None:
    found = read_ddl(lex(text, Style.RAW), own="shop")
    assert (found.verb, found.query) == (verb, query)
    uses = found.statement.tables
    assert [text[slice(*use.span)] for use in uses] == names
    assert [use.index for use in uses] == list(range(len(uses)))
    assert len(found.refers) == len(uses) - 1


def test_a_mistake_in_a_views_query_is_told_with_its_place() -> None:
    with pytest.raises(SqlSyntaxError, match="line 2, column 12"):
        read("CREATE VIEW v AS\nSELECT a b c FROM t")


@pytest.mark.parametrize("text", ["CREATE VIEW v", "CREATE VIEW v AS DELETE FROM t", "CREATE VIEW v (a) SELECT 1"])
def test_a_view_needs_a_query(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read(text)


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
        ("CREATE DATABASE d", "CREATE DATABASE"),
        ("DROP DATABASE d", "DROP DATABASE"), ("CREATE TRIGGER x BEFORE INSERT ON t", "CREATE TRIGGER"),
        ("CREATE OR REPLACE TABLE t (a INT)", "CREATE OR"), ("ALTER DATABASE d", "ALTER DATABASE"),
        ("CREATE TABLE t (a INT) ENGINE=MERGE UNION=(u, v)", "UNION=(…) of a MERGE table"),
        ("RENAME TABLE t TO u, v TO w", "RENAME TABLE of several"), ("RENAME USER a TO b", "RENAME USER"),
        ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "EXCHANGE PARTITION"),
        ("DROP TABLE t, u", "DROP TABLE of several"), ("DROP VIEW IF EXISTS v, w", "DROP VIEW of several"),
        ("CREATE VIEW v AS SELECT shop.t.a FROM shop.t", "shop.t.a in CREATE"),
    ],
)  # fmt: skip
def test_what_is_not_spread(text: str, what: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        read_ddl(lex(text, Style.RAW), own="shop")
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


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("CREATE TABLE t (a INT, CONSTRAINT f FOREIGN KEY (a) REFERENCES u (b), CONSTRAINT g UNIQUE (a))", ["f"]),
        ("CREATE TABLE t (a INT, CONSTRAINT FOREIGN KEY (a) REFERENCES u (b), FOREIGN KEY (a) REFERENCES u (b))", []),
        ("ALTER TABLE t ADD CONSTRAINT `a``b` FOREIGN\nKEY (a) REFERENCES u (b), DROP FOREIGN KEY g", ["`a``b`", "g"]),
        (
            "ALTER TABLE t DROP FOREIGN KEY IF EXISTS `g`, DROP CONSTRAINT h, ADD CONSTRAINT c CHECK (a > 0)",
            ["`g`", "h", "c"],
        ),
        ("CREATE TABLE t (a INT CONSTRAINT x CHECK (a > 0), b INT CHECK (b > 0), CONSTRAINT CHECK (a > b))", ["x"]),
        ("ALTER TABLE t DROP CHECK x, ALTER CHECK y NOT ENFORCED, ALTER CONSTRAINT z ENFORCED", ["x", "y", "z"]),
        ("ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (a), ADD CONSTRAINT u UNIQUE (b), DROP INDEX i", []),
    ],
)
def test_names_of_constraints(sql: str, names: list[str]) -> None:
    found = read_ddl(lex(sql, Style.RAW)).constraints
    assert [sql[start:end] for (start, end), _ in found] == names
    assert [name for _, name in found] == [name.strip("`").replace("``", "`") for name in names]
