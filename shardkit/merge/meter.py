"""The budget of one merge: how many rows, and about how many bytes, its buffers hold together.

Bytes are estimated from a sample of each batch, so that counting costs next to nothing for a row.
Invariant: what is held never passes the budget by more than the batch that breaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import getsizeof
from typing import Any

from shardkit.errors import BudgetExceeded
from shardkit.flow import Budget

_SAMPLE = 8


class Meter:
    """Counts what all buffers of one merge hold, and refuses by the name of the step that holds the most."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._rows: dict[str, int] = {}
        self._bytes: dict[str, int] = {}

    def hold(self, step: str, rows: int, size: int) -> None:
        """Count `rows` more in the buffer of `step`, of `size` bytes together. BudgetExceeded if that is too much."""
        self._rows[step] = self._rows.get(step, 0) + rows
        self._bytes[step] = self._bytes.get(step, 0) + size
        if sum(self._rows.values()) > self._budget.rows:
            raise _breach(self._rows, f"{self._budget.rows:,} rows (budget.rows)")
        if sum(self._bytes.values()) > self._budget.memory:
            raise _breach(self._bytes, f"{self._budget.memory:,} bytes (budget.memory)")

    @property
    def rows_left(self) -> int:
        """How many more rows may be held."""
        return max(self._budget.rows - sum(self._rows.values()), 0)

    def release(self, step: str, rows: int, size: int) -> None:
        """Count what the buffer of `step` no longer holds."""
        self._rows[step] -= rows
        self._bytes[step] -= size


def estimate(items: Sequence[Any]) -> int:
    """About how many bytes one of these rows or keys takes, from an evenly spaced sample."""
    sample = items[:: len(items) // _SAMPLE or 1]
    return sum(map(_size, sample)) // len(sample) if sample else 0


def _size(item: Any) -> int:
    inner = sum(map(getsizeof, item)) if isinstance(item, tuple) else 0
    return getsizeof(item) + inner


def _breach(held: dict[str, int], limit: str) -> BudgetExceeded:
    step = max(held, key=held.__getitem__)
    return BudgetExceeded(
        f"the {step} step of this statement would hold more than {limit} in memory. "
        "Narrow it by the shard key, a WHERE or a LIMIT, or raise the budget: defaults.budget in the rules, or a hint"
    )
