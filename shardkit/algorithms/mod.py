"""`mod`: slot = key mod slots, never negative. Only for integers: simple to compute by hand, dense ids spread evenly.

Invariant: -1 and slots-1 share a slot (Python's and mathematics' modulo, not MySQL's, which may be negative).
"""

from __future__ import annotations

from shardkit.algorithms.protocol import Algorithm, KeyValue, OptionMistakes, Options, unknown_options, wrong_type


def make(slots: int, options: Options) -> Algorithm:
    """The mod algorithm; it has no options."""
    if mistakes := unknown_options(options, ()):
        raise OptionMistakes(mistakes)
    return ModAlgorithm(slots)


class ModAlgorithm:
    """slot = key mod slots."""

    __slots__ = ("_slots",)

    def __init__(self, slots: int) -> None:
        self._slots = slots

    def slot(self, value: KeyValue) -> int:
        """The slot of an int; ShardKeyError for anything else."""
        if not isinstance(value, int):
            raise wrong_type("mod", value, "integers")
        return value % self._slots

    def between(self, low: KeyValue | None, high: KeyValue | None) -> frozenset[int] | None:
        """Precise when there are fewer keys than slots; None when an end is open or every slot is hit."""
        for end in (low, high):
            if end is not None and not isinstance(end, int):
                raise wrong_type("mod", end, "integers")
        if not isinstance(low, int) or not isinstance(high, int) or high - low >= self._slots - 1:
            return None
        return frozenset(key % self._slots for key in range(low, high + 1))
