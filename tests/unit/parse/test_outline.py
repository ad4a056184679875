"""The outermost parts of a SELECT: cut off at the right place, keys resolved as MySQL resolves them."""

from __future__ import annotations

import pytest

from shardkit.errors import SqlSyntaxError
from shardkit.parse import OrderKey, is_select, outline


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", True),
        (" /* x */ select 1", True),
        ("((SELECT 1) UNION SELECT 2)", True),
        ("WITH x AS (SELECT 1) SELECT * FROM x", True),
        ("WITH x AS (SELECT 1) DELETE FROM t", False),
        ("WITH x AS (SELECT 1) UPDATE t SET a = 1", False),
        ("VALUES ROW(1)", True),
        ("INSERT INTO t SELECT 1", False),
        ("SET @a = 1", False),
        ("SHOW TABLES", False),
        ("", False),
    ],
)
def test_what_is_a_select(sql: str, expected: bool) -> None:
    assert is_select(sql) is expected


@pytest.mark.parametrize(
    ("sql", "body", "limit", "offset"),
    [
        ("SELECT a FROM t", "SELECT a FROM t", None, 0),
        ("SELECT a FROM t ORDER BY a LIMIT 5;", "SELECT a FROM t", 5, 0),
        ("SELECT a FROM t LIMIT 5, 7", "SELECT a FROM t", 7, 5),
        ("SELECT a FROM t LIMIT 7 OFFSET 5 FOR UPDATE", "SELECT a FROM t", 7, 5),
        ("SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY b LIMIT 3) ORDER BY 1",
         "SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY b LIMIT 3)", None, 0),
        ("SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY a LIMIT 1", "SELECT a FROM t UNION ALL SELECT b FROM u",
         1, 0),
        ("(SELECT a FROM t ORDER BY a LIMIT 2)", "SELECT a FROM t", 2, 0),
        ("SELECT a FROM t LOCK IN SHARE MODE", "SELECT a FROM t", None, 0),
        ("SELECT a FROM t USE INDEX FOR ORDER BY (k) ORDER BY a", "SELECT a FROM t USE INDEX FOR ORDER BY (k)", None,
         0),
        ("SELECT '汉😀 ORDER BY' AS `LIMIT` FROM t ORDER BY `LIMIT`", "SELECT '汉😀 ORDER BY' AS `LIMIT` FROM t", None,
         0),
    ],
)  # fmt: skip
def test_the_body_is_what_stands_before(sql: str, body: str, limit: int | None, offset: int) -> None:
    found = outline(sql)
    assert (found.body, found.limit, found.offset) == (body, limit, offset)


@pytest.mark.parametrize(
    ("sql", "keys"),
    [
        ("SELECT a, b FROM t ORDER BY b DESC, 1 ASC", [OrderKey("b", True, "b"), OrderKey("1", False, None, 1)]),
        ("SELECT a AS x FROM t ORDER BY x", [OrderKey("(a)", False, "x")]),
        ("SELECT a + 1 AS x FROM t ORDER BY x * 2 DESC", [OrderKey("(a + 1) * 2", True)]),
        ("SELECT a AS x FROM t ORDER BY t.x, x(x)", [OrderKey("t.x", False), OrderKey("x((a))", False)]),
        ("SELECT a AS date FROM t ORDER BY date", [OrderKey("(a)", False, "date")]),
        ("SELECT a FROM t ORDER BY `odd ``name`", [OrderKey("`odd ``name`", False, "odd `name")]),
        ("SELECT a FROM t ORDER BY 'x'", [OrderKey("'x'", False)]),
        ("SELECT a FROM t ORDER BY a, RAND(), b", [OrderKey("a", False, "a")]),
        ("SELECT a FROM t ORDER BY IF(a, b, c), d", [OrderKey("IF(a, b, c)", False), OrderKey("d", False, "d")]),
    ],
)
def test_order_keys(sql: str, keys: list[OrderKey]) -> None:
    assert list(outline(sql).order) == keys


@pytest.mark.parametrize(
    ("sql", "items"),
    [
        ("SELECT a AS x, COUNT(*) n, 'a, b' FROM t", ("a", "COUNT(*)", "'a, b'")),
        ("SELECT *, a FROM t", ()),
        ("SELECT t.* FROM t", ()),
        ("SELECT a FROM t UNION SELECT b FROM u", ()),
    ],
)
def test_items(sql: str, items: tuple[str, ...]) -> None:
    assert outline(sql).items == items


def test_where_further_columns_go() -> None:
    found = outline("SELECT a, b AS x FROM t ORDER BY c")
    assert found.list_end is not None
    assert found.body[: found.list_end] == "SELECT a, b AS x"
    assert outline("SELECT DISTINCT a FROM t").list_end is None
    assert outline("SELECT a FROM t UNION SELECT b FROM u").list_end is None


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM t", False),
        ("SELECT DISTINCT a FROM t", True),
        ("SELECT MAX(a) FROM t", True),
        ("SELECT a FROM t GROUP BY a", True),
        ("SELECT a FROM t UNION SELECT b FROM u", True),
        ("SELECT a FROM t UNION ALL SELECT b FROM u", False),
    ],
)
def test_texts_that_stand_for_others(sql: str, expected: bool) -> None:
    assert outline(sql).gathered is expected


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT NOW()", "NOW()"),
        ("SELECT CURRENT_DATE", "CURRENT_DATE"),
        ("SELECT UUID()", "UUID()"),
        ("SELECT GROUP_CONCAT(a) FROM t", "GROUP_CONCAT"),
        ("SELECT JSON_ARRAYAGG(a) FROM t", "JSON_ARRAYAGG"),
        ("SELECT a FROM (SELECT a FROM t LIMIT 3) AS x", "LIMIT in a subquery"),
    ],
)
def test_what_leaves_the_answer_open(sql: str, said: str) -> None:
    assert any(said in one for one in outline(sql).unsteady)


def test_fixed_answers() -> None:
    assert outline("SELECT GROUP_CONCAT(a ORDER BY a), 'NOW()' FROM t LIMIT 3").unsteady == ()


@pytest.mark.parametrize("sql", ["SELECT FROM", "SELECT a FROM t LIMIT x", "SELECT 'a", "SELECT 1; SELECT 2"])
def test_what_cannot_be_read(sql: str) -> None:
    with pytest.raises(SqlSyntaxError):
        outline(sql)
