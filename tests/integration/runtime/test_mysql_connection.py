"""One connection to a real server: answers, values, errors, reset, kill, time."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from shardkit import errors
from shardkit.backends.mysql import MySqlBackend
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.flow import Task
from shardkit.rules import Server
from shardkit.values import Params, ShardId
from tests.servers import ServerUrl


def ask(connection: MySqlConnection, shard: ShardId, sql: str, args: Params = None) -> Any:
    """All rows of one statement, as a list."""
    return list(connection.start(Task(shard, sql, args), 0, None).rows)


def numbers(shard: ShardId, limit: int) -> str:
    return f"SELECT a FROM `{shard.database}`.n ORDER BY a LIMIT {limit}"


def test_rows_are_what_the_bare_driver_gives(connection: MySqlConnection, shard: ShardId, server: ServerUrl) -> None:
    sql = (
        "SELECT 1 AS i, 1.50 AS d, 1e0 AS f, 'ä😀' AS t, X'00FF' AS b, DATE '2024-02-29' AS day, "
        "TIME '-12:00:00.5' AS t2, NULL AS nothing, CAST('{\"a\": 1}' AS CHAR) AS j, %s AS p"
    )
    with server.connect() as bare, bare.cursor() as cursor:
        cursor.execute(sql, ("it's",))
        expected, description = cursor.fetchall(), cursor.description
    started = connection.start(Task(shard, sql, ("it's",)), 100, None)
    assert tuple(started.rows) == tuple(expected)
    assert started.description == description
    assert started.last


def test_columns_are_those_of_this_answer(connection: MySqlConnection, shard: ShardId, server: ServerUrl) -> None:
    """However often the statement was asked before its columns became others."""
    table, sql = f"`{shard.database}`.grown", f"SELECT * FROM `{shard.database}`.grown"
    shapes = ("a INT", "a INT, b INT", "a INT, b DECIMAL(9,2)", "a INT, b VARBINARY(9)", "b INT, a INT", "a INT")
    with server.connect() as bare, bare.cursor() as cursor:
        for shape in shapes:
            ask(connection, shard, f"DROP TABLE IF EXISTS {table}")
            ask(connection, shard, f"CREATE TABLE {table} ({shape})")
            ask(connection, shard, f"INSERT INTO {table} VALUES ({', '.join('7' for _ in shape.split(', '))})")
            cursor.execute(sql)
            expected = cursor.description, tuple(cursor.fetchall())
            for _ in range(3):
                started = connection.start(Task(shard, sql), 100, None)
                assert (started.description, tuple(started.rows)) == expected
            with pytest.raises(errors.Error, match="more than 1 row"):
                ask(connection, shard, f"SELECT a, (SELECT 1 UNION SELECT 2) FROM {table}")
            assert connection.usable
    ask(connection, shard, f"DROP TABLE {table}")


@pytest.mark.parametrize("limit", [0, 1, 9, 10, 11, 35])
def test_batches_end_exactly(connection: MySqlConnection, shard: ShardId, limit: int) -> None:
    started = connection.start(Task(shard, numbers(shard, limit)), 10, None)
    found, last = list(started.rows), started.last
    while not last:
        rows, last = connection.read(10)
        assert len(rows) <= 10
        found += rows
    assert found == [(a,) for a in range(limit)]
    assert connection.usable
    assert ask(connection, shard, "SELECT 1") == [(1,)]


def test_a_write_tells_its_counts(connection: MySqlConnection, shard: ShardId) -> None:
    table = f"`{shard.database}`.counted"
    ask(connection, shard, f"CREATE TABLE IF NOT EXISTS {table} (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    started = connection.start(Task(shard, f"INSERT INTO {table} (v) VALUES (1), (2)"), 10, None)
    assert (started.rowcount, started.description, started.last) == (2, None, True)
    assert started.lastrowid
    # As bare PyMySQL counts: rows that changed, not rows that were found.
    assert connection.start(Task(shard, f"UPDATE {table} SET v = v"), 10, None).rowcount == 0


@pytest.mark.parametrize(
    "value", ["'", '"', "\\", "\\'", "a\0b", "%s", "-- x", "/* x */", "; DROP TABLE n", "😀", "`", ""]
)
def test_values_come_back_unchanged(connection: MySqlConnection, shard: ShardId, value: str) -> None:
    assert ask(connection, shard, "SELECT %s, %s", (value, value.encode())) == [(value, value.encode())]
    assert ask(connection, shard, "SELECT %(v)s", {"v": value}) == [(value,)]


def test_without_parameters_a_percent_sign_is_a_percent_sign(connection: MySqlConnection, shard: ShardId) -> None:
    assert ask(connection, shard, "SELECT '100%', '%s'") == [("100%", "%s")]


@pytest.mark.parametrize(
    ("sql", "args"),
    [
        ("SELECT %s", ()),
        ("SELECT %s", (1, 2)),
        ("SELECT %(a)s", {"b": 1}),
        ("SELECT %s", "text"),
        ("SELECT %s", (float("nan"),)),
        ("SELECT %d", ("x",)),
        ("SELECT '100%'", ()),
        ("SELECT %s", ({"a": 1},)),
    ],
)
def test_wrong_parameters_are_said_before_anything_is_sent(
    connection: MySqlConnection, shard: ShardId, sql: str, args: Params
) -> None:
    with pytest.raises(errors.ParameterError, match=shard.database):
        connection.start(Task(shard, sql, args), 0, None)
    assert ask(connection, shard, "SELECT 1") == [(1,)]


def test_text_that_is_not_unicode_is_a_data_error(connection: MySqlConnection, shard: ShardId) -> None:
    with pytest.raises(errors.DataError):
        connection.start(Task(shard, "SELECT %s", ("\ud800",)), 0, None)
    assert connection.usable


@pytest.mark.parametrize(
    ("sql", "kind", "errno"),
    [
        ("SELEC 1", errors.SqlSyntaxError, 1064),
        ("SELECT 1; SELECT 2", errors.SqlSyntaxError, 1064),
        ("SELECT * FROM `{db}`.missing", errors.UnknownTable, 1146),
        ("SELECT nope FROM `{db}`.n", errors.UnknownColumn, 1054),
        ("INSERT INTO `{db}`.n VALUES (0, 'x')", errors.IntegrityError, 1062),
        ("INSERT INTO `{db}`.n VALUES (NULL, 'x')", errors.IntegrityError, 1048),
        ("INSERT INTO `{db}`.n VALUES (99999999999, 'x')", errors.DataError, 1264),
        ("SELECT (SELECT a FROM `{db}`.n)", errors.OperationalError, 1242),
    ],
)
def test_server_errors_keep_family_and_number(
    connection: MySqlConnection, shard: ShardId, sql: str, kind: type[errors.Error], errno: int
) -> None:
    with pytest.raises(kind) as caught:
        connection.start(Task(shard, sql.format(db=shard.database)), 10, None)
    assert caught.value.errno == caught.value.args[0] == errno
    assert str(shard) in caught.value.message
    assert caught.value.shards == (shard,)
    assert caught.value.__cause__ is not None
    assert connection.usable
    assert ask(connection, shard, "SELECT 1") == [(1,)]


def test_a_procedure_with_several_results_leaves_the_connection_ready(
    connection: MySqlConnection, shard: ShardId
) -> None:
    name = f"`{shard.database}`.several"
    ask(connection, shard, f"DROP PROCEDURE IF EXISTS {name}")
    ask(connection, shard, f"CREATE PROCEDURE {name}() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; END")
    for batch in (0, 1, 10):
        started = connection.start(Task(shard, f"CALL {name}()"), batch, None)
        assert list(started.rows) == [(1,)]
        if not started.last:
            rows, last = connection.read(10)
            assert (list(rows), last) == ([], True)
    assert ask(connection, shard, "SELECT 4") == [(4,)]


def test_a_database_is_selected_only_when_needed(connection: MySqlConnection, shard: ShardId) -> None:
    assert ask(connection, shard, "SELECT DATABASE()") == [(None,)]
    started = connection.start(Task(shard, "SELECT DATABASE()", None, True), 0, None)
    assert list(started.rows) == [(shard.database,)]


def test_abandon_drains_the_short_and_breaks_the_long(connection: MySqlConnection, shard: ShardId) -> None:
    connection.start(Task(shard, numbers(shard, 300)), 10, None)
    assert connection.abandon(1000)
    assert connection.usable
    connection.start(Task(shard, numbers(shard, 10_000)), 10, None)
    assert not connection.abandon(1000)
    assert not connection.usable


def test_reset_undoes_everything(connection: MySqlConnection, shard: ShardId) -> None:
    fresh = "SELECT @@sql_mode, @@time_zone, @@autocommit, @@character_set_client, @@collation_connection, @x"
    before = ask(connection, shard, fresh)
    for sql in (
        "SET @x = 1, time_zone = '+03:00', sql_mode = ''",
        "SET NAMES latin1",
        f"CREATE TEMPORARY TABLE `{shard.database}`.temporary_n (a INT)",
        "SET autocommit = 0",
        f"INSERT INTO `{shard.database}`.n VALUES (-1, 'uncommitted')",
    ):
        connection.run(shard, sql)
    connection.state = ("SET …",)
    connection.reset()
    assert len(connection.state) == 0
    assert ask(connection, shard, fresh) == before
    assert ask(connection, shard, f"SELECT COUNT(*) FROM `{shard.database}`.n WHERE a = -1") == [(0,)]
    with pytest.raises(errors.UnknownTable):
        ask(connection, shard, f"SELECT * FROM `{shard.database}`.temporary_n")


def test_a_session_that_reads_backslashes_differently_is_refused(connection: MySqlConnection, shard: ShardId) -> None:
    with pytest.raises(errors.ProgrammingError, match="NO_BACKSLASH_ESCAPES"):
        connection.run(shard, "SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
    assert not connection.usable


@pytest.mark.parametrize("mode", ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT", "ANSI"])
def test_a_server_that_reads_sql_differently_is_refused(
    backend: MySqlBackend, shard: ShardId, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setitem(backend._arguments, "init_command", f"SET SESSION sql_mode = '{mode}'")
    with pytest.raises(errors.ProgrammingError, match="remove it from the server's sql_mode"):
        backend.connect(shard)


def test_kill_wakes_the_reading_thread_and_stops_the_statement(
    connection: MySqlConnection, shard: ShardId, server: ServerUrl
) -> None:
    ended: list[float] = []

    def sleep() -> None:
        with pytest.raises(errors.ConnectionLost, match=shard.database):
            connection.start(Task(shard, "SELECT SLEEP(60) /* killed */"), 0, None)
        ended.append(time.monotonic())

    thread = threading.Thread(target=sleep)
    thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    connection.kill()
    thread.join(5)
    assert ended[0] - began < 1
    assert not connection.usable
    assert not running_on(server, "/* killed */")


def test_time_stops_a_statement_here_and_on_the_server(
    connection: MySqlConnection, shard: ShardId, server: ServerUrl
) -> None:
    began = time.monotonic()
    with pytest.raises(errors.StatementTimeout, match=shard.database) as caught:
        connection.start(Task(shard, "SELECT SLEEP(60) /* late */"), 0, 0.3)
    assert 0.25 < time.monotonic() - began < 2
    assert caught.value.shards == (shard,)
    assert not connection.usable
    assert not running_on(server, "/* late */")


def test_time_holds_for_the_whole_answer(connection: MySqlConnection, shard: ShardId) -> None:
    connection.start(Task(shard, numbers(shard, 10_000)), 10, 0.2)
    time.sleep(0.4)
    with pytest.raises(errors.StatementTimeout):
        read_on(connection)
    assert not connection.usable


def test_time_that_was_kept_leaves_the_connection_alone(connection: MySqlConnection, shard: ShardId) -> None:
    connection.start(Task(shard, "SELECT 1"), 0, 0.1)
    time.sleep(0.3)
    assert ask(connection, shard, "SELECT 1") == [(1,)]
    assert connection.ping()


def test_the_servers_own_time_limit_is_a_timeout_too(
    connection: MySqlConnection, shard: ShardId, server: ServerUrl
) -> None:
    # Not SLEEP, which MySQL lets end early without an error.
    product = f"`{shard.database}`.n x, `{shard.database}`.n y, `{shard.database}`.n z WHERE x.b > y.b"
    sql = f"SELECT /*+ MAX_EXECUTION_TIME(100) */ COUNT(*) FROM {product}"
    if server.flavor == "mariadb":
        sql = f"SET STATEMENT max_statement_time = 0.1 FOR SELECT COUNT(*) FROM {product}"
    with pytest.raises(errors.StatementTimeout) as caught:
        connection.start(Task(shard, sql), 0, 30)
    assert caught.value.errno == (1969 if server.flavor == "mariadb" else 3024)
    assert connection.usable


def test_a_url_read_timeout_stops_the_statement_too(shard: ShardId, server: ServerUrl) -> None:
    backend = MySqlBackend(Server("rds0", server.url.update_query_dict({"read_timeout": "0.5"})))
    connection = backend.connect(shard)
    with pytest.raises(errors.StatementTimeout):
        connection.start(Task(shard, "SELECT SLEEP(60) /* unread */"), 0, None)
    connection.close()
    assert not running_on(server, "/* unread */")


def test_a_wrong_password_is_named_without_being_told(shard: ShardId, server: ServerUrl) -> None:
    backend = MySqlBackend(Server("rds0", server.url.set(username="nobody", password="s3cret")))
    with pytest.raises(errors.ShardUnavailable) as caught:
        backend.connect(shard)
    assert caught.value.errno == 1045
    assert "s3cret" not in repr((caught.value, str(caught.value), caught.value.__cause__, backend))


def read_on(connection: MySqlConnection) -> None:
    while not connection.read(10)[1]:
        pass


def running_on(server: ServerUrl, mark: str) -> bool:
    """Whether a statement with this mark is still running, after a moment to end."""
    for _ in range(30):
        with server.connect() as bare, bare.cursor() as cursor:
            cursor.execute("SHOW FULL PROCESSLIST")
            if not any(mark in str(row[7]) for row in cursor.fetchall()):
                return False
        time.sleep(0.1)
    return True
