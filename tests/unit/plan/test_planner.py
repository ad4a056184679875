"""The plan cache: a text meets the parser once, its parameters every time; what the catalog forgets is planned anew."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from shardkit.errors import CrossShardRefused, NotYetError, ParameterError, UnknownTable
from shardkit.flow import Kind, TableInfo
from shardkit.parse import Ddl, SetVariables
from shardkit.plan import MetadataNeeded, Prepared, style_of
from shardkit.plan.planner import CACHE_SIZE
from shardkit.values import Params
from tests.plan.catalog import column, table
from tests.plan.offline import Offline
from tests.unit.route.tables import RULES, TABLES
from tests.unit.route.tables import session as kinds


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT nick FROM member WHERE memberId = %s", [(1,), (2,), [3], ("4",), (None,), (Decimal(5),)]),
        ("SELECT nick FROM member WHERE memberId IN (%s, %s) ORDER BY nick LIMIT %s", [(1, 2, 3), (1, 1, 0)]),
        ("SELECT COUNT(*) FROM t_order WHERE memberId > %(a)s", [{"a": 1}, {"a": "x", "b": 2}]),
        ("INSERT INTO coupon (code) VALUES (%s), (%s)", [("a", "b"), ("c", "d")]),
        ("SELECT 1", [None, None]),
    ],
)
def test_a_second_execution_never_parses(sql: str, params: list[Params]) -> None:
    session = Offline()
    session.plan(sql, params[0])
    parses = session.planner.parses
    for one in params * 3:
        session.plan(sql, one)
    assert session.planner.parses == parses


def test_the_first_execution_parses_once_more_for_each_table_it_asks_for() -> None:
    session = Offline()
    session.plan("SELECT 1 FROM member")
    session.plan("SELECT 2 FROM member")
    assert session.planner.parses == 3


def test_commands_and_ddl_are_cached_too() -> None:
    session = Offline()
    for text, kind in [("SET time_zone = '+00:00'", SetVariables), ("TRUNCATE coupon", Ddl), ("SELECT 1", Prepared)]:
        assert isinstance(session.planner.prepare(text, None), kind)
        assert session.planner.prepare(text, None) is session.planner.prepare(text, None)
    assert session.planner.parses == 3


def test_the_same_text_with_other_kinds_of_parameters_is_another_plan() -> None:
    session = Offline()
    sql = "SELECT '100%%' FROM member WHERE memberId = 1"
    assert session.plan(sql).tasks[0].args is None
    assert session.plan(sql, ()).tasks[0].args == ()
    assert session.plan(sql, {}).tasks[0].args == {}
    assert session.planner.parses == 4


@pytest.mark.parametrize(
    ("value", "count"),
    [(1, 1), ("1", 1), (" 1", 5), ("01", 5), (1.0, 1), (1.5, 5), (Decimal("1.00"), 1), (True, 1), (None, 1), (b"1", 5),
     (dt.date(2024, 1, 1), 5)],
)  # fmt: skip
def test_other_types_in_one_text_make_no_stale_route(value: object, count: int) -> None:
    session = Offline()
    sql = "SELECT nick FROM member WHERE memberId = %s"
    for other in (1, " 1", 2, None, value):
        session.plan(sql, (other,))
    assert len(session.slots(sql, (value,))) == count
    if count == 1 and value is not None:
        assert session.slots(sql, (value,)) == session.slots(sql, (1,))


def test_what_the_catalog_forgets_is_planned_anew() -> None:
    session = Offline()
    sql = "SELECT nick FROM member ORDER BY nick"
    before = session.plan(sql).merge
    assert before is not None
    assert before.order[0].blank == b"\x00\x00 "
    old = session.tables["member"]
    columns = tuple(column("nick VARCHAR(32)") if c.name == "nick" else c for c in old.columns)
    session.tables["member"] = TableInfo("member", columns, old.primary_key)
    assert session.plan(sql).merge is before
    session.catalog.forget(["member"])
    assert session.planner.ready(sql, None) is None
    assert session.planner.point(sql, ()) is None
    after = session.plan(sql).merge
    assert after is not None
    assert after.order[0].blank == b""


def test_forgetting_one_table_makes_every_plan_stale_but_keeps_the_others_columns() -> None:
    session = Offline()
    session.plan("SELECT 1 FROM member m JOIN country c ON c.code = m.country")
    session.catalog.forget(["country"])
    with pytest.raises(MetadataNeeded) as caught:
        session.planner.prepare("SELECT 1 FROM member m JOIN country c ON c.code = m.country", None)
    assert caught.value.tables == ("country",)
    session.catalog.forget_all()
    with pytest.raises(MetadataNeeded) as again:
        session.planner.prepare("SELECT 1 FROM member", None)
    assert again.value.tables == ("member",)


def test_literals_under_another_collation_have_a_cache_of_their_own() -> None:
    session = Offline()
    sql = "SELECT 'a' AS x FROM member ORDER BY CONCAT(memberId, 'a')"
    first = session.plan(sql).merge
    session.execute("SET NAMES utf8mb4 COLLATE utf8mb4_bin")
    second = session.plan(sql).merge
    session.execute("SET NAMES utf8mb4")
    assert first is not None
    assert second is not None
    assert (first.order[0].blank, second.order[0].blank) == (b"", b"\x00\x00 ")
    assert session.plan(sql).merge is first


def test_the_cache_has_a_size() -> None:
    session = Offline()
    for number in range(CACHE_SIZE + 5):
        session.planner.prepare(f"SET a = {number}", None)
    parses = session.planner.parses
    session.planner.prepare(f"SET a = {CACHE_SIZE}", None)
    assert session.planner.parses == parses
    session.planner.prepare("SET a = 0", None)
    assert session.planner.parses == parses + 1


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT 1 FROM member WHERE memberId = %s", ()), ("SELECT 1 FROM member WHERE memberId = %s", (1, 2)),
        ("SELECT 1 FROM member WHERE memberId = %(a)s", {"b": 1}),
        ("SELECT 1 FROM member WHERE memberId = %(a)s", (1,)),
        ("SELECT 1 FROM member WHERE memberId = %s", {"a": 1}), ("SELECT 1", (1,)),
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit(sql: str, params: Params) -> None:
    with pytest.raises(ParameterError) as caught:
        Offline().plan(sql, params)
    assert caught.value.errno == 1210


@pytest.mark.parametrize("value", [-7, "57", 1.57, None, True, Decimal(57)])
def test_a_limit_is_a_whole_number(value: object) -> None:
    with pytest.raises(ParameterError, match="LIMIT takes a whole number") as caught:
        Offline().plan("SELECT 1 FROM member LIMIT %s", (value,))
    assert "7" not in str(caught.value)


def test_styles_of_parameters() -> None:
    kinds_of: list[Params] = [None, (), [], {}]
    assert [style_of(params).value for params in kinds_of] == ["raw", "positional", "positional", "named"]


@pytest.mark.parametrize(
    ("sql", "near"), [("SELECT 1 FROM Member", "member"), ("INSERT INTO T_ORDER (memberId) VALUES (1)", "t_order"),
    ("SELECT 1 FROM x", "")]
)  # fmt: skip
def test_table_names_are_told_apart_by_case(sql: str, near: str) -> None:
    with pytest.raises(UnknownTable) as caught:
        Offline().plan(sql)
    assert (f"did you mean {near}?" in caught.value.message) == bool(near)


# --- DDL -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "first", "count"),
    [
        ("ALTER TABLE orders ADD x INT", "ALTER TABLE `o_0`.`orders_0` ADD x INT", 6),
        ("TRUNCATE TABLE member", "TRUNCATE TABLE `m_0`.`member`", 4),
        ("CREATE INDEX i ON country (n)", "CREATE INDEX i ON `m_0`.`country` (n)", 4),
        ("DROP TABLE IF EXISTS config", "DROP TABLE IF EXISTS `app`.`config`", 1),
        ("CREATE TABLE orders (a INT, FOREIGN KEY (a) REFERENCES log (b))",
         "CREATE TABLE `o_0`.`orders_0` (a INT, FOREIGN KEY (a) REFERENCES `o_0`.`log_0` (b))", 6),
        ("CREATE TABLE member (a CHAR(2) REFERENCES country (code))",
         "CREATE TABLE `m_0`.`member` (a CHAR(2) REFERENCES `m_0`.`country` (code))", 4),
    ],
)  # fmt: skip
def test_ddl_reaches_every_physical_table(sql: str, first: str, count: int) -> None:
    plan = kinds().plan(sql)
    assert (plan.kind, len(plan.tasks), plan.tasks[0].sql) == (Kind.DDL, count, first)
    assert len({(task.shard, task.sql) for task in plan.tasks}) == count


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE orders (a INT REFERENCES member (id))", "CREATE TABLE country (a INT REFERENCES member (id))"]
)
def test_a_foreign_key_stays_on_its_shard(sql: str) -> None:
    with pytest.raises(CrossShardRefused, match="a foreign key to member"):
        kinds().plan(sql)


@pytest.mark.parametrize("other", ["country", "config"])
def test_a_foreign_key_to_a_table_of_other_databases(other: str) -> None:
    with pytest.raises(CrossShardRefused, match="a foreign key"):
        kinds().plan(f"CREATE TABLE orders (a CHAR(2) REFERENCES {other} (code))")


@pytest.mark.parametrize(
    "change", ["DROP COLUMN memberId", "DROP memberId", "CHANGE memberId x BIGINT", "RENAME COLUMN `memberId` TO x"]
)
def test_the_shard_key_keeps_its_column(change: str) -> None:
    with pytest.raises(CrossShardRefused, match="shard key"):
        kinds().plan(f"ALTER TABLE orders {change}")


@pytest.mark.parametrize("change", ["MODIFY memberId VARCHAR(9) COLLATE utf8mb4_bin", "MODIFY COLUMN memberId INT"])
def test_the_shard_key_keeps_its_type(change: str) -> None:
    with pytest.raises(CrossShardRefused, match="shard key"):
        kinds().plan(f"ALTER TABLE orders {change}")


# --- what the rules accept and this version does not do --------------------------------------------------------------


@pytest.mark.parametrize(
    ("feature", "sql", "what"),
    [
        (
            "generate: { id: { type: snowflake, gene_of: x } }",
            "INSERT INTO other (memberId) VALUES (1)",
            "generating other.id",
        ),
        ("indexes: { by_member: { by: memberId } }", "UPDATE other SET memberId = 1 WHERE id = 1", "index tables"),
    ],
)
def test_not_yet(feature: str, sql: str, what: str) -> None:
    rules = RULES.replace("other: { layout: flat, shard_by: id,", f"other: {{ layout: flat, {feature}, shard_by: id,")
    session = Offline(rules, TABLES)
    with pytest.raises(NotYetError, match=what):
        session.plan(sql)
    assert session.slots("SELECT 1 FROM other WHERE id = 1") == [1]


def test_unlisted_tables_may_be_single() -> None:
    rules = RULES.replace("transactions: best_effort", "unlisted_tables: single")
    session = Offline(rules, [*TABLES, table("more", "a INT")])
    assert session.plan("SELECT a FROM more").tasks[0].sql == "SELECT a FROM `app`.`more`"
