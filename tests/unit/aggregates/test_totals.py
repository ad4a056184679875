"""COUNT, SUM and AVG: exact, in MySQL's own digits, and deaf to the caller's decimal context."""

from __future__ import annotations

import decimal
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from shardkit.aggregates import aggregates
from shardkit.aggregates.totals import divide
from shardkit.errors import DataError
from shardkit.flow import Fold
from shardkit.values import Row


def fold(function: str, rows: Iterable[Row]) -> Any:
    """The result of folding rows of (visible, hidden…) into column 0."""
    rows = list(rows)
    width = len(rows[0]) if rows else 3
    running = aggregates.get(function).start(Fold(0, function, tuple(range(width))))
    for rank, row in enumerate(rows):
        running.add(row, None, rank)
    cells: list[Any] = list(rows[0]) if rows else [None] * width
    running.write(cells)
    return cells[0]


def test_count_adds_and_is_zero_for_nothing() -> None:
    assert fold("count", [(2,), (0,), (5,)]) == 7
    assert fold("count", []) == 0


@pytest.mark.parametrize("function", ["sum", "avg"])
def test_nothing_is_null(function: str) -> None:
    assert fold(function, []) is None
    assert fold(function, [(None, None, 0), (None, None, 0)]) is None


def test_sum_skips_null() -> None:
    assert fold("sum", [(None,), (Decimal("1.50"),), (None,), (Decimal("2.25"),)]) == Decimal("3.75")


def test_sum_keeps_every_digit_and_the_scale_under_a_narrow_decimal_context() -> None:
    big, small = Decimal("9" * 35 + "." + "9" * 30), Decimal("0." + "0" * 29 + "1")
    with decimal.localcontext(prec=5, rounding=decimal.ROUND_UP):
        assert str(fold("sum", [(big,), (small,)])) == "1" + "0" * 35 + "." + "0" * 30


def test_sum_of_integers_stays_an_integer_and_joins_decimals() -> None:
    assert type(fold("sum", [(1,), (2,)])) is int
    assert fold("sum", [(1,), (Decimal("2"),), (3,)]) == Decimal("6")


def test_sum_of_doubles_does_not_depend_on_their_order() -> None:
    values = [1e16, 1.0, -1e16, 1e-9, 0.1, 0.2, 0.3]
    assert fold("sum", [(value,) for value in values]) == fold("sum", [(value,) for value in reversed(values)])
    assert fold("sum", [(value,) for value in values]) == math.fsum(values)


def test_sum_of_doubles_out_of_range_is_an_error_with_mysqls_number() -> None:
    with pytest.raises(DataError) as caught:
        fold("sum", [(1.7e308,), (1.7e308,)])
    assert caught.value.errno == 1690


# Each taken from MySQL 9.7 and MariaDB 10.11, which agree.
SERVER_AVERAGES = [
    ("4", 3, "1.3333"),  # 1, 1, 2
    ("-2", 3, "-0.6667"),
    ("5", 8, "0.6250"),
    ("0.02", 3, "0.006667"),
    ("0.00002", 3, "0.000006666"),  # a scale of 9 is cut, not rounded
    ("-0.00001", 3, "-0.000003333"),
    ("-0.00002", 3, "-0.000006666"),
    ("0.00000000000002", 3, "0.000000000000006666"),  # so is one of 18
    ("0.0000000000002", 3, "0.00000000000006667"),
    ("0.000002", 3, "0.0000006667"),
    ("20200102", 1, "20200102.0000"),
    ("199999999999999999999999999999999999999999999999999999999999999998", 2, "9" * 65 + ".0000"),
]


@pytest.mark.parametrize(("total", "count", "average"), SERVER_AVERAGES)
def test_average_has_the_servers_digits(total: str, count: int, average: str) -> None:
    scale = len(average.partition(".")[2])
    assert repr(divide(Decimal(total), count, scale)) == repr(Decimal(average))


def test_average_that_rounds_to_zero_has_no_sign() -> None:
    assert not divide(Decimal("-1E-30"), 3, 30).is_signed()  # type: ignore[union-attr]


def test_average_is_never_a_mean_of_means() -> None:
    rows = [(Decimal("1.0000"), Decimal(1), 1), (Decimal("2.0000"), Decimal(6), 3)]
    assert str(fold("avg", rows)) == "1.7500"


def test_average_takes_its_scale_from_any_shard_that_has_one() -> None:
    rows = [(None, None, 0), (Decimal("0.333333"), Decimal("1.00"), 3), (None, None, 0)]
    assert str(fold("avg", rows)) == "0.333333"


def test_average_of_doubles_is_a_double() -> None:
    assert fold("avg", [(1.5, 3.0, 2), (2.0, 2.0, 1)]) == pytest.approx(5 / 3)


def test_average_shown_as_a_double_is_one_even_if_the_sum_is_not() -> None:
    assert fold("avg", [(0.5, 1, 2), (0.0, 0, 1)]) == 1 / 3


def test_average_ignores_the_callers_decimal_context() -> None:
    with decimal.localcontext(prec=3):
        assert str(fold("avg", [(Decimal("0.0000"), Decimal("12345678901234567890"), 7)])) == "1763668414462081127.1429"
