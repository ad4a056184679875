"""mod, range, list, date and gene: slots, intervals, and every mistake in their options."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shardkit.algorithms import Algorithm, KeyValue, OptionMistakes, algorithms
from shardkit.errors import NotYetError, ShardKeyError


def make(name: str, slots: int, **options: Any) -> Algorithm:
    return algorithms.get(name)(slots, options)


def mistakes(name: str, slots: int, **options: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(OptionMistakes) as caught:
        algorithms.get(name)(slots, options)
    return [(one.path, one.message) for one in caught.value.mistakes]


RANGES = [{"from": 1000, "below": 2000, "slot": 1}, {"below": 1000, "slot": 0}, {"from": 2000, "slot": 2}]
CLOSED = [{"from": 0, "below": 10, "slot": 0}, {"from": 10, "below": 20, "slot": 1}]
DAYS = [{"below": "2024-01-01", "slot": 0}, {"from": "2024-01-01", "below": "2025-01-01", "slot": 1}]
COUNTRIES = [{"values": ["DE", "AT"], "slot": 0}, {"values": ["中国"], "slot": 1}]


def test_the_names() -> None:
    assert algorithms.names() == ["date", "gene", "hash", "list", "mod", "range"]


@pytest.mark.parametrize(
    ("algorithm", "value", "slot"),
    [
        (make("mod", 16), 17, 1),
        (make("mod", 16), -1, 15),
        (make("mod", 16), 10**40 + 3, 3),
        (make("range", 3, ranges=RANGES), -(10**30), 0),
        (make("range", 3, ranges=RANGES), 999, 0),
        (make("range", 3, ranges=RANGES), 1000, 1),
        (make("range", 3, ranges=RANGES), Decimal("1999.99"), 1),
        (make("range", 3, ranges=RANGES), 2000, 2),
        (make("range", 2, ranges=CLOSED), 0, 0),
        (make("range", 2, ranges=CLOSED), 19, 1),
        (make("range", 2, ranges=DAYS), date(2023, 12, 31), 0),
        (make("range", 2, ranges=DAYS), datetime(2023, 12, 31, 23, 59, 59), 0),
        (make("range", 2, ranges=DAYS), datetime(2024, 1, 1), 1),
        (make("list", 2, lists=COUNTRIES), "AT", 0),
        (make("list", 2, lists=COUNTRIES), "中国", 1),
        (make("list", 3, lists=COUNTRIES, default=2), "FR", 2),
        (make("list", 2, lists=[{"values": [1, 2.5], "slot": 1}]), Decimal("2.50"), 1),
        (make("list", 2, lists=[{"values": ["2024-01-01"], "slot": 1}]), datetime(2024, 1, 1), 1),
        (make("date", 16, unit="day"), date(1970, 1, 1), 0),
        (make("date", 16, unit="day"), date(1969, 12, 31), 15),
        (make("date", 12, unit="month"), datetime(2024, 3, 31, 23, 59), 2),
        (make("date", 10, unit="year"), date(2024, 1, 1), 4),
    ],
)
def test_slot(algorithm: Algorithm, value: KeyValue, slot: int) -> None:
    assert algorithm.slot(value) == slot


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        (make("mod", 16), "17"),
        (make("mod", 16), Decimal(17)),
        (make("range", 3, ranges=RANGES), "secret-17"),
        (make("range", 3, ranges=RANGES), date(2024, 1, 1)),
        (make("range", 2, ranges=CLOSED), 20),
        (make("range", 2, ranges=CLOSED), -1),
        (make("range", 2, ranges=DAYS), date(2025, 1, 1)),
        (make("range", 2, ranges=DAYS), 17),
        (make("range", 2, ranges=DAYS), datetime(2024, 1, 1, tzinfo=UTC)),
        (make("list", 2, lists=COUNTRIES), "FR"),
        (make("list", 3, lists=COUNTRIES, default=2), 17),
        (make("list", 3, lists=COUNTRIES, default=2), b"DE"),
        (make("list", 2, lists=[{"values": [1], "slot": 1}], default=0), "1"),
        (make("date", 16, unit="day"), "2024-01-01"),
        (make("date", 16, unit="day"), datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_values_without_a_slot(algorithm: Algorithm, value: KeyValue) -> None:
    with pytest.raises(ShardKeyError) as caught:
        algorithm.slot(value)
    assert str(value) not in caught.value.message


@pytest.mark.parametrize(
    ("algorithm", "low", "high", "slots"),
    [
        (make("hash", 16), 5, 5, {make("hash", 16).slot(5)}),
        (make("hash", 16), 5, 7, {make("hash", 16).slot(value) for value in (5, 6, 7)}),
        (make("hash", 16), 7, 5, set()),
        (make("hash", 16), 0, 10**30, None),
        (make("hash", 16), "a", "a", {make("hash", 16).slot("a")}),
        (make("hash", 16), "a", "b", None),
        (make("hash", 16), None, 5, None),
        (make("mod", 4), 6, 8, {2, 3, 0}),
        (make("mod", 4), 6, 9, None),
        (make("mod", 4), 9, 6, set()),
        (make("mod", 4), None, 6, None),
        (make("range", 3, ranges=RANGES), 0, 1000, {0, 1}),
        (make("range", 3, ranges=RANGES), 0, 999, {0}),
        (make("range", 3, ranges=RANGES), 1500, None, {1, 2}),
        (make("range", 3, ranges=RANGES), None, 1500, {0, 1}),
        (make("range", 3, ranges=RANGES), None, None, {0, 1, 2}),
        (make("range", 3, ranges=RANGES), 5, 4, set()),
        (make("range", 2, ranges=CLOSED), 20, 30, set()),
        (make("range", 2, ranges=CLOSED), 20, None, set()),
        (make("range", 2, ranges=CLOSED), None, -1, set()),
        (make("range", 2, ranges=CLOSED), 15, 99, {1}),
        (make("range", 2, ranges=CLOSED), None, 10, {0, 1}),
        (make("range", 2, ranges=CLOSED), None, None, {0, 1}),
        (make("range", 2, ranges=DAYS), date(2024, 5, 1), None, {1}),
        (make("list", 2, lists=COUNTRIES), "A", "Z", None),
        (make("list", 2, lists=COUNTRIES), "FR", "FR", set()),
        (make("list", 2, lists=[{"values": [1, 5], "slot": 0}, {"values": [9], "slot": 1}]), 4, 8, {0}),
        (make("list", 2, lists=[{"values": [1, 5], "slot": 0}, {"values": [9], "slot": 1}]), 2, None, {0, 1}),
        (make("list", 3, lists=[{"values": [1, 5], "slot": 0}, {"values": [9], "slot": 1}], default=2), 2, 3, {2}),
        (make("list", 2, lists=[{"values": [1], "slot": 0}]), 9, 1, set()),
        (make("date", 12, unit="month"), date(2024, 1, 31), date(2024, 3, 1), {0, 1, 2}),
        (make("date", 12, unit="month"), date(2024, 1, 31), date(2024, 12, 1), None),
        (make("date", 12, unit="month"), date(2024, 3, 1), date(2024, 1, 1), set()),
        (make("date", 12, unit="month"), None, date(2024, 1, 1), None),
    ],
)
def test_between(algorithm: Algorithm, low: KeyValue | None, high: KeyValue | None, slots: set[int] | None) -> None:
    assert algorithm.between(low, high) == slots


def test_between_refuses_other_types() -> None:
    for algorithm in (make("mod", 4), make("range", 3, ranges=RANGES), make("date", 4, unit="day")):
        with pytest.raises(ShardKeyError):
            algorithm.between("a", "b")


@pytest.mark.parametrize("name", ["hash", "mod"])
def test_algorithms_without_options(name: str) -> None:
    assert mistakes(name, 4, unit="day") == [(("unit",), "unknown option 'unit'")]


def test_mistakes_in_ranges() -> None:
    assert mistakes("range", 2) == [((), "the range algorithm needs a list of ranges")]
    assert mistakes("range", 2, ranges="x", rnges=1) == [
        (("rnges",), "unknown option 'rnges'"),
        (("ranges",), "the range algorithm needs a list of ranges"),
    ]
    broken = [5, {"from": True, "slot": 0}, {"from": "x", "blow": 3, "slot": 2}, {"from": 9, "below": 9, "slot": 1}, {}]
    assert mistakes("range", 2, ranges=broken) == [
        (("ranges", 0), "a range is a mapping"),
        (("ranges", 1, "from"), "a bound is a number or a date"),
        (("ranges", 2, "blow"), "unknown option 'blow'"),
        (("ranges", 2, "from"), "a bound is a number or a date"),
        (("ranges", 2, "slot"), "slot 2 does not exist"),
        (("ranges", 3), "the range is empty: `from` is not less than `below`"),
        (("ranges", 4), "the range has no slot"),
    ]


def test_mistakes_between_ranges() -> None:
    def of(*ranges: tuple[Any, Any, int], slots: int = 2) -> list[tuple[tuple[str | int, ...], str]]:
        keys = ("from", "below", "slot")
        given = [{k: v for k, v in zip(keys, one, strict=True) if v is not None} for one in ranges]
        return mistakes("range", slots, ranges=given)

    assert of((5, 9, 1), (0, 6, 0)) == [(("ranges", 0), "the range overlaps range 2")]
    assert of((None, 9, 1), (None, 6, 0)) == [(("ranges", 1), "the range overlaps range 1")]
    assert of((0, None, 1), (6, None, 0)) == [(("ranges", 1), "the range overlaps range 1")]
    assert of((0, 5, 1), (6, None, 0)) == [(("ranges", 1), "there is a hole between range 1 and this one")]
    assert of((0, 5, 1), ("2024-01-01", None, 0)) == [(("ranges",), "numbers and dates are mixed")]
    assert of((0, 5, 1)) == [(("ranges",), "slot 0 has no range")]
    assert of((0, 5, 1), slots=9) == [(("ranges",), "slots 0, 2, 3, 4, 5 and 3 more have no range")]


def test_mistakes_in_lists() -> None:
    assert mistakes("list", 2) == [((), "the list algorithm needs lists of values")]
    broken = [{"values": ["DE", True, "DE"], "slot": 2}, 7, {"slot": 0}, {"values": [], "slt": 1}, {"values": ["DE"]}]
    assert mistakes("list", 2, lists=broken, default=5) == [
        (("lists", 0, "slot"), "slot 2 does not exist"),
        (("lists", 0, "values", 1), "a value is a number or text"),
        (("lists", 0, "values", 2), "the value is listed twice"),
        (("lists", 1), "a list is a mapping"),
        (("lists", 2), "the list has no values"),
        (("lists", 3, "slt"), "unknown option 'slt'"),
        (("lists", 3), "the list has no slot"),
        (("lists", 3, "values"), "the list has no values"),
        (("lists", 4), "the list has no slot"),
        (("lists", 4, "values", 0), "the value is listed twice"),
        (("default",), "slot 5 does not exist"),
    ]
    mixed = [{"values": [1], "slot": 0}, {"values": ["1"], "slot": 1}]
    assert mistakes("list", 2, lists=mixed) == [(("lists",), "numbers and text are mixed")]


def test_mistakes_in_dates() -> None:
    assert mistakes("date", 2) == [((), "the date algorithm needs a unit")]
    assert mistakes("date", 2, unit="week") == [(("unit",), "unknown unit")]
    assert mistakes("date", 2, unit=["day"]) == [(("unit",), "unknown unit")]


def test_gene_is_known_but_not_carried_out() -> None:
    gene = make("gene", 64, key="memberId", id="orderId", bits=10)
    with pytest.raises(NotYetError):
        gene.slot(1)
    with pytest.raises(NotYetError):
        gene.between(1, 2)
    assert [path for path, _ in mistakes("gene", 64)] == [(), (), ()]
    assert mistakes("gene", 64, key="a", id="b", bits=5) == [(("bits",), "5 bits cannot hold 64 slots")]
