"""Explanations: JSON for programs, a tree for people, never a parameter's value."""

from __future__ import annotations

import json

import pytest

from shardkit.errors import UnknownTable
from shardkit.plan import Explanation, explain_ready
from shardkit.session import statements
from shardkit.values import Params
from tests.unit.route.tables import session


def explain(sql: str, params: Params = None) -> Explanation:
    shared = session()
    found: Explanation = shared.run(statements.explain(shared.session, sql, params))
    return found


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "pass"), ("SELECT n FROM member WHERE id = 1", "pass"), ("SELECT n FROM member", "merge"),
        ("UPDATE member SET n = 1 WHERE id = 1", "write"), ("INSERT INTO country (code) VALUES ('a')", "write"),
        ("DELETE FROM member", "refused"), ("TRUNCATE member", "ddl"), ("SET time_zone = '+00:00'", "session"),
        ("BEGIN", "session"), ("LOCK TABLES member READ", "refused"), ("SELECT COUNT(*) + 1 FROM member", "federate"),
        ("SELECT my_f(n) FROM member", "refused"), ("SELECT 1 FROM member m, other o", "federate"),
        ("CREATE VIEW member AS SELECT 1", "refused"),
    ],
)  # fmt: skip
def test_kinds(sql: str, kind: str) -> None:
    found = explain(sql)
    assert found.kind == found.json()["kind"] == kind
    assert json.loads(json.dumps(found.json())) == found.json()
    assert ("refused" in found.json()) == (kind == "refused")


def test_a_pass_as_a_tree() -> None:
    assert str(explain("SELECT n FROM orders WHERE memberId = %s", (5,))).splitlines() == [
        "pass select: memberId decides one slot",
        "└─ 1 target",
        "   └─ rds1/o_1 slot 5: SELECT n FROM `o_1`.`orders_2` AS `orders` WHERE memberId = %s",
    ]


def test_a_merge_as_a_tree() -> None:
    tree = str(explain("SELECT name, n FROM member WHERE id IN (1, 2) ORDER BY name DESC LIMIT 20 OFFSET 40"))
    sql = (
        "SELECT name, n, WEIGHT_STRING(name) AS `sk__0` FROM `m_{0}`.`member` WHERE id IN ({0}) "
        "ORDER BY name DESC LIMIT 60"
    )
    assert tree.splitlines() == [
        "merge select: conditions on id leave 2 of 4 slots",
        "├─ k-way merge of ordered streams",
        "│  order: hidden WEIGHT_STRING(name) DESC by weight",
        "│  hidden: WEIGHT_STRING(name)",
        "│  rows 41 to 60",
        "└─ 2 targets",
        f"   ├─ rds0/m_1 slot 1: {sql.format(1)}",
        f"   └─ rds1/m_2 slot 2: {sql.format(2)}",
    ]


def test_groups_as_a_tree() -> None:
    lines = str(
        explain("SELECT n, AVG(id), COUNT(*) FROM member GROUP BY n ORDER BY n LIMIT 5, 18446744073709551615")
    ).splitlines()
    assert lines[1:4] == [
        "├─ fold partial groups",
        "│  group: column 1",
        "│  folds: avg of column 2, hidden SUM(id), hidden COUNT(id); count of column 3",
    ]


def test_a_refusal_says_what_where_why_and_what_instead() -> None:
    found = explain("SELECT n,\n MY_F(n) FROM member")
    assert str(found).splitlines() == [
        "refused SK2103: function MY_F over several shards",
        "├─ where: line 2, column 2",
        "├─ why: it is none of MySQL's own, and a stored function may read tables that lie elsewhere",
        "└─ instead: a built-in function, or the shard key with = so that one shard answers",
    ]
    assert found.json()["targets"] == []


def test_a_federation_as_a_tree() -> None:
    tree = str(explain("SELECT SUM(n) OVER (ORDER BY id) FROM member WHERE id IN (1, 2) AND n < 9 AND n > id + 1"))
    pull = "SELECT `id`, `n` FROM `m_{0}`.`member` WHERE `id` IN (%s, %s) AND `n` < %s"
    assert tree.splitlines() == [
        "federate select: a window function over several shards: its window would end at each shard's edge",
        "├─ pull member from 2 tables",
        "│  columns: id, n",
        f"│  rds0/m_1: {pull.format(1)}",
        f"│  rds1/m_2: {pull.format(2)}",
        "└─ finish on rds0/m_1: SELECT SUM(n) OVER (ORDER BY id) FROM `m_1`.`sk__w0` AS `member` "
        "WHERE id IN (1, 2) AND n < 9 AND n > id + 1",
    ]


def test_a_federation_in_two_steps_as_a_tree() -> None:
    lines = str(explain("SELECT name, SUM(n) + 1 FROM member WHERE id IN (1, 2) GROUP BY name")).splitlines()
    partial = "SELECT name AS sk__g0, SUM(n) AS sk__p1 FROM `m_1`.`member` WHERE id IN (1) GROUP BY sk__g0"
    assert lines[1] == "├─ pull partial groups from 2 tables"
    assert f"│  rds0/m_1: {partial}" in lines
    assert lines[-1] == (
        "└─ finish on rds0/m_1: SELECT sk__g0 AS `name`, SUM(sk__p1) + 1 AS `SUM(n) + 1` FROM `m_1`.`sk__w0` "
        "GROUP BY sk__g0"
    )


def test_session_statements() -> None:
    assert str(explain("BEGIN")).splitlines() == ["session: TransactionCommand", "└─ changes this connection only"]


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT n FROM member WHERE id = %s AND name = %s", (5, "s3cret")),
        ("SELECT n FROM member WHERE name = %(a)s ORDER BY IF(%(a)s, n, id)", {"a": "s3cret"}),
        ("INSERT INTO member (id, name) VALUES (%s, %s), (2, %s)", (1, "s3cret", "s3cret")),
        ("INSERT INTO country (name) VALUES (%s)", ("s3cret",)),
    ],
)  # fmt: skip
def test_no_parameter_is_shown(sql: str, params: Params) -> None:
    found = explain(sql, params)
    assert "s3cret" not in f"{found}{found.json()}"


def test_mistakes_are_errors_not_refusals() -> None:
    with pytest.raises(UnknownTable):
        explain_ready(session().planner, "SELECT 1 FROM nowhere", None)
