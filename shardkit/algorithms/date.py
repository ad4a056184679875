"""`date`: one slot per day, month or year, dealt out in turn: slot = periods since 1970-01-01 mod slots.

    algorithm: { type: date, unit: month }      # 2024-03 is period 650

Rows of one period lie together, so a search over a short time asks few slots.
Invariant: a date and a datetime on that date have the same slot.
"""

from __future__ import annotations

import datetime

from shardkit.algorithms.protocol import (
    Algorithm,
    KeyValue,
    Mistake,
    OptionMistakes,
    Options,
    naive,
    unknown_options,
    wrong_type,
)

UNITS = ("day", "month", "year")
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def make(slots: int, options: Options) -> Algorithm:
    """The date algorithm from `unit`: day, month or year."""
    mistakes = unknown_options(options, ("unit",))
    unit = options.get("unit")
    if unit is None:
        mistakes.append(Mistake((), "the date algorithm needs a unit", f"write unit: {' | '.join(UNITS)}"))
    elif not isinstance(unit, str) or unit not in UNITS:
        mistakes.append(Mistake(("unit",), "unknown unit", f"write {', '.join(UNITS[:-1])} or {UNITS[-1]}"))
    if mistakes:
        raise OptionMistakes(mistakes)
    return DateAlgorithm(slots, str(unit))


class DateAlgorithm:
    """slot = periods since 1970-01-01 mod slots."""

    __slots__ = ("_slots", "_unit")

    def __init__(self, slots: int, unit: str) -> None:
        self._slots = slots
        self._unit = unit

    def slot(self, value: KeyValue) -> int:
        """The slot of a date or datetime; ShardKeyError for anything else."""
        return self._period(value) % self._slots

    def between(self, low: KeyValue | None, high: KeyValue | None) -> frozenset[int] | None:
        """Precise when fewer periods than slots lie between; None when an end is open or every slot is hit."""
        first = None if low is None else self._period(low)
        last = None if high is None else self._period(high)
        if first is None or last is None or last - first >= self._slots - 1:
            return None
        return frozenset(period % self._slots for period in range(first, last + 1))

    def _period(self, value: KeyValue) -> int:
        if not isinstance(value, datetime.date):
            raise wrong_type("date", value, "dates and datetimes")
        day = naive("date", value)
        match self._unit:
            case "day":
                return day.toordinal() - _EPOCH
            case "month":
                return (day.year - 1970) * 12 + day.month - 1
            case _:
                return day.year - 1970
