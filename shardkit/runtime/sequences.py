"""Blocks of numbers from `shardkit_sequence`, on demand or ahead of it in a thread.

Invariant: a block is handed out by the database once, and by this class once; one whose commit is unknown is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from shardkit.errors import Error
from shardkit.keygen import Block
from shardkit.runtime.home import SEQUENCES, Ask, Home

_NEXT = f"SELECT next FROM {{}}.`{SEQUENCES}` WHERE name = %s FOR UPDATE"
_ADD = f"INSERT IGNORE INTO {{}}.`{SEQUENCES}` (name, next) VALUES (%s, %s)"
_SET = f"UPDATE {{}}.`{SEQUENCES}` SET next = %s WHERE name = %s"


class Sequences:
    """The sequences of one home. `submit` runs a job in a thread."""

    def __init__(self, home: Home, submit: Callable[[Callable[[], None]], Future[None]]) -> None:
        self._home, self._submit = home, submit
        self._ahead: dict[str, Future[range]] = {}
        self._lock = threading.Lock()

    def block(self, wanted: Block) -> range:
        """The block that was fetched ahead, or else a new one. Raises IdsUnavailable."""
        with self._lock:
            ahead = self._ahead.pop(wanted.name, None)
        if ahead is not None:
            try:
                return ahead.result()
            except Error:
                pass  # it is asked for once more, and the answer is the caller's
        return self._fetch(wanted)

    def ahead(self, wanted: Block) -> None:
        """Begin to fetch a block, which answers the next `block` of its name."""
        found: Future[range] = Future()
        with self._lock:
            if wanted.name in self._ahead:
                return
            self._ahead[wanted.name] = found

        def work() -> None:
            try:
                found.set_result(self._fetch(wanted))
            except BaseException as error:
                found.set_exception(error)

        self._submit(work)

    def _fetch(self, wanted: Block) -> range:
        found = self._home.transact(lambda ask: _take(ask, wanted))
        if found is None:
            # Added in a transaction of its own: two that looked in vain would each block the other's INSERT.
            self._home.transact(lambda ask: ask.run(_ADD, wanted.name, wanted.start))
            found = self._home.transact(lambda ask: _take(ask, wanted))
        assert found is not None
        return found


def _take(ask: Ask, wanted: Block) -> range | None:
    rows = ask.rows(_NEXT, wanted.name)
    if not rows:
        return None
    first = int(rows[0][0])
    ask.run(_SET, first + wanted.size, wanted.name)
    return range(first, first + wanted.size)
