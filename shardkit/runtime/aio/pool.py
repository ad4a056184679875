"""Connections of one server, lent out with a limit, in the order of asking; runtime.pool's twin for one event loop.

Nothing here needs a lock, because tasks change hands only where they wait. A task that is cancelled while it waits
leaves the queue; permits that came meanwhile go to the next one.
Invariant: permits in use + permits free = size; a connection that is not `usable` never becomes idle.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from math import inf
from time import monotonic
from typing import NoReturn

from shardkit.backends.aio.protocol import Connection
from shardkit.errors import Error, InterfaceError
from shardkit.runtime.aio.state import settle
from shardkit.runtime.lending import Limits, best_of, no_permit, too_many
from shardkit.runtime.pool import PING_AFTER
from shardkit.runtime.state import State
from shardkit.values import ShardId


class _Waiter:
    """One task that waits for `count` permits in the state it wants."""

    __slots__ = ("count", "deadline", "granted", "state", "wait")

    def __init__(self, count: int, state: State, wait: float, granted: asyncio.Future[list[Connection | None]]):
        self.count, self.state, self.granted = count, state, granted
        self.wait, self.deadline = wait, monotonic() + wait


class Pool:
    """The connections that are interchangeable under one `Backend.pool_of`."""

    def __init__(self, limits: Limits, connect: Callable[[ShardId], Awaitable[Connection]], name: str = "") -> None:
        self.limits = limits
        self.key = (limits.server, name)
        self.size = limits.size
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._free = limits.size
        self._idle: list[Connection] = []
        self._waiting: deque[_Waiter] = deque()
        self._orphans: deque[Connection | None] = deque()
        self._suspect_since = 0.0
        self._rings_at = inf
        self._alarm: asyncio.TimerHandle | None = None
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

    def take(self, state: State) -> Connection | None:
        """An idle connection that is fit in this state, if there is one and nobody waits for it."""
        idle = self._idle
        if not idle or self._waiting or self._free < 1:
            return None
        candidate = idle[-1]
        used = candidate.used_at
        if candidate.state != state or used <= self._suspect_since or monotonic() - used >= PING_AFTER:
            return None
        self._free -= 1
        idle.pop()
        return candidate

    async def acquire(self, shard: ShardId, state: State, patience: float | None = None) -> Connection:
        """One connection in `state`. PoolTimeout after the pool's waiting time, or after `patience` if that is less."""
        if self._free and not self._waiting and not self._closed:
            (candidate,) = self._grant(1, state)
        else:
            waiter = self._line_up(1, state, patience)
            try:
                granted = await waiter.granted
            except BaseException:
                self._withdraw(waiter)
                raise
            (candidate,) = granted or self._refuse(waiter)
        if candidate is not None and candidate.state == state and self._fresh(candidate):
            return candidate
        return await self._fit(candidate, shard, state)

    async def _fit(self, candidate: Connection | None, shard: ShardId, state: State) -> Connection:
        """What comes of a permit and its candidate. After an error the permit is given back."""
        try:
            return await self.ready(candidate, shard, state)
        except BaseException:
            self.give_back()
            raise

    async def reserve(self, count: int, state: State, patience: float | None = None) -> list[Connection | None]:
        """`count` permits at once, each with an idle connection or None; every one goes through `ready` before use."""
        if count > self.size:
            raise too_many(self.limits, count)
        self._check_open()
        if self._free >= count and not self._waiting:
            return self._grant(count, state)
        waiter = self._line_up(count, state, patience)
        try:
            granted = await waiter.granted
        except BaseException:
            self._withdraw(waiter)
            raise
        return granted or self._refuse(waiter)

    def _line_up(self, count: int, state: State, patience: float | None) -> _Waiter:
        self._check_open()
        wait = self.limits.wait
        if patience is not None and patience < wait:
            wait = patience
        waiter = _Waiter(count, state, wait, self._loop.create_future())
        self._waiting.append(waiter)
        if waiter.deadline < self._rings_at:
            self._wake(waiter.deadline)
        return waiter

    def _refuse(self, waiter: _Waiter) -> NoReturn:
        self._check_open()
        raise no_permit(self.limits, waiter.count, waiter.wait, self.in_use)

    async def ready(self, candidate: Connection | None, shard: ShardId, state: State) -> Connection:
        """A live connection in `state`: this one, or another one if it is dead. After an error the permit remains."""
        while candidate is not None:
            try:
                if self._fresh(candidate) or await candidate.ping():
                    await settle(candidate, shard, state)
                    return candidate
            except Error:
                if candidate.usable:
                    self._shelve(candidate)
                    raise
            except BaseException:
                candidate.close()
                raise
            self.found_dead(candidate)
            candidate = best_of(self._idle, state) if self._idle else None
        fresh = await self._connect(shard)
        try:
            await settle(fresh, shard, state)
        except BaseException:
            fresh.close()
            raise
        return fresh

    def found_dead(self, connection: Connection) -> None:
        """An idle connection does not answer: the others may be dead too."""
        self._suspect_since = monotonic()
        connection.close()

    def put(self, connection: Connection) -> None:
        """Give back a connection that is known to be usable, and its permit."""
        if self._closed:
            self.discard(connection)
            return
        connection.used_at = monotonic()
        self._idle.append(connection)
        self._free += 1
        if self._waiting:
            self._serve()

    def release(self, connection: Connection) -> None:
        """Give a connection and its permit back. One that is not usable is discarded."""
        if connection.usable:
            self.put(connection)
        else:
            self.discard(connection, suspect=True)

    def discard(self, connection: Connection, *, suspect: bool = False) -> None:
        """Close a connection and give its permit back. `suspect`: the idle ones may be dead too."""
        if suspect:
            self._suspect_since = monotonic()
        connection.close()
        self.give_back()

    def give_back(self) -> None:
        """Give a permit back without a connection."""
        self._free += 1
        self._serve()

    def orphan(self, connection: Connection | None) -> None:
        """Mark a connection whose owner was garbage-collected; the loop closes it. None: there is only its permit.

        Safe in a finaliser, in any thread.
        """
        self._orphans.append(connection)
        try:
            self._loop.call_soon_threadsafe(self.bury)
        except RuntimeError:
            return  # the loop has ended, and with it the connection's socket

    def bury(self) -> None:
        """Close what was marked by `orphan`."""
        while self._orphans:
            lost = self._orphans.popleft()
            if lost is None:
                self.give_back()
            else:
                self.discard(lost)

    def close(self) -> None:
        """Close the idle connections and refuse new ones; those in use are closed when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        while self._waiting:
            _tell(self._waiting.popleft(), [])
        if self._alarm is not None:
            self._alarm.cancel()
        for connection in idle:
            connection.close()
        self.bury()

    def _fresh(self, connection: Connection) -> bool:
        return connection.used_at > self._suspect_since and monotonic() - connection.used_at < PING_AFTER

    def return_unused(self, candidate: Connection | None) -> None:
        """Give back a permit and its candidate, which has not been looked at and so is no fresher than before."""
        if candidate is not None:
            self._make_idle(candidate)
        self.give_back()

    def _shelve(self, connection: Connection) -> None:
        """Make a sound connection idle; its permit stays with the caller."""
        connection.used_at = monotonic()
        self._make_idle(connection)

    def _make_idle(self, connection: Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def _grant(self, count: int, state: State) -> list[Connection | None]:
        self._free -= count
        if count == 1 and self._idle and self._idle[-1].state == state:
            return [self._idle.pop()]
        return [best_of(self._idle, state) if self._idle else None for _ in range(count)]

    def _serve(self) -> None:
        """Grant permits to those who wait, strictly in order."""
        waiting = self._waiting
        if waiting and self._loop.is_closed():
            waiting.clear()  # nobody can be woken any more
        while waiting and waiting[0].count <= self._free:
            waiter = waiting.popleft()
            if not waiter.granted.done():
                waiter.granted.set_result(self._grant(waiter.count, waiter.state))

    def _withdraw(self, waiter: _Waiter) -> None:
        """Its task was cancelled: leave the queue, or pass on what has come in the meantime."""
        granted = waiter.granted
        if granted.done() and not granted.cancelled():
            for connection in granted.result():
                self.return_unused(connection)
        elif waiter in self._waiting:
            self._waiting.remove(waiter)
        self._serve()

    def _wake(self, moment: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_at = moment
        self._alarm = self._loop.call_later(max(moment - monotonic(), 0), self._ring)

    def _ring(self) -> None:
        """One timer for all who wait: a timer for each would cost as much as the waiting."""
        self._rings_at, self._alarm = inf, None
        now = monotonic()
        for waiter in [waiter for waiter in self._waiting if waiter.deadline <= now]:
            self._waiting.remove(waiter)
            _tell(waiter, [])
        self._serve()
        if self._waiting:
            self._wake(min(waiter.deadline for waiter in self._waiting))

    def _check_open(self) -> None:
        if self._closed:
            raise InterfaceError(f"the pool of server {self.limits.server} is closed")


def _tell(waiter: _Waiter, granted: list[Connection | None]) -> None:
    if not waiter.granted.done():
        waiter.granted.set_result(granted)
