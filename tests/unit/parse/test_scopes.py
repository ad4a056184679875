"""Which table a column belongs to, which facts hold for which table, and which tables share a slot."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError, ProgrammingError, UnknownColumn, UnknownTable
from shardkit.plan import MetadataNeeded
from tests.plan.offline import Offline
from tests.unit.parse.predicates import predicates, statement

ON = "o.memberId = i.memberId"
LIST = "in (1, 2)"


def joined(rest: str) -> list[str]:
    """The predicates of t_order o and t_order_item i."""
    return predicates(f"SELECT 1 FROM t_order o {rest}")


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (f"JOIN t_order_item i ON {ON} WHERE o.memberId = 1", ["= 1", "= 1"]),
        (f"JOIN t_order_item i ON {ON} WHERE i.memberId = 1", ["= 1", "= 1"]),
        (f"JOIN t_order_item i ON {ON} AND i.memberId = 1", ["= 1", "= 1"]),
        (f", t_order_item i WHERE {ON} AND o.memberId IN (1, 2)", [LIST, LIST]),
        (f"STRAIGHT_JOIN t_order_item i ON {ON} WHERE i.memberId = 1", ["= 1", "= 1"]),
        (f"CROSS JOIN t_order_item i WHERE {ON} AND i.memberId = 1", ["= 1", "= 1"]),
        (f"JOIN t_order_item i ON {ON} WHERE o.memberId = 1 AND i.memberId = 2", ["(= 1 & = 2)", "(= 1 & = 2)"]),
        (f"JOIN (t_order_item i) ON {ON} WHERE i.memberId = 1", ["= 1", "= 1"]),
        ("JOIN t_order_item i USING (memberId) WHERE i.memberId = 1", ["= 1", "= 1"]),
        ("JOIN t_order_item i USING (memberId) WHERE memberId = 1", ["= 1", "= 1"]),
        ("NATURAL JOIN t_order_item i WHERE o.memberId = 1", ["= 1", "= 1"]),
        ("JOIN t_order_item i ON o.memberId < i.memberId WHERE o.memberId = 1", ["= 1", "any"]),
        (f"JOIN t_order_item i ON {ON} OR o.orderId = i.orderId WHERE o.memberId = 1", ["= 1", "any"]),
        ("JOIN t_order_item i ON o.memberId = i.memberId + 0 WHERE o.memberId = 1", ["= 1", "any"]),
    ],
)
def test_an_inner_join_restricts_both_sides(rest: str, expected: list[str]) -> None:
    assert joined(rest) == expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        # a condition in ON says nothing of the side that is kept
        (f"LEFT JOIN t_order_item i ON {ON} AND i.memberId = 1", ["any", "= 1"]),
        (f"LEFT JOIN t_order_item i ON {ON} AND o.memberId = 1", ["any", "= 1"]),
        (f"LEFT JOIN t_order_item i ON {ON} WHERE o.memberId = 1", ["= 1", "= 1"]),
        (f"RIGHT JOIN t_order_item i ON {ON} AND o.memberId = 1", ["= 1", "any"]),
        (f"RIGHT JOIN t_order_item i ON {ON} WHERE i.memberId = 1", ["= 1", "= 1"]),
        ("LEFT JOIN t_order_item i USING (memberId) WHERE memberId = 1", ["= 1", "= 1"]),
        ("NATURAL LEFT JOIN t_order_item i WHERE o.memberId = 1", ["= 1", "= 1"]),
        # a condition in WHERE drops the rows that have no partner
        (f"LEFT JOIN t_order_item i ON {ON} WHERE i.memberId = 1", ["any", "= 1"]),
        (f"LEFT JOIN t_order_item i ON {ON} WHERE o.memberId = i.memberId AND i.memberId = 1", ["= 1", "= 1"]),
        (f"LEFT JOIN t_order_item i ON {ON} WHERE i.memberId = 1 OR i.memberId IS NULL", ["any", "any"]),
    ],
)
def test_an_outer_join_restricts_the_side_that_may_be_missing(rest: str, expected: list[str]) -> None:
    found = joined(rest)
    assert found[0] == expected[0]
    assert set(found[1].strip("()").split(" & ")) == set(expected[1].split(" & "))


@pytest.mark.parametrize(
    ("rest", "groups", "optional"),
    [
        (f"JOIN t_order_item i ON {ON}", [{0, 1}], set()),
        (f"LEFT JOIN t_order_item i ON {ON}", [{0, 1}], {1}),
        (f"RIGHT JOIN t_order_item i ON {ON}", [{0, 1}], {0}),
        ("JOIN t_order_item i USING (memberId, orderId)", [{0, 1}], set()),
        ("NATURAL JOIN t_order_item i", [{0, 1}], set()),
        ("JOIN t_order_item i ON o.orderId = i.orderId", [{0}, {1}], set()),
        ("JOIN t_order_item i ON o.memberId = i.orderId", [{0}, {1}], set()),
        ("JOIN t_order_item i ON o.memberId = i.memberId OR o.amount = 1", [{0}, {1}], set()),
        ("JOIN t_order_item i ON o.memberId <=> i.memberId", [{0}, {1}], set()),
        ("JOIN t_order i ON o.memberId = i.memberId", [{0, 1}], set()),
        ("JOIN member i ON o.memberId = i.memberId", [{0}, {1}], set()),
        ("JOIN country i ON o.status = i.code", [{0}], set()),
        (f"LEFT JOIN (t_order_item i JOIN t_order j ON j.memberId = i.memberId) ON {ON}", [{0, 1, 2}], {1, 2}),
        (f"JOIN t_order_item i ON {ON} JOIN t_order j ON j.memberId = i.memberId", [{0, 1, 2}], set()),
        (f"JOIN t_order_item i ON {ON} JOIN t_order j ON j.orderId = i.orderId", [{0, 1}, {2}], set()),
        ("LEFT JOIN t_order_item i ON o.orderId = i.orderId WHERE o.memberId = i.memberId", [{0, 1}], {1}),
    ],
)
def test_tables_joined_on_their_keys_share_a_slot(rest: str, groups: list[set[int]], optional: set[int]) -> None:
    found = statement(f"SELECT 1 FROM t_order o {rest}")
    assert sorted(map(sorted, found.colocated)) == sorted(map(sorted, groups))
    assert {use.index for use in found.tables if use.optional} == optional


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM member m WHERE memberId = 1 AND EXISTS (SELECT 1 FROM t_order o WHERE o.memberId = m.memberId)",
         ["= 1", "= 1"]),
        ("SELECT (SELECT COUNT(*) FROM t_order o WHERE o.memberId = m.memberId) FROM member m WHERE memberId = 1",
         ["= 1", "= 1"]),
        ("SELECT 1 FROM member m WHERE memberId = 1 OR EXISTS (SELECT 1 FROM t_order o WHERE o.memberId = m.memberId)",
         ["any", "any"]),
        ("SELECT 1 FROM member m WHERE memberId IN (SELECT memberId FROM t_order WHERE memberId = 2)", ["any", "= 2"]),
        ("SELECT 1 FROM member m WHERE NOT EXISTS (SELECT 1 FROM t_order o WHERE o.memberId = m.memberId)", ["any",
         "any"]),
        ("SELECT 1 FROM (SELECT * FROM t_order WHERE memberId = 3) d WHERE d.memberId = 4", ["= 3"]),
        ("SELECT 1 FROM (SELECT * FROM t_order) d WHERE d.memberId = 4", ["any"]),
        ("SELECT 1 FROM (SELECT 5 AS memberId) d, t_order o WHERE memberId = 4", ["any"]),
        ("SELECT 1 FROM t_order WHERE memberId = 1 UNION ALL SELECT 2 FROM t_order_item WHERE memberId = 2", ["= 1",
         "= 2"]),
        ("WITH a AS (SELECT * FROM t_order WHERE memberId = 1) SELECT * FROM a WHERE memberId = 2", ["= 1"]),
        ("WITH a AS (SELECT 1 AS memberId) SELECT * FROM a JOIN t_order o ON o.memberId = a.memberId", ["any"]),
        ("UPDATE t_order o JOIN t_order_item i ON o.memberId = i.memberId SET o.amount = 1 WHERE i.memberId = 1",
         ["= 1", "= 1"]),
        ("DELETE FROM t_order WHERE t_order.memberId = 1", ["= 1"]),
        ("DELETE o, i FROM t_order o JOIN t_order_item i ON o.memberId = i.memberId WHERE o.memberId = 3", ["= 3",
         "= 3"]),
    ],
)  # fmt: skip
def test_facts_of_subqueries_and_writes(sql: str, expected: list[str]) -> None:
    assert predicates(sql) == expected


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT 1 FROM t_order, (SELECT * FROM member) m WHERE 1 IN (SELECT 1 FROM coupon)", ["t_order", "member",
         "coupon"]),
        ("WITH a AS (SELECT * FROM coupon) SELECT * FROM a", ["coupon"]),
        ("WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM a) SELECT * FROM a", []),
        ("SELECT 1 FROM DUAL", []),
        ("SELECT 1", []),
        ("DELETE o FROM t_order o WHERE o.memberId = 1", ["t_order"]),
        ("DELETE FROM o USING t_order o WHERE o.memberId = 1", ["t_order"]),
    ],
)  # fmt: skip
def test_the_tables_of_a_statement(sql: str, names: list[str]) -> None:
    assert [use.name for use in statement(sql).tables] == names


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("WITH t_order AS (SELECT * FROM t_order WHERE memberId = 1) SELECT * FROM t_order", ["t_order"]),
        ("WITH a AS (SELECT * FROM coupon), coupon AS (SELECT 1) SELECT * FROM a", ["coupon"]),
        ("WITH T_ORDER AS (SELECT 1) SELECT * FROM t_order WHERE memberId = 1", ["t_order"]),
    ],
)
def test_a_cte_hides_a_table_only_where_it_is_seen(sql: str, names: list[str]) -> None:
    assert [use.name for use in statement(sql).tables] == names


def test_aliases_are_told_apart_by_case() -> None:
    with pytest.raises(ProgrammingError, match="alias: 'o'") as caught:
        statement("SELECT 1 FROM t_order o, t_order o")
    assert caught.value.errno == 1066


@pytest.mark.parametrize(
    ("sql", "errno"),
    [
        ("SELECT 1 FROM t_order o JOIN t_order_item i ON o.memberId = i.memberId ORDER BY orderId", 1052),
        ("SELECT memberId FROM member ORDER BY nothing", 1054),
        ("SELECT memberId FROM member ORDER BY x.memberId", 1054),
        ("SELECT COUNT(*) FROM member GROUP BY nothing", 1054),
    ],
)
def test_unknown_and_ambiguous_columns(sql: str, errno: int) -> None:
    with pytest.raises(UnknownColumn) as caught:
        statement(sql)
    assert caught.value.errno == errno


@pytest.mark.parametrize("function", ["UTC_TIMESTAMP", "UTC_DATE", "UTC_TIME"])
def test_functions_without_brackets_are_no_columns(function: str) -> None:
    statement(f"SELECT {function} FROM member WHERE memberId = 1")


def test_databases_may_not_be_named() -> None:
    with pytest.raises(NotSupportedError, match=r"the database-qualified name other\.member at line 1, column 15"):
        statement("SELECT 1 FROM other.member")


@pytest.mark.parametrize("sql", ["SELECT 1 FROM nowhere", "SELECT 1 FROM MEMBER", "INSERT INTO nowhere VALUES (1)"])
def test_unknown_tables(sql: str) -> None:
    with pytest.raises(UnknownTable) as caught:
        statement(sql)
    assert caught.value.errno == 1146


def test_metadata_is_asked_for_before_names_are_resolved() -> None:
    with pytest.raises(MetadataNeeded) as caught:
        Offline().planner.prepare("SELECT 1 FROM member m, country c, member n", None)
    assert caught.value.tables == ("member", "country")
