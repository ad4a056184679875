"""OFFSET and LIMIT over the merged rows, as a running count.

Invariant: over any cutting of the rows into calls, the rows that pass are those of one Python slice.
"""

from __future__ import annotations

from shardkit.flow import Window
from shardkit.values import Row


class Slice:
    """What of the window is still to be skipped and to be given."""

    def __init__(self, window: Window) -> None:
        self._skip = window.offset
        self._left = window.limit

    @property
    def full(self) -> bool:
        """True when the limit is reached: no further row will pass."""
        return self._left == 0

    @property
    def needed(self) -> int | None:
        """How many more rows could matter, the skipped ones included; None without a limit."""
        return None if self._left is None else self._skip + self._left

    def cut(self, rows: list[Row]) -> list[Row]:
        """The part of the next `rows` that lies in the window."""
        if self._skip:
            skipped = min(self._skip, len(rows))
            self._skip -= skipped
            rows = rows[skipped:]
        if self._left is not None:
            rows = rows[: self._left]
            self._left -= len(rows)
        return rows
