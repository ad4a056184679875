"""Values that were read from one server and are written to another: what must be said so that they arrive unchanged.

A FLOAT is shown with six digits, a BIT as bytes that mean a number, a moment as text. What the column of the other side
would take for something else is refused.
Invariant: a value that passes here is stored as the server itself would have stored it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from shardkit.errors import CrossShardRefused
from shardkit.flow import Column, Family, TableInfo
from shardkit.rewrite import bound

NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT, Family.DOUBLE, Family.BIT, Family.YEAR})
_FLOAT, _BIT = 4, 16  # the driver's numbers of types
_MOMENTS = frozenset({7, 10, 11, 12, 14})


def short_of_digits(kind: Any, column: Column) -> bool:
    """Whether a value of this type would reach the column with fewer digits than it has."""
    return kind == _FLOAT and column.family in NUMBERS


class Carrier:
    """Takes the values of one column of an answer to one column of a table."""

    def __init__(self, kind: Any, column: Column) -> None:
        number = column.family in NUMBERS
        self._bits = kind == _BIT and number
        what = ""
        if kind == _FLOAT and column.family is not Family.TEXT:
            what = "a FLOAT, which is shown with fewer digits than it has,"
        elif kind in _MOMENTS and number:
            what = "a date or time as a number"
        if what:
            raise CrossShardRefused(
                f"writing {what} into {column.name}", why="it would travel as text between the shards",
                instead="the value plus 0e0 (for a FLOAT) or plus 0 (for a date), which travels as a number",
            )  # fmt: skip

    def carry(self, value: Any) -> Any:
        """The value as it is given to the other server."""
        if self._bits and isinstance(value, bytes):
            return int.from_bytes(value, "big")
        return bound(value)


def more_digits(text: str, column: Column, infos: Iterable[TableInfo]) -> str:
    """What to put behind `(text)`, so that a FLOAT in it comes with all its digits: ` + 0e0`, or nothing."""
    if column.family not in NUMBERS:
        return ""
    words = {word.lower() for word in re.findall(r"\w+", text)}
    floats = {one.name.lower() for info in infos for one in info.columns if one.family is Family.FLOAT}
    return " + 0e0" if words & floats else ""
