"""Grouped SELECTs in two steps: leaves, labels and sources, and what cannot be taken apart."""

from __future__ import annotations

import pytest

from shardkit.flow import Grouping
from shardkit.values import Params
from tests.unit.parse.predicates import statement


def grouping(sql: str, params: Params = None) -> Grouping:
    found = statement(sql, params).grouping
    assert found is not None, sql
    return found


def leaves(sql: str) -> list[str]:
    """`text=g0` for a group's leaf, `text=c1` for a call's."""
    given = grouping(sql)
    return [
        f"{sql[slice(*leaf.span)]}={f'g{leaf.group}' if leaf.group is not None else f'c{leaf.call}'}"
        for leaf in given.leaves
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT status, SUM(amount) / COUNT(*) FROM t_order GROUP BY status HAVING COUNT(*) > 2 ORDER BY status",
         ["status=g0", "SUM(amount)=c0", "COUNT(*)=c1", "COUNT(*)=c1", "status=g0"]),
        ("SELECT COUNT(*) + 1 FROM t_order", ["COUNT(*)=c0"]),
        ("SELECT YEAR(created_at) + 1, COUNT(*) FROM t_order GROUP BY YEAR(created_at)",
         ["YEAR(created_at)=g0", "COUNT(*)=c0"]),
        ("SELECT orderId % 5 AS r, COUNT(*) FROM t_order GROUP BY r HAVING r > 1", ["orderId % 5=g0", "COUNT(*)=c0"]),
        ("SELECT orderId % 5, COUNT(*) FROM t_order GROUP BY 1", ["orderId % 5=g0", "COUNT(*)=c0"]),
        ("SELECT t_order.STATUS, COUNT( ALL amount ) FROM t_order GROUP BY Status",
         ["t_order.STATUS=g0", "COUNT( ALL amount )=c0"]),
        ("SELECT UPPER(status), COUNT(*) FROM t_order GROUP BY status", ["status=g0", "COUNT(*)=c0"]),
        ("SELECT sellerId, SUM(COUNT(*)) OVER () FROM t_order GROUP BY sellerId", ["sellerId=g0", "COUNT(*)=c0"]),
        ("SELECT COUNT(*) AS n, RANK() OVER w FROM t_order GROUP BY sellerId WINDOW w AS (ORDER BY SUM(amount))",
         ["COUNT(*)=c0", "SUM(amount)=c1"]),
        ("SELECT status, COUNT(*) + 1 AS n FROM t_order GROUP BY status HAVING n > 1 ORDER BY n",
         ["status=g0", "COUNT(*)=c0"]),
        ("SELECT sellerId AS amount, COUNT(*) FROM t_order GROUP BY sellerId ORDER BY amount",
         ["sellerId=g0", "COUNT(*)=c0"]),
    ],
)  # fmt: skip
def test_leaves(sql: str, expected: list[str]) -> None:
    assert leaves(sql) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("COUNT(*)", ("COUNT", ["*"], False)), ("sum( amount )", ("SUM", ["amount"], False)),
        ("COUNT(DISTINCT sellerId, status)", ("COUNT", ["sellerId", "status"], True)),
        ("SUM(DISTINCT amount)", ("SUM", ["amount"], True)), ("MIN(DISTINCT amount)", ("MIN", ["amount"], False)),
        ("AVG(amount)", ("AVG", ["amount"], False)), ("AVG(DISTINCT amount) + 1", ("AVG", ["amount"], True)),
        ("BIT_XOR(orderId)", ("BIT_XOR", ["orderId"], False)), ("ANY_VALUE(status)", ("ANY_VALUE", ["status"], False)),
        ("MAX(IF(amount > 1, 'a,b', status))", ("MAX", ["IF(amount > 1, 'a,b', status)"], False)),
    ],
)  # fmt: skip
def test_calls(call: str, expected: tuple[str, list[str], bool]) -> None:
    (found,) = grouping(f"SELECT {call} FROM t_order").calls
    assert (found.function, [sql for sql, _ in found.arguments], found.distinct) == expected


@pytest.mark.parametrize(
    ("items", "labels"),
    [
        ("status, COUNT(*)+ 1", ["status", "COUNT(*)+ 1"]), ("t_order.Status, COUNT(*) AS n", ["Status"]),
        ("status s, count( * ) 'x'", []), ("'constant', NULL, COUNT(*)", ["COUNT(*)"]),
    ],
)  # fmt: skip
def test_columns_without_an_alias_keep_their_labels(items: str, labels: list[str]) -> None:
    assert [name for _, name in grouping(f"SELECT {items} FROM t_order GROUP BY status").labels] == labels


def test_sources() -> None:
    sql = "SELECT COUNT(*) + 1 FROM t_order o WHERE amount > 1 GROUP BY status, sellerId WITH ROLLUP HAVING 1 LIMIT 3"
    found = grouping(sql)
    assert sql[slice(*found.rows)] == "FROM t_order o WHERE amount > 1"
    assert sql[slice(*found.source)] == "FROM t_order o WHERE amount > 1 GROUP BY status, sellerId"
    assert [text for text, _ in found.groups] == ["status", "sellerId"]
    assert found.grouped
    assert not grouping("SELECT COUNT(*) + 1 FROM t_order").grouped


def test_parameters_go_with_their_parts() -> None:
    found = grouping(
        "SELECT SUM(amount * %s) + %s AS s FROM t_order WHERE status = %s GROUP BY orderId + %s", (1, 2, 3, 4)
    )
    assert [[param.key for param in params] for _, params in found.calls[0].arguments] == [[0]]
    assert [[param.key for param in params] for _, params in found.groups] == [[3]]


@pytest.mark.parametrize(
    "sql",
    [
        # nothing to group, or rows are looked at outside of the leaves
        "SELECT 1 FROM t_order", "SELECT amount FROM t_order", "SELECT COUNT(*) + 1",
        "SELECT orderId, COUNT(*) FROM t_order GROUP BY status", "SELECT * FROM t_order GROUP BY memberId",
        "SELECT COUNT(*) FROM t_order GROUP BY status ORDER BY amount",
        "SELECT COUNT(*) FROM t_order GROUP BY status HAVING amount > 1", "SELECT COUNT(*) OVER () FROM t_order",
        # one name for two things
        "SELECT sellerId AS status, COUNT(*) FROM t_order GROUP BY status ORDER BY status",
        # aggregates without parts; a mean inside of an expression has more digits than it shows
        "SELECT GROUP_CONCAT(status) FROM t_order", "SELECT STDDEV(amount) FROM t_order",
        "SELECT JSON_ARRAYAGG(status), COUNT(*) FROM t_order", "SELECT AVG(amount) + 1 FROM t_order",
        "SELECT sellerId FROM t_order GROUP BY sellerId HAVING AVG(amount) > 1",
        "SELECT sellerId FROM t_order GROUP BY sellerId ORDER BY AVG(amount)",
        # subqueries and derived tables
        "SELECT SUM((SELECT 1)) FROM t_order", "SELECT (SELECT 1), COUNT(*) FROM t_order",
        "SELECT COUNT(*) FROM t_order WHERE amount > (SELECT 1)", "SELECT COUNT(*) FROM t_order, (SELECT 1) d",
        # what a shard shows otherwise than it is
        "SELECT SUM(ratio) FROM member", "SELECT ratio, COUNT(*) FROM member GROUP BY ratio",
        "SELECT MAX(seen), COUNT(*) FROM member", "SELECT MAX(flags) FROM member",
        # not the same on every shard
        "SELECT COUNT(*) FROM t_order GROUP BY NOW()", "SELECT COUNT(*) FROM t_order GROUP BY DATE(CURRENT_TIMESTAMP)",
        "SELECT COUNT(*) FROM t_order GROUP BY RAND()",
        # a constant
        "SELECT COUNT(*) FROM t_order GROUP BY 'x'",
    ],
)  # fmt: skip
def test_what_is_not_in_two_steps(sql: str) -> None:
    assert statement(sql).grouping is None


def test_a_label_that_would_hold_a_value() -> None:
    assert statement("SELECT COUNT(*) + %s FROM t_order", (1,)).grouping is None
    assert statement("SELECT COUNT(*) + %s AS n FROM t_order", (1,)).grouping is not None
