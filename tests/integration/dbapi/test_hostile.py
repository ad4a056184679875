"""Hostile values as parameters, through every path a value can take: they come back byte for byte, and break nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import shardkit
from tests.integration.dbapi.hostile import BYTES, LONG, SHORT, TEXTS
from tests.integration.dbapi.stage import BODIES, SHARDS, rows, run, value

NUMBERED = list(enumerate(TEXTS))


@pytest.fixture
def connection(anywhere: shardkit.Connection) -> shardkit.Connection:
    """One of both kinds of world; all tables are still there afterwards."""
    return anywhere


@pytest.fixture(autouse=True)
def _all_tables_stay(connection: shardkit.Connection) -> Any:
    yield
    for table in BODIES:
        run(connection, f"SELECT COUNT(*) FROM {table}")


def fill(connection: shardkit.Connection) -> None:
    found = connection.cursor().executemany("INSERT INTO member (memberId, v) VALUES (%s, %s)", NUMBERED)
    assert found == len(NUMBERED)


def stored(connection: shardkit.Connection) -> list[tuple[Any, ...]]:
    return rows(connection, "SELECT memberId, v FROM member ORDER BY memberId")


def test_executemany_and_all_rows(connection: shardkit.Connection) -> None:
    fill(connection)
    assert stored(connection) == NUMBERED


def test_bytes(connection: shardkit.Connection) -> None:
    numbered = list(enumerate(BYTES))
    connection.cursor().executemany("INSERT INTO member (memberId, b) VALUES (%s, %s)", numbered)
    assert rows(connection, "SELECT memberId, b FROM member ORDER BY memberId") == numbered
    for number, blob in numbered:
        assert value(connection, "SELECT memberId FROM member WHERE memberId = %s AND b = %s", (number, blob)) == number
        assert rows(connection, "SELECT memberId FROM member WHERE b = %s", (blob,)) == [(number,)]
        run(connection, "UPDATE member SET b = %s WHERE memberId IN (0, 1, 2, 3)", (blob,))
        assert rows(connection, "SELECT DISTINCT b FROM member WHERE memberId IN (0, 1, 2, 3)") == [(blob,)]
        run(connection, "UPDATE member SET b = NULL WHERE memberId IN (0, 1, 2, 3)")
        connection.cursor().executemany(
            "INSERT INTO member (memberId, b) VALUES (%s, %s) ON DUPLICATE KEY UPDATE b = VALUES(b)", numbered[:4]
        )


def test_point_selects(connection: shardkit.Connection) -> None:
    fill(connection)
    for number, text in NUMBERED:
        for _ in range(2):  # the second time goes the short way
            found = rows(connection, "SELECT %s, v FROM member WHERE memberId = %s AND v = %s", (text, number, text))
            assert found == [(text, text)]


def test_values_over_shards(connection: shardkit.Connection) -> None:
    fill(connection)
    four = [(number, None) for number in range(SHARDS)]
    for number, text in NUMBERED:
        shown = rows(connection, "SELECT memberId, %s FROM member WHERE memberId < 4 ORDER BY memberId", (text,))
        assert shown == [(i, text) for i, _ in four]
        found = rows(connection, "SELECT memberId, v FROM member WHERE v = %s ORDER BY memberId", (text,))
        assert (number, text) in found


def test_lists_split_by_shard(connection: shardkit.Connection) -> None:
    """The text is the shard key: each shard gets its own entries of the list."""
    assert connection.cursor().executemany("INSERT INTO doc (k, v) VALUES (%s, %s)", [(t, t) for t in SHORT]) == len(
        SHORT
    )
    for text in SHORT:
        assert rows(connection, "SELECT k, v FROM doc WHERE k = %s", (text,)) == [(text, text)]
    marks = ", ".join(["%s"] * len(SHORT))
    found = rows(connection, f"SELECT k, v FROM doc WHERE k IN ({marks})", SHORT)
    assert Counter(found) == Counter((text, text) for text in SHORT)
    assert run(connection, f"UPDATE doc SET v = CONCAT(v, %s) WHERE k IN ({marks})", ["'%s\\", *SHORT]) == len(SHORT)
    found = rows(connection, f"SELECT k, v FROM doc WHERE k IN ({marks})", SHORT)
    assert Counter(found) == Counter((text, f"{text}'%s\\") for text in SHORT)
    assert run(connection, f"DELETE FROM doc WHERE k IN ({marks})", SHORT) == len(SHORT)
    assert rows(connection, "SELECT * FROM doc") == []


def test_rows_of_one_insert_split_by_shard(connection: shardkit.Connection) -> None:
    marks = ", ".join(["(%s, %s, %s)"] * len(SHORT))
    args = [part for text in SHORT for part in (text, text, len(text))]
    assert run(connection, f"INSERT INTO doc (k, v, n) VALUES {marks}", args) == len(SHORT)
    assert Counter(rows(connection, "SELECT k, v, n FROM doc")) == Counter((t, t, len(t)) for t in SHORT)


def test_upserts(connection: shardkit.Connection) -> None:
    fill(connection)
    sql = "INSERT INTO member (memberId, v) VALUES (%s, %s), (%s, %s) ON DUPLICATE KEY UPDATE v = %s"
    for number, text in NUMBERED:
        run(connection, sql, (number, "x", (number + 1) % len(TEXTS), "y", text))
        found = rows(connection, "SELECT v FROM member WHERE memberId IN (%s, %s)", (number, (number + 1) % len(TEXTS)))
        assert found == [(text,), (text,)]


def test_updates_and_deletes(connection: shardkit.Connection) -> None:
    fill(connection)
    for number, text in NUMBERED:
        assert run(connection, "UPDATE member SET name = 'one' WHERE memberId = %s AND v = %s", (number, text)) == 1
    assert rows(connection, "SELECT name, COUNT(*) FROM member GROUP BY name") == [("one", len(TEXTS))]
    for text in TEXTS:
        run(connection, "UPDATE member SET v = %s", (text,))
        assert rows(connection, "SELECT COUNT(*) FROM member WHERE v = %s", (text,)) == [(len(TEXTS),)]
        assert value(connection, "SELECT v FROM member WHERE memberId = 7") == text
    for number, _ in NUMBERED:
        assert run(connection, "DELETE FROM member WHERE memberId = %s AND v = %s", (number, TEXTS[-1])) == 1
    assert stored(connection) == []


def test_named_parameters(connection: shardkit.Connection) -> None:
    for number, text in NUMBERED:
        given = {"id": number, "v": text, "unused": object()}
        run(connection, "INSERT INTO member (memberId, v) VALUES (%(id)s, %(v)s)", {"id": number, "v": text})
        sql = "SELECT %(v)s, v FROM member WHERE memberId = %(id)s AND v = %(v)s"
        assert rows(connection, sql, {key: given[key] for key in ("id", "v")}) == [(text, text)]
        sql = "SELECT memberId, %(v)s FROM member WHERE v = %(v)s ORDER BY memberId DESC LIMIT %(n)s"
        assert rows(connection, sql, {"v": text, "n": 1}) == [(number, text)] or number > 0
    sql = "SELECT memberId, v FROM member WHERE memberId IN (%(a)s, %(b)s) AND v <> %(v)s ORDER BY memberId"
    assert rows(connection, sql, {"a": 0, "b": 1, "v": TEXTS[0]}) == [(1, TEXTS[1])]


def test_hidden_columns_with_parameters(connection: shardkit.Connection) -> None:
    fill(connection)
    for number, text in NUMBERED:
        sql = "SELECT v FROM member ORDER BY memberId = %s DESC, memberId LIMIT %s"
        assert rows(connection, sql, (number, 1)) == [(text,)]
    for text in SHORT:
        sql = "SELECT memberId FROM member WHERE memberId < %s ORDER BY v = %s DESC, memberId LIMIT %s OFFSET %s"
        expected = rows(
            connection, "SELECT memberId FROM member WHERE memberId < 8 AND v = %s ORDER BY memberId", (text,)
        )
        assert rows(connection, sql, (8, text, len(expected), 0)) == expected


def test_groups_of_hostile_values(connection: shardkit.Connection) -> None:
    connection.cursor().executemany("INSERT INTO doc (k, v) VALUES (%s, 'same')", [(text,) for text in SHORT])
    found = rows(connection, "SELECT k, COUNT(*), MAX(v) FROM doc GROUP BY k")
    assert Counter(found) == Counter((text, 1, "same") for text in SHORT)
    assert Counter(rows(connection, "SELECT DISTINCT k FROM doc")) == Counter((text,) for text in SHORT)


def test_broadcast_writes(connection: shardkit.Connection) -> None:
    run(connection, "INSERT INTO country (code, label) VALUES (%s, %s)", ("xx", "old"))
    for text in TEXTS:
        assert run(connection, "UPDATE country SET label = %s WHERE code = %s", (text, "xx")) == 1
        assert value(connection, "SELECT label FROM country WHERE label = %s", (text,)) == text
    for text in SHORT:
        assert run(connection, "DELETE FROM country WHERE label = %s", (TEXTS[-1],)) in (0, 1)
        run(connection, "INSERT INTO country (code, label) VALUES (%s, %s)", (text, text))
        assert value(connection, "SELECT label FROM country WHERE code = %s AND label = %s", (text, text)) == text
        assert run(connection, "DELETE FROM country WHERE code = %s", (text,)) == 1


def test_single_tables(connection: shardkit.Connection) -> None:
    for text in TEXTS:
        run(connection, "REPLACE INTO config (k, v) VALUES (%s, %s)", ("k", text))
        assert rows(connection, "SELECT v FROM config WHERE k = %s AND v = %s", ("k", text)) == [(text,)]


def test_explain_shows_no_value_and_does_nothing(connection: shardkit.Connection) -> None:
    marker = "'; DROP TABLE member; -- 7391"
    for sql, args in (
        ("SELECT v FROM member WHERE memberId = %s AND v = %s", (1, marker)),
        ("SELECT v FROM member WHERE v = %s ORDER BY memberId LIMIT %s", (marker, 5)),
        ("INSERT INTO doc (k, v) VALUES (%s, %s), (%s, %s)", (marker, marker, "b", marker)),
        ("UPDATE member SET v = %s", (marker,)),
        ("DELETE FROM doc WHERE k IN (%s, %s)", (marker, "x")),
        ("INSERT INTO country (code, label) VALUES (%s, %s)", (marker, marker)),
    ):
        found = connection.cursor().explain(sql, args)
        assert "7391" not in f"{found} {found.json()} {found!r}"
        assert found.json()["targets"]
    assert [rows(connection, f"SELECT * FROM {table}") for table in ("member", "doc", "country")] == [[], [], []]


def test_errors_show_no_value(connection: shardkit.Connection) -> None:
    marker = "secret7391"
    for sql, args in (
        ("SELECT %s FROM member WHERE memberId = = %s", (marker, 1)),
        ("SELECT %s, nothing FROM member", (marker,)),
        ("SELECT v FROM member WHERE v = %s", (marker, marker)),
        ("SELECT v FROM member LIMIT %s", (marker,)),
        ("INSERT INTO member (memberId, v) VALUES (%s, %s)", (marker, marker)),
        ("SELECT %(a)s, %(b)s", {"a": marker}),
    ):
        with pytest.raises(shardkit.Error) as caught:
            connection.cursor().execute(sql, args)
        assert marker not in f"{caught.value} {caught.value!r}"


def test_very_long_values_in_one_statement(connection: shardkit.Connection) -> None:
    marks = ", ".join(["(%s, %s)"] * len(LONG))
    run(connection, f"INSERT INTO member (memberId, v) VALUES {marks}", [x for i, t in enumerate(LONG) for x in (i, t)])
    assert stored(connection) == list(enumerate(LONG))
