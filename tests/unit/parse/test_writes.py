"""The facts of INSERT, REPLACE, UPDATE and DELETE."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError, UnknownColumn
from shardkit.flow import InsertShape, Kind, Literal, ParamRef, Value
from shardkit.values import Params
from tests.unit.parse.predicates import statement


def insert(sql: str, params: Params = None) -> InsertShape:
    found = statement(sql, params).insert
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sql", "keys"),
    [
        ("INSERT INTO coupon VALUES ('a', 1, 2)", [Literal("a")]),
        ("INSERT INTO coupon (amount, CODE) VALUES (1, 'a'), (2, 'b')", [Literal("a"), Literal("b")]),
        ("INSERT coupon (code) VALUES ('a')", [Literal("a")]),
        ("INSERT IGNORE INTO coupon (`code`) VALUE ('a')", [Literal("a")]),
        ("INSERT INTO coupon SET amount = 1, code = 'a'", [Literal("a")]),
        ("REPLACE INTO coupon (code) VALUES ('a')", [Literal("a")]),
        ("REPLACE coupon SET code = 'a'", [Literal("a")]),
        ("INSERT INTO coupon (code) VALUES ROW('a'), ROW('b')", [Literal("a"), Literal("b")]),
        ("INSERT INTO coupon (code) VALUES ('a') AS n ON DUPLICATE KEY UPDATE amount = n.amount", [Literal("a")]),
        ("INSERT INTO coupon (code) VALUES (NULL)", [Literal(None)]),
        ("INSERT INTO coupon (code) VALUES (-1), (1.5), ((2))", [Literal(-1), Literal(1.5), Literal(2)]),
        ("INSERT INTO coupon (code) VALUES (UPPER('a')), ('a' 'b'), (DEFAULT)", [None, None, None]),
        ("INSERT INTO coupon (amount) VALUES (1)", [None]),
        ("INSERT INTO coupon () VALUES ()", [None]),
    ],
)
def test_the_shard_key_of_each_row(sql: str, keys: list[Value | None]) -> None:
    found = insert(sql)
    assert found.key_columns == ("code",)
    assert [row[0] for row in found.keys] == keys


def test_placeholders_as_shard_keys() -> None:
    found = insert("INSERT INTO t_order (orderId, memberId) VALUES (%s, %s), (5, %s)", (1, 2, 3))
    assert found.keys == ((ParamRef(1),), (ParamRef(2),))
    named = insert("INSERT INTO t_order (orderId, memberId) VALUES (%(a)s, %(b)s)", {"a": 1, "b": 2})
    assert named.keys == ((ParamRef("b"),),)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("INSERT INTO coupon (code) VALUES ('), ('), (\"/* ( */\") -- x", ["('), (')", '("/* ( */")']),
        ("INSERT INTO coupon (code) VALUES\n('a')  ,  ('b');", ["('a')", "('b')"]),
        ("INSERT INTO coupon (code) VALUES ROW('a'), ROW('b')", ["ROW('a')", "ROW('b')"]),
        ("REPLACE INTO coupon (code) VALUES ('东'), ('😀')", ["('东')", "('😀')"]),
    ],
)
def test_where_the_rows_stand(sql: str, rows: list[str]) -> None:
    found = insert(sql).rows
    assert found is not None
    assert [sql[start:end] for start, end in found.entries] == rows
    assert (sql[found.span[0]], sql[found.span[1] - 1]) == (rows[0][0], rows[-1][-1])


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("INSERT INTO coupon (code, amount) VALUES ('x')", 1),
        ("INSERT INTO coupon (code, amount) VALUES ('x', 1), ('y')", 2),
        ("INSERT INTO coupon VALUES ('x', 1)", 1),
        ("INSERT INTO coupon (code) VALUES ()", 1),
    ],
)
def test_rows_of_another_width(sql: str, row: int) -> None:
    with pytest.raises(UnknownColumn, match=f"value count at row {row}") as caught:
        insert(sql)
    assert caught.value.errno == 1136


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("INSERT INTO coupon (code) VALUES ('a')", Kind.INSERT), ("REPLACE coupon (code) VALUES ('a')", Kind.REPLACE),
        ("UPDATE coupon SET amount = 1", Kind.UPDATE), ("DELETE FROM coupon", Kind.DELETE),
        ("WITH a AS (SELECT 1) DELETE FROM coupon WHERE amount IN (SELECT * FROM a)", Kind.DELETE),
        ("/* x */ INSERT INTO coupon SELECT 'a', 1, 2", Kind.INSERT), ("VALUES ROW(1), ROW(2)", Kind.SELECT),
    ],
)  # fmt: skip
def test_kinds(sql: str, kind: Kind) -> None:
    assert statement(sql).kind is kind


def test_insert_from_a_select_has_no_rows() -> None:
    found = statement("INSERT INTO coupon (code) SELECT memberName FROM member WHERE memberId = 1")
    assert found.insert is None
    assert [(use.name, use.written) for use in found.tables] == [("coupon", True), ("member", False)]


@pytest.mark.parametrize(
    ("sql", "moved"),
    [
        ("UPDATE t_order SET memberId = 2 WHERE memberId = 1", {0}),
        ("UPDATE t_order o SET o.amount = 1, o.MEMBERID = 2 WHERE memberId = 1", {0}),
        ("UPDATE t_order o JOIN t_order_item i ON o.memberId = i.memberId SET i.memberId = 1", {1}),
        ("UPDATE t_order SET memberId = memberId WHERE memberId = 1", {0}),
        ("UPDATE t_order SET amount = memberId WHERE memberId = 1", set()),
    ],
)
def test_assignments_to_a_shard_key_may_move_rows(sql: str, moved: set[int]) -> None:
    change = statement(sql).change
    assert change is not None
    assert change.moved == moved


def test_an_upsert_moves_no_row() -> None:
    with pytest.raises(NotSupportedError, match="giving the shard key memberId"):
        statement("INSERT INTO t_order (memberId, orderId) VALUES (1, 2) ON DUPLICATE KEY UPDATE memberId = 3")


@pytest.mark.parametrize(
    ("sql", "whats"),
    [
        ("UPDATE t_order SET amount = 1 ORDER BY orderId LIMIT 3", ["LIMIT in a write"]),
        ("DELETE FROM t_order LIMIT 3", ["LIMIT in a write"]),
        ("UPDATE t_order SET amount = 1 ORDER BY orderId", []),
        ("DELETE FROM t_order WHERE orderId IN (SELECT 1)", []),
        ("DELETE FROM t_order WHERE amount = 'SELECT'", []),
        ("INSERT INTO coupon (code) VALUES ('a'), ('b') ON DUPLICATE KEY UPDATE amount = 1", []),
    ],
)
def test_what_keeps_a_write_on_one_shard(sql: str, whats: list[str]) -> None:
    assert [blocker.what.removesuffix(" over several shards") for blocker in statement(sql).blockers] == whats


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("UPDATE IGNORE t_order SET amount = 1 WHERE memberId = 1 ORDER BY orderId LIMIT 3",
         ["t_order", "amount = 1", "WHERE memberId = 1", "ORDER BY orderId", "LIMIT 3"]),
        ("UPDATE t_order o, t_order_item i SET o.amount = i.price, i.price = 1",
         ["t_order o, t_order_item i", "o.amount = i.price, i.price = 1", None, None, None]),
        ("DELETE FROM t_order WHERE amount = 1 /* x */ LIMIT 2 -- end", ["t_order", "", "WHERE amount = 1", None,
                                                                       "LIMIT 2"]),
        ("DELETE o FROM t_order o WHERE o.amount = 1", ["t_order o", "", "WHERE o.amount = 1", None, None]),
        ("DELETE FROM o USING t_order o WHERE o.amount = 1", ["t_order o", "", "WHERE o.amount = 1", None, None]),
    ],
)  # fmt: skip
def test_parts_of_a_change(sql: str, parts: list[str | None]) -> None:
    change = statement(sql).change
    assert change is not None
    spans = (change.sources, change.sets, change.where, change.order, change.limit)
    assert [sql[slice(*span)] if span is not None else None for span in spans] == parts


def test_assigned_values() -> None:
    change = statement(
        "UPDATE t_order SET amount = %s, remark = CONCAT(amount, 'x'), status = DEFAULT, sellerId = (SELECT 1), "
        "created_at = NOW()",
        (1,),
    ).change
    assert change is not None
    facts = [(one.column, one.value is not None, one.default, one.far, one.late) for one in change.assignments]
    assert facts == [
        ("amount", True, False, False, False), ("remark", False, False, False, True),
        ("status", False, True, False, False), ("sellerid", False, False, True, False),
        ("created_at", False, False, False, False),
    ]  # fmt: skip
    cells = [one.cell for one in change.assignments if one.cell is not None]
    assert [cell.clock for cell in cells] == [False, False, False, True]


@pytest.mark.parametrize(
    ("sql", "cells"),
    [
        ("INSERT INTO t_order (memberId, orderId, amount) VALUES (1, 2, 3), (%s, 5, 1 + 2)", [("1 + 2", True)]),
        ("INSERT INTO t_order SET memberId = 1 + 1, orderId = 2, remark = UUID()", [("1 + 1", True), ("UUID()", True)]),
        ("INSERT INTO t_order (memberId, orderId, remark) VALUES (1, orderId, DEFAULT)",
         [("orderId", False), ("DEFAULT", False)]),
        ("INSERT INTO coupon (code, amount) VALUES ROW('a', (SELECT 1)), ROW('b', 2)", [("(SELECT 1)", True)]),
    ],
)  # fmt: skip
def test_computed_values_of_an_insert(sql: str, cells: list[tuple[str, bool]]) -> None:
    insert = statement(sql, (1,) if "%s" in sql else None).insert
    assert insert is not None
    assert [(sql[slice(*cell.span)], cell.alone) for cell in insert.cells] == cells


@pytest.mark.parametrize(
    ("sql", "query"),
    [
        ("INSERT INTO coupon (code) SELECT memberName FROM member", "SELECT memberName FROM member"),
        ("REPLACE coupon (code) (SELECT 'a')", "(SELECT 'a')"),
        ("INSERT INTO coupon WITH c AS (SELECT 1) SELECT * FROM c ON DUPLICATE KEY UPDATE amount = 1",
         "WITH c AS (SELECT 1) SELECT * FROM c"),
    ],
)  # fmt: skip
def test_the_query_of_an_insert(sql: str, query: str) -> None:
    fill = statement(sql).fill
    assert fill is not None
    assert sql[slice(*fill.query)] == query


@pytest.mark.parametrize(
    ("sql", "qualified"),
    [
        ("DELETE FROM t_order WHERE t_order.memberId = 1 AND `t_order`.amount = 2", ["t_order", "`t_order`"]),
        ("INSERT INTO coupon (code) VALUES ('a') ON DUPLICATE KEY UPDATE amount = coupon.amount + 1", ["coupon"]),
        ("UPDATE t_order SET t_order.amount = 1 WHERE t_order.memberId = 1", []),
        ("DELETE o FROM t_order o WHERE o.memberId = 1", []),
    ],
)
def test_qualifiers_of_tables_that_take_no_alias(sql: str, qualified: list[str]) -> None:
    assert [sql[start:end] for (start, end), _ in statement(sql).qualifiers] == qualified


@pytest.mark.parametrize(
    ("sql", "lists"),
    [
        ("SELECT 1 FROM t_order WHERE memberId IN (1, %s, 3) AND amount IN (4, 5)", ["1, %s, 3"]),
        ("UPDATE t_order o SET o.amount = 0 WHERE o.memberId IN (1,2)", ["1,2"]),
        ("SELECT 1 FROM t_order WHERE memberId IN (1)", []),
        ("SELECT 1 FROM t_order WHERE memberId NOT IN (1, 2)", []),
        ("SELECT 1 FROM t_order WHERE memberId IN (1, 2) OR amount = 1", []),
        ("SELECT 1 FROM t_order WHERE memberId IN (1, 1 + 1)", []),
        ("SELECT memberId IN (1, 2) FROM t_order", []),
        ("SELECT 1 FROM t_order WHERE memberId IN (1, 2) AND memberId IN ((3), '4' )", ["1, 2", "(3), '4'"]),
        (
            "SELECT 1 FROM t_order o LEFT JOIN t_order_item i ON o.memberId = i.memberId AND i.memberId IN (1, 2)",
            ["1, 2"],
        ),
        ("SELECT 1 FROM t_order o LEFT JOIN t_order_item i ON o.memberId = i.memberId AND o.memberId IN (1, 2)", []),
    ],
)
def test_lists_that_may_be_split(sql: str, lists: list[str]) -> None:
    params = (2,) if "%s" in sql else None
    assert [sql[pick.span[0] : pick.span[1]] for pick in statement(sql, params).picks] == lists
