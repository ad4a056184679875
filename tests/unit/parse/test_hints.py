"""Hints to shardkit in a comment: what they mean, what is left of the comment, and mistakes with their place."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import SqlSyntaxError
from shardkit.parse.hints import read_hints
from tests.plan.offline import Offline
from tests.unit.parse.predicates import statement


def read(comment: str) -> tuple[str, dict[str, Any]]:
    return read_hints(comment, lambda offset: f"offset {offset}")


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("budget_rows=5", {"budget_rows": 5}), ("budget_rows = 5_000_000", {"budget_rows": 5_000_000}),
        ("budget_memory=64MB", {"budget_memory": 64 * 2**20}), ("timeout=2m", {"timeout": 120.0}),
        ("timeout=1.5", {"timeout": 1.5}), ("TIMEOUT=500ms", {"timeout": 0.5}),
        ("budget_rows=1, budget_memory=1KB,timeout=3s", {"budget_rows": 1, "budget_memory": 1024, "timeout": 3.0}),
        ("", {}), (" , ", {}), ("timeout=1, timeout=2", {"timeout": 2.0}),
    ],
)  # fmt: skip
def test_hints(inside: str, expected: dict[str, Any]) -> None:
    assert read(f"/*+ shardkit({inside}) */")[1] == expected


def test_several_hints_in_one_comment() -> None:
    assert read("/*+ SHARDKIT(budget_rows=1) MAX_EXECUTION_TIME(5) shardkit (timeout=1s) */")[1] == {
        "budget_rows": 1,
        "timeout": 1.0,
    }


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("/*+ shardkit(timeout=1s) */", ""), ("/*+shardkit(timeout=1s)*/", ""),
        ("/*+ shardkit(timeout=1s) BKA(t) */", "/*+                      BKA(t) */"),
        ("/*+ NO_INDEX_MERGE(t) */", "/*+ NO_INDEX_MERGE(t) */"), ("/*+ myshardkit(x) */", "/*+ myshardkit(x) */"),
    ],
)  # fmt: skip
def test_what_is_left_for_the_server(comment: str, kept: str) -> None:
    found = read(comment)[0]
    assert len(found) == len(comment)
    assert found.strip() == kept


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("budget=5", r"unknown hint 'budget', offset 13: shardkit knows budget_rows, budget_memory, timeout"),
        ("budget_rows", "unknown hint 'budget_rows', offset 13: .* each with ="),
        ("timeout=1s, rows=5", "unknown hint 'rows', offset 25"),
        ("budget_rows=many", "hint budget_rows = 'many', offset 13: not a number of rows"),
        ("budget_rows=0", "not a number of rows"), ("budget_rows=-1", "not a number of rows"),
        ("budget_rows=1e6", "not a number of rows"), ("budget_memory=64", "hint budget_memory = '64', offset 13: "),
        ("budget_memory=lots", "hint budget_memory"), ("timeout=0", "no statement ends in no time"),
        ("timeout=soon", "hint timeout = 'soon'"), ("timeout=-1s", "hint timeout"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_an_error_with_its_place(inside: str, message: str) -> None:
    with pytest.raises(SqlSyntaxError, match=message):
        read(f"/*+ shardkit({inside}) */")


def test_the_place_is_that_in_the_users_text() -> None:
    with pytest.raises(SqlSyntaxError, match="line 2, column 14"):
        statement("SELECT\n/*+ shardkit(rows=1) */ nick FROM member")


def test_a_statement_knows_its_hints_and_no_shard_sees_them() -> None:
    session = Offline()
    text = "SELECT /*+ shardkit(budget_rows=7) BKA(m) */ nick FROM member m"
    plan = session.plan(text)
    assert plan.budget is not None
    assert (plan.budget.rows, plan.budget.time) == (7, 30.0)
    assert "shardkit" not in plan.tasks[0].sql
    assert "BKA(m)" in plan.tasks[0].sql
    assert session.plan("SELECT nick FROM member").budget is None


@pytest.mark.parametrize("comment", ["/* shardkit(rows=1) */", "-- + shardkit(rows=1)\n", "'/*+ shardkit(rows=1) */',"])
def test_other_comments_and_texts_are_no_hints(comment: str) -> None:
    assert statement(f"SELECT {comment} nick FROM member").hints == ()
