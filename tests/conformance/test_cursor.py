"""PEP 249: cursors, on one shard, over several and for counts; the same on the servers and on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

import shardkit
from shardkit.errors import InterfaceError, ParameterError, ProgrammingError

ROWS = [(number, f"m{number:02}") for number in range(12)]
QUERIES = {
    "one shard": ("SELECT orderId, amount FROM t_order WHERE memberId = 3 ORDER BY orderId", None),
    "point": ("SELECT orderId, amount FROM t_order WHERE memberId = %s ORDER BY orderId", (3,)),
    "merge": ("SELECT orderId, amount FROM t_order ORDER BY orderId", None),
    "group": ("SELECT orderId, SUM(amount) FROM t_order GROUP BY orderId ORDER BY orderId", None),
}
AMOUNTS = tuple((number, Decimal(f"{number}.50")) for number in range(1, 8))


@pytest.fixture
def connection(anywhere: shardkit.Connection) -> shardkit.Connection:
    """Twelve members over all shards, and seven orders of member 3."""
    cursor = anywhere.cursor()
    cursor.executemany("INSERT INTO member (memberId, name) VALUES (%s, %s)", ROWS)
    cursor.executemany("INSERT INTO t_order (memberId, orderId, amount) VALUES (3, %s, %s)", AMOUNTS)
    return anywhere


@pytest.fixture
def cursor(connection: shardkit.Connection) -> shardkit.Cursor:
    return connection.cursor()


@pytest.fixture(params=QUERIES)
def result(request: pytest.FixtureRequest, cursor: shardkit.Cursor) -> shardkit.Cursor:
    """The same seven rows by each way a SELECT can go."""
    return cursor.execute(*QUERIES[request.param])


def test_a_new_cursor(cursor: shardkit.Cursor) -> None:
    assert (cursor.description, cursor.rowcount, cursor.arraysize, cursor.lastrowid) == (None, -1, 1, None)


def test_description(result: shardkit.Cursor) -> None:
    assert result.description is not None
    assert [len(column) for column in result.description] == [7, 7]
    assert result.description[0][0] == "orderId"
    assert [column[1] == shardkit.NUMBER for column in result.description] == [True, True]


def test_no_description_after_a_write(cursor: shardkit.Cursor) -> None:
    cursor.execute("SELECT 1")
    for sql in ("UPDATE member SET n = NULL WHERE memberId = 1", "DELETE FROM member WHERE memberId = 99", "COMMIT"):
        cursor.execute(sql)
        assert cursor.description is None
        for fetch in (cursor.fetchone, cursor.fetchmany, cursor.fetchall, lambda: next(iter(cursor))):
            with pytest.raises(shardkit.Error):
                fetch()


def test_fetching_before_executing(cursor: shardkit.Cursor) -> None:
    for fetch in (cursor.fetchone, cursor.fetchmany, cursor.fetchall, lambda: next(iter(cursor))):
        with pytest.raises(shardkit.Error):
            fetch()


def test_fetchone(result: shardkit.Cursor) -> None:
    assert [result.fetchone() for _ in AMOUNTS] == list(AMOUNTS)
    assert result.fetchone() is None
    assert result.fetchone() is None


def test_fetchall(result: shardkit.Cursor) -> None:
    assert result.fetchone() == AMOUNTS[0]
    assert tuple(result.fetchall()) == AMOUNTS[1:]
    assert tuple(result.fetchall()) == ()


def test_fetchmany(result: shardkit.Cursor) -> None:
    assert result.fetchmany() == AMOUNTS[:1]
    result.arraysize = 2
    assert result.fetchmany() == AMOUNTS[1:3]
    assert result.fetchmany(3) == AMOUNTS[3:6]
    assert result.fetchmany(size=0) == ()
    assert result.fetchmany(10) == AMOUNTS[6:]
    assert result.fetchmany() == ()


def test_iteration(result: shardkit.Cursor) -> None:
    assert next(iter(result)) == AMOUNTS[0]
    assert list(result) == list(AMOUNTS[1:])
    assert list(result) == []


def test_all_ways_of_fetching_go_together(result: shardkit.Cursor) -> None:
    found = [result.fetchone(), *result.fetchmany(2), next(iter(result)), *result.fetchall()]
    assert tuple(found) == AMOUNTS


def test_rows_are_tuples(result: shardkit.Cursor) -> None:
    for row in result:
        assert type(row) is tuple


def test_rowcount_of_a_read(result: shardkit.Cursor) -> None:
    assert result.rowcount in (-1, len(AMOUNTS))


def test_empty_results(cursor: shardkit.Cursor) -> None:
    for sql in (
        "SELECT memberId FROM member WHERE memberId = 99",
        "SELECT memberId FROM member WHERE n = 1 ORDER BY 1",
    ):
        cursor.execute(sql)
        assert cursor.description is not None
        assert cursor.fetchone() is None
        assert (cursor.fetchmany(3), cursor.fetchall(), list(cursor)) == ((), (), [])


def test_rowcount_of_a_write(cursor: shardkit.Cursor) -> None:
    for sql, count in (
        ("INSERT INTO member (memberId) VALUES (20)", 1),
        ("INSERT INTO member (memberId) VALUES (21), (22), (23)", 3),
        ("UPDATE member SET name = 'x' WHERE memberId = 20", 1),
        ("UPDATE member SET name = 'y' WHERE memberId IN (20, 21, 22, 99)", 3),
        ("DELETE FROM member WHERE memberId >= 20", 4),
        ("DELETE FROM member WHERE memberId = 20", 0),
        ("INSERT INTO country (code) VALUES ('de'), ('fr')", 2),
        ("DELETE FROM country", 2),
    ):
        cursor.execute(sql)
        assert cursor.rowcount == count, sql


def test_rowcount_of_an_update_that_changes_nothing(cursor: shardkit.Cursor, request: pytest.FixtureRequest) -> None:
    """MySQL counts the rows that changed; SQLite, as docs/explanation/embedded.md says, those that matched."""
    matched = 1 if "sqlite" in request.node.name else 0
    for sql in (
        "UPDATE member SET name = 'm03' WHERE memberId = 3",
        "UPDATE member SET name = 'm03' WHERE name = 'm03'",
    ):
        assert cursor.execute(sql).rowcount == matched


def test_lastrowid_without_auto_increment(cursor: shardkit.Cursor) -> None:
    cursor.execute("INSERT INTO config (k, v) VALUES ('a', 'b')")
    assert not cursor.lastrowid


def test_execute_returns_the_cursor(cursor: shardkit.Cursor) -> None:
    assert cursor.execute("SELECT 1") is cursor
    assert cursor.execute("SELECT COUNT(*) FROM member") is cursor
    assert cursor.execute("DELETE FROM member WHERE memberId = 99") is cursor


def test_parameters(cursor: shardkit.Cursor) -> None:
    sql = "SELECT name FROM member WHERE memberId = %s AND name <> %s"
    given: Any
    for given in ((3, "x"), [3, "x"]):
        assert cursor.execute(sql, given).fetchall() == (("m03",),)
    named = "SELECT name FROM member WHERE memberId = %(id)s AND name <> %(no)s AND memberId <= %(id)s"
    assert cursor.execute(named, {"id": 3, "no": "x"}).fetchall() == (("m03",),)
    assert cursor.execute("SELECT name FROM member WHERE name LIKE 'm0%' AND memberId = 3").fetchall() == (("m03",),)
    assert cursor.execute("SELECT name FROM member WHERE name LIKE 'm0%%' AND memberId = %s", (3,)).fetchall() == (
        ("m03",),
    )


def generated(numbers: range) -> Iterator[tuple[int, str]]:
    for number in numbers:
        yield number, f"g{number}"


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda rows: (row for row in rows), dict.fromkeys])
def test_executemany_of_anything_that_gives_rows(
    connection: shardkit.Connection, cursor: shardkit.Cursor, kind: Callable[[Any], Any]
) -> None:
    found = cursor.executemany(
        "INSERT INTO member (memberId, name) VALUES (%s, %s)", kind(list(generated(range(30, 45))))
    )
    assert found == cursor.rowcount == 15
    assert cursor.description is None
    cursor.execute("SELECT memberId, name FROM member WHERE memberId >= 30 ORDER BY memberId")
    assert cursor.fetchall() == tuple(generated(range(30, 45)))


def test_executemany_of_nothing(cursor: shardkit.Cursor) -> None:
    empty: list[Any] = [[], (), iter([])]
    for nothing in empty:
        assert cursor.executemany("INSERT INTO member (memberId) VALUES (%s)", nothing) == 0
        assert cursor.rowcount == 0
    assert cursor.execute("SELECT COUNT(*) FROM member").fetchall() == ((12,),)


def test_executemany_of_other_statements(cursor: shardkit.Cursor) -> None:
    assert cursor.executemany("UPDATE member SET name = %s WHERE memberId = %s", [("a", 1), ("b", 2), ("c", 99)]) == 2
    named = [{"id": 1, "n": 5}, {"id": 2, "n": 6}]
    assert cursor.executemany("UPDATE member SET n = %(n)s WHERE memberId = %(id)s", named) == 2
    assert cursor.executemany("INSERT INTO member (memberId, n) VALUES (%(id)s, NULL)", [{"id": 50}, {"id": 51}]) == 2
    assert cursor.executemany("DELETE FROM member WHERE memberId = %s", [(50,), (51,), (1,), (77,)]) == 3
    cursor.executemany("REPLACE INTO member (memberId, name) VALUES (%s, %s)", [(2, "z"), (3, "z")])
    assert cursor.execute("SELECT COUNT(*) FROM member WHERE name = 'z'").fetchall() == ((2,),)


def test_executemany_leaves_no_result(cursor: shardkit.Cursor) -> None:
    cursor.execute("SELECT 1")
    cursor.executemany("INSERT INTO member (memberId) VALUES (%s)", [(60,)])
    with pytest.raises(shardkit.Error):
        cursor.fetchall()


def test_executemany_with_wrong_rows(cursor: shardkit.Cursor) -> None:
    rows: list[Any] = [[(70,), (71, 5)], [(70,), ()], [(70,), {"a": 1}]]
    for wrong in rows:
        with pytest.raises(ParameterError):
            cursor.executemany("INSERT INTO member (memberId) VALUES (%s)", wrong)


def test_optional_methods(cursor: shardkit.Cursor) -> None:
    cursor.setinputsizes([10, None])
    cursor.setoutputsize(100)
    cursor.setoutputsize(100, 1)
    cursor.execute("SELECT 1")
    assert not cursor.nextset()  # type: ignore[func-returns-value]
    assert not hasattr(cursor, "callproc")
    with pytest.raises(shardkit.NotSupportedError):
        cursor.execute("CALL nothing()")


def test_a_closed_cursor(connection: shardkit.Connection, cursor: shardkit.Cursor) -> None:
    cursor.execute("SELECT memberId FROM member ORDER BY memberId")
    cursor.close()
    cursor.close()
    calls: list[Callable[[], object]] = [
        cursor.fetchone, cursor.fetchmany, cursor.fetchall, lambda: next(iter(cursor)), lambda: cursor.execute("SELECT 1"),
        lambda: cursor.executemany("SELECT %s", [(1,)]), lambda: cursor.explain("SELECT 1"), lambda: cursor.connection,
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(InterfaceError):
            call()
    assert connection.cursor().execute("SELECT COUNT(*) FROM member").fetchall() == ((12,),)


def test_the_with_block_of_a_cursor(connection: shardkit.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM member")
        assert cursor.fetchall() == ((12,),)
    with pytest.raises(InterfaceError):
        cursor.fetchall()


def test_executing_again_forgets_the_former_result(cursor: shardkit.Cursor) -> None:
    cursor.execute("SELECT memberId FROM member ORDER BY memberId")
    cursor.fetchone()
    cursor.execute("SELECT name FROM member WHERE memberId = 5")
    assert cursor.fetchall() == (("m05",),)
    cursor.execute("SELECT memberId FROM member ORDER BY memberId")
    with pytest.raises(ProgrammingError):
        cursor.execute("SELECT nothing FROM member")
    with pytest.raises(shardkit.Error):
        cursor.fetchall()


@pytest.mark.parametrize("params", [(1, "twice"), [1, "twice"]], ids=["short way", "script"])
def test_a_statement_that_fails_leaves_no_result(cursor: shardkit.Cursor, params: Any) -> None:
    for _ in range(2):  # the second time the text is known
        cursor.execute("SELECT memberId FROM member WHERE memberId = %s", (1,))
        with pytest.raises(shardkit.IntegrityError):
            cursor.execute("INSERT INTO member (memberId, name) VALUES (%s, %s)", params)
        assert (cursor.description, cursor.rowcount) == (None, -1)
        with pytest.raises(shardkit.ProgrammingError):
            cursor.fetchall()
        assert cursor.warning_count == 1


def test_two_cursors_side_by_side(connection: shardkit.Connection) -> None:
    first = connection.cursor().execute("SELECT memberId FROM member ORDER BY memberId")
    second = connection.cursor().execute("SELECT memberId FROM member ORDER BY memberId DESC")
    pairs = [(first.fetchone(), second.fetchone()) for _ in ROWS]
    assert pairs == [((number,), (11 - number,)) for number in range(12)]


def test_nulls_and_decimals(cursor: shardkit.Cursor) -> None:
    cursor.execute("SELECT n, name FROM member WHERE memberId = 1")
    assert cursor.fetchall() == ((None, "m01"),)
    cursor.execute("SELECT SUM(amount), AVG(amount), COUNT(*) FROM t_order")
    assert cursor.fetchall() == ((Decimal("31.50"), Decimal("4.500000"), 7),)
