"""Splicing: only names, lists, rows, LIMIT and hidden columns differ from the user's text."""

from __future__ import annotations

import pytest

from shardkit.flow import Target, Task
from shardkit.rewrite.template import quote
from shardkit.values import Params, ShardId
from tests.unit.route.tables import session

SESSION = session()


def tasks(sql: str, params: Params = None) -> tuple[Task, ...]:
    return SESSION.plan(sql, params).tasks


def one(sql: str, params: Params = None) -> Task:
    (task,) = tasks(sql, params)
    return task


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT n FROM member WHERE id = 5", "SELECT n FROM `m_1`.`member` WHERE id = 5"),
        ("SELECT n FROM `member` AS m WHERE id = 5", "SELECT n FROM `m_1`.`member` AS m WHERE id = 5"),
        ("SELECT orders.n FROM orders WHERE memberId = 5",
         "SELECT orders.n FROM `o_1`.`orders_2` AS `orders` WHERE memberId = 5"),
        ("SELECT o.n FROM orders o WHERE memberId = 5", "SELECT o.n FROM `o_1`.`orders_2` o WHERE memberId = 5"),
        ("SELECT n FROM orders USE INDEX (a) WHERE memberId = 5",
         "SELECT n FROM `o_1`.`orders_2` AS `orders` USE INDEX (a) WHERE memberId = 5"),
        ("SELECT n FROM orders PARTITION (p0) WHERE memberId = 5",
         "SELECT n FROM `o_1`.`orders_2` PARTITION (p0) AS `orders` WHERE memberId = 5"),
        ("SELECT n FROM(orders)WHERE orders.memberId=5",
         "SELECT n FROM(`o_1`.`orders_2` AS `orders`)WHERE orders.memberId=5"),
        ("SELECT 1 FROM orders a, orders b WHERE a.memberId = 5 AND b.memberId = 5",
         "SELECT 1 FROM `o_1`.`orders_2` a, `o_1`.`orders_2` b WHERE a.memberId = 5 AND b.memberId = 5"),
        ("SELECT 1 FROM orders WHERE memberId=5 AND EXISTS (SELECT 1 FROM orders x WHERE x.memberId = orders.memberId)",
         "SELECT 1 FROM `o_1`.`orders_2` AS `orders` WHERE memberId=5 AND EXISTS "
         "(SELECT 1 FROM `o_1`.`orders_2` x WHERE x.memberId = orders.memberId)"),
        ("INSERT INTO orders (memberId) VALUES (5) ON DUPLICATE KEY UPDATE n = orders.n + 1",
         "INSERT INTO `o_1`.`orders_2` (memberId) VALUES (5) ON DUPLICATE KEY UPDATE n = `orders_2`.n + 1"),
        ("UPDATE orders SET orders.n = 1 WHERE memberId = 5",
         "UPDATE `o_1`.`orders_2` AS `orders` SET orders.n = 1 WHERE memberId = 5"),
        ("DELETE FROM orders WHERE orders.memberId = 5", "DELETE FROM `o_1`.`orders_2` WHERE `orders_2`.memberId = 5"),
        ("DELETE FROM orders AS o WHERE o.memberId = 5", "DELETE FROM `o_1`.`orders_2` AS o WHERE o.memberId = 5"),
        ("REPLACE orders SET memberId = 5", "REPLACE `o_1`.`orders_2` SET memberId = 5"),
    ],
)  # fmt: skip
def test_names(sql: str, expected: str) -> None:
    assert one(sql).sql == expected


@pytest.mark.parametrize(
    "around",
    [
        "SELECT /*+ MAX_EXECUTION_TIME(9) */ SQL_NO_CACHE  id,\n\t'{x}', \"a''b\", `id` FROM {t}\n WHERE id = 5 -- end",
        "SELECT '\\'', 'it''s', '东京 😀', 0x41, b'1', N'x', _utf8mb4'y' /* {t} */ FROM {t} m WHERE id=5;",
        "SELECT id<5, id<<1, 5--3, a->'$.b', x'41' FROM {t} # member\nWHERE id = 5 FOR UPDATE",
        "SELECT id FROM {t} WHERE /*!50000 id = 5 */ AND name LIKE '%s%%' LIMIT 1,2",
    ],
)
def test_everything_else_is_sent_as_it_was_written(around: str) -> None:
    text = around.replace("{t}", "member", 1) if "/* {t} */" not in around else (
        around.replace("/* {t} */", "/* member */").replace("{t}", "member")
    )  # fmt: skip
    task = one(text)
    assert task.sql.replace("`m_1`.`member`", "member") == text
    assert task.args is None


def test_parameters_go_as_they_came_when_their_order_stays() -> None:
    for params in [(5, "x"), [5, "x"]]:
        assert one("SELECT n FROM member WHERE id = %s AND name = %s", params).args is params
    named = {"id": 5, "unused": 1}
    assert one("SELECT %(id)s FROM member WHERE id = %(id)s", named).args is named


def test_percent_signs_keep_their_meaning() -> None:
    with_params = one("SELECT '100%%', n %% 3 FROM member WHERE id = %s", (5,))
    assert with_params.sql == "SELECT '100%%', n %% 3 FROM `m_1`.`member` WHERE id = %s"
    assert one("SELECT '100%', n % 3 FROM member WHERE id = 5").args is None


@pytest.mark.parametrize(
    ("params", "parts"),
    [
        ((0, 1, 2, 5, 9), {1: ("%s, %s", (0, 1, 5, 9)), 2: ("%s", (0, 2, 9))}),
        ((0, 1, "1", 5, 9), {1: ("%s, %s, %s", (0, 1, "1", 5, 9))}),
        ((0, 1, None, 2, 9), {1: ("%s", (0, 1, 9)), 2: ("%s", (0, 2, 9))}),
        ((0, 1, "01", 2, 9), {
            0: ("%s", (0, "01", 9)), 1: ("%s, %s", (0, 1, "01", 9)), 2: ("%s, %s", (0, "01", 2, 9)), 3: ("%s",
            (0, "01", 9)),
        }),
    ],
)  # fmt: skip
def test_a_list_is_split_with_its_arguments(
    params: tuple[object, ...], parts: dict[int, tuple[str, tuple[object, ...]]]
) -> None:
    found = tasks("SELECT %s FROM member WHERE id IN (%s, %s, %s) AND n < %s", params)
    if len(parts) == 1:
        assert found[0].args is params
        return
    assert {
        int(task.shard.database[-1]): (task.sql.split("(", 1)[1].split(")")[0], task.args) for task in found
    } == parts


def test_lists_of_literals_and_two_lists() -> None:
    found = tasks("SELECT 1 FROM member WHERE id IN ( 1,2 ,(6)) AND member.id IN (1, '6', 2)")
    assert [task.sql.split("WHERE ")[1] for task in found] == [
        "id IN ( 1) AND member.id IN (1)",
        "id IN ( 2, (6)) AND member.id IN ('6', 2)",
    ]


def test_a_list_with_named_parameters() -> None:
    params = {"a": 1, "b": 2}
    found = tasks("SELECT 1 FROM member WHERE id IN (%(a)s, %(b)s)", params)
    assert [(task.sql.split("IN ")[1], task.args) for task in found] == [("(%(a)s)", params), ("(%(b)s)", params)]


@pytest.mark.parametrize("style", ["raw", "positional", "named"])
def test_rows_are_split_with_their_arguments(style: str) -> None:
    sql = "INSERT INTO member (id, n) VALUES (1, 'a)'), (2, 'b'),\n(5, 'c') ON DUPLICATE KEY UPDATE n = 9"
    params: Params = None
    if style == "positional":
        sql, params = (
            sql.replace("'a)'", "%s").replace("'b'", "%s").replace("'c'", "%s").replace("9", "%s"),
            (11, 12, 15, 9),
        )
    elif style == "named":
        sql, params = sql.replace("'a)'", "%(x)s").replace("'c'", "%(z)s").replace("9", "%(x)s"), {"x": 1, "z": 3}
    first, second = tasks(sql, params)
    tail = sql[sql.index(" ON") :]
    rows = sql[sql.index("(1,") : sql.index(" ON")].replace(",\n", ", ").split(", (2")
    assert second.sql == f"INSERT INTO `m_2`.`member` (id, n) VALUES (2{rows[1].split(', (5')[0]}{tail}"
    assert first.sql == f"INSERT INTO `m_1`.`member` (id, n) VALUES {rows[0]}, (5{rows[1].split(', (5')[1]}{tail}"
    assert (first.args, second.args) == {
        "raw": (None, None), "positional": ((11, 15, 9), (12, 9)), "named": (params, params),
    }[style]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "params", "tail", "args"),
    [
        ("LIMIT 5", None, "LIMIT 5", None),
        ("LIMIT 5 OFFSET 10", None, "LIMIT 15", None),
        ("LIMIT 10, 5", None, "LIMIT 15", None),
        ("LIMIT %s OFFSET %s", (5, 10), "LIMIT %s", (15,)),
        ("LIMIT %s, %s", [10, 5], "LIMIT %s", (15,)),
        ("LIMIT 5 OFFSET 2", (), "LIMIT %s", (7,)),
        ("LIMIT %(n)s OFFSET %(m)s", {"n": 5, "m": 10}, "LIMIT %(sk__limit)s", {"n": 5, "m": 10, "sk__limit": 15}),
        ("LIMIT 18446744073709551615 OFFSET 3", None, "LIMIT 18446744073709551615", None),
        ("LIMIT 0", None, "LIMIT 0", None),
    ],
)
def test_each_shard_gives_what_the_window_may_need(sql: str, params: Params, tail: str, args: Params) -> None:
    plan = SESSION.plan(f"SELECT id FROM member ORDER BY id {sql} /* end */", params)
    assert {task.sql.split("ORDER BY id ")[1] for task in plan.tasks} == {f"{tail} /* end */"}
    assert all(task.args == args for task in plan.tasks)


def test_parameters_on_all_sides_of_what_changes() -> None:
    sql = "SELECT %s, id FROM member WHERE id IN (%s, %s) AND n > %s ORDER BY IF(%s, n, id) LIMIT %s, %s"
    plan = SESSION.plan(sql, ("a", 1, 2, "b", "c", 3, 4))
    assert [task.args for task in plan.tasks] == [("a", "c", 1, "b", "c", 7), ("a", "c", 2, "b", "c", 7)]
    assert plan.tasks[0].sql == (
        "SELECT %s, id, IF(%s, n, id) AS `sk__0` FROM `m_1`.`member` WHERE id IN (%s) AND n > %s "
        "ORDER BY IF(%s, n, id) LIMIT %s"
    )
    assert (plan.window.offset, plan.window.limit) == (3, 4)


def test_hidden_columns_go_behind_the_select_list() -> None:
    plan = SESSION.plan("SELECT id /* list */ FROM member ORDER BY name, n")
    assert plan.tasks[0].sql == (
        "SELECT id, WEIGHT_STRING(name) AS `sk__0`, n AS `sk__1` /* list */ FROM `m_0`.`member` ORDER BY name, n"
    )


def test_a_row_may_be_repeated() -> None:
    ready = SESSION.prepared("INSERT INTO member (id, n) VALUES (%s, %s) -- end", (1, 2))
    plans = ready.batch([(1, 2), (5, 6), (9, 0)], 500)
    assert plans is not None
    assert len(plans) == 1
    assert plans[0].tasks == (
        Task(ShardId("rds0", "m_1"), "INSERT INTO `m_1`.`member` (id, n) VALUES (%s, %s), (%s, %s), (%s, %s) -- end",
        (1, 2, 5, 6, 9, 0)),
    )  # fmt: skip


def test_names_with_backticks_are_quoted() -> None:
    assert quote("a`b") == "`a``b`"
    assert Target(ShardId("s", "d"), 0, ("t",)).names == ("t",)
