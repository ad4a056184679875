"""Lists in any order: what is one and what is not, and what the prepared form of a case lifts out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shardkit.verify import Answer
from tests.differential.corpus import Case
from tests.differential.lists import in_one_order, ordered


@pytest.mark.parametrize(
    ("left", "right", "separator", "same"),
    [
        ("[1, 2]", "[2,1]", "json", True), ("[1, 2]", "[1, 1]", "json", False), ("[[1, 2]]", "[[2, 1]]", "json", False),
        ('{"a": 1, "b": [1, 2]}', '{"b": [1, 2], "a": 1}', "json", True), ("[]", "[null]", "json", False),
        ('{"a": 1}', '{"a": 1, "a": 1}', "json", False), ('["1"]', "[1]", "json", False), ("a,b", "b,a", ",", True),
        ("a,a,b", "a,b,b", ",", False), ("a;b", "b;a", ",", False),
    ],
)  # fmt: skip
def test_lists(left: str, right: str, separator: str, same: bool) -> None:
    assert (ordered(left, separator) == ordered(right, separator)) is same


def test_only_the_named_columns_are_sorted() -> None:
    answer = Answer((), (("b,a", "b,a"), (None, "c")), 2, 0)
    assert in_one_order(answer, {0: ","}) == Answer((), (("a,b", "b,a"), (None, "c")), 2, 0)


@pytest.mark.parametrize(
    ("sql", "text", "params"),
    [
        ("SELECT a FROM t WHERE b = 5 AND c <> 'x' LIMIT 3", "SELECT a FROM t WHERE b = %s AND c <> %s LIMIT %s",
         (5, "x", 3)),
        ("SELECT a FROM t WHERE b > -1.50 OR c LIKE 'a%'", "SELECT a FROM t WHERE b > %s OR c LIKE %s",
         (Decimal("-1.50"), "a%")),
        ("SELECT 5 % 2 FROM t WHERE b IN (1, 2)", "SELECT 5 %% 2 FROM t WHERE b IN (%s, 2)", (1,)),
        ("SELECT 'a = 5', `b = 5` /* c = 5 */ FROM t WHERE d BETWEEN 1 AND 2",
         "SELECT 'a = 5', `b = 5` /* c = 5 */ FROM t WHERE d BETWEEN %s AND 2", (1,)),
    ],
)  # fmt: skip
def test_the_prepared_form(sql: str, text: str, params: Any) -> None:
    assert Case("title", sql).prepared() == (text, params)


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1", "SELECT a = b FROM t", "UPDATE t SET a = 5", "SET @n = 5", r"SELECT 'it\'s' FROM t WHERE a = 'b' 'c'"],
)
def test_what_has_no_prepared_form(sql: str) -> None:
    assert Case("title", sql).prepared() is None
