"""Streams, text under its collation, dates, windows, unions: what is read."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from shardkit.backends.sqlite import SqliteBackend
from shardkit.flow import Collation, Task
from tests.integration.sqlite.conftest import SHARD, Database

NAMES = [
    "alice",
    "Alice",
    "ALICE ",
    "bob",
    "Zoë",
    "zoe",
    "straße",
    "strasse",
    "a_b",
    "10",
    "я",
    "好",
    "😀",
    "",
    " x",
    None,
]


@pytest.fixture
def people(database: Database) -> Database:
    database.write(
        "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20), bin VARCHAR(20) COLLATE utf8mb4_bin,"
        " pad VARCHAR(20) COLLATE utf8mb4_general_ci, at DATETIME, d DATE, p DECIMAL(9,2))"
    )
    for number, name in enumerate(NAMES):
        at = datetime(2020, 1, 1 + number, number % 3)
        args = (number, name, name, name, at, at, Decimal(number) / 10)
        database.write("INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s)", args)
    return database


@pytest.mark.parametrize("column", ["name", "bin"])
def test_order_and_weights_agree(people: Database, column: str) -> None:
    by_column = people.rows(f"SELECT WEIGHT_STRING({column}), id FROM t ORDER BY {column}, id")
    by_weight = people.rows(f"SELECT WEIGHT_STRING({column}) AS w, id FROM t ORDER BY w, id")
    assert by_column == by_weight
    keys = [weight or b"" for weight, _ in by_column]
    assert keys == sorted(keys)


def test_weights_under_a_named_collation(people: Database) -> None:
    rows = people.rows("SELECT id FROM t ORDER BY WEIGHT_STRING(name COLLATE utf8mb4_bin), id")
    assert rows == people.rows("SELECT id FROM t ORDER BY name COLLATE utf8mb4_bin, id")


def test_equality_follows_the_column(people: Database) -> None:
    assert people.rows("SELECT id FROM t WHERE name = %s ORDER BY id", ("ALICE",)) == [(0,), (1,)]
    assert people.rows("SELECT id FROM t WHERE bin = 'Alice'") == [(1,)]
    assert people.rows("SELECT id FROM t WHERE pad = 'alice   ' ORDER BY id") == [(0,), (1,), (2,)]
    assert people.rows("SELECT id FROM t WHERE UPPER(name) = 'zoe' ORDER BY id") == [(4,), (5,)]
    assert people.rows("SELECT id FROM t WHERE BINARY name = 'zoe'") == [(5,)]
    assert people.one("SELECT 'a' = 'Ä'") == 1
    assert people.rows("SELECT id FROM t WHERE name LIKE 'A\\_%'") == [(8,)]
    assert people.rows("SELECT id FROM t WHERE bin LIKE 'a%%' ORDER BY id", ()) == [(0,), (8,)]
    groups = people.rows("SELECT COUNT(*) FROM t WHERE name IN ('zoë', 'strasse') GROUP BY name")
    assert groups == [(2,), (2,)]


def test_dates_compare_as_moments(people: Database) -> None:
    assert people.rows("SELECT id FROM t WHERE at = '2020-01-01'") == [(0,)]
    assert people.rows("SELECT id FROM t WHERE at <= %s", (date(2020, 1, 1),)) == [(0,)]
    assert people.rows("SELECT id FROM t WHERE at BETWEEN '2020-1-1' AND '2020-1-3 01:00' ORDER BY id") == [(0,), (1,)]
    assert people.rows("SELECT id FROM t WHERE d = %s", (datetime(2020, 1, 2),)) == [(1,)]
    assert people.rows("SELECT id FROM t WHERE d < at AND id < 3 ORDER BY id") == [(1,), (2,)]
    assert people.one("SELECT MAX(DATE_FORMAT(at, '%Y/%m')) FROM t") == "2020/01"
    assert people.one("SELECT d + INTERVAL 1 MONTH FROM t WHERE id = 0") == date(2020, 2, 1)


def test_values_of_expressions(people: Database) -> None:
    row = people.rows("SELECT 7 / 2, 7 DIV 2, -7 % 4, 0.1 + 0.2 = 0.3, IFNULL(NULL, 1.50), 1 / 0, 'a' 'b'")
    assert row == [(Decimal("3.5000"), 3, -3, 1, Decimal("1.50"), None, "ab")]
    assert people.one("SELECT SUM(p) FROM t WHERE 1 = 0") is None
    assert people.one("SELECT COUNT(*) FROM t WHERE 1 = 0") == 0
    assert people.rows("SELECT SUM(p) OVER (ORDER BY id) FROM t WHERE id < 3 ORDER BY id") == [
        (Decimal("0.00"),),
        (Decimal("0.10"),),
        (Decimal("0.30"),),
    ]
    union = "(SELECT id FROM t ORDER BY id DESC LIMIT 1) UNION ALL (SELECT id FROM t ORDER BY id LIMIT 1) ORDER BY 1"
    assert people.rows(union) == [(0,), (15,)]


def test_streaming(database: Database) -> None:
    database.write("CREATE TABLE big (id INT PRIMARY KEY, p DECIMAL(9,2))")
    database.connection.run(SHARD, "BEGIN")
    for start in range(0, 100_000, 1000):
        args = [value for i in range(start, start + 1000) for value in (i, i)]
        database.write("INSERT INTO big VALUES " + ", ".join(["(%s, %s)"] * 1000), args)
    database.connection.run(SHARD, "COMMIT")
    started = database.connection.start(Task(SHARD, "SELECT id, p FROM big ORDER BY id"), 1000, None)
    assert (len(started.rows), started.last, started.rowcount) == (1000, False, -1)
    count, last = len(started.rows), False
    while not last:
        rows, last = database.connection.read(5000)
        assert len(rows) <= 5000
        count += len(rows)
    assert count == 100_000
    assert database.connection.read(10) == ((), True)


def test_abandoned_answers(people: Database) -> None:
    people.connection.start(Task(SHARD, "SELECT id FROM t"), 2, None)
    assert people.connection.abandon(0)
    people.connection.start(Task(SHARD, "SELECT id FROM t"), 2, None)
    assert people.one("SELECT COUNT(*) FROM t") == len(NAMES)
    people.write("DELETE FROM t")


def test_collations(backend: SqliteBackend, database: Database) -> None:
    found = backend.collations(database.connection, ["utf8mb4_0900_ai_ci", "utf8mb4_bin", "unknown_ci"])
    assert found == (Collation("utf8mb4_0900_ai_ci", b""), Collation("utf8mb4_bin", b"\0\0 "))
