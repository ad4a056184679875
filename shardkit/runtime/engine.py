"""What the connections of one cluster share: a backend for each server, pools, and threads.

Invariant: at most as many threads run as connections are lent out, because every job holds one (and one more for each
sequence of which a block is fetched ahead). A process that is forked off begins with empty pools: no connection to a
server is ever used by two processes.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from shardkit.backends import open_backend
from shardkit.backends.protocol import Backend, Connection
from shardkit.errors import InterfaceError, InternalError
from shardkit.observe import PoolState, Watch
from shardkit.runtime.keys import Keys
from shardkit.runtime.lending import Limits
from shardkit.runtime.pool import Pool
from shardkit.runtime.watched import WatchedBackend, WatchedPool
from shardkit.values import ShardId

if TYPE_CHECKING:
    from shardkit.rules import Rules
    from shardkit.runtime.aio.pool import Pool as AioPool

ANY_NUMBER = 10_000
"""Bound of the executor; the pools' sizes bind earlier."""


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
        self._lock = threading.RLock()
        self._closed = False
        self.keys = Keys(rules, self.backend, self.submit)
        """The generated ids."""
        _ENGINES.add(self)

    def pool(self, shard: ShardId) -> Pool:
        """The pool that serves this shard."""
        pool = self.by_shard.get(shard)
        return pool if pool is not None else self._open_pool(shard)

    def backend(self, shard: ShardId) -> Backend:
        """The backend of the shard's server."""
        backend = self._backends.get(shard.server)
        if backend is not None:
            return backend
        with self._lock:
            if shard.server not in self._backends:
                if shard.server not in self._servers:
                    raise InternalError(f"shard {shard}: the rules know no server {shard.server!r}", shards=(shard,))
                self._backends[shard.server] = self._seen(shard.server, open_backend(self._servers[shard.server]))
            return self._backends[shard.server]

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Run `work` in a thread. Where somebody watches, the thread knows for which statement it works."""
        if self._watch is not None:
            context, inner = copy_context(), work
            work = lambda: context.run(inner)  # noqa: E731
        with self._lock:
            if self._threads is None:
                self.check_open()
                self._threads = ThreadPoolExecutor(ANY_NUMBER, thread_name_prefix="shardkit")
            return self._threads.submit(work)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools that exist so far."""
        return (*self._pools.values(), *self._workspaces.values())

    def pool_states(self) -> list[PoolState]:
        """The pools as they are."""
        return states(self.pools)

    def check_open(self) -> None:
        """InterfaceError once closed."""
        if self._closed:
            raise InterfaceError("the cluster is closed")

    def close(self) -> None:
        """Close idle connections and refuse new ones. Connections in use are closed when they are given back."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        self.keys.close()
        for pool in self.pools:
            pool.close()
        if threads is not None:
            threads.shutdown(wait=False)

    def forked(self) -> None:
        """This is a new process. The connections are its parent's: it neither uses nor closes them.

        They are kept for ever, because some drivers take leave of the server when their object goes, on the socket that
        the parent goes on using.
        """
        _PARENTS.append((self._pools, self._workspaces, self.keys.offices))
        self._lock = threading.RLock()
        self._pools, self._workspaces, self._threads = {}, {}, None
        self.by_shard.clear()  # the same dict: open connections hold it

    def workspaces(self, place: ShardId) -> Pool:
        """The pool of connections for workspaces on the server of this shard."""
        backend = self.backend(place)
        with self._lock:
            self.check_open()
            pool = self._workspaces.get(place.server)
            if pool is None:
                settings = self._servers[place.server].pool
                limits = Limits(place.server, settings.workspaces, settings.wait, "workspaces")
                pool = self._workspaces[place.server] = self._pool(limits, backend.workspace, "workspaces")
            return pool

    def _open_pool(self, shard: ShardId) -> Pool:
        backend = self.backend(shard)
        key = (shard.server, backend.pool_of(shard))
        with self._lock:
            self.check_open()
            pool = self._pools.get(key)
            if pool is None:
                settings = self._servers[shard.server].pool
                limits = Limits(shard.server, settings.size, settings.wait)
                pool = self._pools[key] = self._pool(limits, backend.connect, key[1])
            self.by_shard[shard] = pool
            return pool

    def _seen(self, name: str, backend: Backend) -> Backend:
        return backend if self._watch is None else WatchedBackend(name, backend, self._watch)

    def _pool(self, limits: Limits, connect: Callable[[ShardId], Connection], name: str) -> Pool:
        return Pool(limits, connect, name) if self._watch is None else WatchedPool(limits, connect, name, self._watch)


_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()
_PARENTS: list[Any] = []


def _forked() -> None:
    for engine in list(_ENGINES):
        engine.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def states(pools: Iterable[Pool | AioPool]) -> list[PoolState]:
    """Pools as they are."""
    return [PoolState(_said(*pool.key), pool.size, pool.in_use, pool.idle, pool.waiting) for pool in pools]


def _said(server: str, name: str) -> str:
    """A pool's name where all are listed: the server's, an embedded file's, or `rds0 workspaces`."""
    return name if name.startswith(server) else f"{server} {name}".rstrip()
