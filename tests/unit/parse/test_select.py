"""The facts of a SELECT that merging needs, and what stands in its way."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError, SessionBoundRefused, SqlSyntaxError
from shardkit.flow import Literal, ParamRef, SelectShape
from shardkit.values import Params
from tests.unit.parse.predicates import statement


def shape(sql: str, params: Params = None) -> SelectShape:
    found = statement(sql, params).select
    assert found is not None
    return found


def blockers(sql: str) -> list[tuple[str, str]]:
    return [(blocker.what, blocker.where) for blocker in statement(sql).blockers]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("memberId, m.nick", [("memberId", "#0.memberid", "memberId"), ("m.nick", "#0.nick", "nick")]),
        ("memberId AS a, nick b, level 'c'",
         [("memberId", "#0.memberid", "a"), ("nick", "#0.nick", "b"), ("level", "#0.level", "c")]),
        ("`memberId` AS `a b`", [("`memberId`", "#0.memberid", "a b")]),
        ("1, 'x', NULL", [("1", "1", ""), ("'x'", "'x'", ""), ("NULL", "NULL", "")]),
        ("IF(score > 1, /* c */ 'a,b', nick)", [("IF(score > 1,         'a,b', nick)", None, "")]),
        ("COUNT( * ) AS n", [("COUNT( * )", "COUNT(*)", "n")]),
        ("DISTINCT nick", [("nick", "#0.nick", "nick")]),
        ("SQL_NO_CACHE m.nick", [("m.nick", "#0.nick", "nick")]),
    ],
)  # fmt: skip
def test_items(items: str, expected: list[tuple[str, str | None, str]]) -> None:
    found = shape(f"SELECT {items} FROM member m").items
    assert [(item.expr.text, item.name) for item in found] == [(text, name) for text, _, name in expected]
    for item, (_, identity, _) in zip(found, expected, strict=True):
        assert identity in (None, item.expr.identity)


def test_a_star_stands_as_its_columns() -> None:
    found = shape("SELECT *, c.*, 1 FROM coupon AS c").items
    assert [item.expr.text for item in found] == [
        "`c`.`code`", "`c`.`memberId`", "`c`.`amount`", "`c`.`code`", "`c`.`memberId`", "`c`.`amount`", "1",
    ]  # fmt: skip
    both = shape("SELECT * FROM config x JOIN country y ON x.k = y.code").items
    assert [item.name for item in both] == ["k", "v", "code", "name", "region"]


def test_a_star_shows_joined_columns_once_and_first() -> None:
    names = [item.name for item in shape("SELECT * FROM t_order JOIN t_order_item USING (orderId, memberId)").items]
    assert names[:2] == ["memberId", "orderId"]
    assert sorted(names) == sorted(set(names))
    assert [item.name for item in shape("SELECT i.* FROM t_order JOIN t_order_item i USING (memberId)").items] == [
        "memberId", "orderId", "itemId", "sku", "quantity", "price",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("1", [(0, False)]), ("2 DESC", [(1, True)]), ("memberId ASC", [(0, False)]), ("n DESC", [(1, True)]),
        ("m.memberId, n", [(0, False), (1, False)]), ("nick", [(1, False)]), ("m.nick", [(1, False)]),
        ("score", [(None, False)]), ("memberId + 1 DESC", [(None, True)]), ("'n'", [(None, False)]),
        ("NULL", [(None, False)]),
        ("`N`", [(1, False)]), ("3", [(None, False)]),
    ],
)  # fmt: skip
def test_order_by_finds_positions_then_aliases_then_columns(
    order: str, expected: list[tuple[int | None, bool]]
) -> None:
    found = shape(f"SELECT memberId, nick AS n FROM member m ORDER BY {order}").order
    assert [(sort.item, sort.descending) for sort in found] == expected


def test_an_alias_hides_a_column_in_order_by_but_not_in_group_by() -> None:
    found = shape("SELECT -orderId AS memberId FROM t_order ORDER BY memberId")
    assert (found.order[0].item, found.order[0].expr.text) == (0, "-orderId")
    grouped = shape("SELECT -orderId AS memberId FROM t_order GROUP BY memberId")
    assert (grouped.group_items, grouped.group[0].identity) == ((None,), "#0.memberid")
    named = shape("SELECT -orderId AS minus FROM t_order GROUP BY minus")
    assert (named.group_items, named.group[0].text) == ((0,), "-orderId")


@pytest.mark.parametrize("order", ["(2)", "((2)) DESC"])
def test_a_position_in_brackets_is_a_position(order: str) -> None:
    assert shape(f"SELECT memberId, nick FROM member ORDER BY {order}").order[0].item == 1


@pytest.mark.parametrize(
    ("sql", "keyed"),
    [
        ("SELECT memberId, COUNT(*) FROM t_order GROUP BY memberId", True),
        ("SELECT COUNT(*) FROM t_order GROUP BY status, memberId", True),
        ("SELECT COUNT(*) FROM t_order GROUP BY status", False),
        ("SELECT memberId m FROM t_order GROUP BY m", True),
        ("SELECT memberId + 0 FROM t_order GROUP BY memberId + 0", False),
        ("SELECT DISTINCT memberId, status FROM t_order", True),
        ("SELECT DISTINCT status FROM t_order", False),
        ("SELECT DISTINCT COUNT(*), memberId FROM t_order GROUP BY status, memberId", True),
        ("SELECT COUNT(*) FROM t_order o JOIN t_order_item i ON o.memberId = i.memberId GROUP BY i.memberId", True),
        (
            "SELECT COUNT(*) FROM t_order o LEFT JOIN t_order_item i ON o.memberId = i.memberId GROUP BY i.memberId",
            False,
        ),
        (
            "SELECT COUNT(*) FROM t_order o LEFT JOIN t_order_item i ON o.memberId = i.memberId GROUP BY o.memberId",
            True,
        ),
        ("SELECT COUNT(*) FROM member m JOIN country c ON c.code = m.country GROUP BY c.code", False),
    ],
)
def test_groups_that_hold_the_shard_key(sql: str, keyed: bool) -> None:
    assert shape(sql).keyed is keyed


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("COUNT(*)", ("count", "*", False, False)), ("SUM(amount)", ("sum", "amount", False, False)),
        ("count(DISTINCT memberId)", ("count", "DISTINCT memberId", True, True)),
        ("COUNT(DISTINCT status)", ("count", "DISTINCT status", True, False)),
        ("COUNT(DISTINCT memberId, status)", ("count", "DISTINCT memberId, status", True, False)),
        ("Avg( (amount) )", ("avg", "(amount)", False, False)),
        ("MIN(amount + 1)", ("min", "amount + 1", False, False)),
        ("SUM(amount) + 1", None), ("amount", None), ("IFNULL(SUM(amount), 0)", None),
    ],
)  # fmt: skip
def test_aggregate_calls(item: str, expected: tuple[str, str, bool, bool] | None) -> None:
    call = shape(f"SELECT {item} FROM t_order").items[0].expr.call
    assert (call and (call.function, call.argument, call.distinct, call.keyed)) == expected


def test_an_aggregate_in_brackets() -> None:
    call = shape("SELECT (AVG(amount)) FROM t_order").items[0].expr.call
    assert call is None or call.argument == "amount"


@pytest.mark.parametrize(
    ("limit", "params", "expected"),
    [
        ("", None, (None, None)),
        ("LIMIT 5", None, (Literal(5), None)),
        ("LIMIT 2, 5", None, (Literal(5), Literal(2))),
        ("LIMIT 5 OFFSET 2", None, (Literal(5), Literal(2))),
        ("LIMIT %s, %s", (2, 5), (ParamRef(1), ParamRef(0))),
        ("LIMIT %s OFFSET %s", (5, 2), (ParamRef(0), ParamRef(1))),
        ("LIMIT %(n)s", {"n": 1}, (ParamRef("n"), None)),
    ],
)
def test_limits(limit: str, params: Params, expected: tuple[object, object]) -> None:
    found = shape(f"SELECT memberId FROM member {limit}", params)
    assert (found.limit, found.offset) == expected


def test_spans_of_the_text() -> None:
    text = "SELECT a.code /* 东 */ , 1 x FROM coupon a ORDER BY 1 LIMIT 2 -- end"
    found = shape(text)
    assert found.order_span is not None
    assert found.limit_span is not None
    assert text[: found.list_end] == "SELECT a.code /* 东 */ , 1 x"
    assert text[slice(*found.order_span)] == "ORDER BY 1"
    assert text[slice(*found.limit_span)] == "LIMIT 2"


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT SUM(score) OVER () FROM member", "a window function over several shards"),
        ("SELECT 1 FROM member WINDOW w AS (ORDER BY nick)", "a named window"),
        ("SELECT nick FROM member GROUP BY nick WITH ROLLUP", "WITH ROLLUP over several shards"),
        ("SELECT my_function(nick) FROM member", "function my_function over several shards"),
        ("SELECT RAND() FROM member", "function RAND over several shards"),
        ("SELECT NOW() FROM member", "function NOW over several shards"),
        ("SELECT GROUP_CONCAT(nick) FROM member", "GROUP_CONCAT over several shards"),
        ("SELECT 1 FROM member HAVING 1", "HAVING without GROUP BY over several shards"),
        ("SELECT -score AS s FROM member ORDER BY s + 1", "ORDER BY an expression of an alias"),
        ("SELECT * FROM member m JOIN (SELECT 1) d", "SELECT * here"),
    ],
)
def test_what_stands_in_the_way_of_merging(sql: str, what: str) -> None:
    assert what.lower() in [found.lower() for found, _ in blockers(sql)]


def test_blockers_name_their_place() -> None:
    assert blockers("SELECT nick,\n  my_f(nick) FROM member") == [
        ("function MY_F over several shards", "line 2, column 3")
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT UPPER(nick), COUNT(*) FROM member GROUP BY UPPER(nick)",
        "SELECT memberId, GROUP_CONCAT(status) FROM t_order GROUP BY memberId",
        "SELECT memberId FROM member WHERE RAND() < 2 AND registered < NOW()",
        "SELECT memberId, CASE WHEN score IN (1, 2) THEN (1) ELSE (2) END FROM member",
        "SELECT CAST(score AS DECIMAL(5, 2)) FROM member",
        "SELECT memberId AS `rand` FROM member",
        "SELECT 1 FROM member WHERE 1 IN (SELECT 1)",
    ],
)
def test_what_does_not_stand_in_the_way(sql: str) -> None:
    assert blockers(sql) == []


@pytest.mark.parametrize("condition", ["status = 'rollup'", "status IN ('ROLLUP')"])
def test_texts_are_no_keywords(condition: str) -> None:
    assert blockers(f"SELECT memberId FROM t_order WHERE {condition}") == []


def test_a_text_is_not_sql_calc_found_rows() -> None:
    assert blockers("SELECT 'SQL_CALC_FOUND_ROWS' FROM t_order") == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM member UNION SELECT 2 FROM member",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT memberId FROM member) LIMIT 3",
        "(SELECT 1) UNION (SELECT 2) ORDER BY 1",
    ],
)
def test_other_forms_have_no_shape(sql: str) -> None:
    assert statement(sql).select is None


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT LAST_INSERT_ID()", SessionBoundRefused), ("SELECT get_lock('a', 1)", SessionBoundRefused),
        ("SELECT CONNECTION_ID() FROM member WHERE memberId = 1", SessionBoundRefused),
        ("SELECT DATABASE(), 1", SessionBoundRefused),
        ("SELECT SQL_CALC_FOUND_ROWS 1 UNION SELECT 2", NotSupportedError),
        ("SELECT @a := 1", SessionBoundRefused), ("SELECT 1 INTO @a", NotSupportedError),
        ("SELECT * FROM member INTO OUTFILE 'x'", NotSupportedError), ("SELECT 1; SELECT 2", SqlSyntaxError),
        ("SELEC 1", SqlSyntaxError), ("SELECT memberId FROM member WHERE memberId = = 1", SqlSyntaxError),
        ("SELECT (1", SqlSyntaxError), ("SELECT ? FROM member", SqlSyntaxError),
        ("SELECT :a FROM member", SqlSyntaxError),
        ("SELECT memberId, FROM member", SqlSyntaxError), ("SELECT 1 FROM member LIMIT 1 nonsense", SqlSyntaxError),
    ],
)  # fmt: skip
def test_refused_before_any_name_is_known(sql: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        statement(sql)


@pytest.mark.parametrize("text", ["", " ; ", "/* nothing */"])
def test_an_empty_statement(text: str) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        statement(text)
    assert caught.value.errno == 1065


def test_a_syntax_error_names_the_place_in_the_users_text() -> None:
    with pytest.raises(SqlSyntaxError, match="line 2, column 19"):
        statement("SELECT '东京', /* %% */ %s\nFROM member WHERE WHERE 1", (1,))


@pytest.mark.parametrize(
    ("sql", "facts"),
    [
        ("SELECT 1 FROM member FOR UPDATE", (True, False, False, False)),
        ("SELECT 1 FROM member LOCK IN SHARE MODE", (True, False, False, False)),
        ("SELECT my_f(1) FROM member", (False, True, True, False)),
        ("SELECT UUID() FROM member", (False, False, True, False)),
        ("SELECT 1 FROM member WHERE seen < CURRENT_TIMESTAMP", (False, False, False, True)),
        ("SELECT UPPER(nick) FROM member", (False, False, False, False)),
        ("INSERT member (id) VALUES (1) ON DUPLICATE KEY UPDATE nick = VALUES(nick)", (False, False, False, False)),
    ],
)
def test_facts_of_the_whole_statement(sql: str, facts: tuple[bool, bool, bool, bool]) -> None:
    found = statement(sql)
    assert found.locking == facts[0]
    assert found.volatile == facts[2]
    assert found.clock == facts[3]
    assert found.needs_database == facts[1]
