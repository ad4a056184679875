"""Connections of one server, lent out with a limit, in the order of asking.

A pool counts permits. Asking for several is all or nothing and first come, first served, so two statements that need
several connections can never each hold half and wait for the rest. A permit comes with an idle connection if there is
one; `ready` makes it fit (alive, in the wanted session state) or opens a new one, outside the lock.
Invariant: permits in use + permits free = size; a connection that is not `usable` never becomes idle.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from shardkit.backends.protocol import Connection
from shardkit.errors import Error, InterfaceError
from shardkit.runtime.lending import Limits, best_of, no_permit, too_many
from shardkit.runtime.state import State, settle
from shardkit.values import ShardId

PING_AFTER = 30.0
"""Seconds of idleness after which a connection is asked whether it still lives."""

LOOK_AROUND = 0.2
"""Seconds after which a waiting thread looks for connections that were lost with their owners."""


class _Waiter:
    """One thread that waits for `count` permits in the state it wants."""

    __slots__ = ("count", "event", "granted", "state")

    def __init__(self, count: int, state: State) -> None:
        self.count = count
        self.state = state
        self.event = threading.Event()
        self.granted: list[Connection | None] | None = None


class Pool:
    """The connections that are interchangeable under one `Backend.pool_of`."""

    def __init__(self, limits: Limits, connect: Callable[[ShardId], Connection], name: str = "") -> None:
        self.limits = limits
        self.key = (limits.server, name)
        self.size = limits.size
        self._connect = connect
        self._lock = threading.Lock()
        self._free = limits.size
        self._idle: list[Connection] = []
        self._waiting: deque[_Waiter] = deque()
        self._orphans: deque[Connection] = deque()
        self._suspect_since = 0.0
        self._closed = False

    def __repr__(self) -> str:
        return f"<Pool {self.limits.server}: {self.in_use} of {self.size} in use, {len(self._idle)} idle>"

    @property
    def in_use(self) -> int:
        """Permits that are lent out."""
        return self.size - self._free

    @property
    def idle(self) -> int:
        """Open connections that nobody uses."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """How many ask for connections and have to wait."""
        return len(self._waiting)

    def acquire(self, shard: ShardId, state: State, patience: float | None = None) -> Connection:
        """One connection in `state`. PoolTimeout after the pool's waiting time, or after `patience` if that is less."""
        if self._orphans:
            self.bury()
        candidate: Connection | None = None
        lock = self._lock
        with lock:
            granted = self._free > 0 and not self._waiting and not self._closed
            if granted:
                self._free -= 1
                idle = self._idle
                if idle:
                    candidate = idle.pop() if idle[-1].state == state else self._take(state)
        if not granted:
            candidate = self._queue_up(1, state, patience)[0]
        if (
            candidate is not None
            and candidate.state == state
            and candidate.used_at > self._suspect_since
            and time.monotonic() - candidate.used_at < PING_AFTER
        ):
            return candidate
        try:
            return self.ready(candidate, shard, state)
        except BaseException:
            self.give_back()
            raise

    def reserve(self, count: int, state: State, patience: float | None = None) -> list[Connection | None]:
        """`count` permits at once, each with an idle connection or None; every one goes through `ready` before use."""
        if count > self.size:
            raise too_many(self.limits, count)
        self.bury()
        with self._lock:
            if self._free >= count and not self._waiting and not self._closed:
                return self._grant(count, state)
        return self._queue_up(count, state, patience)

    def ready(self, candidate: Connection | None, shard: ShardId, state: State) -> Connection:
        """A live connection in `state`: this one, or another one if it is dead. After an error the permit remains."""
        while candidate is not None:
            try:
                if not self._needs_ping(candidate) or candidate.ping():
                    settle(candidate, shard, state)
                    return candidate
            except Error:
                if candidate.usable:
                    self._shelve(candidate)
                    raise
            except BaseException:
                candidate.close()
                raise
            self.found_dead(candidate)
            with self._lock:
                candidate = self._take(state) if self._idle else None
        fresh = self._connect(shard)
        try:
            settle(fresh, shard, state)
        except BaseException:
            fresh.close()
            raise
        return fresh

    def release(self, connection: Connection) -> None:
        """Give a connection and its permit back. One that is not usable is discarded."""
        if not connection.usable:
            self.discard(connection, suspect=True)
            return
        connection.used_at = time.monotonic()
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                self._free += 1
                if self._waiting:
                    self._serve()
                return
        self.discard(connection)

    def discard(self, connection: Connection, *, suspect: bool = False) -> None:
        """Close a connection and give its permit back. `suspect`: the idle ones may be dead too."""
        if suspect:
            self._suspect_since = time.monotonic()
        try:
            connection.close()
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Give a permit back without a connection."""
        with self._lock:
            self._free += 1
            self._serve()

    def return_unused(self, candidate: Connection | None) -> None:
        """Give back a permit and its candidate, which has not been looked at and so is no fresher than before."""
        with self._lock:
            if candidate is None or not self._closed:
                self._idle += [candidate] if candidate is not None else []
                self._free += 1
                self._serve()
                return
        self.discard(candidate)

    def orphan(self, connection: Connection) -> None:
        """Mark a connection whose owner was garbage-collected; it is closed later by whoever uses the pool next.

        Safe in a finaliser: takes no lock, does no I/O.
        """
        self._orphans.append(connection)

    def bury(self) -> None:
        """Close what was marked by `orphan`."""
        while self._orphans:
            try:
                connection = self._orphans.popleft()
            except IndexError:
                return
            self.discard(connection)

    def close(self) -> None:
        """Close the idle connections and refuse new ones; those in use are closed when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            waiter.event.set()
        for connection in idle:
            connection.close()
        self.bury()

    def _needs_ping(self, connection: Connection) -> bool:
        return connection.used_at <= self._suspect_since or time.monotonic() - connection.used_at >= PING_AFTER

    def found_dead(self, connection: Connection) -> None:
        """An idle connection does not answer: the others may be dead too."""
        self._suspect_since = time.monotonic()
        connection.close()

    def _shelve(self, connection: Connection) -> None:
        """Make a sound connection idle; its permit stays with the caller."""
        connection.used_at = time.monotonic()
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _take(self, state: State) -> Connection:
        return best_of(self._idle, state)

    def _grant(self, count: int, state: State) -> list[Connection | None]:
        self._free -= count
        return [self._take(state) if self._idle else None for _ in range(count)]

    def _serve(self) -> None:
        """Grant permits to those who wait, strictly in order (lock held)."""
        while self._waiting and self._waiting[0].count <= self._free:
            waiter = self._waiting.popleft()
            waiter.granted = self._grant(waiter.count, waiter.state)
            waiter.event.set()

    def _queue_up(self, count: int, state: State, patience: float | None) -> list[Connection | None]:
        waiter = _Waiter(count, state)
        with self._lock:
            if self._closed:
                raise InterfaceError(f"the pool of server {self.limits.server} is closed")
            self._waiting.append(waiter)
            self._serve()
        wait = self.limits.wait if patience is None else min(self.limits.wait, patience)
        try:
            self._await(waiter, time.monotonic() + wait)
        except BaseException:
            if not self._withdraw(waiter):
                self._return(waiter.granted or [])
            raise
        if waiter.granted is None and self._withdraw(waiter):
            raise no_permit(self.limits, count, wait, self.in_use)
        if waiter.granted is None:
            raise InterfaceError(f"the pool of server {self.limits.server} is closed")
        return waiter.granted

    def _await(self, waiter: _Waiter, deadline: float) -> None:
        while not waiter.event.wait(min(LOOK_AROUND, max(deadline - time.monotonic(), 0))):
            self.bury()
            if time.monotonic() >= deadline:
                return

    def _withdraw(self, waiter: _Waiter) -> bool:
        """Leave the queue; False when the permits have come in the meantime, or the pool was closed."""
        with self._lock:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                self._serve()
                return True
            return False

    def _return(self, granted: list[Connection | None]) -> None:
        """Give permits back that came while their asker was interrupted."""
        for connection in granted:
            if connection is None:
                self.give_back()
            else:
                self.discard(connection)
