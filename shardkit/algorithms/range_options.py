"""Reading the `ranges` option: every mistake at once, then sorted stretches.

Invariant: without mistakes, the stretches are sorted, do not overlap, leave no hole and use every slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from shardkit.algorithms.protocol import Mistake, Options, slot_mistake, unknown_options

_EXAMPLE = "write ranges: [{ below: 1000, slot: 0 }, { from: 1000, slot: 1 }]"
_BOUND = "write a number, or a date such as '2024-01-31'"
_NO_BOUND = object()  # what _bound answers for something that is none; None is an open end


class Stretch(NamedTuple):
    """Keys with start <= key < below, in one slot. Bounds are all numbers or all datetimes; None is open."""

    start: Any
    below: Any
    slot: int


def read_ranges(slots: int, options: Options) -> tuple[list[Stretch], list[Mistake]]:
    """The stretches in order of their keys, and every mistake. With mistakes the stretches are not to be used."""
    mistakes = unknown_options(options, ("ranges",))
    ranges = options.get("ranges")
    if not isinstance(ranges, list) or not ranges:
        at: tuple[str, ...] = ("ranges",) if "ranges" in options else ()
        return [], [*mistakes, Mistake(at, "the range algorithm needs a list of ranges", _EXAMPLE)]
    read = [_read_one(slots, entry, index, mistakes) for index, entry in enumerate(ranges)]
    numbered = [(stretch, index) for index, stretch in enumerate(read) if stretch is not None]
    if len(numbered) < len(ranges):
        return [], mistakes
    if len({isinstance(end, datetime) for one, _ in numbered for end in one[:2] if end is not None}) > 1:
        return [], [*mistakes, Mistake(("ranges",), "numbers and dates are mixed", "use one kind for all bounds")]
    numbered.sort(key=lambda pair: (pair[0].start is not None, pair[0].start or 0))
    for lower, upper in pairwise(numbered):
        mistakes += _seam(lower, upper)
    if not mistakes and (unused := sorted(set(range(slots)) - {stretch.slot for stretch, _ in numbered})):
        mistakes.append(_unused(unused))
    return [stretch for stretch, _ in numbered], mistakes


def _read_one(slots: int, entry: object, index: int, mistakes: list[Mistake]) -> Stretch | None:
    at = ("ranges", index)
    if not isinstance(entry, dict):
        mistakes.append(Mistake(at, "a range is a mapping", "write { from: 0, below: 1000, slot: 0 }"))
        return None
    mine = unknown_options(entry, ("from", "below", "slot"), at)
    start, below = _bound(entry.get("from")), _bound(entry.get("below"))
    mine += [
        Mistake((*at, key), "a bound is a number or a date", _BOUND)
        for key, bound in (("from", start), ("below", below))
        if bound is _NO_BOUND
    ]
    if "slot" not in entry:
        mine.append(Mistake(at, "the range has no slot", f"write slot: 0 to {slots - 1}"))
    elif wrong := slot_mistake(entry["slot"], slots, (*at, "slot")):
        mine.append(wrong)
    if not mine and isinstance(start, datetime) == isinstance(below, datetime) and _empty(start, below):
        mine.append(Mistake(at, "the range is empty: `from` is not less than `below`", "swap them, or remove it"))
    mistakes += mine
    return None if mine else Stretch(start, below, entry["slot"])


def _bound(value: object) -> object:
    match value:
        case None:
            return None
        case bool():
            return _NO_BOUND
        case int() | Decimal():
            return value
        case float():
            return Decimal(str(value))
        case str():
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                return _NO_BOUND
            return found if found.tzinfo is None else _NO_BOUND
        case date():
            return datetime(value.year, value.month, value.day)
        case _:
            return _NO_BOUND


def _empty(start: Any, below: Any) -> bool:
    return start is not None and below is not None and bool(start >= below)


def _seam(lower: tuple[Stretch, int], upper: tuple[Stretch, int]) -> list[Mistake]:
    """The mistake between two neighbours, if there is one; it is placed at the upper one."""
    end, start = lower[0].below, upper[0].start
    at = ("ranges", upper[1])
    if end is None or start is None or start < end:
        return [Mistake(at, f"the range overlaps range {lower[1] + 1}", "let each range begin where the last one ends")]
    if start > end:
        return [Mistake(at, f"there is a hole between range {lower[1] + 1} and this one", f"begin at {end}")]
    return []


def _unused(slots: Sequence[int]) -> Mistake:
    shown = ", ".join(map(str, slots[:5])) + (f" and {len(slots) - 5} more" if len(slots) > 5 else "")
    message = f"slot{'s' if len(slots) > 1 else ''} {shown} {'have' if len(slots) > 1 else 'has'} no range"
    return Mistake(("ranges",), message, "give every slot a range, or use a layout with fewer tables")
