"""Generated ids in the text of an INSERT: what is added where, which values count as given, and how parameters mix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shardkit.errors import GeneratorError, NotSupportedError
from shardkit.flow import Column, Family, TableInfo
from shardkit.plan.filling import Filling, chosen_column, generated_columns
from shardkit.rules import ShardedTable
from shardkit.values import Params
from tests.plan.offline import Offline

RULES = """
version: 1
servers: { rds0: { url: "mysql://app@h" } }
layouts: { m: { databases: "m_{0..3}", servers: [rds0] } }
tables:
  t: { layout: m, shard_by: id, algorithm: mod, generate: { id: segment } }
  k: { layout: m, shard_by: m, algorithm: mod, generate: { Id: segment, u: uuid7 } }
  value: { layout: m, shard_by: id, algorithm: mod, generate: { id: segment } }
  plain: { layout: m, shard_by: id, algorithm: mod }
  odd: { layout: m, shard_by: id, algorithm: mod, generate: { id: { type: gene } } }
defaults: { transactions: best_effort }
"""


def number(name: str) -> Column:
    return Column(name, Family.INTEGER, "bigint", nullable=False)


U = Column("u", Family.TEXT, "char(36)", length=36, collation="utf8mb4_bin")
TABLES = [
    TableInfo("t", (number("id"), number("a")), ("id",)),
    TableInfo("k", (number("m"), number("id"), U, number("a")), ("m", "id")),
    TableInfo("value", (number("id"), number("a")), ("id",)),
    TableInfo("plain", (number("id"), number("a")), ("id",)),
    TableInfo("odd", (number("id"), number("a")), ("id",)),
]


@pytest.fixture
def offline() -> Offline:
    return Offline(RULES, TABLES)


def filling(offline: Offline, sql: str, params: Params = None) -> Filling:
    found = offline.prepared(sql, params).filling
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a, `id`) VALUES (1, %s)"),
        ("INSERT INTO t (a) VALUES (1), (2) ", "INSERT INTO t (a, `id`) VALUES (1, %s), (2, %s) "),
        ("INSERT INTO value (a) VALUE (1)", "INSERT INTO value (a, `id`) VALUE (1, %s)"),
        (
            "INSERT INTO t SET a = 1 ON DUPLICATE KEY UPDATE a = VALUES(a)",
            "INSERT INTO t SET a = 1, `id` = %s ON DUPLICATE KEY UPDATE a = VALUES(a)",
        ),
        ("INSERT INTO t (a) VALUE (1), (2)", "INSERT INTO t (a, `id`) VALUE (1, %s), (2, %s)"),
        ("INSERT INTO t (a) VALUES ROW(1), ROW(2)", "INSERT INTO t (a, `id`) VALUES ROW(1, %s), ROW(2, %s)"),
        ("REPLACE t (id, a) VALUES (NULL, 1)", "REPLACE t (id, a) VALUES (%s, 1)"),
        ("INSERT t (a, ID) VALUES (1, 0), (2, default)", "INSERT t (a, ID) VALUES (1, %s), (2, %s)"),
        ("INSERT t VALUES (NULL, 1), (7, 2)", "INSERT t VALUES (%s, 1), (7, 2)"),
        ("INSERT INTO t () VALUES ()", "INSERT INTO t (`id`) VALUES (%s)"),
        ("INSERT INTO t VALUES (), ()", "INSERT INTO t (`id`) VALUES (%s), (%s)"),
        ("INSERT INTO t SET a = 1 + (2 * 3)", "INSERT INTO t SET a = 1 + (2 * 3), `id` = %s"),
        ("INSERT INTO t SET id = DEFAULT, a = 1", "INSERT INTO t SET id = %s, a = 1"),
        (
            "INSERT INTO t SET a = 1 ON DUPLICATE KEY UPDATE a = 2",
            "INSERT INTO t SET a = 1, `id` = %s ON DUPLICATE KEY UPDATE a = 2",
        ),
        (
            "INSERT INTO t (a) VALUES (1) AS n(x) ON DUPLICATE KEY UPDATE a = x",
            "INSERT INTO t (a, `id`) VALUES (1, %s) AS n(x, `sk__id`) ON DUPLICATE KEY UPDATE a = x",
        ),
        ("INSERT INTO t (a) VALUES (1 % 7) -- 5%", "INSERT INTO t (a, `id`) VALUES (1 %% 7, %s) -- 5%%"),
        (
            "INSERT /* ,) */ INTO t (a /* ) */) VALUES (1 -- )\n)",
            "INSERT /* ,) */ INTO t (a /* ) */, `id`) VALUES (1 -- )\n, %s)",
        ),
        ("INSERT INTO k (m, a) VALUES (1, 2)", "INSERT INTO k (m, a, `id`, `u`) VALUES (1, 2, %s, %s)"),
        ("INSERT INTO k (u, m) VALUES (NULL, 1)", "INSERT INTO k (u, m, `id`) VALUES (%s, 1, %s)"),
        ("INSERT INTO k (u, m, id) VALUES ('0', 1, 0)", "INSERT INTO k (u, m, id) VALUES ('0', 1, %s)"),
        ("INSERT INTO k SET m = 1", "INSERT INTO k SET m = 1, `id` = %s, `u` = %s"),
        ("INSERT INTO t (a) VALUES ('汉😀')", "INSERT INTO t (a, `id`) VALUES ('汉😀', %s)"),
    ],
)
def test_the_finished_text(offline: Offline, sql: str, text: str) -> None:
    assert filling(offline, sql).prepared.statement.text == text


@pytest.mark.parametrize(
    ("sql", "params", "complete"),
    [
        ("INSERT INTO t (a) VALUES (%s)", (7,), (7, -1)),
        ("INSERT INTO t (a) VALUES (%s), (%s)", (7, 8), (7, -1, 8, -2)),
        ("INSERT INTO t (id, a) VALUES (%s, %s)", (None, 7), (-1, 7)),
        ("INSERT INTO t (id, a) VALUES (%s, %s)", (5, 7), (5, 7)),
        ("INSERT INTO t (id, a) VALUES (%s, %s), (%s, 1), (NULL, %s)", (0, 7, 9, 8), (-1, 7, 9, -2, 8)),
        ("INSERT INTO t (a, id) VALUES (%s, (%s))", (7, "0"), (7, -1)),
        ("INSERT INTO t (a) VALUES (1)", None, (-1,)),
        (
            "INSERT INTO t (id, a) VALUES (%(i)s, %(a)s), (%(i)s, 3)",
            {"i": None, "a": 7},
            {"i": None, "a": 7, "sk__id_0": -1, "sk__id_1": -2},
        ),
        (
            "INSERT INTO t (a, id) VALUES (%(a)s, %(i)s) ON DUPLICATE KEY UPDATE a = %(i)s",
            {"i": 4, "a": 7},
            {"i": 4, "a": 7, "sk__id_0": 4},
        ),
    ],
)
def test_the_parameters(offline: Offline, sql: str, params: Params, complete: Any) -> None:
    found = filling(offline, sql, params)
    ids = {column.name: [-1 - n for n in range(count)] for column, count in found.wanted(params)}
    filled = found.fill(params, ids)
    assert filled == complete
    assert found.prepared.plan(_positive(filled)).tasks


def _positive(params: Params) -> Params:
    if isinstance(params, Mapping):
        return {name: abs(value) if value is not None else None for name, value in params.items()}
    assert params is not None
    return tuple(abs(value) for value in params)


def test_two_generators_take_ids_of_their_own(offline: Offline) -> None:
    found = filling(offline, "INSERT INTO k (m, u) VALUES (%s, %s), (%s, %s)", (1, None, 2, "x"))
    assert [(column.name, count) for column, count in found.wanted((1, None, 2, "x"))] == [("id", 2), ("u", 1)]
    assert found.fill((1, None, 2, "x"), {"id": [10, 11], "u": ["y"]}) == (1, "y", 10, 2, "x", 11)


def test_a_generated_shard_key_routes_its_row(offline: Offline) -> None:
    found = filling(offline, "INSERT INTO t (a) VALUES (%s), (%s)", (1, 2))
    plan = found.prepared.plan(found.fill((1, 2), {"id": [6, 9]}))
    assert [(task.shard.database, task.args) for task in plan.tasks] == [("m_1", (2, 9)), ("m_2", (1, 6))]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (id, a) VALUES (3, 1)",
        "INSERT INTO plain (id) VALUES (3)",
        "INSERT INTO k (m, id, u) VALUES (1, 1 + 1, UUID())",
        "UPDATE t SET a = 1 WHERE id = 1",
        "SELECT a FROM t WHERE id = 0",
    ],
)
def test_nothing_is_generated(offline: Offline, sql: str) -> None:
    assert offline.prepared(sql).filling is None


def test_the_short_way_serves_when_the_ids_are_there(offline: Offline) -> None:
    sql = "INSERT INTO t (a) VALUES (%s)"
    found = filling(offline, sql, (1,))
    planner = offline.planner
    assert planner.filling(sql) is found
    assert planner.point(sql, (1,)) is None
    assert found.point((1, 6)) is None
    plan = found.prepared.plan((1, 6))
    assert found.point((1, 6)) == plan.tasks[0]
    assert found.point((1, 10)) == plan.tasks[0]._replace(args=(1, 10))
    assert found.suits((1,))
    assert not found.suits((1, 2))
    given = "INSERT INTO t (id, a) VALUES (%s, %s)"
    filling(offline, given, (1, 2))
    assert planner.point(given, (0, 2)) is None
    planner.catalog.forget(("t",))
    assert planner.filling(sql) is None


def test_rows_after_value_lie_on_their_own_shards(offline: Offline) -> None:
    plan = offline.plan("INSERT INTO plain (id, a) VALUE (1, 1), (2, 2)")
    assert [(task.shard.database, task.sql[-6:]) for task in plan.tasks] == [("m_1", "(1, 1)"), ("m_2", "(2, 2)")]


def test_explain_shows_stand_ins(offline: Offline) -> None:
    found = offline.explain("INSERT INTO k (m) VALUES (1), (2)")
    assert found["generated"] == ["id", "u"]
    assert len(found["targets"]) == 2


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("INSERT INTO t (a) SELECT a FROM t WHERE id = 1", "generating id for INSERT … SELECT"),
        ("INSERT INTO odd (a) VALUES (1)", "generating odd.id"),
    ],
)
def test_refused(offline: Offline, sql: str, what: str) -> None:
    with pytest.raises(NotSupportedError, match=what):
        offline.prepared(sql)


def test_a_column_that_is_not_there_or_cannot_hold_ids(offline: Offline) -> None:
    table = offline.planner.known("k")
    assert isinstance(table, ShardedTable)
    with pytest.raises(GeneratorError, match="has no column id"):
        generated_columns(table, TableInfo("k", (number("m"), U)))
    wrong = TableInfo("k", (number("id"), number("u")))
    with pytest.raises(GeneratorError, match="CHAR\\(36\\)"):
        generated_columns(table, wrong)
    bad = Offline(RULES, [TableInfo("t", (number("a"),)), *TABLES[1:]])
    with pytest.raises(GeneratorError, match="table t has no column id"):
        bad.plan("SELECT a FROM t")


def test_the_column_that_next_id_means(offline: Offline) -> None:
    one, two = offline.planner.known("t"), offline.planner.known("k")
    assert isinstance(one, ShardedTable)
    assert isinstance(two, ShardedTable)
    assert chosen_column(one, TABLES[0], None).name == "id"
    assert chosen_column(two, TABLES[1], "U").name == "u"
    for table, info, column, said in (
        (two, TABLES[1], None, "several"),
        (two, TABLES[1], "a", "k.a"),
        (offline.planner.known("plain"), TABLES[3], None, "table plain"),
    ):
        assert isinstance(table, ShardedTable)
        with pytest.raises(GeneratorError, match=said):
            chosen_column(table, info, column)
