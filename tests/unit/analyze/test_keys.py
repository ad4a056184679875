"""Which columns statements are looked up by, counted with their weights."""

from __future__ import annotations

import pytest

from shardkit.analyze import Classifier, Entry, Offline, Report, Tally, as_data, planner_of, report
from shardkit.analyze.keys import KeyUse, columns_of, uses_of
from shardkit.parse import read_schema
from shardkit.rules import loads

RULES = """\
version: 1
servers: { rds0: { url: "mysql://h0" } }
layouts:
  flat: { databases: "m_{0..3}", servers: [rds0] }
  deep: { databases: "o_{0..1}", servers: [rds0], tables: "{table}_{0..2}" }
tables:
  member: { layout: flat, shard_by: memberId, algorithm: mod }
  t_order: { layout: flat, shard_by: memberId, bound_to: member }
  log: { layout: deep, shard_by: { database: memberId, table: { column: at, algorithm: { type: date, unit: month } } } }
broadcast: { layout: flat, tables: [country] }
"""
SCHEMA = """
CREATE TABLE member (memberId BIGINT PRIMARY KEY, account VARCHAR(40), status TINYINT, level ENUM('a'), is_new INT);
CREATE TABLE t_order (orderId BIGINT PRIMARY KEY, memberId BIGINT, sellerId BIGINT, total INT, at DATETIME);
CREATE TABLE log (memberId BIGINT, at DATETIME, n INT);
CREATE TABLE country (code CHAR(2) PRIMARY KEY, name VARCHAR(20));
"""
PLANNER = planner_of(loads(RULES), read_schema(SCHEMA).values())


def made(*texts: str, times: float | None = None) -> Report:
    tally = Tally()
    for text in texts:
        tally.add(Entry(text, times))
    return report(tally, Classifier(PLANNER, Offline(PLANNER).explain))


def use(table: str, *texts: str) -> KeyUse:
    return next(one for one in made(*texts).keys if one.table == table)


@pytest.mark.parametrize(
    ("sql", "single", "listed"),
    [
        ("SELECT 1 FROM t_order WHERE memberId = 5 AND orderId = 6", "memberid orderid", ""),
        ("SELECT 1 FROM t_order WHERE memberId = ? AND total > 6", "memberid", ""),
        ("SELECT 1 FROM t_order WHERE orderId IN (5, 6) AND memberId IN (1)", "memberid", "orderid"),
        ("SELECT 1 FROM t_order WHERE orderId = 5 OR orderId = 6", "", "orderid"),
        ("SELECT 1 FROM t_order WHERE orderId = 5 OR memberId = 6", "", ""),
        ("SELECT 1 FROM t_order WHERE NOT orderId = 5 AND sellerId <> 3", "", ""),
        ("SELECT 1 FROM t_order WHERE orderId = total AND ABS(memberId) = 5", "", ""),
        ("SELECT 1 FROM t_order WHERE memberId = NULL", "", ""),
        ("UPDATE t_order SET total = 5 WHERE orderId = 5", "orderid", ""),
        ("DELETE FROM t_order WHERE orderId = 5 AND at BETWEEN '2024-01-01' AND '2024-02-01'", "orderid", ""),
        ("WITH x AS (SELECT 1) SELECT 1 FROM t_order WHERE sellerId = 5", "sellerid", ""),
        ("SELECT COUNT(*) + 1 FROM t_order HAVING 1 = 1", "", ""),
    ],
)
def test_compared_columns(sql: str, single: str, listed: str) -> None:
    (found,) = uses_of(PLANNER, sql.replace("?", "%s"), "?" in sql)["t_order"]
    assert found.single == set(single.split())
    assert found.listed == set(listed.split())


def test_joins_carry_values_over() -> None:
    sql = "SELECT 1 FROM member m JOIN t_order o ON o.memberId = m.memberId WHERE m.memberId = 5 AND o.sellerId = 3"
    found = uses_of(PLANNER, sql, False)
    assert found["t_order"][0].single == {"memberid", "sellerid"}
    (member,) = found["member"]
    assert member.single == {"memberid"}
    assert member.joined == {"memberid"}


@pytest.mark.parametrize(
    "sql", ["INSERT INTO member VALUES (1, 'a', 1, 'a', 1)", "SELECT 1 FROM country WHERE code = 'DE'", "SELECT FROM",
            "SET @a = 1", "SELECT 1 FROM nowhere WHERE a = 1"],
)  # fmt: skip
def test_statements_that_are_not_counted(sql: str) -> None:
    assert uses_of(PLANNER, sql, False) == {}


def test_shares() -> None:
    found = use(
        "t_order",
        *["SELECT 1 FROM t_order WHERE memberId = 5"] * 3,
        *["SELECT 2 FROM t_order WHERE orderId = 5"] * 5,
        "SELECT 3 FROM t_order WHERE orderId = 5 AND memberId = 5",
        "SELECT 4 FROM t_order WHERE sellerId IN (1, 2)",
    )
    assert (found.weight, found.served) == (10.0, 4.0)
    assert found.better() == [("orderid", 0.6)]
    assert found.indexable(columns_of(PLANNER, "t_order")) == [("orderid", 0.5)]
    assert found.columns["sellerid"].listed == 1.0


def test_every_use_of_a_table_must_be_served() -> None:
    sql = "SELECT 1 FROM t_order a JOIN t_order b ON a.total = b.total WHERE a.memberId = 5"
    assert use("t_order", sql).served == 0.0
    assert use("t_order", f"{sql} AND b.memberId = 6").served == 1.0


def test_columns_with_few_values_get_no_index_table() -> None:
    texts = [f"SELECT 1 FROM member WHERE {name} = 1" for name in ("status", "level", "is_new", "account")]
    found = use("member", *texts)
    assert found.indexable(columns_of(PLANNER, "member")) == [("account", 0.25)]


def test_a_changed_column_is_no_better_key() -> None:
    update = "UPDATE t_order SET sellerId = 5 WHERE orderId = 1"
    found = use(
        "t_order", "SELECT 1 FROM t_order WHERE sellerId = 5", "SELECT 2 FROM t_order WHERE sellerId = 6", update
    )
    assert [name for name, _ in found.better()] == ["orderid"]
    assert found.columns["sellerid"].assigned == 1.0


def test_two_axes_need_both_columns() -> None:
    found = use(
        "log", "SELECT 1 FROM log WHERE memberId = 5", "SELECT 2 FROM log WHERE memberId = 5 AND at = '2024-01-01'"
    )
    assert (found.every, found.served, found.weight) == (True, 1.0, 2.0)


def test_the_data() -> None:
    (table,) = as_data(made("SELECT 1 FROM member WHERE account = 'x'", times=2.0))["tables"]
    assert (table["table"], table["keys"], table["weight"], table["served_now"]) == ("member", ["memberid"], 2.0, 0.0)
    assert table["columns"]["account"] == {"one_value": 1.0, "list": 0.0, "join": 0.0, "changed": 0.0}
    assert (table["better_keys"], table["index_tables"]) == (["account"], ["account"])
