"""Hostile values written into the SQL text: the text is cut and spliced, and every literal reaches its shard unchanged."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import shardkit
from tests.integration.dbapi.hostile import SHORT, literal
from tests.integration.dbapi.stage import BODIES, rows, run, value

NUMBERED = list(enumerate(SHORT))


@pytest.fixture
def connection(anywhere: shardkit.Connection) -> Any:
    """One of both kinds of world; all tables are still there afterwards."""
    yield anywhere
    for table in BODIES:
        run(anywhere, f"SELECT COUNT(*) FROM {table}")


def test_rows_of_an_insert(connection: shardkit.Connection) -> None:
    values = ", ".join(f"({number}, {literal(text)})" for number, text in NUMBERED)
    assert run(connection, f"INSERT INTO member (memberId, v) VALUES {values}") == len(NUMBERED)
    assert rows(connection, "SELECT memberId, v FROM member ORDER BY memberId") == NUMBERED


def test_the_shard_key_as_a_literal(connection: shardkit.Connection) -> None:
    values = ", ".join(f"({literal(text)}, {literal(text)})" for text in SHORT)
    assert run(connection, f"INSERT INTO doc (k, v) VALUES {values}") == len(SHORT)
    for text in SHORT:
        assert rows(connection, f"SELECT k FROM doc WHERE k = {literal(text)} AND v = {literal(text)}") == [(text,)]
    every = ", ".join(map(literal, SHORT))
    assert Counter(rows(connection, f"SELECT k FROM doc WHERE k IN ({every})")) == Counter((text,) for text in SHORT)
    assert run(connection, f"DELETE FROM doc WHERE k IN ({every})") == len(SHORT)


@pytest.mark.parametrize("where", ["", " WHERE memberId = 1", " ORDER BY memberId"])
def test_literals_in_the_select_list(connection: shardkit.Connection, where: str) -> None:
    run(connection, "INSERT INTO member (memberId) VALUES (0), (1), (2), (3)")
    for text in SHORT:
        found = rows(connection, f"SELECT {literal(text)} AS x, memberId FROM member{where}")
        assert {shown for shown, _ in found} == {text}
        assert len(found) == (1 if "=" in where else 4)


def test_literals_beside_parameters(connection: shardkit.Connection) -> None:
    """With parameters, a percent sign of the text is written twice."""
    run(connection, "INSERT INTO member (memberId) VALUES (0), (1), (2), (3)")
    for text in SHORT:
        written = literal(text).replace("%", "%%")
        sql = f"SELECT {written} AS x, %s, memberId FROM member WHERE memberId = %s"
        assert rows(connection, sql, (text, 2)) == [(text, text, 2)]
        sql = f"SELECT {written} AS x, %(v)s FROM member WHERE memberId IN (%(a)s, %(b)s)"
        assert rows(connection, sql, {"v": text, "a": 0, "b": 1}) == [(text, text)] * 2


def test_updates(connection: shardkit.Connection) -> None:
    run(connection, "INSERT INTO member (memberId) VALUES (0), (1), (2), (3)")
    for text in SHORT:
        run(connection, f"UPDATE member SET v = {literal(text)}")
        assert rows(connection, "SELECT v FROM member") == [(text,)] * 4
        assert run(connection, f"UPDATE member SET v = NULL WHERE v = {literal(text)} AND memberId = 3") == 1


def test_names_with_hostile_letters(connection: shardkit.Connection) -> None:
    run(connection, "INSERT INTO member (memberId, v) VALUES (0, 'a'), (1, 'b')")
    for name in ("it's", "semi;colon", "-- x", "/* x */", "äöü汉字", "with blank", "#", "per%cent", ":x", "?"):
        cursor = connection.cursor().execute(f"SELECT memberId AS `{name}` FROM member ORDER BY `{name}` DESC")
        assert cursor.description is not None
        assert [column[0] for column in cursor.description] == [name]
        assert cursor.fetchall() == ((1,), (0,))


def test_comments_are_only_comments(connection: shardkit.Connection) -> None:
    run(connection, "INSERT INTO member (memberId, v) VALUES (0, 'a'), (1, 'b') -- ; DROP TABLE member")
    for sql in (
        "SELECT memberId /* 'open ; DROP TABLE member */ FROM member ORDER BY memberId",
        "SELECT memberId -- it's ; DROP TABLE member\n FROM member ORDER BY memberId # 'x",
        "/* %s ? :x */ SELECT memberId FROM member ORDER BY memberId",
        "SELECT memberId FROM member WHERE v <> '/*' AND v <> '*/' AND v <> '--' ORDER BY memberId",
    ):
        assert rows(connection, sql) == [(0,), (1,)]


def test_null_is_not_the_text(connection: shardkit.Connection) -> None:
    run(connection, "INSERT INTO member (memberId, v) VALUES (%s, %s), (%s, %s)", (0, None, 1, "NULL"))
    assert rows(connection, "SELECT memberId, v FROM member ORDER BY memberId") == [(0, None), (1, "NULL")]
    assert value(connection, "SELECT memberId FROM member WHERE v IS NULL") == 0
