"""The embedded backend's threads under asyncio: what happens to work whose caller is cancelled."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from shardkit.backends.aio.sqlite import AioSqliteConnection
from shardkit.backends.sqlite_connection import SqliteConnection
from shardkit.errors import ConnectionLost


class Interrupted:
    """A raw connection whose work goes on until it is killed, and then fails."""

    def __init__(self) -> None:
        self.begun, self.killed = threading.Event(), threading.Event()

    def kill(self) -> None:
        """End the work."""
        self.killed.set()

    def work(self) -> None:
        """Go on until killed."""
        self.begun.set()
        self.killed.wait()
        raise ConnectionLost("the connection is closed")


def test_the_failure_of_cancelled_work_is_nobodys_surprise() -> None:
    raw, complaints = Interrupted(), list[dict[str, Any]]()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, found: complaints.append(found))
        with ThreadPoolExecutor(1) as thread:
            connection = AioSqliteConnection(thread, cast("SqliteConnection", raw))
            task = asyncio.create_task(connection.work(raw.work))
            await asyncio.to_thread(raw.begun.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        del task
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert raw.killed.is_set()
    assert complaints == []
