"""Values of every type go in and come back as MySQL would give them; what does not fit is refused with its number."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardkit.errors import DataError, Error, ParameterError
from shardkit.flow import Task
from tests.integration.sqlite.conftest import SHARD, Database


class Colour(Enum):
    RED = "red"


VALUES: list[tuple[str, Any, Any]] = [
    ("BIGINT", 2**63 - 1, 2**63 - 1),
    ("INT", "42", 42),
    ("INT", 1.5, 2),
    ("INT UNSIGNED", 2**32 - 1, 2**32 - 1),
    ("TINYINT(1)", True, 1),
    ("BOOL", False, 0),
    ("DECIMAL(12,2)", Decimal("1.005"), Decimal("1.01")),
    ("DECIMAL(12,2)", "-0.1", Decimal("-0.10")),
    ("DECIMAL(12,2)", 3, Decimal("3.00")),
    ("DECIMAL(15,4)", Decimal("12345678901.2345"), Decimal("12345678901.2345")),
    ("DOUBLE", 3, 3.0),
    ("FLOAT", 1.5, 1.5),
    ("VARCHAR(10)", "Zoë 😀", "Zoë 😀"),
    ("VARCHAR(10)", 5, "5"),
    ("VARCHAR(10)", Decimal("1.10"), "1.10"),
    ("VARCHAR(3)", "abc   ", "abc"),
    ("VARCHAR(10)", "a\0b'\"\\", "a\0b'\"\\"),
    ("VARCHAR(10)", Colour.RED, "red"),
    ("CHAR(5)", "ab  ", "ab"),
    ("TEXT", "x" * 60000, "x" * 60000),
    ("ENUM('red', 'green')", Colour.RED, "red"),
    ("DATE", date(2020, 2, 29), date(2020, 2, 29)),
    ("DATE", "2020-1-5", date(2020, 1, 5)),
    ("DATE", datetime(2020, 1, 5, 23, 59), date(2020, 1, 5)),
    ("DATETIME", datetime(2020, 1, 1, 1, 2, 3, 500000), datetime(2020, 1, 1, 1, 2, 4)),
    ("DATETIME", "2020-01-01T01:02", datetime(2020, 1, 1, 1, 2)),
    ("DATETIME", date(2020, 1, 1), datetime(2020, 1, 1)),
    ("DATETIME(6)", datetime(2020, 1, 1, 1, 2, 3, 120000), datetime(2020, 1, 1, 1, 2, 3, 120000)),
    ("TIMESTAMP(3) NULL", datetime(2020, 1, 1, 0, 0, 0, 1499), datetime(2020, 1, 1, 0, 0, 0, 1000)),
    ("TIME", timedelta(hours=100, seconds=1), timedelta(hours=100, seconds=1)),
    ("TIME", "-12:30", -timedelta(hours=12, minutes=30)),
    ("YEAR", 2020, 2020),
    ("BIT(10)", 513, b"\x02\x01"),
    ("VARBINARY(8)", b"\x00\xff", b"\x00\xff"),
    ("BINARY(4)", b"a", b"a\0\0\0"),
    ("BLOB", "text", b"text"),
    ("JSON", '{"bb":1,"a":[1,2]}', '{"a": [1, 2], "bb": 1}'),
    ("JSON", "123", "123"),
    ("INT", None, None),
]


@pytest.mark.parametrize(("kind", "given_", "expected"), VALUES)
def test_there_and_back(database: Database, kind: str, given_: Any, expected: Any) -> None:
    database.write(f"CREATE TABLE t (id INT PRIMARY KEY, x {kind})")
    database.write("INSERT INTO t (id, x) VALUES (%s, %s)", (1, given_))
    assert repr(database.one("SELECT x FROM t")) == repr(expected)
    assert repr(database.one("SELECT MAX(s.x) FROM (SELECT x FROM t) AS s")) == repr(expected) or "BIT" in kind
    if expected is not None and "BIT" not in kind:
        assert database.rows("SELECT id FROM t WHERE x = %s", (expected,)) == [(1,)]


REFUSED: list[tuple[str, Any, int]] = [
    ("INT", 2**31, 1264),
    ("INT UNSIGNED", -1, 1264),
    ("BIGINT UNSIGNED", 2**63, 1264),
    ("INT", "abc", 1366),
    ("DECIMAL(5,2)", 1000, 1264),
    ("DECIMAL(5,2)", "x", 1366),
    ("DECIMAL(30,10)", Decimal("1234567890123.4567891234"), 1264),
    ("VARCHAR(3)", "abcd", 1406),
    ("VARBINARY(1)", b"ab", 1406),
    ("DATE", "2020-02-30", 1292),
    ("DATETIME", "soon", 1292),
    ("TIME", "12:61", 1292),
    ("JSON", "{", 3140),
    ("DOUBLE", float("nan"), 1367),
]


@pytest.mark.parametrize(("kind", "value", "errno"), REFUSED)
def test_what_does_not_fit(database: Database, kind: str, value: Any, errno: int) -> None:
    database.write(f"CREATE TABLE t (id INT PRIMARY KEY, column_ {kind})")
    with pytest.raises(Error) as caught:
        database.write("INSERT INTO t VALUES (1, %s)", (value,))
    assert (type(caught.value), caught.value.errno) == (DataError, errno)
    assert "rds0/member_03" in str(caught.value)
    assert "column_" in str(caught.value) or errno in (1367, 1264)
    assert database.one("SELECT COUNT(*) FROM t") == 0
    assert database.connection.usable


def test_literals_and_expressions_are_stored_as_parameters_are(database: Database) -> None:
    database.write("CREATE TABLE t (id INT PRIMARY KEY, p DECIMAL(12,2), at DATETIME, v VARCHAR(3), b VARBINARY(4))")
    database.write("INSERT INTO t VALUES (1, 1.005, '2020-1-1', 5, 'x'), (2, 2.0 / 3, NOW(), CONCAT('a', 1), x'00')")
    database.write("UPDATE t SET p = p * 1.1, at = at + INTERVAL 1 DAY WHERE id = 1")
    assert database.rows("SELECT * FROM t WHERE id = 1") == [(1, Decimal("1.11"), datetime(2020, 1, 2), "5", b"x")]
    assert database.rows("SELECT p, v, b FROM t WHERE id = 2") == [(Decimal("0.67"), "a1", b"\0")]
    with pytest.raises(DataError):
        database.write("UPDATE t SET v = 'too long'")


def test_parameters_never_become_sql(database: Database) -> None:
    for value in ("'; DROP TABLE t; --", "%s", ":p0", "?", "\\", '"', "/* */", "a\0b", "`"):
        assert database.one("SELECT %s", (value,)) == value
    with pytest.raises(ParameterError):
        database.one("SELECT %s", ([1, 2],))
    with pytest.raises(ParameterError):
        database.one("SELECT %s", (1, 2))
    with pytest.raises(ParameterError):
        database.one("SELECT %(a)s", {"b": 1})
    assert database.one("SELECT %(a)s + %(a)s", {"a": 2, "unused": 3}) == 4


CENTS = st.integers(-(10**12), 10**12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CENTS, min_size=1, max_size=30))
def test_sums_of_money_are_exact(database: Database, cents: list[int]) -> None:
    database.write("DROP TABLE IF EXISTS t")
    database.write("CREATE TABLE t (p DECIMAL(14,2), q INT)")
    for value in cents:
        database.write("INSERT INTO t VALUES (%s, 3)", (Decimal(value) / 100,))
    exact = sum((Decimal(value) / 100 for value in cents), Decimal("0.00"))
    assert database.rows("SELECT SUM(p), SUM(p * q), MIN(p) FROM t") == [(exact, exact * 3, Decimal(min(cents)) / 100)]
    assert database.one("SELECT COUNT(*) FROM t GROUP BY q HAVING SUM(p) = %s", (exact,)) == len(cents)
    mean = database.one("SELECT AVG(p) FROM t")
    assert mean.as_tuple().exponent == -6
    assert mean == (exact / len(cents)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert database.one("SELECT SUM(p) / COUNT(*) FROM t") == mean


def test_description(database: Database) -> None:
    database.write("CREATE TABLE t (Id INT NOT NULL, p DECIMAL(12,2), v VARCHAR(20), at DATETIME)")
    started = database.connection.start(
        Task(SHARD, "SELECT ID, p, SUM(p), v, at, COUNT( * ), 1.5, NULL FROM t"), 0, None
    )
    assert started.description is not None
    assert [column[:2] for column in started.description] == [
        ("ID", 3),
        ("p", 246),
        ("SUM(p)", 246),
        ("v", 253),
        ("at", 12),
        ("COUNT( * )", 8),
        ("1.5", 246),
        ("NULL", 6),
    ]
    assert [len(column) for column in started.description] == [7] * 8
    assert started.description[2][5] == 2
    assert started.description[0][6] is False
