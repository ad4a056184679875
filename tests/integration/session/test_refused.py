"""What would tie a session to one server connection, or change a server for everybody, is refused and does nothing."""

from __future__ import annotations

import pytest

import shardkit
from shardkit.errors import NotSupportedError, SessionBoundRefused
from tests.integration.dbapi.stage import Stage, rows, run

BOUND = [
    "LOCK TABLES member WRITE",
    "/* hidden */ lock tables member READ",
    "LOCK TABLE member READ LOCAL",
    "UNLOCK TABLES",
    "SELECT GET_LOCK('shardkit', 1)",
    "SELECT get_lock ('shardkit', 1) FROM member WHERE memberId = 1",
    "SELECT memberId FROM member WHERE memberId = 1 AND GET_LOCK('shardkit', 0) = 1",
    "UPDATE member SET n = GET_LOCK('shardkit', 0) WHERE memberId = 1",
    "INSERT INTO member (memberId, n) VALUES (1, GET_LOCK('shardkit', 0))",
    "SELECT RELEASE_LOCK('shardkit')",
    "SELECT RELEASE_ALL_LOCKS()",
    "SELECT IS_USED_LOCK('shardkit')",
    "PREPARE p FROM 'SELECT 1'",
    "EXECUTE p",
    "DEALLOCATE PREPARE p",
    "HANDLER member OPEN",
    "SELECT @n := 1",
    "SELECT @n := @n + 1 FROM member WHERE memberId = 1",
    "SELECT memberId FROM member WHERE memberId = 1 AND (@n := 3) = 3",
    "UPDATE member SET n = (@n := 4) WHERE memberId = 1",
    "SELECT LAST_INSERT_ID()",
    "SELECT FOUND_ROWS()",
    "SELECT ROW_COUNT()",
    "SELECT CONNECTION_ID() FROM member WHERE memberId = 1",
]
OTHERS = [
    "CREATE TEMPORARY TABLE scratch (id BIGINT PRIMARY KEY)",
    "create temporary table scratch (id bigint primary key)",
    "DROP TEMPORARY TABLE member",
    "DO GET_LOCK('shardkit', 1)",
    "SELECT n INTO @n FROM member WHERE memberId = 1",
    "SET GLOBAL max_connections = 7",
    "SET @@GLOBAL.max_connections = 7",
    "SET @@global.max_connections = 7, time_zone = '+01:00'",
    "SET time_zone = '+01:00', GLOBAL max_connections = 7",
    "SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET PERSIST max_connections = 7",
    "SET PASSWORD = 'x'",
    "SET sql_mode = 'ANSI_QUOTES'",
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "SET SESSION sql_select_limit = 1",
    "SET NAMES latin1",
    "SET CHARACTER SET latin1",
    "SET character_set_client = gbk",
    "SET @n = (SELECT MAX(memberId) FROM member)",
    "USE mysql",
    "KILL 1",
    "XA START 'x'",
    "CALL p()",
    "FLUSH TABLES",
]


def connections_allowed(stage: Stage) -> list[object]:
    return [stage.ask(number, "SELECT @@GLOBAL.max_connections, @@GLOBAL.sql_mode") for number in (0, 1)]


@pytest.mark.parametrize("sql", BOUND)
def test_bound_to_one_server_connection(connection: shardkit.Connection, sql: str) -> None:
    with pytest.raises(SessionBoundRefused) as caught:
        connection.cursor().execute(sql)
    error = caught.value
    assert all((error.what, error.why, error.instead))
    assert error.errno == 1235
    assert rows(connection, "SELECT COUNT(*) FROM member") == [(0,)]


@pytest.mark.parametrize("sql", OTHERS)
def test_refused_for_other_reasons(connection: shardkit.Connection, stage: Stage, sql: str) -> None:
    before = connections_allowed(stage)
    with pytest.raises(NotSupportedError) as caught:
        connection.cursor().execute(sql)
    assert all((caught.value.what, caught.value.why, caught.value.instead))
    assert connections_allowed(stage) == before
    assert rows(connection, "SELECT @@time_zone, @@character_set_client") == [("+00:00", "utf8mb4")]


def test_a_refusal_leaves_a_transaction_as_it_is(connection: shardkit.Connection) -> None:
    connection.begin()
    run(connection, "INSERT INTO member (memberId) VALUES (1)")
    for sql in ("LOCK TABLES member WRITE", "SELECT GET_LOCK('shardkit', 1)", "USE mysql"):
        with pytest.raises(NotSupportedError):
            connection.cursor().execute(sql)
    connection.commit()
    assert rows(connection, "SELECT memberId FROM member") == [(1,)]


def test_words_in_texts_and_names_are_not_refused(connection: shardkit.Connection) -> None:
    run(connection, "INSERT INTO member (memberId, v) VALUES (1, 'LOCK TABLES; SELECT GET_LOCK(1, 2) @n := 3')")
    found = rows(connection, "SELECT v AS `GET_LOCK`, 1 AS `sql_calc_found_rows` FROM member WHERE memberId = 1")
    assert found == [("LOCK TABLES; SELECT GET_LOCK(1, 2) @n := 3", 1)]


def test_locks_of_a_refused_statement_are_not_taken(connection: shardkit.Connection, stage: Stage) -> None:
    with pytest.raises(SessionBoundRefused):
        connection.cursor().execute("SELECT GET_LOCK(%s, 1)", (stage.prefix,))
    for number in (0, 1):
        assert stage.ask(number, "SELECT IS_FREE_LOCK(%s)", (stage.prefix,)) == [(1,)]
