"""The clock of all running statements: one sleeping thread that stops those whose time is over.

Why not socket time limits: they cost every statement two more system calls for each read (8 to 10 µs on a point
select), start anew with each byte that dribbles in, and leave the statement running on the server.
Invariant: a statement is taken off the list either by its own end or by the clock, never by both (dict.pop is atomic),
so the clock cannot stop a connection that has moved on to its next statement.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from math import inf
from typing import Protocol


class Expirable(Protocol):
    """Something with a deadline."""

    def expire(self) -> None:
        """The time is over: make the waiting thread wake up. Must not block."""

    def kill(self) -> None:
        """Stop the statement on the server; may take a moment."""


class Watch:
    """Deadlines of statements, in time.monotonic()."""

    def __init__(self) -> None:
        self._due: dict[Expirable, float] = {}
        self._wakes_at = inf
        self._alarm = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, item: Expirable, deadline: float) -> None:
        """Call `item.expire()` and `item.kill()` at `deadline` unless it is removed before."""
        self._due[item] = deadline
        if deadline < self._wakes_at:
            self._wake(deadline)

    def remove(self, item: Expirable) -> bool:
        """Take it off; False when its time was over and it has been, or is being, stopped."""
        return self._due.pop(item, None) is not None

    def _wake(self, deadline: float) -> None:
        with self._lock:
            self._wakes_at = min(self._wakes_at, deadline)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="shardkit-watch", daemon=True)
                self._thread.start()
        self._alarm.set()

    def _run(self) -> None:
        while True:
            self._alarm.clear()
            with self._lock:
                self._wakes_at = min(list(self._due.values()), default=inf)
            left = self._wakes_at - time.monotonic()
            if left > 0:
                self._alarm.wait(None if left == inf else left)
            now = time.monotonic()
            late = [item for item, deadline in list(self._due.items()) if deadline <= now]
            mine = [item for item in late if self._due.pop(item, None) is not None]
            for item in mine:
                item.expire()
            if mine:
                threading.Thread(target=_kill_all, args=(mine,), name="shardkit-kill", daemon=True).start()


def _kill_all(items: Iterable[Expirable]) -> None:
    for item in items:
        item.kill()


WATCH = Watch()
"""The clock of this process."""

# A forked child has neither the thread nor the statements of its parent.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: WATCH.__init__())  # type: ignore[misc]
