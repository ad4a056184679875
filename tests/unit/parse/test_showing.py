"""SHOW and DESCRIBE: which forms are read, and what of them."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.parse import CurrentDatabase, Show, Shown, ShowWarnings, Style, lex, read_command


def read(text: str, style: Style = Style.RAW) -> Show:
    found = read_command(lex(text, style))
    assert isinstance(found, Show)
    return found


@pytest.mark.parametrize(
    ("text", "what", "table", "database", "full", "like"),
    [
        ("SHOW TABLES", Shown.TABLES, "", "", False, None),
        ("show full tables from `shop`", Shown.TABLES, "", "shop", True, None),
        ("SHOW TABLES IN shop LIKE 't\\_%'", Shown.TABLES, "", "shop", False, "t\\_%"),
        ("SHOW DATABASES", Shown.DATABASES, "", "", False, None),
        ("SHOW SCHEMAS LIKE 's%';", Shown.DATABASES, "", "", False, "s%"),
        ("SHOW CREATE TABLE t", Shown.CREATE, "t", "", False, None),
        ("SHOW CREATE TABLE `shop`.`a``b`", Shown.CREATE, "a`b", "shop", False, None),
        ("SHOW CREATE VIEW v", Shown.CREATE_VIEW, "v", "", False, None),
        ("SHOW COLUMNS FROM t", Shown.COLUMNS, "t", "", False, None),
        ("SHOW FULL FIELDS IN t FROM shop LIKE 'a%'", Shown.COLUMNS, "t", "shop", True, "a%"),
        ("DESCRIBE `shop`.`t`", Shown.COLUMNS, "t", "shop", False, None),
        ("DESC t", Shown.COLUMNS, "t", "", False, None),
        ("EXPLAIN t name", Shown.COLUMNS, "t", "", False, "name"),
        ("/* x */ SHOW INDEX FROM t", Shown.INDEX, "t", "", False, None),
        ("SHOW KEYS FROM t IN shop", Shown.INDEX, "t", "shop", False, None),
        ("SHOW VARIABLES LIKE 'sql_mode'", Shown.SERVER, "", "", False, None),
        ("SHOW SESSION VARIABLES", Shown.SERVER, "", "", False, None),
        ("SHOW COLLATION", Shown.SERVER, "", "", False, None),
        ("SHOW CHARACTER SET", Shown.SERVER, "", "", False, None),
    ],
)
def test_what_is_read(text: str, what: Shown, table: str, database: str, full: bool, like: str | None) -> None:
    assert read(text) == Show(what, text, table, database, full, like)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SHOW WARNINGS", ShowWarnings(errors=False)),
        ("show warnings limit 2;", ShowWarnings(errors=False, limit=2)),
        ("SHOW ERRORS LIMIT 1, 2", ShowWarnings(errors=True, offset=1, limit=2)),
        ("SHOW COUNT(*) WARNINGS", ShowWarnings(errors=False, count=True)),
        ("SHOW COUNT( * ) ERRORS", ShowWarnings(errors=True, count=True)),
    ],
)
def test_warnings(text: str, expected: ShowWarnings) -> None:
    assert read_command(lex(text, Style.RAW)) == expected


@pytest.mark.parametrize(
    "text",
    ["SHOW PROCESSLIST", "SHOW MASTER STATUS", "SHOW TABLE STATUS", "SHOW TABLES WHERE 1", "SHOW EXTENDED TABLES",
     "SHOW INDEX FROM t WHERE Key_name = 'x'", "SHOW CREATE TRIGGER v", "SHOW FULL DATABASES", "SHOW WARNINGS LIMIT x",
     "SHOW GRANTS", "DESCRIBE SELECT 1", "EXPLAIN FORMAT=JSON SELECT 1", "EXPLAIN ANALYZE SELECT 1"],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        read_command(lex(text, Style.RAW))
    assert caught.value.instead


@pytest.mark.parametrize("text", ["SHOW CREATE TABLE", "SHOW COLUMNS t", "SHOW TABLES FROM", "SHOW TABLES LIKE"])
def test_what_is_no_sql(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read_command(lex(text, Style.RAW))


def test_a_placeholder_goes_to_a_server_or_is_refused() -> None:
    assert read("SHOW VARIABLES LIKE %s", Style.POSITIONAL).what is Shown.SERVER
    with pytest.raises(NotSupportedError, match="placeholder"):
        read("SHOW TABLES LIKE %s", Style.POSITIONAL)


@pytest.mark.parametrize(
    ("text", "label"),
    [("SELECT DATABASE()", "DATABASE()"), ("select schema ( )", "schema ( )"), ("SELECT DATABASE() AS d", "d")],
)
def test_the_database_alone(text: str, label: str) -> None:
    assert read_command(lex(text, Style.RAW)) == CurrentDatabase(label)


@pytest.mark.parametrize(
    "text", ["SELECT DATABASE(), 1", "SELECT 'DATABASE()'", "SELECT a FROM t WHERE b = DATABASE()"]
)
def test_the_database_among_others_is_for_the_parser(text: str) -> None:
    assert read_command(lex(text, Style.RAW)) is None
