"""Cursors and pages, without any database."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

import pytest

from examples.centers.cursors import Cursors
from examples.centers.pages import DEEPEST, Listing, Wanted, wanted
from examples.centers.problems import Problem

CURSORS = Cursors(b"secret")
KEY = (datetime(2024, 6, 1, 12, 30), 2**62 + 1, Decimal("10.50"), "北京", None)
BOUGHT = Listing("a, b", "t", (("memberId = %s", 7),), ("a", "b"))


def test_what_is_sealed_is_opened() -> None:
    cursor = CURSORS.seal("list", KEY)
    assert CURSORS.open("list", cursor) == KEY
    assert cursor.isascii()
    assert "=" not in cursor


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_a_cursor_that_was_changed_is_refused(place: int) -> None:
    cursor = CURSORS.seal("list", KEY)
    other = "A" if cursor[place] != "A" else "B"
    with pytest.raises(Problem, match="bad-cursor"):
        CURSORS.open("list", cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize("more", ["!!!!", "=", "==", "\n", " "])
def test_a_cursor_with_something_added_is_refused(more: str) -> None:
    with pytest.raises(Problem, match="bad-cursor"):
        CURSORS.open("list", CURSORS.seal("list", KEY) + more)


def test_a_cursor_is_bound_to_its_list_and_its_secret() -> None:
    cursor = CURSORS.seal("list", KEY)
    for cursors, scope in ((CURSORS, "another"), (Cursors(b"other"), "list")):
        with pytest.raises(Problem, match="bad-cursor"):
            cursors.open(scope, cursor)


def test_a_page_begins_after_the_last_row_of_the_one_before() -> None:
    sql, params = BOUGHT.page_sql(Wanted(2, None, None), (5, 9))
    assert sql == (
        "SELECT a, b FROM t WHERE memberId = %s AND a <= %s AND (a < %s OR b < %s) ORDER BY a DESC, b DESC LIMIT %s"
    )
    assert params == (7, 5, 5, 9, 3)


def test_a_page_by_number_has_an_offset_and_no_key() -> None:
    sql, params = BOUGHT.page_sql(Wanted(20, None, 3), None)
    assert sql.endswith("WHERE memberId = %s ORDER BY a DESC, b DESC LIMIT %s OFFSET %s")
    assert params == (7, 21, 40)


def test_there_is_a_next_page_only_if_there_is_a_next_row() -> None:
    rows = [(3, 1), (2, 1), (1, 1)]
    full = BOUGHT.page(CURSORS, Wanted(2, None, None), rows, lambda row: row)
    assert full.items == rows[:2]
    assert full.next is not None
    assert BOUGHT.after(CURSORS, Wanted(2, full.next, None)) == (2, 1)
    assert BOUGHT.page(CURSORS, Wanted(3, None, None), rows, lambda row: row).next is None


def test_pages_by_number_end_somewhere() -> None:
    assert asyncio.run(wanted(100, None, DEEPEST // 100 + 1)).offset == DEEPEST
    with pytest.raises(Problem, match="cursor"):
        asyncio.run(wanted(100, None, DEEPEST // 100 + 2))
    with pytest.raises(Problem, match="not both"):
        asyncio.run(wanted(100, "x", 1))
