"""Conditions that a shard may apply before its rows travel: what is taken, how it is spelled, and what is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shardkit.flow import Literal, ParamRef
from shardkit.values import Params
from tests.unit.parse.predicates import statement

INNER = "SELECT m.nick FROM member m JOIN t_order o ON o.sellerId = m.memberId WHERE "
OUTER = "SELECT m.nick FROM member m LEFT JOIN t_order o ON o.sellerId = m.memberId WHERE "

ANYWHERE: list[tuple[str, str, tuple[Any, ...]]] = [
    ("o.amount = 1", "`amount` = %s", (1,)),
    ("o.amount <> 1.5", "`amount` <> %s", (Decimal("1.5"),)),
    ("o.amount != -1", "`amount` <> %s", (-1,)),
    ("1 < o.amount", "%s < `amount`", (1,)),
    ("(o.amount) >= (2)", "`amount` >= %s", (2,)),
    ("o.amount <= '3'", "`amount` <= %s", ("3",)),
    ("o.orderId > o.sellerId", "`orderId` > `sellerId`", ()),
    ("o.status IN ('a', 'b')", "`status` IN (%s, %s)", ("a", "b")),
    ("o.status NOT IN ('a')", "NOT (`status` IN (%s))", ("a",)),
    ("o.amount BETWEEN 1 AND 2", "`amount` BETWEEN %s AND %s", (1, 2)),
    ("o.amount NOT BETWEEN 1 AND 2", "NOT (`amount` BETWEEN %s AND %s)", (1, 2)),
    ("o.status LIKE 'a%'", "`status` LIKE %s", ("a%",)),
    ("o.status NOT LIKE 'a%'", "`status` NOT LIKE %s", ("a%",)),
    ("NOT o.amount = 1", "NOT (`amount` = %s)", (1,)),
    ("NOT (o.amount = 1)", "NOT (`amount` = %s)", (1,)),
    ("o.remark IS NOT NULL", "`remark` IS NOT NULL", ()),
    ("NOT (o.remark IS NULL)", "`remark` IS NOT NULL", ()),
    ("o.amount = 1 OR o.status = 'x'", "(`amount` = %s OR `status` = %s)", (1, "x")),
    ("o.amount = 1 + 1", "`amount` = 1 + 1", ()),
    ("o.created_at > '2024-01-01' + INTERVAL 1 DAY", "`created_at` > '2024-01-01' + INTERVAL '1' DAY", ()),
    ("o.created_at > DATE '2024-01-01'", "`created_at` > CAST('2024-01-01' AS DATE)", ()),
    ("o.amount = 1 AND RAND() < 2", "`amount` = %s", (1,)),
    ("(o.amount = 1 AND m.nick = 'x') OR (o.amount = 2 AND RAND() < 1)",
     "((`amount` = %s) OR (`amount` = %s))", (1, 2)),
]  # fmt: skip

ONLY_WHERE_ROWS_ARE_CERTAIN: list[tuple[str, str, tuple[Any, ...]]] = [
    ("o.remark IS NULL", "`remark` IS NULL", ()),
    ("o.remark IS UNKNOWN", "`remark` IS NULL", ()),
    ("o.amount <=> 1", "`amount` <=> %s", (1,)),
    ("o.amount = 1 OR o.remark IS NULL", "(`amount` = %s OR `remark` IS NULL)", (1,)),
]

NEVER = [
    "o.amount = 1 OR m.nick = 'x'", "o.amount = m.score", "NOT (o.amount = 1 OR o.amount = 2)", "NOT NOT o.amount = 1",
    "o.status IN ('a', NULL)", "o.amount = NULL", "o.remark <=> NULL", "'a' LIKE o.status", "NOT o.amount",
    "o.status LIKE 'a|%' ESCAPE '|'", "o.created_at > NOW()", "o.created_at > CURRENT_DATE - INTERVAL 1 DAY",
    "ABS(o.amount) = 1", "o.amount + 1 = 2", "o.amount IS TRUE", "o.amount > 1 IS NOT TRUE", "o.amount XOR 1",
    "o.amount", "o.status = 'a' COLLATE utf8mb4_bin", "o.status = _utf8mb4'a'", "o.status REGEXP 'a'", "o.amount = @x",
    "(o.amount, o.orderId) = (1, 2)", "o.amount = 0x1F", r"o.status = 'a\\b'", "o.amount IN (SELECT 1)",
    "o.amount = (SELECT 1)", "o.amount > ANY (SELECT 1)", "EXISTS (SELECT 1)", "IF(o.amount = 1, 1, 0)",
    "CASE WHEN o.amount = 1 THEN 1 END", "o.amount & 1", "o.amount = 1 = 1", "BINARY o.status = 'a'",
    "NOT (o.amount IS NOT NULL)", "o.amount = RAND()", "o.amount = my_f(1)",
]  # fmt: skip


def of_orders(sql: str, params: Params = None) -> tuple[str, tuple[Any, ...]]:
    """The conditions on t_order, and their values."""
    parts = statement(sql, params).needs[1].conditions
    values = [value for part in parts for value in part.values]
    shown = tuple(value.value if isinstance(value, Literal) else f"%{value.key}" for value in values)
    return " AND ".join(part.sql for part in parts), shown


@pytest.mark.parametrize("start", [INNER, OUTER], ids=["inner", "outer"])
@pytest.mark.parametrize(("condition", "sql", "values"), ANYWHERE)
def test_what_a_row_of_nulls_cannot_fulfil_is_said_on_both_sides(
    start: str, condition: str, sql: str, values: tuple[Any, ...]
) -> None:
    assert of_orders(start + condition) == (sql, values)


@pytest.mark.parametrize(("condition", "sql", "values"), ONLY_WHERE_ROWS_ARE_CERTAIN)
def test_what_a_missing_row_may_fulfil_is_said_of_certain_rows_only(
    condition: str, sql: str, values: tuple[Any, ...]
) -> None:
    assert of_orders(INNER + condition) == (sql, values)
    assert of_orders(OUTER + condition) == ("", ())


@pytest.mark.parametrize("start", [INNER, OUTER], ids=["inner", "outer"])
@pytest.mark.parametrize("condition", NEVER)
def test_in_doubt_nothing_is_said(start: str, condition: str) -> None:
    assert of_orders(start + condition) == ("", ())


@pytest.mark.parametrize(
    ("sql", "params", "values"),
    [
        ("o.amount = %s AND o.status LIKE %s", (1, "a"), ("%0", "%1")),
        ("o.amount IN (%s, 2)", (1,), ("%0", 2)),
        ("o.amount = %(a)s OR o.orderId = %(a)s", {"a": 1}, ("%a", "%a")),
    ],
)
def test_parameters_stay_parameters(sql: str, params: Params, values: tuple[Any, ...]) -> None:
    assert of_orders(INNER + sql, params)[1] == values


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT m.nick FROM member m LEFT JOIN t_order o ON o.sellerId = m.memberId AND o.amount = 1",
         "`amount` = %s"),
        ("SELECT m.nick FROM member m LEFT JOIN t_order o ON o.sellerId = m.memberId AND o.remark IS NULL", ""),
        ("SELECT m.nick FROM member m RIGHT JOIN t_order o ON o.sellerId = m.memberId AND o.amount = 1", ""),
        ("SELECT m.nick FROM member m RIGHT JOIN t_order o ON o.sellerId = m.memberId WHERE o.amount = 1",
         "`amount` = %s"),
        ("SELECT m.nick FROM member m, t_order o WHERE o.amount = 1 AND o.status = 'a'",
         "`amount` = %s AND `status` = %s"),
        ("SELECT nick FROM member m WHERE EXISTS (SELECT 1 FROM t_order o WHERE o.amount = 1 AND m.nick = 'a')",
         "`amount` = %s"),
        ("SELECT nick FROM member m WHERE nick NOT IN (SELECT status FROM t_order WHERE amount = 1)", "`amount` = %s"),
        ("SELECT (SELECT COUNT(*) FROM t_order WHERE amount = 1) FROM member", ""),
        ("SELECT m.nick FROM member m JOIN t_order o ON o.sellerId = m.memberId HAVING m.nick > 'a'", ""),
    ],
)  # fmt: skip
def test_where_conditions_are_found(sql: str, expected: str) -> None:
    if "(SELECT COUNT(*)" in sql:
        assert [part.sql for part in statement(sql).needs[0].conditions] == ["`amount` = %s"]
    else:
        assert of_orders(sql)[0] == expected


def test_names_are_quoted() -> None:
    found = statement("SELECT 1 FROM coupon `c` JOIN member m ON m.nick = `c`.`code` WHERE `c`.`Code` = 'a%'").needs[0]
    assert [part.sql for part in found.conditions] == ["`code` = %s"]
    assert found.conditions[0].values == (Literal("a%"),)


def test_a_parameter_that_names_nothing_else() -> None:
    found = statement("SELECT 1 FROM coupon c JOIN member m ON m.nick = c.code WHERE %s = c.code", ("x",)).needs[0]
    assert found.conditions[0].values == (ParamRef(0),)
