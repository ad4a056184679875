"""WEIGHT_STRING bytes under a collation that pads with blanks.

Such a collation compares two texts as if the shorter one went on in blanks: 'a\\t' < 'a' = 'a '. Trailing blank units
are stripped, which settles equality. Plain bytes then order rightly as long as no unit is below the blank; a weight
that has one becomes a `Padded`, which compares with bytes and with its like by padding the shorter side.
Invariant: the result is a total order, and it is that of the weights padded to equal length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any


class Padded:
    """A stripped weight that holds a unit below the blank."""

    __slots__ = ("blank", "weight")

    def __init__(self, weight: bytes, blank: bytes) -> None:
        self.weight = weight
        self.blank = blank

    def __lt__(self, other: object) -> bool:
        weight = _weight(other)
        return NotImplemented if weight is None else _less(self.weight, weight, self.blank)

    def __gt__(self, other: object) -> bool:
        weight = _weight(other)
        return NotImplemented if weight is None else _less(weight, self.weight, self.blank)

    def __eq__(self, other: object) -> bool:
        weight = _weight(other)
        return NotImplemented if weight is None else self.weight == weight

    def __hash__(self) -> int:
        return hash(self.weight)


def strip(weight: bytes, blank: bytes) -> bytes:
    """`weight` without the blank units at its end."""
    if not weight.endswith(blank):
        return weight
    width = len(blank)
    end = len(weight) - width
    while weight.endswith(blank, 0, end):
        end -= width
    return weight[:end]


@lru_cache(maxsize=64)
def comparable(blank: bytes) -> Callable[[bytes], Any]:
    """A function from a weight to something that compares as the collation does."""
    low_unit = _low_unit(blank).match

    def key(weight: bytes) -> Any:
        stripped = strip(weight, blank)
        return Padded(stripped, blank) if low_unit(stripped) else stripped

    return key


def _low_unit(blank: bytes) -> re.Pattern[bytes]:
    """Matches weights with a unit, at a multiple of the blank's width, that is below the blank."""
    width = len(blank)
    lower = [
        re.escape(blank[:at]) + b"[\\x00-\\x%02x]" % (byte - 1) + b"." * (width - at - 1)
        for at, byte in enumerate(blank)
        if byte
    ]
    return re.compile(b"(?:%s)*?(?:%s)" % (b"." * width, b"|".join(lower) or b"(?!)"), re.DOTALL)


def _less(left: bytes, right: bytes, blank: bytes) -> bool:
    length = max(len(left), len(right))
    return _pad(left, length, blank) < _pad(right, length, blank)


def _pad(weight: bytes, length: int, blank: bytes) -> bytes:
    missing = -(-(length - len(weight)) // len(blank))
    return weight + blank * missing


def _weight(value: object) -> bytes | None:
    if isinstance(value, Padded):
        return value.weight
    return value if isinstance(value, bytes) else None
