"""A grouped SELECT in two steps: what each shard is asked, and what finishes over the partial groups."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.federate import tasks
from shardkit.flow import Federation, Pull
from shardkit.values import Params
from tests.plan.offline import Offline

SESSION = Offline()
COUNTED = "CAST(IFNULL(SUM({}), 0) AS SIGNED)"


def federation(sql: str, params: Params = None) -> Federation:
    found = SESSION.plan(sql, params).federation
    assert found is not None
    return found


def pull(sql: str, params: Params = None) -> Pull:
    (found,) = federation(sql, params).pulls
    assert found.table == "partial groups"
    return found


def bare(sql: str) -> str:
    return sql.replace("`shard_00`.", "").replace("`", "")


def both(sql: str, params: Params = None) -> tuple[str, str]:
    """What the first shard is asked, and what finishes; FROM … left out where it is one plain table."""
    found = federation(sql, params)
    first, last = bare(tasks(found.pulls[0])[0].sql), bare(found.sql)
    return first.replace(" FROM t_order", ""), last.replace(" FROM sk__w0", "")


@pytest.mark.parametrize(
    ("sql", "partial", "finish"),
    [
        ("SELECT COUNT(*) + 1 FROM t_order",
         "SELECT COUNT(*) AS sk__p0", f"SELECT {COUNTED.format('sk__p0')} + 1 AS COUNT(*) + 1"),
        ("SELECT SUM(amount) - MIN(orderId) AS d FROM t_order",
         "SELECT SUM(amount) AS sk__p0, MIN(orderId) AS sk__p1", "SELECT SUM(sk__p0) - MIN(sk__p1) AS d"),
        ("SELECT status, MAX(amount) + 1 AS m FROM t_order GROUP BY status",
         "SELECT status AS sk__g0, MAX(amount) AS sk__p1 GROUP BY sk__g0",
         "SELECT sk__g0 AS status, MAX(sk__p1) + 1 AS m GROUP BY sk__g0"),
        ("SELECT AVG(amount) AS a, COUNT(amount) + 1 AS n FROM t_order",
         "SELECT SUM(amount) AS sk__p0, COUNT(amount) AS sk__p1",
         f"SELECT (SUM(sk__p0) / SUM(sk__p1)) AS a, {COUNTED.format('sk__p1')} + 1 AS n"),
        ("SELECT COUNT(DISTINCT sellerId, status) AS n, SUM(DISTINCT sellerId) AS s FROM t_order",
         "SELECT sellerId AS sk__d0, status AS sk__d1 GROUP BY sk__d0, sk__d1",
         "SELECT COUNT(DISTINCT sk__d0, sk__d1) AS n, SUM(DISTINCT sk__d0) AS s"),
        ("SELECT COUNT(DISTINCT sellerId) AS n, COUNT(*) AS c FROM t_order GROUP BY status",
         "SELECT status AS sk__g0, sellerId AS sk__d1, COUNT(*) AS sk__p2 GROUP BY sk__g0, sk__d1",
         f"SELECT COUNT(DISTINCT sk__d1) AS n, {COUNTED.format('sk__p2')} AS c GROUP BY sk__g0"),
        ("SELECT BIT_XOR(orderId) AS x FROM t_order", "SELECT BIT_XOR(orderId) AS sk__p0",
         "SELECT BIT_XOR(sk__p0) AS x"),
        ("SELECT status, SUM(amount) FROM t_order GROUP BY status HAVING SUM(amount) > 5 ORDER BY SUM(amount) LIMIT 2",
         "SELECT status AS sk__g0, SUM(amount) AS sk__p1 GROUP BY sk__g0",
         "SELECT sk__g0 AS status, SUM(sk__p1) AS SUM(amount) GROUP BY sk__g0 HAVING SUM(sk__p1) > 5 "
         "ORDER BY SUM(sk__p1) LIMIT 2"),
        ("SELECT status, COUNT(*) AS n FROM t_order GROUP BY status WITH ROLLUP",
         "SELECT status AS sk__g0, COUNT(*) AS sk__p1 GROUP BY sk__g0",
         f"SELECT sk__g0 AS status, {COUNTED.format('sk__p1')} AS n GROUP BY sk__g0 WITH ROLLUP"),
        ("SELECT DISTINCT COUNT(*) AS n FROM t_order WHERE amount > 1 GROUP BY orderId % 2",
         "SELECT orderId % 2 AS sk__g0, COUNT(*) AS sk__p1 WHERE amount > 1 GROUP BY sk__g0",
         f"SELECT DISTINCT {COUNTED.format('sk__p1')} AS n GROUP BY sk__g0"),
        ("SELECT SQL_CALC_FOUND_ROWS COUNT(*) + 1 AS n FROM t_order GROUP BY status LIMIT 1",
         "SELECT status AS sk__g0, COUNT(*) AS sk__p1 GROUP BY sk__g0",
         f"SELECT  {COUNTED.format('sk__p1')} + 1 AS n GROUP BY sk__g0 LIMIT 1"),
    ],
)  # fmt: skip
def test_both_texts(sql: str, partial: str, finish: str) -> None:
    assert both(sql) == (partial, finish)


def test_parameters_go_where_their_placeholders_go() -> None:
    found = federation(
        "SELECT SUM(amount * %s) + %s AS s FROM t_order WHERE status = %s GROUP BY orderId + %s HAVING s > %s",
        (1, 2, 3, 4, 5),
    )
    assert bare(tasks(found.pulls[0])[0].sql) == (
        "SELECT orderId + %s AS sk__g0, SUM(amount * %s) AS sk__p1 FROM t_order WHERE status = %s GROUP BY sk__g0"
    )
    assert tasks(found.pulls[0])[0].args == (4, 1, 3)
    assert (bare(found.sql), found.args) == (
        "SELECT SUM(sk__p1) + %s AS s FROM sk__w0 GROUP BY sk__g0 HAVING s > %s", (2, 5),
    )  # fmt: skip


def test_named_parameters_need_no_order() -> None:
    params = {"a": 1}
    found = federation("SELECT SUM(amount * %(a)s) + %(a)s AS s FROM t_order GROUP BY sellerId", params)
    assert (tasks(found.pulls[0])[0].args, found.args) == (params, params)


def test_equal_texts_with_parameters_share_a_column_only_if_the_parameters_are_one() -> None:
    sql = "SELECT SUM(amount * %s) + SUM(amount * %s) AS s FROM t_order"
    assert bare(tasks(pull(sql, (1, 2)))[0].sql) == (
        "SELECT SUM(amount * %s) AS sk__p0, SUM(amount * %s) AS sk__p1 FROM t_order"
    )


def test_each_shard_gets_its_own_values_of_an_in_list() -> None:
    found = pull("SELECT COUNT(*) + 1 AS n FROM t_order WHERE memberId IN (1, 2, 3, 4, 5)")
    lists = [task.sql.partition(" IN ")[2] for task in tasks(found)]
    assert {int(part) for text in lists for part in text.strip("()").split(", ")} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("lock", ["FOR UPDATE", "LOCK IN SHARE MODE", "FOR UPDATE SKIP LOCKED"])
def test_locks_are_taken_by_the_shards(lock: str) -> None:
    found = pull(f"SELECT status, COUNT(*) + 1 AS n FROM t_order GROUP BY status {lock}")
    assert tasks(found)[0].sql.endswith(f"GROUP BY sk__g0 {lock}")
    assert found.create.endswith("GROUP BY sk__g0 LIMIT 0) AS sk__p")
    assert federation(f"SELECT status, COUNT(*) + 1 AS n FROM t_order GROUP BY status {lock}").inline is None


def test_the_table_has_the_types_of_the_partial_groups() -> None:
    found = pull("SELECT SUM(amount * %s) AS s, COUNT(*) + 1 AS n FROM t_order", (3,))
    assert bare(found.create) == (
        "CREATE TEMPORARY TABLE sk__w0 AS SELECT * FROM "
        "(SELECT SUM(amount * %s) AS sk__p0, COUNT(*) AS sk__p1 FROM t_order LIMIT 0) AS sk__p"
    )
    assert found.create_args == (3,)
    assert (found.columns, found.copies) == ((), ())


def test_comments_hints_and_names_stay_in_the_users_text() -> None:
    sql = (
        "SELECT /*+ BKA(o) */ `o`.`status` /* 东 */ , COUNT(*) + 1 n FROM `t_order` AS `o` GROUP BY `o`.`status` -- end"
    )
    found = federation(sql)
    assert found.sql == (
        "SELECT /*+ BKA(o) */ sk__g0 AS `status` /* 东 */ , CAST(IFNULL(SUM(sk__p1), 0) AS SIGNED) + 1 n "
        "FROM `shard_00`.`sk__w0` GROUP BY sk__g0 -- end"
    )


def test_on_embedded_shards_rows_are_pulled_instead(tmp_path: Any) -> None:
    session = Offline(
        f"""\
version: 1
servers: {{ local: {{ url: "sqlite:///{tmp_path}" }} }}
layouts: {{ main: {{ databases: "shard_{{0..1}}", servers: [local] }} }}
tables: {{ t_order: {{ layout: main, shard_by: memberId }} }}
"""
    )
    found = session.plan("SELECT COUNT(*) + 1 FROM t_order").federation
    assert found is not None
    assert [one.table for one in found.pulls] == ["t_order"]
    assert (found.before, found.after) == ((), ())
