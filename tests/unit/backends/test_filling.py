"""Rows on their way into a workspace table: how they are cut into INSERTs, and how moments and times are spelled."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardkit.backends.filling import MOST, inserts, utc
from shardkit.flow import Column, Family
from shardkit.rewrite.batches import PACKET, bound

INT = Column("n", Family.INTEGER, "int")
MOMENT = Column("at", Family.TIMESTAMP, "timestamp(6)")


def test_rows_become_one_insert() -> None:
    assert list(inserts("`d`.`t`", (INT, INT), [(1, "a"), (2, None)])) == [
        ("INSERT INTO `d`.`t` VALUES (%s, %s), (%s, %s)", (1, "a", 2, None))
    ]


def test_no_rows_no_insert() -> None:
    assert list(inserts("t", (INT,), [])) == []


def test_a_percent_sign_in_the_tables_name_is_no_placeholder() -> None:
    ((sql, _),) = inserts("`50%`", (INT,), [(1,)])
    assert sql % ("x",) == "INSERT INTO `50%` VALUES (x)"


def test_rows_are_cut_by_number() -> None:
    sizes = [len(values) for _, values in inserts("t", (INT,), [(n,) for n in range(2 * MOST + 1)])]
    assert sizes == [MOST, MOST, 1]


@pytest.mark.parametrize("kind", [str, bytes])
def test_rows_are_cut_by_bytes(kind: type) -> None:
    large = "x" * (PACKET // 3) if kind is str else b"x" * (PACKET // 3)
    found = [len(values) for _, values in inserts("t", (INT,), [(large,)] * 7)]
    assert found == [3, 3, 1]


def test_a_row_larger_than_a_packet_goes_alone() -> None:
    huge = "x" * (3 * PACKET)
    assert [len(values) for _, values in inserts("t", (INT,), [("a",), (huge,), ("b",)])] == [1, 1, 1]


@given(st.lists(st.tuples(st.integers(), st.text(max_size=5))), st.integers(0, 1200))
def test_every_row_goes_in_once_and_in_order(rows: list[tuple[Any, ...]], extra: int) -> None:
    rows = [*rows, *((n, "") for n in range(extra))]
    flat = [value for _, values in inserts("t", (INT, INT), rows) for value in values]
    assert flat == [value for row in rows for value in row]


@pytest.mark.parametrize(
    ("given_", "spelled"),
    [
        (None, None), (0, "0000-00-00 00:00:00"), (Decimal("0.000000"), "0000-00-00 00:00:00"),
        (1, "1970-01-01 00:00:01.000000"), (1729989000, "2024-10-27 00:30:00.000000"),
        (1729992600, "2024-10-27 01:30:00.000000"), (2147483647, "2038-01-19 03:14:07.000000"),
        (Decimal("1700000000.123456"), "2023-11-14 22:13:20.123456"),
        (Decimal("0.000001"), "1970-01-01 00:00:00.000001"),
        (Decimal("4102444800.5"), "2100-01-01 00:00:00.500000"),
    ],
)  # fmt: skip
def test_moments(given_: Any, spelled: str | None) -> None:
    assert utc(given_) == spelled
    ((_, values),) = inserts("t", (INT, MOMENT), [(7, given_)])
    assert values == (7, spelled)


def test_only_timestamps_are_moments() -> None:
    ((_, values),) = inserts("t", (INT, MOMENT, INT), [(1, 1, 1)])
    assert values == (1, "1970-01-01 00:00:01.000000", 1)


@pytest.mark.parametrize(
    ("given_", "spelled"),
    [
        (timedelta(), "00:00:00.000000"), (timedelta(hours=-1), "-01:00:00.000000"),
        (timedelta(milliseconds=-1), "-00:00:00.001000"),
        (timedelta(hours=838, minutes=59, seconds=59), "838:59:59.000000"),
        (timedelta(hours=-838, microseconds=-5), "-838:00:00.000005"),
        (timedelta(days=1, seconds=1), "24:00:01.000000"),
        ("text", "text"), (None, None), (5, 5),
    ],
)  # fmt: skip
def test_times(given_: Any, spelled: Any) -> None:
    assert bound(given_) == spelled
    ((_, values),) = inserts("t", (INT, INT), [(given_, 1), (timedelta(seconds=1), 2)])
    assert values == (spelled, 1, "00:00:01.000000", 2)


def test_partial_groups_have_no_columns() -> None:
    assert [values for _, values in inserts("t", (), [(1, timedelta(seconds=-1))])] == [(1, "-00:00:01.000000")]
