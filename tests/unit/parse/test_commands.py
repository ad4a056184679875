"""Statements that never reach the SQL parser: transactions, SET, and what the first word refuses."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError, SessionBoundRefused, SqlSyntaxError
from shardkit.parse import (
    Command,
    SetAutocommit,
    SetNextTransaction,
    SetVariables,
    Style,
    TransactionCommand,
    lex,
    read_command,
)


def read(text: str, style: Style = Style.RAW) -> Command | None:
    return read_command(lex(text, style))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BEGIN", TransactionCommand("begin", "START TRANSACTION")),
        ("begin work;", TransactionCommand("begin", "START TRANSACTION")),
        ("START TRANSACTION", TransactionCommand("begin", "START TRANSACTION")),
        ("START TRANSACTION READ ONLY", TransactionCommand("begin", "START TRANSACTION READ ONLY")),
        ("/* x */ COMMIT ;", TransactionCommand("commit", "COMMIT")),
        ("COMMIT WORK", TransactionCommand("commit", "COMMIT WORK")),
        ("ROLLBACK", TransactionCommand("rollback", "ROLLBACK")),
        ("SAVEPOINT `S 1`", TransactionCommand("savepoint", "SAVEPOINT `S 1`", "s 1")),
        ("ROLLBACK TO s1", TransactionCommand("rollback_to", "ROLLBACK TO s1", "s1")),
        ("ROLLBACK WORK TO SAVEPOINT S1", TransactionCommand("rollback_to", "ROLLBACK WORK TO SAVEPOINT S1", "s1")),
        ("RELEASE SAVEPOINT s1", TransactionCommand("release", "RELEASE SAVEPOINT s1", "s1")),
    ],
)
def test_transactions(text: str, expected: TransactionCommand) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("text", ["COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "COMMIT RELEASE"])
def test_chained_transactions_are_refused(text: str) -> None:
    with pytest.raises(NotSupportedError, match="with CHAIN or RELEASE"):
        read(text)


@pytest.mark.parametrize("text", ["SAVEPOINT", "BEGIN NOW", "COMMIT x", "START", "SAVEPOINT a b"])
def test_malformed_transactions(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read(text)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("SET time_zone = '+08:00'", [("time_zone", "SET SESSION time_zone = '+08:00'")]),
        ("set @@Session.Time_Zone:='+08:00';", [("time_zone", "SET SESSION time_zone = '+08:00'")]),
        (
            "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'",
            [("sql_mode", "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")],
        ),
        ("SET LOCAL `lc_time_names` = 'de_DE'", [("lc_time_names", "SET SESSION lc_time_names = 'de_DE'")]),
        ("SET @@local.a = 1, b = -2", [("a", "SET SESSION a = 1"), ("b", "SET SESSION b = -2")]),
        ("SET NAMES utf8mb4", [("names", "SET NAMES utf8mb4")]),
        ("SET NAMES 'utf8mb4' COLLATE utf8mb4_bin", [("names", "SET NAMES 'utf8mb4' COLLATE utf8mb4_bin")]),
        ("SET NAMES DEFAULT", [("names", "SET NAMES DEFAULT")]),
        ("SET SESSION TRANSACTION READ ONLY", [("transaction read", "SET SESSION TRANSACTION READ ONLY")]),
        ("SET sql_mode = DEFAULT", [("sql_mode", "SET SESSION sql_mode = DEFAULT")]),
    ],
)
def test_set(text: str, entries: list[tuple[str, str]]) -> None:
    assert read(text) == SetVariables(tuple(entries))


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("SET autocommit = 1", True), ("SET autocommit=0", False), ("SET @@autocommit = ON", True),
        ("SET SESSION autocommit = 'off'", False), ("SET @@session.autocommit = TRUE", True),
    ],
)  # fmt: skip
def test_autocommit(text: str, on: bool) -> None:
    assert read(text) == SetAutocommit(on)


def test_the_next_transaction() -> None:
    text = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
    assert read(f"{text};") == SetNextTransaction(text)


@pytest.mark.parametrize(
    "text",
    [
        "SET GLOBAL max_connections = 1", "SET PERSIST a = 1", "SET PERSIST_ONLY a = 1", "SET @@global.a = 1",
        "SET @@persist.a = 1", "SET ROLE NONE", "SET DEFAULT ROLE NONE TO u", "SET PASSWORD FOR u = 'x'",
        "SET CHARACTER SET latin1", "SET CHARSET latin1", "SET NAMES latin1", "SET character_set_client = latin1",
        "SET @@character_set_results = NULL", "SET sql_select_limit = 5", "SET SESSION last_insert_id = 5",
        "SET insert_id = 5", "SET rand_seed1 = 5", "SET completion_type = 1", "SET autocommit = 0, a = 1",
        "SET a = (SELECT 1)", "SET a = (1)", "SET a = CONCAT('x')",
    ],
)  # fmt: skip
def test_what_set_may_not_change(text: str) -> None:
    with pytest.raises(NotSupportedError):
        read(text)


@pytest.mark.parametrize(
    "mode",
    [
        "'ANSI_QUOTES'", '"ANSI_QUOTES"', "'STRICT_TRANS_TABLES,ansi_quotes'", "'ANSI'", "'NO_BACKSLASH_ESCAPES'",
        "'PIPES_AS_CONCAT'", "' ANSI_QUOTES'", "CONCAT('ANSI', '_QUOTES')", "4", "0x04", "@a", "ANSI_QUOTES",
        "'ORACLE'",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["sql_mode", "SESSION sql_mode", "@@sql_mode", "@@SESSION.SQL_MODE", "LOCAL `sql_mode`"]
)
def test_modes_that_change_how_text_is_read_are_refused(mode: str, name: str) -> None:
    with pytest.raises(NotSupportedError, match=r"sql_mode|computed"):
        read(f"SET {name} = {mode}")


@pytest.mark.parametrize(
    "text", ["SET NAMES utf8mb4, sql_mode = 'ANSI_QUOTES'", "SET NAMES utf8mb4, sql_select_limit = 5"]
)
def test_set_names_hides_nothing(text: str) -> None:
    with pytest.raises(NotSupportedError):
        read(text)


def test_set_takes_no_placeholders() -> None:
    with pytest.raises(NotSupportedError, match="a placeholder in SET at line 1, column 17"):
        read("SET time_zone = %s", Style.POSITIONAL)


@pytest.mark.parametrize("text", ["SET", "SET = 1"])
def test_set_of_nothing(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read(text)


@pytest.mark.parametrize("text", ["SET a", "SET a =", "SET a = 1, b"])
def test_malformed_set(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read(text)


@pytest.mark.parametrize(
    "text", ["LOCK TABLES t WRITE", "UNLOCK TABLES", "PREPARE p FROM 'x'", "EXECUTE p", "DEALLOCATE PREPARE p",
    "HANDLER t OPEN"]
)  # fmt: skip
def test_what_ties_the_session_to_a_server_connection(text: str) -> None:
    with pytest.raises(SessionBoundRefused, match="line 1, column 1"):
        read(text)


@pytest.mark.parametrize(
    "word",
    ["XA START 'x'", "USE d", "CALL p()", "DO 1", "KILL 1", "FLUSH TABLES",
     "GRANT ALL ON *.* TO u", "SHOW PROCESSLIST", "EXPLAIN SELECT 1", "DESC SELECT 1", "ANALYZE TABLE t",
     "TABLE t"],
)  # fmt: skip
def test_what_is_refused_by_its_first_word(word: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        read(f"/* x */ {word}")
    assert caught.value.instead
    assert not isinstance(caught.value, SessionBoundRefused)


@pytest.mark.parametrize(
    "text", ["SELECT 1", "INSERT INTO t VALUES (1)", "(SELECT 1)", "WITH a AS (SELECT 1) SELECT 1"]
)
def test_the_rest_is_for_the_parser(text: str) -> None:
    assert read(text) is None
