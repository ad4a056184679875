"""Common table expressions: which a name means, and what is taken apart because it is named more than once."""

from __future__ import annotations

import pytest

from shardkit.flow import Blocker, Ctes
from tests.unit.parse.predicates import statement


def taken(sql: str) -> Ctes:
    found = statement(sql).ctes
    assert isinstance(found, Ctes), sql
    return found


def told(sql: str) -> list[str]:
    """For each CTE: its head, its query, and where it is named (with `as` when it has an alias there)."""
    return [
        f"{sql[slice(*cte.head)]}: {sql[slice(*cte.body)]} | "
        + ", ".join(sorted(f"{sql[slice(*one.span)]}{' as' if one.aliased else ''}" for one in cte.references))
        for cte in taken(sql).parts
    ]


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("WITH a AS (SELECT nick FROM member) SELECT * FROM a", ["member"]),
        ("WITH member AS (SELECT 1 AS x FROM coupon) SELECT * FROM member", ["coupon"]),
        ("WITH member AS (SELECT nick FROM member) SELECT * FROM member", ["member"]),
        ("WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b, a", []),
        ("WITH coupon AS (SELECT 1 AS x FROM event), b AS (SELECT * FROM coupon) SELECT * FROM b", ["event"]),
        ("WITH b AS (SELECT * FROM coupon), coupon AS (SELECT 1 AS x) SELECT * FROM b, coupon", ["coupon"]),
        ("WITH RECURSIVE coupon AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM coupon WHERE x < 3) SELECT * FROM coupon",
         []),
        ("SELECT * FROM coupon WHERE code IN (WITH coupon AS (SELECT k FROM config) SELECT k FROM coupon)",
         ["coupon", "config"]),
        ("WITH a AS (WITH coupon AS (SELECT 1 AS x) SELECT * FROM coupon) SELECT a.x FROM a, coupon", ["coupon"]),
    ],
)  # fmt: skip
def test_which_names_mean_tables(sql: str, tables: list[str]) -> None:
    assert [use.name for use in statement(sql).tables] == tables


@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS (SELECT nick FROM member) SELECT * FROM a",
        "WITH a AS (SELECT nick FROM member), b AS (SELECT * FROM a) SELECT * FROM b",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n, member",
        "WITH a AS (SELECT 1) SELECT * FROM member",
        "SELECT * FROM member WHERE nick IN (WITH a AS (SELECT code FROM coupon) SELECT code FROM a)",
    ],
)
def test_what_is_named_once_stays_as_it_is(sql: str) -> None:
    assert statement(sql).ctes is None


def test_what_is_named_twice_is_taken_apart() -> None:
    sql = (
        "WITH a (x) AS (SELECT nick FROM member), b AS ( SELECT * FROM a ) SELECT * FROM a JOIN `a` AS q JOIN b WHERE 1"
    )
    assert told(sql) == ["a (x): SELECT nick FROM member | `a` as, a, a", "b:  SELECT * FROM a  | b"]
    assert sql[slice(*taken(sql).spans[0])] == ("WITH a (x) AS (SELECT nick FROM member), b AS ( SELECT * FROM a )")


def test_a_recursive_ones_own_name_does_not_count() -> None:
    sql = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT 1 FROM n x, n y, member"
    (part,) = taken(sql).parts
    assert part.recursive
    assert [sql[slice(*one.span)] for one in part.references] == ["n", "n"]


def test_offsets_are_those_of_the_users_text() -> None:
    sql = "WITH /* 东京 %% */ a AS (SELECT nick, %s AS 东 FROM member) SELECT * FROM a, a AS `b`"
    found = statement(sql, (1,)).ctes
    assert isinstance(found, Ctes)
    assert [sql[slice(*one.span)] for one in found.parts[0].references] == ["a", "a"]
    assert sql[slice(*found.parts[0].body)] == "SELECT nick, %s AS 东 FROM member"


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("SELECT * FROM member WHERE nick IN (WITH a AS (SELECT code FROM coupon) SELECT x.code FROM a x, a y)",
         ["a: SELECT code FROM coupon | a as, a as"]),
        ("SELECT * FROM (WITH a AS (SELECT code AS c FROM coupon ORDER BY c) SELECT x.c FROM a x, a y) d",
         ["a: SELECT code AS c FROM coupon ORDER BY c | a as, a as"]),
        ("WITH o AS (WITH a AS (SELECT code FROM coupon) SELECT x.code FROM a x, a y) SELECT * FROM o",
         ["a: SELECT code FROM coupon | a as, a as",
          "o: WITH a AS (SELECT code FROM coupon) SELECT x.code FROM a x, a y | o"]),
        ("WITH o AS (SELECT nick FROM member) SELECT * FROM (WITH a AS (SELECT nick FROM o) SELECT a.nick FROM a, o) d",
         ["o: SELECT nick FROM member | o, o", "a: SELECT nick FROM o | a"]),
    ],
)  # fmt: skip
def test_inner_ones_are_taken_apart_too(sql: str, parts: list[str]) -> None:
    assert told(sql) == parts


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM member m WHERE nick IN (WITH a AS (SELECT m.nick AS n) SELECT x.n FROM a x, a y)",
        "SELECT * FROM member WHERE nick IN (WITH a AS (SELECT 1 FROM coupon WHERE nick = code) SELECT 1 FROM a x, a)",
        "SELECT 1 FROM member m, LATERAL (WITH a AS (SELECT m.nick AS n) SELECT x.n FROM a x, a y) d",
        "WITH RECURSIVE o AS (SELECT 1 AS n UNION ALL SELECT d.n FROM (WITH a AS (SELECT n + 1 AS n FROM o) "
        "SELECT x.n FROM a x) d) SELECT * FROM o JOIN o p, member",
    ],
)  # fmt: skip
def test_what_depends_on_the_row_outside_is_a_blocker(sql: str) -> None:
    found = statement(sql).ctes
    assert isinstance(found, Blocker)
    assert "WITH inside of a subquery" in found.what
    assert found.instead
