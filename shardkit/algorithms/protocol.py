"""What an algorithm is: a pure function from a canonical shard-key value to a slot, and how it refuses.

The caller makes values canonical first (an INT column always gives int, whatever the driver or the literal was), so
an algorithm may tell values apart by their Python type.
Invariant: equal values have one slot, in every process and every version.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

from shardkit.errors import ShardKeyError
from shardkit.options import Mistake, OptionMistakes, Options, unknown_options

__all__ = [
    "Algorithm", "Factory", "KeyValue", "Mistake", "OptionMistakes", "Options", "naive", "slot_mistake",
    "unknown_options", "wrong_type",
]  # fmt: skip

KeyValue: TypeAlias = int | str | bytes | date | datetime | Decimal
"""A canonical shard-key value."""


class Algorithm(Protocol):
    """Maps shard-key values to slots 0 .. slots-1. Instances are immutable and shared between threads."""

    def slot(self, value: KeyValue) -> int:
        """The slot of rows with this value; ShardKeyError (without the value in its message) if it has none."""

    def between(self, low: KeyValue | None, high: KeyValue | None) -> frozenset[int] | None:
        """Slots of all values from low to high, both included; an end that is None is open. None: cannot tell.

        `between(v, v) == frozenset()` says that no row can hold v, so a search for it need not ask any shard.
        """


class Factory(Protocol):
    """Makes an algorithm for that many slots; raises OptionMistakes with every mistake at once."""

    def __call__(self, slots: int, options: Options) -> Algorithm: ...


def slot_mistake(value: object, slots: int, at: tuple[str | int, ...]) -> Mistake | None:
    """What is wrong with a slot number written in the options, if anything."""
    if isinstance(value, bool) or not isinstance(value, int):
        return Mistake(at, "a slot is a whole number", f"write 0 to {slots - 1}")
    if not 0 <= value < slots:
        return Mistake(at, f"slot {value} does not exist", f"slots go from 0 to {slots - 1}")
    return None


def wrong_type(algorithm: str, value: object, wanted: str) -> ShardKeyError:
    """The error for a value of a type that the algorithm cannot take. Names the type, never the value."""
    kind = "NULL" if value is None else f"a value of type {type(value).__name__}"
    return ShardKeyError(f"{kind} cannot be a shard key of the {algorithm} algorithm, which takes {wanted}")


def naive(algorithm: str, value: date) -> date:
    """The same date or datetime; ShardKeyError if it carries a time zone, which no MySQL column stores."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise ShardKeyError(f"a datetime with a time zone cannot be a shard key of the {algorithm} algorithm")
    return value
