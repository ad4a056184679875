"""The types of expressions: MySQL's, or unknown."""

from __future__ import annotations

import pytest

from shardkit.flow import Column, Family
from tests.unit.parse.predicates import statement

AI, BIN, GENERAL, UNICODE = "utf8mb4_0900_ai_ci", "utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci"


def kind(expression: str, source: str = "member") -> Column | None:
    found = statement(f"SELECT {expression} FROM {source}").select
    assert found is not None
    return found.items[0].expr.type


def family(expression: str) -> str | None:
    found = kind(expression)
    return found.family.value if found is not None else None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("memberId", "integer"), ("balance", "decimal"), ("score", "double"), ("ratio", "float"), ("nick", "text"),
        ("level", "enum"), ("tags", "set"), ("born", "date"), ("registered", "datetime"), ("seen", "timestamp"),
        ("worked", "time"), ("flags", "bit"), ("raw", "binary"), ("doc", "json"), ("yr", "year"),
        ("1", "integer"), ("1.5", "decimal"), ("1e3", "double"), ("'a'", "text"), ("(memberId)", "integer"),
        ("TRUE", "integer"), ("nick = 'a'", "integer"), ("NOT memberId", "integer"), ("nick IS NULL", "integer"),
        ("memberId + 1", "integer"), ("memberId + 1.5", "decimal"), ("balance * 2", "decimal"), ("score + 1", "double"),
        ("memberId / 2", "decimal"), ("memberId DIV 2", "integer"), ("memberId % 3", "integer"),
        ("-balance", "decimal"), ("yr + 1", "integer"), ("flags * 2", "integer"), ("yr + 1.5", "decimal"),
        ("-yr", "integer"), ("yr / 2", "decimal"),
        ("nick + 1", None), ("born + 1", None), ("registered - registered", None),
        ("COUNT(*)", "integer"), ("SUM(memberId)", "decimal"), ("SUM(score)", "double"), ("SUM(nick)", "double"),
        ("AVG(memberId)", "decimal"), ("MIN(level)", "text"), ("MAX(nick)", "text"), ("MIN(born)", "date"),
        ("YEAR(born)", "integer"), ("DATE(registered)", "date"), ("LAST_DAY(born)", "date"),
        ("LENGTH(nick)", "integer"),
        ("CHAR_LENGTH(nick)", "integer"), ("DATEDIFF(born, born)", "integer"), ("ROUND(balance, 1)", "decimal"),
        ("FLOOR(score)", "double"), ("CAST(nick AS SIGNED)", "integer"), ("CAST(nick AS DATE)", "date"),
        ("CAST(nick AS BINARY)", "binary"), ("CONCAT(nick, memberId)", "text"), ("CONCAT(raw, 'a')", None),
        ("IF(memberId, 1, 2.5)", "decimal"), ("IFNULL(score, 1)", "double"), ("COALESCE(nick, memberId)", None),
        ("CASE WHEN 1 THEN born ELSE born END", "date"), ("CASE WHEN 1 THEN born ELSE registered END", None),
        ("CASE WHEN memberId THEN 1 END", "integer"), ("IF(1, NULL, nick)", "text"), ("my_function(1)", None),
        ("@@version", None), ("ROUND(nick)", "double"), ("NULL", None),
    ],
)  # fmt: skip
def test_families(expression: str, expected: str | None) -> None:
    assert family(expression) == expected


@pytest.mark.parametrize(
    ("expression", "collation"),
    [
        ("nick", BIN), ("memberName", AI), ("note", UNICODE), ("'a'", AI), ("UPPER(nick)", BIN),
        ("TRIM(note)", UNICODE),
        ("SUBSTRING(note, 1, 2)", UNICODE), ("LEFT(nick, 2)", BIN), ("nick COLLATE utf8mb4_general_ci", GENERAL),
        ("MIN(note)", UNICODE), ("CONCAT(note, 'a')", UNICODE), ("CONCAT(memberId, 'a')", AI),
        ("CAST(nick AS CHAR)", AI), ("IF(1, nick, 'a')", BIN), ("HEX(raw)", AI), ("MD5(nick)", AI),
        ("DATE_FORMAT(born, '%Y')", AI),
    ],
)  # fmt: skip
def test_collations_of_text(expression: str, collation: str) -> None:
    found = kind(expression)
    assert found is not None
    assert (found.family, found.collation) == (Family.TEXT, collation)


@pytest.mark.parametrize("expression", ["CONCAT(nick, note)", "IF(1, nick, note)", "CONCAT(nick, flags)"])
def test_texts_of_two_collations_have_no_certain_type(expression: str) -> None:
    assert kind(expression) is None


@pytest.mark.parametrize(
    ("expression", "scale"),
    [("balance", 6), ("SUM(balance)", 6), ("SUM(memberId)", 0), ("balance * balance", 12), ("balance + memberId", 6)]
    + [(text, None) for text in ("AVG(balance)", "AVG(memberId)", "balance / 7", "SUM(balance / 7)", "memberId / 3")],
)
def test_decimals_by_what_no_setting_changes(expression: str, scale: int | None) -> None:
    found = kind(expression)
    assert found is not None
    assert found.scale == scale


def test_the_missing_side_of_a_join_may_be_null() -> None:
    join = "t_order o LEFT JOIN t_order_item i ON o.memberId = i.memberId"
    left, right = kind("o.memberId", join), kind("i.memberId", join)
    assert left is not None
    assert right is not None
    assert (left.nullable, right.nullable) == (False, True)


def test_columns_of_derived_tables_are_unknown() -> None:
    assert kind("d.nick", "member m JOIN (SELECT nick FROM member) d") is None
    assert kind("nick", "member m JOIN (SELECT nick FROM member) d") is None


@pytest.mark.parametrize(
    ("expression", "unsigned"), [("memberId + 1", False), ("yr + 1", True), ("flags + memberId", True)]
)
def test_computed_with_years_and_bits_are_unsigned(expression: str, unsigned: bool) -> None:
    found = kind(expression)
    assert found is not None
    assert found.unsigned is unsigned
