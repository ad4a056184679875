"""For any value: exactly one slot, within range; and an interval's slots cover every value inside it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shardkit.algorithms import Algorithm, KeyValue, algorithms

SLOTS = st.integers(1, 70)
INTS = st.integers() | st.integers(-100, 100)
DAYS = st.dates() | st.dates(date(2023, 1, 1), date(2025, 1, 1)) | st.datetimes()
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)
TEXT = st.text(st.characters(codec="utf-8"))


def in_one_slot(algorithm: Algorithm, slots: int, value: KeyValue) -> None:
    slot = algorithm.slot(value)
    assert 0 <= slot < slots
    assert algorithm.slot(value) == slot
    assert algorithm.between(value, value) in (None, frozenset((slot,)))


def covered(algorithm: Algorithm, low: Any, value: Any, high: Any) -> None:
    """low <= value <= high, so the value's slot is in the interval's, also when an end is open."""
    for ends in ((low, high), (None, high), (low, None), (None, None)):
        slots = algorithm.between(*ends)
        assert slots is None or algorithm.slot(value) in slots


@given(SLOTS, INTS | DAYS | DECIMALS | TEXT | st.binary())
def test_hash_gives_one_slot(slots: int, value: KeyValue) -> None:
    in_one_slot(algorithms.get("hash")(slots, {}), slots, value)


@given(st.integers(-(10**30), 10**30), st.integers(0, 5))
def test_hash_of_equal_numbers_is_equal(number: int, zeros: int) -> None:
    algorithm = algorithms.get("hash")(1000, {})
    assert algorithm.slot(number) == algorithm.slot(Decimal(f"{number}.{'0' * zeros}"))


@given(SLOTS, INTS)
def test_mod_gives_one_slot(slots: int, value: int) -> None:
    in_one_slot(algorithms.get("mod")(slots, {}), slots, value)


@given(SLOTS, st.sampled_from(("hash", "mod")), st.integers(), st.integers(0, 90), st.integers(0, 90))
def test_integers_between_are_covered(slots: int, name: str, low: int, one: int, two: int) -> None:
    covered(algorithms.get(name)(slots, {}), low, low + one, low + one + two)


@given(SLOTS, st.sampled_from(("day", "month", "year")), st.lists(st.dates(), min_size=3, max_size=3))
def test_dates_are_covered(slots: int, unit: str, days: list[date]) -> None:
    algorithm = algorithms.get("date")(slots, {"unit": unit})
    low, value, high = sorted(days)
    in_one_slot(algorithm, slots, value)
    covered(algorithm, low, value, high)
    assert algorithm.slot(value) == algorithm.slot(datetime(value.year, value.month, value.day, 23, 59, 59))


@st.composite
def range_options(draw: st.DrawFn) -> tuple[int, dict[str, Any]]:
    seams = sorted(draw(st.sets(st.integers(-50, 50), min_size=1, max_size=8)))
    bounds = [None, *seams, None]
    order = draw(st.permutations(range(len(bounds) - 1)))
    ranges = [
        {key: bound for key, bound in (("from", bounds[index]), ("below", bounds[index + 1])) if bound is not None}
        | {"slot": index}
        for index in order
    ]
    return len(ranges), {"ranges": ranges}


@given(range_options(), st.lists(st.integers(-60, 60) | DECIMALS, min_size=3, max_size=3))
def test_ranges_are_covered_precisely(given: tuple[int, dict[str, Any]], values: list[int | Decimal]) -> None:
    slots, options = given
    algorithm = algorithms.get("range")(slots, options)
    low, value, high = sorted(values)
    in_one_slot(algorithm, slots, value)
    covered(algorithm, low, value, high)
    # slots are numbered in the order of their keys here, so an interval's slots are consecutive
    assert algorithm.between(low, high) == frozenset(range(algorithm.slot(low), algorithm.slot(high) + 1))


@given(
    st.dictionaries(st.integers(-20, 20), st.integers(0, 4), min_size=1),
    st.lists(st.integers(-25, 25), min_size=3, max_size=3),
)
def test_lists_are_covered(slot_of: dict[int, int], values: list[int]) -> None:
    lists = [{"values": [value], "slot": slot} for value, slot in slot_of.items()]
    algorithm = algorithms.get("list")(6, {"lists": lists, "default": 5})
    low, value, high = sorted(values)
    in_one_slot(algorithm, 6, value)
    covered(algorithm, low, value, high)
