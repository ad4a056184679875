"""Stops statements on one server, from a thread and over PyMySQL: they must stop although the event loop is ending.

Many cancellations at once share one connection to the server. Invariant: the thread ends when nothing is to be stopped.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable


class Reaper:
    """`kill_all(*targets)` does KILL with each of these; it may block for some seconds and never raises."""

    def __init__(self, kill_all: Callable[..., None]) -> None:
        self._kill_all = kill_all
        self._wanted: list[tuple[str, asyncio.Future[None] | None]] = []
        self._lock = threading.RLock()  # a finaliser may come while this very thread holds it
        self._at_work = False

    def kill(self, target: str) -> asyncio.Future[None]:
        """Begin to stop a connection ("17") or only what it runs ("QUERY 17").

        The future is done when the server was told, or cannot be reached.
        """
        done = asyncio.get_running_loop().create_future()
        self._begin(target, done)
        return done

    def kill_unseen(self, target: str) -> None:
        """The same where nobody waits and perhaps no loop runs: in a finaliser, or when everything ends.

        While the interpreter itself is ending no thread can start, and starting one would wait for ever.
        """
        if not sys.is_finalizing():
            self._begin(target, None)

    @property
    def at_work(self) -> bool:
        """Whether something is being stopped."""
        return self._at_work

    def _begin(self, target: str, done: asyncio.Future[None] | None) -> None:
        with self._lock:
            self._wanted.append((target, done))
            begin, self._at_work = not self._at_work, True
        if begin:
            threading.Thread(target=self._work, name="shardkit-kill").start()

    def _work(self) -> None:
        while True:
            with self._lock:
                wanted, self._wanted = self._wanted, []
                if not wanted:
                    self._at_work = False
                    return
            self._kill_all(*(target for target, _ in wanted))
            for _, done in wanted:
                if done is None:
                    continue
                try:
                    done.get_loop().call_soon_threadsafe(_finish, done)
                except RuntimeError:
                    continue  # its loop has ended: nobody waits


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
