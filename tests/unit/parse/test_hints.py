"""Hints to shardkit in a comment: what they mean, what is left of the comment, and mistakes with their place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shardkit.errors import HintError, ParameterError, SqlSyntaxError
from shardkit.flow import NO_HINTS, Hints, Literal, ParamRef
from shardkit.parse import Style, given_hints, lex
from shardkit.parse.hints import read_hints
from tests.plan.offline import Offline
from tests.unit.parse.predicates import statement


def read(comment: str) -> tuple[str, dict[str, Any]]:
    kept, found = read_hints(comment, lambda offset: f"offset {offset}")
    found.pop("said", None)
    return kept, found


def hints(text: str, style: Style = Style.POSITIONAL) -> Hints:
    return lex(text, style).hints


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("budget_rows=5", {"budget_rows": 5}), ("budget_rows = 5_000_000", {"budget_rows": 5_000_000}),
        ("budget_memory=64MB", {"budget_memory": 64 * 2**20}), ("timeout=2m", {"timeout": 120.0}),
        ("timeout=1.5", {"timeout": 1.5}), ("TIMEOUT=500ms", {"timeout": 0.5}),
        ("budget_rows=1, budget_memory=1KB,timeout=3s", {"budget_rows": 1, "budget_memory": 1024, "timeout": 3.0}),
        ("", {}), (" , ", {}), ("timeout=1, timeout=2", {"timeout": 2.0}),
        ("shard=3", {"shard": 3}), ("shard = 'rds0/order_03'", {"shard": "rds0/order_03"}),
        ("shard=rds0/order_03", {"shard": "rds0/order_03"}), ('shard="rds 0/a"', {"shard": "rds 0/a"}),
        ("primary", {"primary": True}), ("PRIMARY, shard=0", {"primary": True, "shard": 0}),
        ("key=42", {"key": Literal(42)}), ("key=-1", {"key": Literal(-1)}),
        ("key=1.5", {"key": Literal(Decimal("1.5"))}),
        ("key='a,b)=c', timeout=1", {"key": Literal("a,b)=c"), "timeout": 1.0}),
        (r"key='it''s \'\\x'", {"key": Literal(r"it's '\x")}), ('key="a""b\'c"', {"key": Literal("a\"b'c")}),
        ("key='100%%'", {"key": Literal("100%%")}),
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
        ("/*+ shardkit(key=')') BKA(t) */", "/*+                   BKA(t) */"),
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
        ("budget=5", "unknown hint 'budget', offset 13: shardkit knows shard, key, budget_rows, budget_memory, "
         "timeout, each with =, and primary"),
        ("budget_rows", "unknown hint 'budget_rows', offset 13: .* each with ="),
        ("timeout=1s, rows=5", "unknown hint 'rows', offset 25"), ("primary=1", "unknown hint 'primary'"),
        ("budget_rows=many", "hint budget_rows = 'many', offset 13: not a number of rows"),
        ("budget_rows=0", "not a number of rows"), ("budget_rows=-1", "not a number of rows"),
        ("budget_rows=1e6", "not a number of rows"), ("budget_memory=64", "hint budget_memory = '64', offset 13: "),
        ("budget_memory=lots", "hint budget_memory"), ("timeout=0", "no statement ends in no time"),
        ("timeout=soon", "hint timeout = 'soon'"), ("timeout=-1s", "hint timeout"),
        ("shard=order_03", "offset 13: not a shard; write a slot's number"), ("shard=-1", "not a shard"),
        ("shard=1.5", "not a shard"), ("shard=a/b/c", "not a shard"), ("shard=", "not a shard"),
        ("key=abc", "offset 13: not a value of a shard key"), ("key=NULL", "not a value"), ("key=", "not a value"),
        ("key=%s", "the statement is run without parameters"), ("key=%(id)s", "run without parameters"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_an_error_with_its_place(inside: str, message: str) -> None:
    with pytest.raises(SqlSyntaxError, match=message):
        read(f"/*+ shardkit({inside}) */")


def test_the_place_is_that_in_the_users_text() -> None:
    with pytest.raises(SqlSyntaxError, match="line 2, column 14"):
        statement("SELECT\n/*+ shardkit(rows=1) */ nick FROM member")


def test_shard_and_key_together_are_refused() -> None:
    with pytest.raises(HintError, match=r"key= in the hint, line 1, column 30: .* one of them"):
        hints("SELECT /*+ shardkit(shard=3, key=1) */ 1")


def test_placeholders_of_a_hint_count_and_reach_no_server() -> None:
    source = lex("SELECT %s, /*+ shardkit(key=%s) */ %s", Style.POSITIONAL)
    assert (source.hints.key, source.hints.placeholders) == (ParamRef(1), 1)
    assert source.params == (ParamRef(0), ParamRef(2))
    assert "%s) */" not in source.text
    named = lex("SELECT /*+ shardkit(key=%(id)s) */ %(id)s", Style.NAMED)
    assert (named.hints.key, named.hints.placeholders, named.params) == (ParamRef("id"), 0, (ParamRef("id"),))


def test_a_percent_sign_in_a_text_is_doubled_where_there_are_parameters() -> None:
    assert hints("SELECT /*+ shardkit(key='100%%') */ %s").key == Literal("100%")
    assert hints("SELECT /*+ shardkit(key='100%%') */ 1", Style.RAW).key == Literal("100%%")


@pytest.mark.parametrize(("key", "style"), [("%s", Style.NAMED), ("%(id)s", Style.POSITIONAL)])
def test_a_placeholder_of_the_other_kind(key: str, style: Style) -> None:
    with pytest.raises(SqlSyntaxError, match="the parameters given ask for"):
        hints(f"SELECT /*+ shardkit(key={key}) */ 1", style)


def test_other_placeholders_in_a_comment_stay_an_error() -> None:
    with pytest.raises(ParameterError, match="inside a comment"):
        hints("SELECT /*+ shardkit(key=%s) BKA(%s) */ 1")


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
    assert statement(f"SELECT {comment} nick FROM member").hints is NO_HINTS


def test_hints_of_a_block() -> None:
    found = given_hints({"shard": 3, "timeout": 2, "budget_memory": 4096, "budget_rows": None, "primary": True})
    assert found == Hints(3, None, "connection.hint(shard=…)", True, None, 4096, 2.0)
    assert given_hints({"key": "a", "timeout": "500ms", "budget_memory": "1KB", "primary": False}) == Hints(
        None, Literal("a"), "connection.hint(key=…)", False, None, 1024, 0.5
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shards": 3}, r"connection.hint\(shards=…\): shardkit knows shard, key"), ({"shard": -1}, "not a shard"),
        ({"shard": "x"}, "not a shard"), ({"shard": True}, "a number or a text, not bool"),
        ({"timeout": 0}, "no statement ends in no time"), ({"budget_rows": 0}, "not a number of rows"),
        ({"budget_memory": -5}, "not a size"), ({"timeout": [1]}, "not list"), ({"shard": 1, "key": 2}, "one of them"),
    ],
)  # fmt: skip
def test_what_a_block_cannot_say(given: dict[str, Any], message: str) -> None:
    with pytest.raises(HintError, match=message):
        given_hints(given)
