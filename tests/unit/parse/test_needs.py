"""What a SELECT needs of its tables, and what else stands in its text: locks, index hints, unknown functions."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError
from shardkit.flow import Need
from tests.unit.parse.predicates import statement


def needs(sql: str) -> list[Need]:
    return list(statement(sql).needs)


def columns(sql: str) -> list[str]:
    """The columns of each use, as words."""
    return [" ".join(column.name for column in need.columns) for need in needs(sql)]


ORDER = "memberId orderId status amount created_at sellerId remark"
COUPON = "code memberId amount"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT status FROM t_order o, coupon c", ["memberId orderId status", "code"]),
        ("SELECT COUNT(*) FROM t_order, coupon", ["memberId orderId", "code"]),
        ("SELECT * FROM t_order o, coupon c", [ORDER, COUPON]),
        ("SELECT c.* FROM t_order o, coupon c", ["memberId orderId", COUPON]),
        ("SELECT C.code, (SELECT o.* FROM t_order o LIMIT 1) FROM coupon C", [ORDER, "code"]),
        ("SELECT 1 FROM coupon c WHERE EXISTS (SELECT * FROM t_order o WHERE o.sellerId = 1)",
         ["code", "memberId orderId sellerId"]),
        ("SELECT 1 FROM coupon c WHERE EXISTS (SELECT o.* FROM t_order o WHERE o.sellerId = 1)",
         ["code", ORDER]),
        ("SELECT 1 FROM coupon c NATURAL JOIN t_order o", [COUPON, ORDER]),
        ("SELECT 1 FROM coupon c JOIN t_order o USING (amount)", ["code amount", "memberId orderId amount"]),
        ("SELECT `c`.`Amount` FROM coupon c, t_order o", ["code amount", "memberId orderId amount"]),
        ("SELECT 'amount', 1 AS x FROM coupon c, event e", ["code amount", "at seq"]),
        ("SELECT * FROM (SELECT c.code FROM coupon c) d, t_order o", [ "code", "memberId orderId"]),
        ("SELECT c.code FROM coupon c UNION ALL SELECT o.status FROM t_order o",
         ["code", "memberId orderId status"]),
    ],
)  # fmt: skip
def test_columns_that_are_named_and_the_key(sql: str, expected: list[str]) -> None:
    found = columns(sql)
    if sql.startswith("SELECT * FROM (SELECT"):
        assert found[0] == "code"  # a star outside means what the inner list names
        return
    assert sorted(found) == sorted(expected)


def test_columns_come_in_the_order_of_the_table() -> None:
    assert columns("SELECT remark, o.amount, status FROM t_order o, coupon c")[0] == (
        "memberId orderId status amount remark"
    )


def test_a_table_without_key_or_named_column_gives_its_first() -> None:
    assert columns("SELECT COUNT(*) FROM config a, config b") == ["k", "k"]


@pytest.mark.parametrize(
    ("sql", "joined"),
    [
        ("SELECT 1 FROM t_order o JOIN member m ON m.memberId = o.sellerId", [("sellerid",), ("memberid",)]),
        ("SELECT 1 FROM t_order o, member m WHERE m.nick = o.status OR o.amount = 1", [("status",), ("nick",)]),
        ("SELECT 1 FROM t_order o JOIN t_order_item i USING (orderId)", [("orderid",), ("orderid",)]),
        ("SELECT 1 FROM t_order o, member m WHERE m.memberId < o.sellerId AND o.orderId = o.sellerId", [(), ()]),
        ("SELECT 1 FROM member m WHERE EXISTS (SELECT 1 FROM t_order o WHERE o.sellerId = m.memberId)",
         [("memberid",), ("sellerid",)]),
    ],
)  # fmt: skip
def test_columns_that_are_joined(sql: str, joined: list[tuple[str, ...]]) -> None:
    assert [need.joined for need in needs(sql)] == joined


@pytest.mark.parametrize(
    ("sql", "hints"),
    [
        ("SELECT 1 FROM member m USE INDEX (a, b), coupon IGNORE KEY (c)", ["USE INDEX (a, b)", "IGNORE KEY (c)"]),
        ("SELECT 1 FROM member m FORCE INDEX FOR ORDER BY (PRIMARY)", ["FORCE INDEX FOR ORDER BY (PRIMARY)"]),
        ("SELECT 1 FROM member m USE INDEX ()", ["USE INDEX ()"]),
        ("SELECT 1 FROM member m FORCE INDEX (a) USE INDEX FOR JOIN (b)",
         ["FORCE INDEX (a)", "USE INDEX FOR JOIN (b)"]),
        ("SELECT 'USE INDEX (a)' FROM member", []),
    ],
)  # fmt: skip
def test_index_hints(sql: str, hints: list[str]) -> None:
    assert [sql[slice(*span)] for span in statement(sql).index_hints] == hints


@pytest.mark.parametrize(
    ("tail", "lock"),
    [
        ("", ""), ("FOR UPDATE", "FOR UPDATE"), ("FOR SHARE", "LOCK IN SHARE MODE"),
        ("LOCK IN SHARE MODE", "LOCK IN SHARE MODE"), ("FOR UPDATE NOWAIT", "FOR UPDATE NOWAIT"),
        ("FOR UPDATE SKIP LOCKED", "FOR UPDATE SKIP LOCKED"), ("FOR SHARE NOWAIT", "FOR SHARE NOWAIT"),
        ("FOR SHARE OF m", "LOCK IN SHARE MODE"), ("FOR SHARE OF m FOR UPDATE OF c", "FOR UPDATE"),
    ],
)  # fmt: skip
def test_the_lock_that_does_for_every_table(tail: str, lock: str) -> None:
    assert statement(f"SELECT 1 FROM member m, coupon c {tail}").lock == lock


@pytest.mark.parametrize(
    ("sql", "uses"),
    [
        ("SELECT (SELECT COUNT(*) FROM coupon) FROM member", (0,)),
        ("SELECT (SELECT COUNT(*) FROM coupon) AS n FROM member", ()),
        ("SELECT memberId FROM member WHERE EXISTS (SELECT 1 FROM coupon)", ()),
        ("SELECT (SELECT 1 FROM coupon) UNION SELECT (SELECT 2 FROM member)", (0,)),
    ],
)
def test_tables_that_show_in_a_columns_name(sql: str, uses: tuple[int, ...]) -> None:
    assert statement(sql).shown == uses


@pytest.mark.parametrize("call", ["my_f(1)", "shop_total(m.nick)", "IFNULL(my_f(1), 0)"])
def test_functions_that_mysql_does_not_have(call: str) -> None:
    found = statement(f"SELECT 1,\n {call} FROM member m").unknown_call
    assert found is not None
    assert found.what in ("function MY_F over several shards", "function SHOP_TOTAL over several shards")
    assert found.where.startswith("line 2, ")


@pytest.mark.parametrize(
    "call",
    [
        "UPPER(nick)", "ST_Distance(a, b)", "CAST(1 AS CHAR(3))", "CONVERT(nick USING utf8mb4)", "JSON_OBJECT('a', 1)",
        "GROUPING(nick)", "NTILE(3) OVER (ORDER BY nick)", "RANDOM_BYTES(2)", "CAST('1' AS DECIMAL(3, 1))", "NOW(6)",
        "nick REGEXP ('a')", "nick IN ('a')", "CASE WHEN (1) THEN (2) ELSE (3) END", "INTERVAL(1, 2)",
    ],
)  # fmt: skip
def test_functions_that_it_has(call: str) -> None:
    assert statement(f"SELECT {call} FROM member m").unknown_call is None


def test_names_before_a_bracket_are_no_calls() -> None:
    for sql in (
        "WITH my_f (a) AS (SELECT 1) SELECT a FROM my_f, member",
        "SELECT d.a FROM (SELECT 1) my_f (a), member d",
        "SELECT 'my_f(1)', `my_f` FROM (SELECT 1 AS my_f) x, member",
    ):
        assert statement(sql).unknown_call is None


def test_sql_calc_found_rows_is_cut() -> None:
    sql = "SELECT /* a */ SQL_CALC_FOUND_ROWS nick FROM member LIMIT 3"
    assert [sql[slice(*span)] for span in statement(sql).cut] == ["SQL_CALC_FOUND_ROWS"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SQL_CALC_FOUND_ROWS 1 UNION SELECT 2",
        "WITH a AS (SELECT 1) SELECT SQL_CALC_FOUND_ROWS * FROM a, member",
        "SELECT 1 FROM member WHERE memberId IN (SELECT SQL_CALC_FOUND_ROWS 1)",
    ],
)
def test_sql_calc_found_rows_elsewhere_is_refused(sql: str) -> None:
    with pytest.raises(NotSupportedError, match="SQL_CALC_FOUND_ROWS in a UNION, a WITH or a subquery"):
        statement(sql)
