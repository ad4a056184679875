"""`range`: consecutive stretches of keys, each with its slot. For archives, for tenants by size, for migrations.

    algorithm:
      type: range
      ranges:
        - { below: 1000, slot: 0 }               # without `from`: everything below
        - { from: 1000, below: 2000, slot: 1 }
        - { from: 2000, slot: 2 }                # without `below`: everything from here on

Bounds are numbers, or ISO dates for DATE and DATETIME columns. Text has no ranges: its order depends on the collation.
Invariant: a key has at most one stretch; keys outside the first and last bound have none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shardkit.algorithms.protocol import Algorithm, KeyValue, OptionMistakes, Options, naive, wrong_type
from shardkit.algorithms.range_options import Stretch, read_ranges
from shardkit.errors import ShardKeyError


def make(slots: int, options: Options) -> Algorithm:
    """The range algorithm from the option `ranges`."""
    stretches, mistakes = read_ranges(slots, options)
    if mistakes:
        raise OptionMistakes(mistakes)
    return RangeAlgorithm(stretches)


class RangeAlgorithm:
    """Finds a key's stretch by bisection."""

    __slots__ = ("_dates", "_first", "_last", "_seams", "_slots")

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        bounds = [end for stretch in stretches for end in (stretch.start, stretch.below) if end is not None]
        self._dates = bool(bounds) and isinstance(bounds[0], datetime)
        self._first = stretches[0].start
        self._last = stretches[-1].below
        self._seams = [stretch.start for stretch in stretches[1:]]  # each is also the end of the stretch before it
        self._slots = [stretch.slot for stretch in stretches]

    def slot(self, value: KeyValue) -> int:
        """The slot of a number or date; ShardKeyError outside all ranges, or for another type."""
        key = self._key(value)
        if (self._first is not None and key < self._first) or (self._last is not None and key >= self._last):
            raise ShardKeyError("the value lies outside all ranges of the range algorithm")
        return self._slots[bisect_right(self._seams, key)]

    def between(self, low: KeyValue | None, high: KeyValue | None) -> frozenset[int] | None:
        """Precise: the slots of the stretches that the interval touches."""
        start = self._first if low is None else self._key(low)
        end = self._last if high is None else self._key(high)
        if low is not None and high is not None and start > end:
            return frozenset()
        if start is not None and self._last is not None and start >= self._last:
            return frozenset()
        if end is not None and self._first is not None and end < self._first:
            return frozenset()
        first = 0 if start is None else bisect_right(self._seams, start)
        if end is None:
            return frozenset(self._slots[first:])
        past = bisect_left if high is None else bisect_right  # the last bound itself is outside, a given one inside
        return frozenset(self._slots[first : past(self._seams, end) + 1])

    def _key(self, value: KeyValue) -> Any:
        if not self._dates and (isinstance(value, int) or (isinstance(value, Decimal) and value.is_finite())):
            return value
        if self._dates and isinstance(value, date):
            day = naive("range", value)
            return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)
        raise wrong_type("range", value, "dates (the bounds are dates)" if self._dates else "numbers")
