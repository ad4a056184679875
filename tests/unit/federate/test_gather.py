"""Which rows are pulled from where, once for each logical table, and which tables they go into."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from shardkit.federate import tasks
from shardkit.federate.gather import merged
from shardkit.flow import Column, Condition, Family, Federation, Literal, Need, Pull
from shardkit.values import Params
from tests.plan.catalog import RULES
from tests.plan.offline import Offline

SESSION = Offline()


def federation(sql: str, params: Params = None, session: Offline = SESSION) -> Federation:
    found = session.plan(sql, params).federation
    assert found is not None
    return found


def pulls(sql: str, params: Params = None) -> dict[str, Pull]:
    return {pull.table: pull for pull in federation(sql, params).pulls}


def asked(pull: Pull) -> list[tuple[str, str, Any]]:
    return [(task.shard.database, task.sql.replace(f"`{task.shard.database}`.", ""), task.args) for task in tasks(pull)]


def test_every_shard_gives_the_rows_that_may_matter() -> None:
    sql = "SELECT c.v FROM t_order o JOIN config c ON c.k = o.status WHERE o.amount > %s AND o.remark LIKE 'a%%'"
    found = pulls(sql, (5,))
    assert [database for database, _, _ in asked(found["t_order"])] == [f"shard_0{n}" for n in range(5)]
    assert {(text, args) for _, text, args in asked(found["t_order"])} == {
        ("SELECT `memberId`, `orderId`, `status`, CAST(`amount` AS CHAR), `remark` FROM `t_order` "
         "WHERE `amount` > %s AND `remark` LIKE %s", (5, "a%")),
    }  # fmt: skip
    assert asked(found["config"]) == [("app", "SELECT `k`, `v` FROM `config`", ())]


@pytest.mark.parametrize(
    ("where", "orders", "members"),
    [
        ("o.memberId = 1", 1, 5), ("o.memberId IN (1, 2) AND m.memberId = 3", 2, 1), ("o.amount = 1", 5, 5),
        ("o.memberId = 1 AND o.memberId = 2", 0, 5),
    ],
)  # fmt: skip
def test_shards_are_left_out_by_the_key(where: str, orders: int, members: int) -> None:
    found = pulls(f"SELECT 1 FROM t_order o JOIN member m ON m.memberId = o.sellerId WHERE {where}")
    assert (len(tasks(found["t_order"])), len(tasks(found["member"]))) == (orders, members)


def test_a_broadcast_table_comes_from_one_copy_near_the_workspace() -> None:
    found = federation("SELECT c.code FROM country c LEFT JOIN member m ON m.country = c.code")
    (country,) = [pull for pull in found.pulls if pull.table == "country"]
    assert [task.shard for task in tasks(country)] == [found.place]


def test_several_uses_share_one_pull() -> None:
    found = pulls("SELECT a.status, b.remark FROM t_order a JOIN t_order b ON a.orderId = b.sellerId, t_order c "
                  "WHERE a.amount > 1 AND b.amount < 2 AND c.amount = 3")["t_order"]  # fmt: skip
    assert found.name == "`shard_00`.`sk__w0`"
    assert asked(found)[0][1].endswith("WHERE ((`amount` > %s) OR (`amount` < %s) OR (`amount` = %s))")
    assert asked(found)[0][2] == (1, 2, 3)
    creates, copies = found.copies[::2], found.copies[1::2]
    assert [text.partition(" (")[0] for text in creates] == [
        f"CREATE TEMPORARY TABLE `shard_00`.`sk__w{number}`" for number in (1, 2)
    ]
    assert copies == tuple(f"INSERT INTO `shard_00`.`sk__w{n}` SELECT * FROM `shard_00`.`sk__w0`" for n in (1, 2))


def test_a_use_without_conditions_needs_all_rows() -> None:
    found = pulls("SELECT 1 FROM t_order a LEFT JOIN t_order b ON a.orderId = b.sellerId AND b.amount < 2")["t_order"]
    assert "WHERE" not in tasks(found)[0].sql


def test_uses_on_different_shards_pull_from_all_of_them() -> None:
    found = pulls("SELECT (SELECT COUNT(*) FROM t_order WHERE memberId = 1), "
                  "(SELECT COUNT(*) FROM t_order WHERE memberId = 2)")["t_order"]  # fmt: skip
    assert len(tasks(found)) == 2


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("t_order", "PRIMARY KEY (`memberId`, `orderId`)"),
        ("member", "PRIMARY KEY (`memberId`)"),
        ("event", "`at`, `seq`"),
    ],
)
def test_a_key_that_holds_the_shard_key_stays_one(table: str, key: str) -> None:
    assert key in pulls(f"SELECT COUNT(DISTINCT x.a) FROM (SELECT 1 AS a FROM {table}) x")[table].create


def test_a_key_without_the_shard_key_may_stand_twice() -> None:
    tables = dict(SESSION.tables)
    tables["t_order"] = replace(tables["t_order"], primary_key=("orderId",))
    session = Offline(tables=tables.values())
    spread = "SELECT COUNT(*) FROM (SELECT orderId FROM t_order) d"
    assert "PRIMARY KEY" not in federation(spread, session=session).pulls[0].create
    one = "SELECT o.status FROM t_order o, config c WHERE o.memberId = 1"
    (orders,) = [pull for pull in federation(one, session=session).pulls if pull.table == "t_order"]
    assert "PRIMARY KEY (`orderId`)" in orders.create  # all its rows come from one table


def test_locks_are_taken_where_the_rows_lie() -> None:
    found = pulls("SELECT 1 FROM t_order o JOIN member m ON m.memberId = o.sellerId FOR UPDATE SKIP LOCKED")
    assert all(task.sql.endswith("`t_order` FOR UPDATE SKIP LOCKED") for task in tasks(found["t_order"]))
    assert all(task.sql.endswith("`member` FOR UPDATE SKIP LOCKED") for task in tasks(found["member"]))


def test_joined_columns_get_an_index() -> None:
    found = pulls("SELECT 1 FROM t_order o JOIN member m ON m.memberId = o.sellerId")
    assert found["t_order"].create.endswith("KEY (`sellerid`))")
    assert "KEY (`memberid`)" not in found["member"].create.replace("PRIMARY KEY (`memberId`)", "")


def test_index_hints_are_left_out_of_the_final_statement() -> None:
    found = federation("SELECT 1 FROM t_order o FORCE INDEX (by_time) JOIN member m ON m.memberId = o.sellerId")
    assert "by_time" not in found.sql


@pytest.mark.parametrize(("named", "server"), [("rds1", "rds1"), (None, "rds0")])
def test_the_rules_may_name_the_workspace(named: str | None, server: str) -> None:
    rules = (
        RULES
        if named is None
        else RULES.replace("full_scan_writes: allow", f"full_scan_writes: allow, workspace: {named}")
    )
    session = Offline(rules)
    for sql in ("SELECT COUNT(*) + 1 FROM member", "SELECT 1 FROM member m, config c", "SELECT 1 FROM config, country"):
        found = federation(sql, session=session)
        assert found.place.server == server
        assert found.sql.count(f"`{found.place.database}`.`sk__w") == len(found.pulls)


def test_the_workspace_is_where_most_tables_are() -> None:
    for where, server in (("memberId > 0", "rds0"), ("memberId IN (1, 2)", ""), ("memberId = 1", "")):
        found = federation(f"SELECT COUNT(*) FROM (SELECT orderId FROM t_order WHERE {where} LIMIT 3) d, config")
        counts = Counter(task.shard.server for pull in found.pulls for task in tasks(pull))
        assert counts[found.place.server] == max(counts.values())
        assert found.place.server.startswith(server)


def need(*names: str, condition: str = "", value: int = 0) -> Need:
    columns = tuple(Column(name, Family.INTEGER, "int") for name in names)
    return Need(columns, (Condition(condition, (Literal(value),)),) if condition else (), names[:1])


def test_what_several_uses_need_together() -> None:
    both = merged([need("b", condition="b > %s", value=1), need("a", "b", "c", condition="c < %s", value=2)])
    assert [column.name for column in both.columns] == ["a", "b", "c"]
    assert both.conditions == (Condition("((b > %s) OR (c < %s))", (Literal(1), Literal(2))),)
    assert both.joined == ("a", "b")
    assert merged([need("b", condition="b > %s"), need("a")]).conditions == ()
    assert merged([need("b", condition="b > %s")]) == need("b", condition="b > %s")
