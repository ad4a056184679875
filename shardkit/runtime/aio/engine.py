"""What the connections of one cluster share in an event loop: a backend for each server, pools, generated ids.

Ids come through threads and PyMySQL's connections when a lease or a block is wanted, and at once when not.
Invariant: an engine belongs to the loop in which it was first used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from shardkit.backends import open_backend as open_sync_backend
from shardkit.backends.aio import open_backend
from shardkit.backends.aio.protocol import Backend, Connection
from shardkit.backends.protocol import Backend as SyncBackend
from shardkit.errors import InterfaceError, InternalError
from shardkit.observe import PoolState, Watch
from shardkit.runtime.aio.pool import Pool
from shardkit.runtime.aio.watched import WatchedBackend, WatchedPool
from shardkit.runtime.engine import ANY_NUMBER, states
from shardkit.runtime.keys import Keys
from shardkit.runtime.lending import Limits
from shardkit.values import ShardId

if TYPE_CHECKING:
    from shardkit.rules import Rules


T = TypeVar("T")


class Engine:
    """Backends and pools by server, made when first needed.

    `backends` replaces those of the rules, for tests. `watch`: who is told what happens on connections and in pools.
    """

    def __init__(self, rules: Rules, backends: Mapping[str, Backend] | None = None, watch: Watch | None = None) -> None:
        self._servers = rules.servers
        self._watch = watch
        self._backends: dict[str, Backend] = {name: self._seen(name, one) for name, one in (backends or {}).items()}
        self._pools: dict[tuple[str, str], Pool] = {}
        self._workspaces: dict[str, Pool] = {}
        self.by_shard: dict[ShardId, Pool] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self.keys = Keys(rules, self._sync_backend, self.submit)
        """The generated ids."""

    def pool(self, shard: ShardId) -> Pool:
        """The pool that serves this shard."""
        pool = self.by_shard.get(shard)
        return pool if pool is not None else self._open_pool(shard)

    def backend(self, shard: ShardId) -> Backend:
        """The backend of the shard's server."""
        backend = self._backends.get(shard.server)
        if backend is None:
            self._check_known(shard)
            backend = self._seen(shard.server, open_backend(self._servers[shard.server]))
            self._backends[shard.server] = backend
        return backend

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Run `work` in a thread."""
        return self._executor().submit(work)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """What `work` gives, done in a thread, and to its end although the caller be cancelled."""
        doing = asyncio.get_running_loop().run_in_executor(self._executor(), work)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            doing.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody else will look at it
            raise

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools that exist so far."""
        return (*self._pools.values(), *self._workspaces.values())

    def pool_states(self) -> list[PoolState]:
        """The pools as they are."""
        return states(self.pools)

    def check_open(self) -> None:
        """InterfaceError once closed, or in another event loop."""
        if self._closed:
            raise InterfaceError("the cluster is closed")
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None:
                raise InterfaceError("the cluster belongs to another event loop; open one in each loop")
            self._loop = loop

    async def close(self) -> None:
        """Close idle connections and refuse new ones. Connections in use are closed when they are given back."""
        if self._closed:
            return
        self._closed = True
        for pool in self.pools:
            pool.close()
        await asyncio.to_thread(self.keys.close)
        if self._threads is not None:
            self._threads.shutdown(wait=False)
        await asyncio.sleep(0)  # lets the transports of closed connections end
        await asyncio.gather(*(backend.close() for backend in self._backends.values()))

    def workspaces(self, place: ShardId) -> Pool:
        """The pool of connections for workspaces on the server of this shard."""
        pool = self._workspaces.get(place.server)
        if pool is None:
            self.check_open()
            settings = self._servers[place.server].pool
            limits = Limits(place.server, settings.workspaces, settings.wait, "workspaces")
            pool = self._workspaces[place.server] = self._pool(limits, self.backend(place).workspace, "workspaces")
        return pool

    def _open_pool(self, shard: ShardId) -> Pool:
        self.check_open()
        backend = self.backend(shard)
        key = (shard.server, backend.pool_of(shard))
        pool = self._pools.get(key)
        if pool is None:
            settings = self._servers[shard.server].pool
            limits = Limits(shard.server, settings.size, settings.wait)
            pool = self._pools[key] = self._pool(limits, backend.connect, key[1])
        self.by_shard[shard] = pool
        return pool

    def _seen(self, name: str, backend: Backend) -> Backend:
        return backend if self._watch is None else WatchedBackend(name, backend, self._watch)

    def _pool(self, limits: Limits, connect: Callable[[ShardId], Awaitable[Connection]], name: str) -> Pool:
        return Pool(limits, connect, name) if self._watch is None else WatchedPool(limits, connect, name, self._watch)

    def _executor(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(ANY_NUMBER, thread_name_prefix="shardkit")
        return self._threads

    def _sync_backend(self, shard: ShardId) -> SyncBackend:
        self._check_known(shard)
        return open_sync_backend(self._servers[shard.server])

    def _check_known(self, shard: ShardId) -> None:
        if shard.server not in self._servers:
            raise InternalError(f"shard {shard}: the rules know no server {shard.server!r}", shards=(shard,))
