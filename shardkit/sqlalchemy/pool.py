"""SQLAlchemy's pool over shardkit's own: it keeps connections, but never makes anybody wait for one.

A shardkit connection that is not used holds no server connection, so there is nothing to ration here; how many server
connections there may be is said in the rules (`servers.NAME.pool`), and waiting happens there.
Invariant: a connection that comes back after `dispose` is closed, not kept.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, QueuePool

KEPT = 256
"""Connections that are kept when nobody uses them."""


class _Keeping(QueuePool):
    """Keeps up to `pool_size` connections and opens any number, unless `max_overflow` limits it."""

    def __init__(
        self, creator: Any, pool_size: int = KEPT, max_overflow: int = -1, use_lifo: bool = True, **options: Any
    ) -> None:
        super().__init__(creator, pool_size=pool_size, max_overflow=max_overflow, use_lifo=use_lifo, **options)
        self._disposed = False

    def dispose(self) -> None:
        """Close the connections that are here; those in use are closed when they come back."""
        self._disposed = True
        super().dispose()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self._disposed:
            record.close()
        else:
            super()._do_return_conn(record)


class ClusterPool(_Keeping):
    """The pool of an engine whose connections belong to threads."""


class LoopPool(_Keeping, AsyncAdaptedQueuePool):
    """The pool of an engine whose connections belong to an event loop."""
