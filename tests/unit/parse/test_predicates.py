"""What a WHERE says about the shard key: never more than every matching row fulfils."""

from __future__ import annotations

import pytest

from shardkit.values import Params
from tests.unit.parse.predicates import where


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("memberId = 1", "= 1"),
        ("1 = memberId", "= 1"),
        ("((m.`MEMBERID`)) = (1)", "= 1"),
        ("memberId = -1", "= -1"),
        ("memberId = '01'", "= '01'"),
        ("memberId = 1.50", "= Decimal('1.50')"),
        ("memberId = 1e3", "= 1000.0"),
        ("memberId = NULL", "= None"),
        ("memberId IN (1, '2', NULL)", "in (1, '2', None)"),
        ("memberId IN (1)", "in (1)"),
        ("memberId BETWEEN 1 AND 5", "1..5"),
        ("memberId > 1", "1.."),
        ("memberId <= 5", "..5"),
        ("5 > memberId", "..5"),
        ("5 <= memberId", "5.."),
        ("memberId >= 1 AND memberId < 5", "1..5"),
        ("(memberId, nick) = (1, 'a')", "= 1"),
        ("(nick, m.memberId) = ('a', 1)", "= 1"),
        ("(1, 'a') = (memberId, nick)", "= 1"),
        ("((memberId, nick), level) = ((1, 'a'), 2)", "= 1"),
        ("(memberId, nick) IN ((1, 'a'), (2, NULL))", "in (1, 2)"),
        ("(memberId, nick) <> (1, 'a')", "any"),
        ("(memberId, nick) < (1, 'a')", "any"),
        ("(memberId, nick) NOT IN ((1, 'a'))", "any"),
        ("(memberId, nick) IN (SELECT 1, 'a')", "any"),
        ("(memberId, nick) IN ((1 + 1, 'a'))", "any"),
        ("(memberId, nick) = (1, 'a') OR nick = 'b'", "any"),
    ],
)
def test_conditions_on_the_key(condition: str, expected: str) -> None:
    assert where(condition) == expected


@pytest.mark.parametrize(
    ("condition", "params", "expected"),
    [
        ("memberId = %s", (1,), "= %0"),
        ("nick = %s AND memberId = %s", (1, 2), "= %1"),
        ("memberId IN (%s, 5, %s)", (1, 2), "in (%0, 5, %1)"),
        ("memberId IN %s", ([1, 2],), "any"),
        ("memberId = %(id)s OR memberId = %(id)s", {"id": 1}, "(= %id | = %id)"),
        ("memberId BETWEEN %s AND %s", (1, 2), "%0..%1"),
        ("memberId = -%s", (1,), "any"),
    ],
)
def test_placeholders_are_values(condition: str, params: Params, expected: str) -> None:
    assert where(condition, params) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("memberId = 1 AND nick = 'a'", "= 1"),
        ("memberId = 1 AND (nick = 'a' OR nick = 'b')", "= 1"),
        ("memberId = 1 OR memberId = 2", "(= 1 | = 2)"),
        ("(memberId = 1 OR memberId = 3) AND nick = 'a'", "(= 1 | = 3)"),
        ("memberId = 1 AND nick = 'a' OR memberId = 3", "(= 1 | = 3)"),
        ("memberId = 1 || memberId = 3", "(= 1 | = 3)"),
        ("memberId = 1 && nick = 'a'", "= 1"),
        ("memberId = 1 AND memberId = 1", "= 1"),
        ("memberId = 1 OR nick = 'a'", "any"),
        ("memberId = 1 OR memberId = 2 OR nick = 'a'", "any"),
        ("(memberId = 1 OR nick = 'a') AND memberId IN (1, 2)", "in (1, 2)"),
    ],
)
def test_and_and_or(condition: str, expected: str) -> None:
    assert where(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("1", "any"), ("TRUE", "any"), ("0", "none"), ("FALSE", "none"), ("NULL", "none"), ("0.0", "none"),
        ("1 = 1", "any"), ("1 = 0", "none"), ("'a' = 'b'", "any"), ("'0'", "any"), ("0.5", "any"),
        ("memberId = 1 AND 1 = 0", "none"), ("memberId = 1 OR 1 = 0", "= 1"), ("memberId = 1 OR TRUE", "any"),
        ("memberId = 1 AND TRUE", "= 1"), ("nick = 'a' AND FALSE", "none"), ("memberId = 1 OR NULL", "= 1"),
        ("memberId = 1 OR '1x'", "any"), ("memberId = 1 OR 2", "any"),
    ],
)  # fmt: skip
def test_constant_branches(condition: str, expected: str) -> None:
    assert where(condition) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "memberId <> 1", "memberId != 1", "NOT memberId = 1", "NOT (memberId = 1 OR memberId = 2)", "!(memberId = 1)",
        "!memberId = 1", "NOT memberId IN (1, 2)", "memberId NOT IN (1, 2)", "memberId NOT BETWEEN 1 AND 2",
        "memberId IS NULL", "memberId IS NOT NULL", "memberId <=> 1", "memberId <=> NULL",
        "memberId = 1 XOR nick = 'a'", "memberId = 1 AND nick = 'b' XOR nick = 'a'", "nick = 'a' XOR memberId = 1",
        "(memberId = 1) = 0", "memberId = 1 = 1", "memberId = 1 IS NOT TRUE", "(memberId = 1) IS NULL",
        "memberId IN (1, 2) = 0", "memberId BETWEEN 1 AND 2 = 0", "memberId = 5 IN (5)",
        "memberId = memberId", "memberId = sellerId", "memberId = level",
        "memberId + 0 = 1", "-memberId = 1", "ABS(memberId) = 1", "CAST(memberId AS CHAR) = '1'", "BINARY memberId = 1",
        "memberId = 1 + 1", "memberId = ABS(1)", "memberId = -(1)", "memberId = - -1", "memberId = ~1",
        "memberId = CAST('7' AS SIGNED)", "memberId = TRUE", "memberId = 0x7B", "memberId = b'1'", "memberId = x'7B'",
        "memberId = 5--3", "memberId = @x", "memberId = 1 | 2", "memberId = '1' COLLATE utf8mb4_bin",
        "memberId BETWEEN nick AND 5", "1 BETWEEN memberId AND 5",
        "CASE WHEN memberId = 1 THEN 1 END", "IF(memberId = 1, 1, 1)", "COALESCE(memberId, 0) = 3",
        "memberId", "nick = 'a'", "other.memberId = 1", "memberId = 1 /*! OR nick = 'a' */",
        "memberId = (SELECT 1)", "memberId = ANY (SELECT 1)", "memberId > ALL (SELECT 1)",
        "memberId = 1 OR nick IN (SELECT 1)",
    ],
)  # fmt: skip
def test_conditions_that_leave_no_shard_out(condition: str) -> None:
    assert where(condition) == "any"
