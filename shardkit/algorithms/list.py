"""`list`: named values, each with its slot. For countries, tenants, channels.

    algorithm:
      type: list
      lists:
        - { values: [DE, AT, CH], slot: 0 }
        - { values: [FR, BE], slot: 1 }
      default: 2                                 # optional: the slot of all other values

The values are all numbers or all text (ISO text for dates) and are compared exactly, after the caller made them
canonical; without `default`, other values are refused on INSERT and found nowhere on SELECT.
Invariant: no value is listed twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from shardkit.algorithms.hash import iso_text
from shardkit.algorithms.protocol import (
    Algorithm,
    KeyValue,
    Mistake,
    OptionMistakes,
    Options,
    naive,
    slot_mistake,
    unknown_options,
    wrong_type,
)
from shardkit.errors import ShardKeyError

Listed: TypeAlias = int | Decimal | str

_EXAMPLE = "write lists: [{ values: [DE, AT], slot: 0 }]"


def make(slots: int, options: Options) -> Algorithm:
    """The list algorithm from the options `lists` and `default`."""
    mistakes = unknown_options(options, ("lists", "default"))
    slot_of = _read_lists(slots, options, mistakes)
    default = options.get("default")
    if default is not None and (wrong := slot_mistake(default, slots, ("default",))):
        mistakes.append(wrong)
    if len({isinstance(value, str) for value in slot_of}) > 1:
        mistakes.append(Mistake(("lists",), "numbers and text are mixed", "use one kind; text goes in quotes"))
    if mistakes:
        raise OptionMistakes(mistakes)
    return ListAlgorithm(slot_of, default if isinstance(default, int) else None)


def _read_lists(slots: int, options: Options, mistakes: list[Mistake]) -> dict[Listed, int]:
    lists = options.get("lists")
    if not isinstance(lists, list) or not lists:
        at: tuple[str, ...] = ("lists",) if "lists" in options else ()
        mistakes.append(Mistake(at, "the list algorithm needs lists of values", _EXAMPLE))
        return {}
    slot_of: dict[Listed, int] = {}
    for index, entry in enumerate(lists):
        if isinstance(entry, dict):
            _read_one(slots, entry, index, slot_of, mistakes)
        else:
            mistakes.append(Mistake(("lists", index), "a list is a mapping", "write { values: [DE, AT], slot: 0 }"))
    return slot_of


def _read_one(
    slots: int, entry: Mapping[str, object], index: int, slot_of: dict[Listed, int], mistakes: list[Mistake]
) -> None:
    at = ("lists", index)
    mistakes += unknown_options(entry, ("values", "slot"), at)
    slot, values = entry.get("slot"), entry.get("values")
    if "slot" not in entry:
        mistakes.append(Mistake(at, "the list has no slot", f"write slot: 0 to {slots - 1}"))
    elif wrong := slot_mistake(slot, slots, (*at, "slot")):
        mistakes.append(wrong)
    if not isinstance(values, list) or not values:
        place = (*at, "values") if "values" in entry else at
        mistakes.append(Mistake(place, "the list has no values", "write values: [DE, AT]"))
        return
    for position, given in enumerate(values):
        value = Decimal(str(given)) if isinstance(given, float) else given
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            mistakes.append(Mistake((*at, "values", position), "a value is a number or text", "put it in quotes"))
        elif value in slot_of:
            mistakes.append(Mistake((*at, "values", position), "the value is listed twice", "keep one of them"))
        else:
            slot_of[value] = slot if isinstance(slot, int) else 0


class ListAlgorithm:
    """A dictionary from value to slot, and what to do with other values."""

    __slots__ = ("_default", "_slot_of", "_text")

    def __init__(self, slot_of: Mapping[Listed, int], default: int | None) -> None:
        self._slot_of = dict(slot_of)
        self._default = default
        self._text = any(isinstance(value, str) for value in slot_of)

    def slot(self, value: KeyValue) -> int:
        """The slot of a listed value or the default; ShardKeyError without either, or for another type."""
        found = self._slot_of.get(self._key(value), self._default)
        if found is None:
            raise ShardKeyError("the value is in no list of the list algorithm, which has no default")
        return found

    def between(self, low: KeyValue | None, high: KeyValue | None) -> frozenset[int] | None:
        """Precise for numbers and for low == high; None for text, whose order depends on the collation."""
        first = None if low is None else self._key(low)
        last = None if high is None else self._key(high)
        if first is not None and first == last:
            found = self._slot_of.get(first, self._default)
            return frozenset() if found is None else frozenset((found,))
        if isinstance(first, str) or isinstance(last, str) or self._text:
            return None
        if first is not None and last is not None and first > last:
            return frozenset()
        inside = {
            slot
            for value, slot in self._slot_of.items()
            if not isinstance(value, str) and (first is None or first <= value) and (last is None or value <= last)
        }
        return frozenset(inside if self._default is None else inside | {self._default})

    def _key(self, value: KeyValue) -> Listed:
        if self._text and isinstance(value, str):
            return value
        if self._text and isinstance(value, date):
            return iso_text(naive("list", value))
        if not self._text and (isinstance(value, int) or (isinstance(value, Decimal) and value.is_finite())):
            return value
        raise wrong_type("list", value, "text and dates (the lists hold text)" if self._text else "numbers")
