"""The SQL that asks for places: keys found among the columns or added to them, and the runs that a LIMIT meets."""

from __future__ import annotations

import pytest
import sqlglot

from shardkit.parse import outline
from shardkit.verify.answers import Shown
from shardkit.verify.ranking import collations, ranked


def columns(names: str) -> list[Shown]:
    return [Shown(name, "text", None) for name in names.split()]


def test_a_key_that_is_selected() -> None:
    assert ranked(outline("SELECT a, b FROM t ORDER BY b DESC"), columns("a b")) == (
        "WITH sk__rows (c0, c1) AS (SELECT a, b FROM t), sk__ranked AS (SELECT sk__rows.*, RANK() OVER (ORDER BY "
        "c1 DESC) AS sk__place FROM sk__rows) SELECT c0, c1, sk__place FROM sk__ranked ORDER BY sk__place"
    )


def test_a_key_that_is_not_selected() -> None:
    sql = ranked(outline("SELECT a FROM t WHERE x ORDER BY t.b, a, c + 1"), columns("a"))
    assert sql is not None
    assert "(c0, k0, k1) AS (SELECT a, t.b, c + 1 FROM t WHERE x)" in sql
    assert "ORDER BY k0, c0, k1)" in sql
    assert "SELECT c0, sk__place" in sql


@pytest.mark.parametrize(
    ("sql", "names", "by"),
    [
        ("SELECT *, a AS x FROM t ORDER BY 2", "a b x", "c1"),
        ("SELECT * FROM t ORDER BY B", "a b", "c1"),
        ("SELECT a, a FROM t ORDER BY a", "a a", "c0"),
        ("SELECT DISTINCT a + 1 FROM t ORDER BY a + 1", "a+1", "c0"),
        ("SELECT a FROM t UNION SELECT b FROM u ORDER BY a DESC", "a", "c0 DESC"),
        ("SELECT t.a, u.a FROM t, u ORDER BY u.a", "a a", "c1"),
    ],
)
def test_which_column_a_key_means(sql: str, names: str, by: str) -> None:
    found = ranked(outline(sql), columns(names))
    assert found is not None
    assert f"(ORDER BY {by})" in found


@pytest.mark.parametrize(
    "sql", ["SELECT DISTINCT a FROM t ORDER BY b", "SELECT a FROM t UNION SELECT b FROM u ORDER BY a + 1"]
)
def test_keys_that_cannot_be_selected(sql: str) -> None:
    assert ranked(outline(sql), columns("a")) is None


def test_only_the_runs_that_the_limit_meets() -> None:
    sql = ranked(outline("SELECT a FROM t ORDER BY a LIMIT 5 OFFSET 20"), columns("a"))
    assert sql is not None
    assert "WHERE sk__place <= 25 AND sk__place >= (SELECT MAX(sk__place) FROM sk__ranked WHERE sk__place <= 21)" in sql
    assert sqlglot.parse_one(sql, dialect="mysql") is not None


def test_the_collations_of_all_columns() -> None:
    assert collations(outline("SELECT a, b FROM t ORDER BY a LIMIT 2"), columns("a b")) == (
        "WITH sk__rows (c0, c1) AS (SELECT a, b FROM t) SELECT COLLATION(c0), COLLATION(c1) FROM sk__rows LIMIT 1"
    )
