"""`gene`: ids that carry the slot of another key in their low bits, so that either column finds the row.

    shard_by: [memberId, orderId]
    algorithm: { type: gene, key: memberId, id: orderId, bits: 10 }

This version reads and checks the options, and refuses to route by them.
Invariant: 2 to the power of `bits` is at least the number of slots.
"""

from __future__ import annotations

from shardkit.algorithms.protocol import Algorithm, KeyValue, Mistake, OptionMistakes, Options, unknown_options
from shardkit.errors import NotYetError

MOST_BITS = 16


def make(slots: int, options: Options) -> Algorithm:
    """The gene algorithm from `key`, `id` and `bits`."""
    mistakes = unknown_options(options, ("key", "id", "bits"))
    for name in ("key", "id"):
        value = options.get(name)
        if not isinstance(value, str) or not value:
            at = (name,) if name in options else ()
            mistakes.append(Mistake(at, f"the gene algorithm needs {name!r}, a column", f"write {name}: column"))
    bits = options.get("bits")
    if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= MOST_BITS:
        at = ("bits",) if "bits" in options else ()
        mistakes.append(Mistake(at, "the gene algorithm needs a number of bits", f"write bits: 1 to {MOST_BITS}"))
    elif 2**bits < slots:
        mistakes.append(
            Mistake(("bits",), f"{bits} bits cannot hold {slots} slots", f"write bits: {(slots - 1).bit_length()}")
        )
    if mistakes:
        raise OptionMistakes(mistakes)
    return GeneAlgorithm()


class GeneAlgorithm:
    """Refuses by name."""

    __slots__ = ()

    def slot(self, value: KeyValue) -> int:
        """Raises NotYetError."""
        raise not_yet()

    def between(self, low: KeyValue | None, high: KeyValue | None) -> frozenset[int] | None:
        """Raises NotYetError."""
        raise not_yet()


def not_yet() -> NotYetError:
    """The refusal, in full."""
    return NotYetError(
        "the gene algorithm",
        why="this version does not compute or read ids that carry another key's slot",
        instead="shard the table by one column, with hash",
    )
