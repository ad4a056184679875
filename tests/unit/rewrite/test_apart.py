"""A WITH clause whose table is named twice: tables made one after another, and what is left to run."""

from __future__ import annotations

from shardkit.flow import Federation
from shardkit.values import Params
from tests.plan.offline import Offline

SESSION = Offline()


def federation(sql: str, params: Params = None) -> Federation:
    found = SESSION.plan(sql, params).federation
    assert found is not None
    return found


def steps(sql: str, params: Params = None) -> list[str]:
    """The tables and their queries."""
    return [bare(f"{one.table} AS {one.query}") for one in federation(sql, params).derived]


def bare(sql: str) -> str:
    return sql.replace("`shard_00`.", "").replace("`", "")


def test_one_table_for_each_place() -> None:
    sql = "WITH a AS (SELECT nick FROM member) SELECT x.nick FROM a x JOIN a ON a.nick = x.nick"
    assert steps(sql) == [
        "sk__c0_0 AS WITH a AS (SELECT nick FROM sk__w0 AS member) SELECT * FROM a",
        "sk__c0_1 AS SELECT * FROM sk__c0_0",
    ]
    assert bare(federation(sql).sql).strip() == "SELECT x.nick FROM sk__c0_0 x JOIN sk__c0_1 AS a ON a.nick = x.nick"


def test_one_that_names_another_finds_its_table() -> None:
    sql = (
        "WITH a (n) AS (SELECT nick FROM member), b AS (SELECT n FROM a WHERE n > 'x') "
        "SELECT COUNT(*) FROM a, b WHERE a.n = b.n"
    )
    first, copy, second = steps(sql)
    assert first == "sk__c0_0 AS WITH a (n) AS (SELECT nick FROM sk__w0 AS member) SELECT * FROM a"
    assert copy == "sk__c0_1 AS SELECT * FROM sk__c0_0"
    assert second.startswith("sk__c1_0 AS WITH b AS (SELECT n FROM sk__c0_")
    used = {part for part in ("sk__c0_0", "sk__c0_1") if part in second}
    left = {part for part in ("sk__c0_0", "sk__c0_1") if part in federation(sql).sql}
    assert used | left == {"sk__c0_0", "sk__c0_1"}
    assert not used & left  # a temporary table is opened once in a statement


def test_one_that_nobody_names_is_not_made() -> None:
    sql = "WITH a AS (SELECT nick FROM member), u AS (SELECT 1 AS x) SELECT 1 FROM a x, a y"
    assert not any(" u AS" in text for text in steps(sql))


def test_a_recursive_one_still_finds_itself() -> None:
    sql = (
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3), "
        "m AS (SELECT memberId AS k FROM member) SELECT 1 FROM n x, n y, m"
    )
    assert steps(sql)[0] == (
        "sk__c0_0 AS WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT * FROM n"
    )


def test_parameters_go_with_their_text() -> None:
    sql = "WITH a AS (SELECT nick, %s AS p FROM member) SELECT x.nick, %s FROM a x, a y WHERE y.p = %s"
    found = federation(sql, (1, 2, 3))
    assert [one.args for one in found.derived if one.args] == [(1,)]
    assert found.args == (2, 3)


def test_what_is_named_once_runs_as_it_was_written() -> None:
    sql = "WITH a AS (SELECT nick FROM member), b AS (SELECT nick FROM a) SELECT COUNT(*) FROM b"
    found = federation(sql)
    assert found.derived == ()
    assert bare(found.sql) == sql.replace("FROM member", "FROM sk__w0 AS member")
