"""How a SELECT over several shards is merged: strategy, keys, hidden columns, what is pushed, what is not merged."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import CrossShardRefused
from shardkit.flow import Compare, Key, MergeSpec, Strategy
from shardkit.values import Params
from tests.plan.offline import Offline

SESSION = Offline()


def merge(sql: str) -> MergeSpec:
    found = SESSION.plan(sql).merge
    assert found is not None
    return found


def sql_of(sql: str) -> str:
    """What the first shard is asked, its database left out."""
    return SESSION.plan(sql).tasks[0].sql.replace("`shard_00`.", "")


def facts(sql: str) -> dict[str, Any]:
    """The merge as explain tells it, empty parts left out."""
    data: dict[str, Any] = SESSION.explain(sql)["merge"]
    return {name: value for name, value in data.items() if value and name not in ("columns", "strategy")}


@pytest.mark.parametrize(
    ("sql", "strategy"),
    [
        ("SELECT * FROM member", Strategy.CONCAT),
        ("SELECT nick FROM member LIMIT 3", Strategy.CONCAT),
        ("SELECT nick FROM member ORDER BY NULL", Strategy.CONCAT),
        ("SELECT DISTINCT nick FROM member", Strategy.CONCAT),
        ("SELECT nick FROM member ORDER BY memberId", Strategy.ORDERED),
        ("SELECT memberId, COUNT(*) FROM t_order GROUP BY memberId", Strategy.CONCAT),
        ("SELECT memberId, COUNT(*) FROM t_order GROUP BY memberId ORDER BY 2", Strategy.ORDERED),
        ("SELECT memberId, COUNT(*) FROM t_order GROUP BY memberId HAVING COUNT(*) > 1", Strategy.CONCAT),
        ("SELECT COUNT(*) FROM t_order", Strategy.GROUP),
        ("SELECT status FROM t_order GROUP BY status", Strategy.GROUP),
        ("SELECT status, MAX(amount) FROM t_order GROUP BY status ORDER BY 2 LIMIT 3", Strategy.GROUP),
        ("SELECT COUNT(DISTINCT memberId) FROM t_order", Strategy.GROUP),
        ("SELECT MIN(amount) FROM t_order LIMIT 1", Strategy.GROUP),
    ],
)
def test_strategies(sql: str, strategy: Strategy) -> None:
    assert merge(sql).strategy is strategy


@pytest.mark.parametrize(
    ("column", "compare", "hidden", "blank"),
    [
        ("memberId", Compare.NATIVE, None, b""), ("balance", Compare.NATIVE, None, b""),
        ("score", Compare.NATIVE, None, b""), ("worked", Compare.NATIVE, None, b""), ("raw", Compare.NATIVE, None, b""),
        ("yr", Compare.NATIVE, None, b""), ("flags", Compare.NATIVE, None, b""), ("born", Compare.TEMPORAL, None, b""),
        ("registered", Compare.TEMPORAL, None, b""), ("seen", Compare.NATIVE, "UNIX_TIMESTAMP(seen)", b""),
        ("ratio", Compare.NATIVE, "(ratio) + 0e0", b""), ("level", Compare.NATIVE, "(level) + 0", b""),
        ("tags", Compare.NATIVE, "(tags) + 0", b""), ("memberName", Compare.WEIGHT, "WEIGHT_STRING(memberName)", b""),
        ("nick", Compare.WEIGHT, "WEIGHT_STRING(nick)", b"\x00\x00 "),
        ("note", Compare.WEIGHT, "WEIGHT_STRING(note)", b"\x02\x09"),
    ],
)  # fmt: skip
def test_how_each_type_is_compared(column: str, compare: Compare, hidden: str | None, blank: bytes) -> None:
    found = merge(f"SELECT {column} FROM member ORDER BY {column} DESC")
    nullable = column not in ("memberId", "memberName")
    assert found.order == (Key(0 if hidden is None else 1, compare, True, nullable, blank),)
    assert found.hidden == (() if hidden is None else (hidden,))


def federated(sql: str, params: Params = None) -> str:
    """Why no merge can answer this, but a server."""
    found = SESSION.plan(sql, params)
    assert found.federation is not None
    assert found.merge is None
    assert found.tasks == ()
    return found.route.reason


@pytest.mark.parametrize("place", ["ORDER BY doc", "GROUP BY doc", "GROUP BY CONCAT(nick, note)"])
def test_what_cannot_be_compared_here_is_left_to_a_server(place: str) -> None:
    assert federated(f"SELECT {'memberId' if 'ORDER' in place else 'COUNT(*)'} FROM member {place}")


def test_a_stored_function_may_not_leave_its_shard() -> None:
    with pytest.raises(CrossShardRefused, match="function MY_F over several shards"):
        SESSION.plan("SELECT memberId FROM member ORDER BY my_f(nick)")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT nick FROM member ORDER BY memberId",
         "SELECT nick, memberId AS `sk__0` FROM `member` ORDER BY memberId"),
        ("SELECT nick AS n FROM member ORDER BY n",
         "SELECT nick AS n, WEIGHT_STRING(nick) AS `sk__0` FROM `member` ORDER BY n"),
        ("SELECT memberId, nick FROM member ORDER BY score DESC, 2, score",
         "SELECT memberId, nick, score AS `sk__0`, WEIGHT_STRING(nick) AS `sk__1` FROM `member` "
         "ORDER BY score DESC, 2, score"),
        ("SELECT * FROM coupon ORDER BY code",
         "SELECT *, WEIGHT_STRING(`coupon`.`code`) AS `sk__0` FROM `coupon` ORDER BY code"),
        ("SELECT status FROM t_order GROUP BY status",
         "SELECT status, MIN(WEIGHT_STRING(status)) AS `sk__0` FROM `t_order` GROUP BY status"),
        ("SELECT COUNT(*) FROM t_order GROUP BY sellerId",
         "SELECT COUNT(*), sellerId AS `sk__0` FROM `t_order` GROUP BY sellerId"),
        ("SELECT AVG(amount) FROM t_order",
         "SELECT AVG(amount), SUM(amount) AS `sk__0`, COUNT(amount) AS `sk__1` FROM `t_order`"),
        ("SELECT AVG(amount), SUM(amount) FROM t_order",
         "SELECT AVG(amount), SUM(amount), SUM(amount) AS `sk__0`, COUNT(amount) AS `sk__1` FROM `t_order`"),
        ("SELECT MAX(remark) FROM t_order", "SELECT MAX(remark), MAX(WEIGHT_STRING(remark)) AS `sk__0` FROM `t_order`"),
        ("SELECT 1 FROM t_order GROUP BY status ORDER BY SUM(amount)",
         "SELECT 1, MIN(WEIGHT_STRING(status)) AS `sk__0`, SUM(amount) AS `sk__1` FROM `t_order` GROUP BY status "),
        ("SELECT memberId FROM t_order GROUP BY memberId ORDER BY MAX(amount)",
         "SELECT memberId, MAX(amount) AS `sk__0` FROM `t_order` GROUP BY memberId ORDER BY MAX(amount)"),
    ],
)  # fmt: skip
def test_hidden_columns(sql: str, expected: str) -> None:
    found = sql_of(sql)
    if "MAX(remark)" in sql:  # how the weight of an extreme is asked for is the server's matter
        assert found.startswith("SELECT MAX(remark), ")
        assert "WEIGHT_STRING(" in found
        return
    assert found == expected


@pytest.mark.parametrize(
    ("sql", "pushed"),
    [
        ("SELECT memberId FROM member ORDER BY memberId LIMIT 5 OFFSET 5", "LIMIT 10"),
        ("SELECT memberId FROM member LIMIT 5", "LIMIT 5"),
        ("SELECT DISTINCT born FROM member ORDER BY born LIMIT 5", "LIMIT 5"),
        ("SELECT memberId, SUM(amount) FROM t_order GROUP BY memberId ORDER BY 2 LIMIT 5", "LIMIT 5"),
        ("SELECT status, COUNT(*) FROM t_order GROUP BY status ORDER BY 2 LIMIT 5", ""),
        ("SELECT COUNT(*) FROM t_order LIMIT 5", ""),
        ("SELECT DISTINCT nick FROM member LIMIT 5", ""),
        ("SELECT DISTINCT nick FROM member ORDER BY nick LIMIT 5", ""),
    ],
)
def test_a_limit_is_pushed_down_only_where_rows_are_final(sql: str, pushed: str) -> None:
    found = sql_of(sql)
    assert ("LIMIT" in found) == bool(pushed)
    assert found.endswith(pushed)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT DISTINCT born, score FROM member", {"distinct": ["column 1", "column 2"]}),
        ("SELECT DISTINCT memberId, born FROM member", {}),
        ("SELECT DISTINCT nick FROM member",
         {"hidden": ["WEIGHT_STRING(nick)"], "distinct": ["hidden WEIGHT_STRING(nick) by weight, blanks padded"]}),
        ("SELECT COUNT(*), SUM(amount), MIN(amount) FROM t_order",
         {"folds": ["count of column 1", "sum of column 2", "min of column 3"]}),
        ("SELECT sellerId, AVG(amount) FROM t_order GROUP BY sellerId ORDER BY sellerId DESC LIMIT 2",
         {"hidden": ["SUM(amount)", "COUNT(amount)"], "order": ["column 1 DESC"], "group": ["column 1"], "limit": 2,
          "folds": ["avg of column 2, hidden SUM(amount), hidden COUNT(amount)"]}),
        ("SELECT amount % 2 AS r, COUNT(*) AS n FROM t_order GROUP BY r ORDER BY n, r",
         {"group": ["column 1"], "folds": ["count of column 2"], "order": ["column 2", "column 1"]}),
        ("SELECT 5, COUNT(*), 'x' FROM t_order", {"folds": ["count of column 2"]}),
        ("SELECT COUNT(*) FROM t_order ORDER BY 1", {"folds": ["count of column 1"]}),
    ],
)  # fmt: skip
def test_keys_and_folds(sql: str, expected: dict[str, Any]) -> None:
    assert facts(sql) == expected


def test_an_aggregate_that_is_ordered_by_but_not_selected_is_folded_too() -> None:
    found = merge("SELECT sellerId FROM t_order GROUP BY sellerId ORDER BY COUNT(*) DESC")
    assert [(fold.function, fold.column) for fold in found.folds] == [("count", 1)]
    assert found.order == (Key(1, Compare.NATIVE, True, True),)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT status, COUNT(*) FROM t_order GROUP BY status HAVING COUNT(*) > 1", "HAVING over several shards"),
        ("SELECT SUM(amount) + 1 FROM t_order", "the expression SUM(amount) + 1 over several shards"),
        ("SELECT IFNULL(SUM(amount), 0) FROM t_order", "the expression IFNULL(SUM(amount), 0) over several shards"),
        ("SELECT COUNT(DISTINCT status) FROM t_order", "COUNT(DISTINCT …) over several shards"),
        ("SELECT SUM(DISTINCT amount) FROM t_order", "SUM(DISTINCT …) over several shards"),
        ("SELECT status, orderId, COUNT(*) FROM t_order GROUP BY status",
         "column orderId beside groups over several shards"),
        ("SELECT orderId, COUNT(*) FROM t_order", "column orderId beside groups over several shards"),
        ("SELECT DISTINCT status, COUNT(*) FROM t_order GROUP BY status",
         "SELECT DISTINCT with groups over several shards"),
        ("SELECT DISTINCT status FROM t_order ORDER BY amount", "ORDER BY a column that SELECT DISTINCT leaves out"),
        ("SELECT sellerId FROM t_order GROUP BY sellerId ORDER BY SUM(amount) / 2",
         "the expression SUM(amount) / 2 over several shards"),
        ("SELECT sellerId FROM t_order GROUP BY sellerId ORDER BY amount",
         "column amount beside groups over several shards"),
        ("SELECT memberId FROM member UNION SELECT code FROM country", "this form of SELECT over several shards"),
        ("SELECT STDDEV(amount) FROM t_order", "STDDEV over several shards"),
        ("SELECT MAX(flags) FROM member", "the expression MAX(flags) over several shards"),
    ],
)  # fmt: skip
def test_what_no_merge_can_answer_is_left_to_a_server(sql: str, what: str) -> None:
    assert federated(sql).startswith(what)


def test_locks_are_merged_like_other_rows() -> None:
    for tail in ("FOR UPDATE", "LOCK IN SHARE MODE"):
        assert sql_of(f"SELECT nick FROM member {tail}") == f"SELECT nick FROM `member` {tail}"
        assert sql_of(f"SELECT memberId FROM member ORDER BY 1 LIMIT 2 {tail}").endswith(f"ORDER BY 1 LIMIT 2 {tail}")


@pytest.mark.parametrize("clause", ["ORDER BY %s", "GROUP BY %s"])
def test_a_parameter_is_no_sort_key(clause: str) -> None:
    item = "COUNT(*)" if "GROUP" in clause else "amount"
    assert "a parameter over several shards" in federated(f"SELECT {item} FROM t_order {clause}", (1,))


def test_all_of_it_passes_on_one_shard() -> None:
    for tail in ("HAVING COUNT(*) > 1", "WITH ROLLUP"):
        found = SESSION.plan(f"SELECT status, COUNT(*) FROM t_order WHERE memberId = 1 GROUP BY status {tail}")
        assert found.merge is None
        assert found.tasks[0].sql.endswith(tail)
