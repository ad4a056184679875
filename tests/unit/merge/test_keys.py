"""Keys: NULL, directions, and values that drivers give in several forms."""

from __future__ import annotations

import decimal
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shardkit.errors import InternalError
from shardkit.flow import Compare, Key
from shardkit.merge.keys import Canonical, Ordering
from shardkit.merge.ordered import sort
from shardkit.values import Row

TEMPORAL, WEIGHT = Compare.TEMPORAL, Compare.WEIGHT


def ordered(rows: list[Row], *keys: Key) -> list[Row]:
    ordering = Ordering(keys)
    return sort(rows, ordering.of(rows), ordering.reverse)


def column(values: list[Any], *, descending: bool = False, compare: Compare = Compare.NATIVE) -> list[Any]:
    """One column sorted; a second, ascending, column of nothing makes the direction a mixed one as well."""
    rows = [(value, 0) for value in values]
    key = Key(0, compare, descending)
    alone = [row[0] for row in ordered(rows, key)]
    mixed = [row[0] for row in ordered(rows, Key(1, descending=not descending), key)]
    assert alone == mixed
    return alone


def canonical(value: Any, key: Key) -> Any:
    return Canonical((key,)).of([(value,)])[0]


@pytest.mark.parametrize(
    "ascending",
    [
        [None, -5, 0, 7],
        [None, Decimal("-1.5"), -1, 0.25, Decimal("0.5"), 1],
        [None, b"", b"\x00", b"a", b"a\x00", b"b"],
        [None, timedelta(hours=-838), timedelta(0), timedelta(seconds=0.5), timedelta(days=2)],
        [None, timedelta(seconds=-1), "00:00:00", "00:00:00.5", timedelta(seconds=1), "838:59:59"],
    ],
)
def test_native_values_both_ways(ascending: list[Any]) -> None:
    assert column(ascending[::-1]) == ascending
    assert column(ascending, descending=True) == ascending[::-1]


def test_temporal_values_of_all_forms_both_ways() -> None:
    ascending = [
        None,
        "0000-00-00",
        "0000-00-00 00:00:01",
        date(1, 1, 1),
        "2020-00-00 00:00:00",
        "2020-01-00",
        datetime(2020, 1, 1),
        datetime(2020, 1, 1, 0, 0, 0, 500000),
        "2020-01-01 00:00:00.6",
        date(2020, 1, 2),
        "2020-02-31",
        "2020-03-01",
    ]
    assert column(ascending[::-1], compare=TEMPORAL) == ascending
    assert column(ascending, descending=True, compare=TEMPORAL) == ascending[::-1]


def test_equal_moments_are_one_key() -> None:
    key = Key(0, TEMPORAL)
    forms = [datetime(2020, 1, 1), date(2020, 1, 1), "2020-01-01", "2020-01-01 00:00:00", "2020-01-01 00:00:00.000000"]
    assert len({canonical(form, key) for form in forms}) == 1
    zeros = ["0000-00-00", "0000-00-00 00:00:00", "0000-00-00 00:00:00.000"]
    assert len({canonical(form, key) for form in zeros}) == 1
    assert canonical("0000-00-00", key) != canonical("0000-00-00 00:00:01", key)
    assert canonical(timedelta(hours=1, microseconds=500), key) == canonical("01:00:00.0005", key)


def test_equal_numbers_are_one_key() -> None:
    values = [1, 1.0, Decimal("1.0"), Decimal("1.00")]
    assert len({canonical(value, Key(0)) for value in values}) == 1
    assert canonical(0.0, Key(0)) == canonical(-0.0, Key(0))


def test_null_is_one_group_and_no_value() -> None:
    for compare in Compare:
        assert canonical(None, Key(0, compare, blank=b" ")) == canonical(None, Key(0, compare, blank=b" "))
    assert canonical(None, Key(0)) != canonical(0, Key(0))


def test_weights_with_blanks_are_equal_when_padded() -> None:
    padded, plain = Key(0, WEIGHT, blank=b" "), Key(0, WEIGHT)
    assert canonical(b"a", padded) == canonical(b"a  ", padded)
    assert canonical(b"a", plain) != canonical(b"a  ", plain)


def test_weights_both_ways_with_null() -> None:
    ascending = [None, b"a\t", b"a", b"a  b"]
    rows = [(weight, 0) for weight in ascending]
    for keys in ((Key(0, WEIGHT, blank=b" "),), (Key(1, TEMPORAL, True), Key(0, WEIGHT, blank=b" "))):
        assert ordered(rows[::-1], *keys) == rows
    for keys in ((Key(0, WEIGHT, True, blank=b" "),), (Key(1, WEIGHT), Key(0, WEIGHT, True, blank=b" "))):
        assert ordered([(weight, b"") for weight in ascending], *keys) == [(weight, b"") for weight in ascending[::-1]]


def test_directions_mixed_over_several_columns() -> None:
    rows: list[Row] = [(a, b, c) for a in (None, 1, 2) for b in (None, b"x", b"y") for c in (None, 1, 2)]
    got = ordered(rows, Key(0, descending=True), Key(1), Key(2, descending=True))

    def by_hand(row: Row) -> tuple[Any, ...]:
        a, b, c = row
        return (-(a or 0), b or b"", -(c or 0))

    assert got == sorted(rows, key=by_hand)


def test_equal_rows_keep_their_order_descending_too() -> None:
    rows: list[Row] = [(1, "first"), (2, "x"), (1, "second")]
    assert ordered(rows, Key(0, descending=True)) == [(2, "x"), (1, "first"), (1, "second")]


def test_turning_a_decimal_loses_no_digit_to_the_callers_context() -> None:
    low, high = Decimal("1." + "0" * 29 + "1"), Decimal("1." + "0" * 29 + "2")
    with decimal.localcontext(prec=5):
        assert ordered([(low, 0), (high, 0)], Key(1), Key(0, descending=True)) == [(high, 0), (low, 0)]


def test_text_without_a_weight_is_refused() -> None:
    with pytest.raises(InternalError, match="without its weight"):
        ordered([("a",), ("B",)], Key(0))


def test_no_keys_leave_the_order() -> None:
    assert ordered([(2,), (1,)]) == [(2,), (1,)]
