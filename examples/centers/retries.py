"""Which transactions are run again, and when.

Invariant: only what is known to be rolled back on every shard is run again; an unknown outcome never is.
"""

from __future__ import annotations

import asyncio
import random

from shardkit.errors import Error, TransactionAborted

DEADLOCK, LOCK_WAIT = 1213, 1205
PAUSE = 0.01
"""Seconds before the second attempt; each further one waits twice as long, with jitter."""


def rolled_back_by_a_lock(error: BaseException | None) -> bool:
    """Whether the whole transaction is known to be undone because of a lock, so that trying again may help."""
    locked = isinstance(error, Error) and error.errno in (DEADLOCK, LOCK_WAIT)
    return locked or isinstance(error, TransactionAborted)


async def pause(attempt: int) -> None:
    """Wait after a failed attempt (from 1)."""
    await asyncio.sleep(PAUSE * 2**attempt * random.uniform(0.5, 1))
