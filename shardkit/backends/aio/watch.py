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
        self.due: dict[Expirable, float] = {}
        """What is watched; statements put themselves in here and call `wake` where that is before `wakes_at`."""
        self.wakes_at = inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, item: Expirable, deadline: float) -> None:
        """Call `item.expire()` at `deadline` unless it is removed before."""
        self.due[item] = deadline
        if deadline < self.wakes_at:
            self.wake(deadline)

    def remove(self, item: Expirable) -> bool:
        """Take it off; False when its time was over and it has been stopped."""
        return self.due.pop(item, None) is not None

    def close(self) -> None:
        """Let the timer go. What still runs is watched to its end."""
        if self._timer is not None and not self.due:
            self._timer.cancel()
            self._timer, self.wakes_at = None, inf

    def wake(self, deadline: float) -> None:
        """Look at `due` at that moment."""
        if self._timer is not None:
            self._timer.cancel()
        self.wakes_at = deadline
        self._timer = asyncio.get_running_loop().call_later(max(deadline - time.monotonic(), 0), self._ring)

    def _ring(self) -> None:
        self._timer, self.wakes_at = None, inf
        now = time.monotonic()
        late = [item for item, deadline in self.due.items() if deadline <= now]
        for item in late:
            del self.due[item]
            item.expire()
        if self.due:
            self.wake(min(self.due.values()))
