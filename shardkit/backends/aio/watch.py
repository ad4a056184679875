"""The clock of the statements of one event loop: one timer that stops those whose time is over.

Not a timer for each statement: a point select would pay for it, and the loop keeps timers that were called off.
Invariant: a statement is taken off the list either by its own end or by the clock, never by both.
"""

from __future__ import annotations

import asyncio
import time
from math import inf
from typing import Protocol


class Expirable(Protocol):
    """Something with a deadline."""

    def expire(self) -> None:
        """The time is over: stop it and wake the task that waits. Must not block."""


class Watch:
    """Deadlines of statements, in time.monotonic()."""

    def __init__(self) -> None:
        self._due: dict[Expirable, float] = {}
        self._wakes_at = inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, item: Expirable, deadline: float) -> None:
        """Call `item.expire()` at `deadline` unless it is removed before."""
        self._due[item] = deadline
        if deadline < self._wakes_at:
            self._wake(deadline)

    def remove(self, item: Expirable) -> bool:
        """Take it off; False when its time was over and it has been stopped."""
        return self._due.pop(item, None) is not None

    def close(self) -> None:
        """Nothing is watched any more."""
        self._due.clear()
        self._wakes_at = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = deadline
        self._timer = asyncio.get_running_loop().call_later(max(deadline - time.monotonic(), 0), self._ring)

    def _ring(self) -> None:
        self._timer, self._wakes_at = None, inf
        now = time.monotonic()
        late = [item for item, deadline in self._due.items() if deadline <= now]
        for item in late:
            del self._due[item]
            item.expire()
        if self._due:
            self._wake(min(self._due.values()))
