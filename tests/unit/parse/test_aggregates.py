"""Whose aggregate a call is, and which windows never cross shards."""

from __future__ import annotations

import pytest

from tests.unit.parse.predicates import statement


def aggregated(sql: str) -> list[bool]:
    """For each select item whether an aggregate of the query stands in it."""
    select = statement(sql).select
    assert select is not None
    return [item.expr.aggregated for item in select.items]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("COUNT(*)", True), ("1 + SUM(amount)", True), ("amount", False), ("COUNT(*) OVER ()", False),
        ("SUM(COUNT(*)) OVER ()", True), ("GROUP_CONCAT(status)", True), ("JSON_ARRAYAGG(status)", True),
        ("STD(amount)", True), ("BIT_OR(orderId)", True), ("ANY_VALUE(status)", True), ("UPPER(status)", False),
        ("(SELECT COUNT(*) FROM t_order_item)", False), ("(SELECT MAX(i.price) FROM t_order_item i)", False),
        ("(SELECT MAX(o.amount) FROM t_order_item i)", True),
        ("(SELECT MAX(o.amount + i.price) FROM t_order_item i)", False),
        ("(SELECT MAX(unknown) FROM (SELECT 1) d)", True), ("EXISTS (SELECT SUM(price) FROM t_order_item)", False),
        ("ROW_NUMBER() OVER (ORDER BY SUM(amount))", True),
    ],
)  # fmt: skip
def test_whose_aggregate_it_is(item: str, expected: bool) -> None:
    assert aggregated(f"SELECT {item} FROM t_order o") == [expected]


def blocked(sql: str) -> bool:
    """Whether a window keeps it from being merged."""
    return any("window" in blocker.what.lower() for blocker in statement(sql).blockers)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("ROW_NUMBER() OVER (PARTITION BY memberId)", False),
        ("SUM(amount) OVER (PARTITION BY status, t_order.memberId ORDER BY amount)", False),
        ("SUM(amount) OVER (PARTITION BY status)", True), ("SUM(amount) OVER ()", True),
        ("SUM(amount) OVER (PARTITION BY memberId + 0)", True), ("SUM(amount) OVER (ORDER BY memberId)", True),
        ("RANK() OVER (PARTITION BY memberId ORDER BY 1), RANK() OVER (ORDER BY amount)", True),
        ("RANK() OVER (PARTITION BY memberId ORDER BY 1), SUM(1) OVER (PARTITION BY memberId)", False),
    ],
)  # fmt: skip
def test_windows_within_one_shard(window: str, expected: bool) -> None:
    assert blocked(f"SELECT {window} FROM t_order") is expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("w AS (PARTITION BY memberId)", False), ("w AS (PARTITION BY status)", True), ("w AS ()", True),
        ("v AS (PARTITION BY memberId), w AS (v ORDER BY amount)", False),
        ("w AS (v ORDER BY amount), v AS (PARTITION BY memberId)", False),
        ("v AS (PARTITION BY status), w AS (v ORDER BY amount)", True),
        ("w AS (PARTITION BY memberId), unused AS (ORDER BY amount)", False),
    ],
)  # fmt: skip
def test_named_windows(named: str, expected: bool) -> None:
    assert blocked(f"SELECT RANK() OVER w FROM t_order WINDOW {named}") is expected
    assert blocked(f"SELECT RANK() OVER (w) FROM t_order WINDOW {named}") is expected


def test_the_key_of_a_side_that_may_be_missing_decides_nothing() -> None:
    start = "SELECT COUNT(*) OVER (PARTITION BY {}.memberId) FROM t_order o LEFT JOIN t_order_item i USING (memberId)"
    assert not blocked(start.format("o"))
    assert blocked(start.format("i"))
