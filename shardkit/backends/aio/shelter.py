"""Work that is done to its end although its caller is cancelled meanwhile: stopping statements, rolling back, closing.

Invariant: the caller goes on only when the work is over; a cancellation that came meanwhile is then raised, unless the
work itself failed, which is told instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def sheltered(work: Awaitable[T], grace: float | None = None) -> T:
    """Await `work` whatever happens. `grace`: seconds that it may take after a cancellation; then it is cancelled.

    await sheltered(connection.kill())
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            if cancelled is None and grace is not None:
                asyncio.get_running_loop().call_later(grace, task.cancel)
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled() and (failed := task.exception()) is not None:
        raise failed
    raise cancelled
