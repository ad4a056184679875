"""Who may have which worker number: the rules of leasing, without the database that keeps them.

A row of `shardkit_worker` is a number, the token of its holder, when its lease ends by the server's clock (`expires`),
and the latest time that any holder's ids may bear (`allowed`). A new holder's ids bear later times than that, so even
a process that woke up with an old lease in hand could not repeat an id.
Invariant: `allowed` of a number only grows while somebody holds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LEASE = 30_000
"""Milliseconds that a lease lasts; ids may bear times up to its end."""

MUTEX = -1
"""The row that processes lock while they look for a number; it is nobody's number."""


class WorkerRow(NamedTuple):
    """One row, times in milliseconds since 1970."""

    worker: int
    expires: int
    allowed: int


def choose(rows: Iterable[WorkerRow], bits: int, server: int, clock: int) -> WorkerRow | None:
    """The number to take, with `allowed` as it is; None if all are leased. Times: the server's and this machine's.

    Numbers that were used come first, if this machine's clock is past what they allowed; then new ones; then the one
    that must be waited for least.
    """
    known = {row.worker: row for row in rows}
    free = [row for row in known.values() if 0 <= row.worker < 1 << bits and row.expires <= server]
    ready = min((row for row in free if row.allowed < clock), default=None)
    if ready is not None:
        return ready
    for number in range(1 << bits):
        if number not in known:
            return WorkerRow(number, 0, 0)
    return min(free, key=lambda row: row.allowed, default=None)
