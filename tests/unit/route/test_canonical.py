"""From values as users write them to values as columns store them: sure, or not used for routing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from shardkit.errors import ShardKeyError
from shardkit.flow import Column
from shardkit.route.canonical import UNSURE, check_key_column, comparable, stored
from tests.plan.catalog import column

NOON = dt.datetime(2024, 2, 29, 12)
MIDNIGHT = dt.datetime(2024, 2, 29)
DAY = dt.date(2024, 2, 29)
ZONED = dt.datetime(2024, 2, 29, tzinfo=dt.UTC)


def col(text: str) -> Column:
    return column(f"c {text}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7), (-7, -7), (0, 0), (2**63, 2**63), (True, 1), (False, 0), ("7", 7), ("-7", -7), ("0", 0),
        ("123456789012345", 123456789012345), (7.0, 7), (-0.0, 0), (Decimal("7.000"), 7), (Decimal("1E+2"), 100),
        (Decimal("9007199254740993.0"), 9007199254740993),
    ],
)  # fmt: skip
def test_integers_that_are_certain(value: Any, expected: int) -> None:
    found = comparable(col("BIGINT"), value)
    assert found == expected
    assert type(found) is int


@pytest.mark.parametrize(
    "value",
    [
        "07", " 7", "7 ", "7.0", "1e2", "7up", "", "abc", "+7", "-0", "--7", "0x7", "1234567890123456", "\n7", "7\n",
        7.5, float("inf"), float("nan"), 2.0**53, 1e300, Decimal("7.5"), Decimal("NaN"), Decimal("Infinity"),
        b"7", bytearray(b"7"), DAY, NOON, dt.timedelta(1), [7], (7,), {7}, object(),
    ],
)  # fmt: skip
def test_values_that_say_nothing_certain_of_an_integer(value: Any) -> None:
    assert comparable(col("BIGINT"), value) is UNSURE


@pytest.mark.parametrize("value", ["1٢", "1２"])
def test_digits_of_other_scripts_are_no_digits(value: str) -> None:
    assert comparable(col("BIGINT"), value) is UNSURE


def test_digits_of_other_scripts_are_no_date() -> None:
    assert comparable(col("DATE"), "2024-02-2٩") is UNSURE


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("VARCHAR(9) COLLATE utf8mb4_bin", "a  ", "a"), ("VARCHAR(9) COLLATE utf8mb4_bin", "A", "A"),
        ("VARCHAR(9) COLLATE utf8mb4_bin", " a\t", " a\t"), ("VARCHAR(9) COLLATE utf8mb4_bin", "", ""),
        ("VARCHAR(9) COLLATE utf8mb4_0900_bin", "a  ", "a  "), ("CHAR(9) COLLATE utf8mb4_0900_bin", "a  ", "a"),
        ("VARBINARY(9)", b"a ", b"a "), ("VARBINARY(9)", bytearray(b"a"), b"a"), ("VARBINARY(9)", "é", b"\xc3\xa9"),
        ("DATE", "2024-02-29", DAY), ("DATE", DAY, DAY), ("DATE", MIDNIGHT, DAY), ("DATE", "2024-02-29 00:00:00", DAY),
        ("DATETIME", "2024-02-29", MIDNIGHT), ("DATETIME", DAY, MIDNIGHT), ("DATETIME", NOON, NOON),
        ("DATETIME", "2024-02-29T12:00:00", NOON),
        ("DATETIME(6)", "2024-02-29 12:00:00.5", NOON.replace(microsecond=500000)),
        ("DATETIME(6)", "2024-02-29 12:00:00.000001", NOON.replace(microsecond=1)),
    ],
)  # fmt: skip
def test_texts_bytes_and_dates(kind: str, value: Any, expected: Any) -> None:
    found = comparable(col(kind), value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("VARCHAR(9) COLLATE utf8mb4_bin", 1), ("VARCHAR(9) COLLATE utf8mb4_bin", b"a"),
        ("VARCHAR(9) COLLATE utf8mb4_bin", DAY), ("VARCHAR(9) COLLATE utf8mb4_bin", Decimal(1)),
        ("VARBINARY(9)", 1), ("DATE", "2024-2-29"), ("DATE", "20240229"), ("DATE", 20240229), ("DATE", "2024-02-30"),
        ("DATE", "0000-00-00"), ("DATE", "2024-02-29 12"), ("DATETIME", ZONED),
        ("DATETIME", "2024-02-29 12:00:00+01:00"),
        ("DATETIME", "2024-02-29 24:00:00"), ("DATETIME", b"2024-02-29"), ("DATETIME", "today"),
        ("DECIMAL(5,2)", 1), ("ENUM('a')", "a"), ("TIMESTAMP", "2024-02-29"),
    ],
)  # fmt: skip
def test_other_types_say_nothing_certain(kind: str, value: Any) -> None:
    assert comparable(col(kind), value) is UNSURE


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("BIGINT", "7", 7), ("TINYINT", -128, -128), ("TINYINT UNSIGNED", 255, 255),
        ("BIGINT UNSIGNED", 2**64 - 1, 2**64 - 1),
        ("VARCHAR(3) COLLATE utf8mb4_bin", 123, "123"), ("VARCHAR(3) COLLATE utf8mb4_bin", "东京😀", "东京😀"),
        ("VARBINARY(2)", "é", b"\xc3\xa9"), ("DATE", MIDNIGHT, DAY), ("DATETIME", "2024-02-29", MIDNIGHT),
        ("DATETIME(3)", NOON.replace(microsecond=5000), NOON.replace(microsecond=5000)),
    ],
)  # fmt: skip
def test_what_is_stored_unchanged(kind: str, value: Any, expected: Any) -> None:
    assert stored("t", col(kind), value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("BIGINT", "7up"), ("BIGINT", 2**63), ("BIGINT", -(2**63) - 1), ("BIGINT UNSIGNED", -1), ("TINYINT", 128),
        ("SMALLINT", 2**15), ("INT", 2**31), ("INT UNSIGNED", 2**32), ("BIGINT", 1.5), ("BIGINT", b"1"),
        ("VARCHAR(3) COLLATE utf8mb4_bin", "abcd"), ("VARCHAR(3) COLLATE utf8mb4_bin", 1234),
        ("VARCHAR(3) COLLATE utf8mb4_bin", True), ("VARCHAR(3) COLLATE utf8mb4_bin", 1.0), ("VARBINARY(1)", "é"),
        ("DATE", NOON), ("DATE", "2024-02-29 12:00:00"), ("DATETIME", NOON.replace(microsecond=1)),
        ("DATETIME(3)", NOON.replace(microsecond=1)), ("DATETIME", "soon"), ("DATETIME", ZONED),
    ],
)  # fmt: skip
def test_what_mysql_would_change_is_not_stored(kind: str, value: Any) -> None:
    with pytest.raises(ShardKeyError) as caught:
        stored("t", col(kind), value)
    assert str(value) not in caught.value.message.replace(kind.lower(), "")


def test_null_is_no_shard_key() -> None:
    with pytest.raises(ShardKeyError, match="cannot be NULL") as caught:
        stored("t", col("BIGINT"), None)
    assert caught.value.errno == 1048


@pytest.mark.parametrize(
    "kind",
    ["BIGINT", "INT UNSIGNED", "TINYINT(1)", "DATE", "DATETIME(3)", "VARBINARY(8)", "VARCHAR(8) COLLATE utf8mb4_bin",
     "CHAR(8) COLLATE utf8mb4_0900_bin"],
)  # fmt: skip
def test_columns_that_can_be_a_shard_key(kind: str) -> None:
    check_key_column("t", col(kind))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("VARCHAR(8) COLLATE utf8mb4_0900_ai_ci", "utf8mb4_0900_ai_ci holds different texts equal"),
        ("VARCHAR(8) COLLATE utf8mb4_general_ci", "COLLATE utf8mb4_bin"), ("TEXT COLLATE utf8mb4_bin", "type text"),
        ("BINARY(8)", "type binary"), ("DECIMAL(5,0)", "type decimal"), ("DOUBLE", "type double"),
        ("TIMESTAMP", "type timestamp"), ("ENUM('a')", "type enum"), ("YEAR", "type year"), ("BIT(8)", "type bit"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_a_shard_key(kind: str, why: str) -> None:
    with pytest.raises(ShardKeyError, match=why):
        check_key_column("t", col(kind))
