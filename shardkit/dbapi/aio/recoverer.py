"""Recovery in the background: one task of a cluster that ends branches which other processes left prepared.

Invariant: it holds no connection between two rounds, and it ends with its cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shardkit.dbapi.recoverer import LOG, tell
from shardkit.errors import Error
from shardkit.session.recovery import Recovery


class Recoverer:
    """Calls `recover` every so many seconds until `stop`."""

    def __init__(self, recover: Callable[[], Awaitable[Recovery]], every: float) -> None:
        self._recover, self._every = recover, every
        self._stopped = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="shardkit-recovery")

    async def stop(self) -> None:
        """End the task; waits for a round that is running."""
        self._stopped.set()
        await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._stopped.wait(), self._every)
            except TimeoutError:
                await self._round()
            else:
                return

    async def _round(self) -> None:
        try:
            tell(await self._recover())
        except Error as error:
            LOG.warning("recovery failed and will be tried again in %g s: %s", self._every, error)
