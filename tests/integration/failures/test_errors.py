"""A mistake in a statement: the right class, MySQL's number in args[0], the place or the shard, and nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

import shardkit
from shardkit.errors import (
    DataError,
    Error,
    IntegrityError,
    ParameterError,
    ProgrammingError,
    ShardKeyError,
    SqlSyntaxError,
    UnknownColumn,
    UnknownTable,
)
from tests.integration.dbapi.stage import SHARDS, Stage, rows, run


@pytest.fixture
def filled(loose: shardkit.Connection, stage: Stage) -> shardkit.Connection:
    """Members 0 to 3, one on each shard, with n = memberId."""
    loose.cursor().executemany("INSERT INTO member (memberId, n) VALUES (%s, %s)", [(i, i) for i in range(SHARDS)])
    return loose


def failing(connection: shardkit.Connection, sql: str, params: Any = None) -> Error:
    """The error of a statement; the connection must be as good as before."""
    with pytest.raises(Error) as caught:
        connection.cursor().execute(sql, params)
    assert caught.value.args[0] == caught.value.errno
    assert not connection.in_transaction
    assert rows(connection, "SELECT COUNT(*), SUM(n) FROM member") == [(4, 6)]
    return caught.value


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELEC 1", "line 1, column 1"),
        ("SELECT * FROM member WHERE", "line 1, column 22"),
        ("SELECT *\nFROM member\nWHERE memberId = = 3", "line 3, column 18"),
        ("SELECT 'ä😀', memberId FROM member WHERE memberId = = 3", "line 1, column 52"),
        ("SELECT memberId FROM member -- a comment\n GROUP memberId", "line 2, column"),
        ("SELECT 'never closed FROM member", "line 1, column 8"),
        ("SELECT 1 /* never closed", "line 1, column 10"),
        ("INSERT INTO member (memberId VALUES (1)", "line 1, column"),
        ("UPDATE member SET WHERE memberId = 1", "line 1"),
        ("DELETE member WHERE memberId = 1", ""),
    ],
)
def test_bad_sql_names_the_place(filled: shardkit.Connection, sql: str, place: str) -> None:
    error = failing(filled, sql)
    assert isinstance(error, SqlSyntaxError)
    assert error.errno == 1064
    assert place in error.message


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "DELETE FROM member WHERE memberId = 1; DROP TABLE member",
                                 "SELECT 1;; SELECT 2", "SELECT '1'; # x\nDROP TABLE member"])  # fmt: skip
def test_only_one_statement_at_a_time(filled: shardkit.Connection, sql: str) -> None:
    assert failing(filled, sql).errno == 1064


def test_one_statement_may_end_with_a_semicolon(filled: shardkit.Connection) -> None:
    for sql in ("SELECT COUNT(*) FROM member;", "SELECT COUNT(*) FROM member ; -- the end\n", "SELECT 4;;"):
        assert rows(filled, sql) == [(4,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM nowhere",
        "SELECT * FROM member m JOIN nowhere n ON n.id = m.memberId WHERE m.memberId = 1",
        "SELECT * FROM member WHERE memberId IN (SELECT id FROM nowhere)",
        "INSERT INTO nowhere (id) VALUES (1)",
        "UPDATE nowhere SET a = 1 WHERE id = 1",
        "DELETE FROM nowhere WHERE id = 1",
        "CREATE TABLE nowhere (id INT)",
        "TRUNCATE TABLE nowhere",
        "SELECT * FROM scratch WHERE id = 1",
        "SELECT * FROM scratch ORDER BY id",
        "INSERT INTO scratch (id) VALUES (1)",
    ],
)
def test_unknown_tables(filled: shardkit.Connection, sql: str) -> None:
    error = failing(filled, sql)
    assert isinstance(error, UnknownTable)
    assert error.args[0] == 1146
    assert isinstance(error, shardkit.ProgrammingError)
    assert "nowhere" in error.message or "scratch" in error.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT nothing FROM member WHERE memberId = 1",
        "SELECT nothing FROM member",
        "SELECT memberId FROM member ORDER BY nothing",
        "SELECT nothing, COUNT(*) FROM member GROUP BY nothing",
        "SELECT m.nothing FROM member m JOIN t_order o ON o.memberId = m.memberId",
        "SELECT x.memberId FROM member m",
        "INSERT INTO member (memberId, nothing) VALUES (9, 1)",
        "INSERT INTO member (memberId, nothing) VALUES (9, 1), (10, 1)",
        "UPDATE member SET nothing = 1 WHERE memberId = 1",
        "UPDATE member SET nothing = 1",
        "DELETE FROM member WHERE nothing = 1 AND memberId = 1",
    ],
)
def test_unknown_columns(filled: shardkit.Connection, sql: str) -> None:
    error = failing(filled, sql)
    assert isinstance(error, UnknownColumn)
    assert error.args[0] == 1054


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT * FROM member WHERE memberId = %s", ()),
        ("SELECT * FROM member WHERE memberId = %s", (1, 2)),
        ("SELECT * FROM member WHERE memberId = %s AND n = %s", [1]),
        ("SELECT * FROM member WHERE memberId = %s", {"a": 1}),
        ("SELECT * FROM member WHERE memberId = %(a)s", {}),
        ("SELECT * FROM member WHERE memberId = %(a)s", (1,)),
        ("SELECT * FROM member WHERE memberId = %(a)s AND n = %s", {"a": 1}),
        ("SELECT * FROM member", (1,)),
        ("SELECT * FROM member WHERE name LIKE 'a%'", (1,)),
        ("SELECT 5 % 3 FROM member WHERE memberId = %s", (1,)),
        ("SELECT * FROM member WHERE name = '%s'", ("x",)),
        ("INSERT INTO member (memberId, n) VALUES (%s, %s)", (9,)),
        ("INSERT INTO member (memberId, n) VALUES (%s, %s), (%s, %s)", (9, 9, 10)),
        ("UPDATE member SET n = %s", (1, 2)),
        ("SELECT memberId FROM member ORDER BY memberId LIMIT %s", ("2",)),
        ("SELECT memberId FROM member ORDER BY memberId LIMIT %s", (-1,)),
        ("SELECT memberId FROM member ORDER BY memberId LIMIT %s, 2", (None,)),
        ("SELECT * FROM member WHERE memberId = %s", ({"a": 1},)),
        ("SELECT * FROM member WHERE memberId = %s", (float("nan"),)),
    ],
)
def test_parameters_that_do_not_fit(filled: shardkit.Connection, sql: str, params: Any) -> None:
    assert isinstance(failing(filled, sql, params), ParameterError)


@pytest.mark.parametrize("params", [[(9, 9), (10,)], [(9, 9), (10, 10, 10)], [(9, 9), {"a": 1}]])
def test_parameters_that_do_not_fit_in_executemany(filled: shardkit.Connection, params: Any) -> None:
    with pytest.raises(ParameterError):
        filled.cursor().executemany("INSERT INTO member (memberId, n) VALUES (%s, %s)", params)
    assert rows(filled, "SELECT COUNT(*) FROM member") == [(4,)]


@pytest.mark.parametrize("sql", ["SELECT '\ud800' FROM member", "SELECT * FROM member WHERE name = '\udfff'"])
def test_text_that_no_server_can_take(filled: shardkit.Connection, sql: str) -> None:
    assert isinstance(failing(filled, sql), DataError)


def test_parameters_that_no_server_can_take(filled: shardkit.Connection) -> None:
    for sql in ("SELECT %s FROM member", "UPDATE member SET name = %s", "SELECT %s FROM member WHERE memberId = 1"):
        assert isinstance(failing(filled, sql, ("\ud800",)), DataError)


def test_a_duplicate_key_names_the_shard(filled: shardkit.Connection, stage: Stage) -> None:
    for sql in (
        "INSERT INTO member (memberId) VALUES (2)",
        "INSERT INTO member (memberId, n) VALUES (8, 80), (2, 9)",
        "INSERT INTO member (memberId, n) VALUES (8, 80), (9, 81), (2, 9)",
        "INSERT INTO member (memberId, n) VALUES (6, 2)",
    ):
        error = failing(filled, sql)
        assert isinstance(error, IntegrityError)
        assert error.args[0] == 1062
        assert error.shards == (stage.databases[2],)
        assert str(stage.databases[2]) in error.message
    with pytest.raises(IntegrityError) as caught:
        filled.cursor().executemany("INSERT INTO member (memberId) VALUES (%s)", [(2,), (6,)])
    assert caught.value.shards == (stage.databases[2],)


@pytest.mark.parametrize(
    ("sql", "params", "errno"),
    [
        ("INSERT INTO member (memberId, name) VALUES (%s, %s)", (5, "x" * 65), 1406),
        ("UPDATE member SET name = %s WHERE memberId = 1", ("x" * 65,), 1406),
        ("UPDATE member SET name = %s", ("x" * 65,), 1406),
        ("INSERT INTO member (memberId, name) VALUES (5, %s), (6, 'a')", ("x" * 65,), 1406),
        ("INSERT INTO member (memberId, n) VALUES (5, 99999999999)", None, 1264),
        ("INSERT INTO member (memberId, n) VALUES (5, 'abc')", None, 1366),
        ("INSERT INTO t_order (memberId, orderId, at) VALUES (1, 1, 'soon')", None, 1292),
    ],
)
def test_values_that_do_not_fit(filled: shardkit.Connection, sql: str, params: Any, errno: int) -> None:
    error = failing(filled, sql, params)
    assert error.errno == errno
    assert error.shards
    if errno != 1366 and errno != 1292:
        assert isinstance(error, DataError)


@pytest.mark.parametrize("given", ["abc", 1.5, None, 10**30, b"\xff", object(), "1 ", "0x10"])
def test_values_that_cannot_be_a_shard_key(filled: shardkit.Connection, given: Any) -> None:
    error = failing(filled, "INSERT INTO member (memberId) VALUES (%s)", (given,))
    assert isinstance(error, ShardKeyError)
    assert isinstance(error, ProgrammingError)


def test_not_null_and_missing_values(filled: shardkit.Connection) -> None:
    assert failing(filled, "INSERT INTO t_order (memberId) VALUES (1)").errno == 1364
    assert failing(filled, "INSERT INTO t_order (memberId, orderId) VALUES (1, NULL)").errno == 1048
    assert failing(filled, "INSERT INTO member (name) VALUES ('x')").errno == 1364


def test_the_statement_after_an_error_works_on_the_same_cursor(filled: shardkit.Connection) -> None:
    cursor = filled.cursor()
    for bad in (
        "SELEC",
        "SELECT nothing FROM member",
        "SELECT * FROM nowhere",
        "SELECT 1 FROM member WHERE nothing = 1",
    ):
        with pytest.raises(ProgrammingError):
            cursor.execute(bad)
        with pytest.raises(shardkit.Error):
            cursor.fetchone()
        cursor.execute("SELECT memberId FROM member ORDER BY memberId")
        assert cursor.fetchall() == ((0,), (1,), (2,), (3,))


def test_a_table_that_was_changed_behind_our_back(filled: shardkit.Connection, stage: Stage) -> None:
    sql = "SELECT * FROM config ORDER BY k"
    stage.ask(0, f"INSERT INTO `{stage.databases[0].database}`.config VALUES ('a', 'b')")
    assert rows(filled, sql) == [("a", "b")]
    star = "SELECT * FROM doc ORDER BY v, k"
    assert rows(filled, star) == []
    run(filled, "INSERT INTO doc (k, v, n) VALUES ('x', 'y', 1), ('z', 'w', 2)")
    try:
        stage.everywhere("ALTER TABLE doc ADD COLUMN extra INT DEFAULT 5")
        with pytest.raises(UnknownColumn):
            rows(filled, star)
        assert rows(filled, star) == [("z", "w", 2, 5), ("x", "y", 1, 5)]
    finally:
        stage.everywhere("ALTER TABLE doc DROP COLUMN extra")
