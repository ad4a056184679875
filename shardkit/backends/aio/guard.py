"""How a connection's work ends other than by its answer: errors, time limits, cancellations, loss.

A cancelled statement is stopped on the server before the cancellation goes on. Any exception between sending and the
end of an answer that is not the server's own word leaves the connection broken.
Invariant: what the server may still be doing for a broken connection has been ordered to stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar

from shardkit import errors
from shardkit.backends.aio.shelter import sheltered
from shardkit.backends.aio.wire import Wire
from shardkit.backends.mysql_errors import of_server, timed_out, translate, wrong_parameters
from shardkit.values import ShardId

if TYPE_CHECKING:
    from shardkit.backends.aio.mysql import AioMySqlBackend

T = TypeVar("T")


class Guard:
    """The part of a connection that knows whether it can go on."""

    def __init__(self, backend: AioMySqlBackend, wire: Any) -> None:
        self._backend, self._watch = backend, backend.watch
        self._read_timeout = backend.read_timeout
        self._wire: Wire = wire
        self._number = self._wire.number
        self._watched = self._expired = self._broken = False
        self._reaped: asyncio.Future[None] | None = None
        self._answer: Any = None
        self._shard: ShardId | str = backend.name

    def __repr__(self) -> str:
        return f"<AioMySqlConnection {self._backend.name} #{self._number}{'' if self.usable else ' (not usable)'}>"

    @property
    def usable(self) -> bool:
        """Whether the next statement can be sent on it."""
        return not self._broken and self._answer is None

    async def interrupt(self) -> None:
        """See aio.protocol.Connection.interrupt. Without effect on a connection that runs nothing."""
        await sheltered(asyncio.wait((self._backend.reaper.kill(f"QUERY {self._number}"),)))

    async def kill(self) -> None:
        """See aio.protocol.Connection.kill."""
        self._unwatch()
        self._answer = None
        await sheltered(asyncio.wait((self._reap(),)))

    def expire(self) -> None:
        """The statement's time is over: wake the task that waits for it, and stop it on the server."""
        self._expired = True
        self._watched = False
        self._reap()

    def close(self) -> None:
        """See aio.protocol.Connection.close."""
        if self._answer is not None:
            self._answer = None
            self._forsake()
        self._unwatch()
        broken, self._broken = self._broken, True
        if self._wire.is_adrift:
            return  # its loop has ended and takes no orders any more; the socket goes with it
        if broken:
            self._wire.abort()
        else:
            self._wire.leave()
        self._backend.left(self._wire)

    def _check_ready(self, shard: ShardId | str) -> None:
        self._shard = shard
        if self._answer is not None:
            raise errors.InternalError(f"shard {shard}: {self!r} still has an open answer")
        if self._broken or not self._wire.is_open:
            raise self._lost()

    def _unwatch(self) -> None:
        if self._watched:
            self._watched = False
            self._watch.remove(self)

    def _lost(self) -> errors.Error:
        shards = (self._shard,) if isinstance(self._shard, ShardId) else ()
        if self._expired:
            return timed_out(self._shard)
        return errors.ConnectionLost(f"shard {self._shard}: the connection was lost or stopped", shards=shards)

    async def _guarded(self, work: Awaitable[T], seconds: float | None) -> T:
        try:
            return await (work if seconds is None else self._within(work, seconds))
        except asyncio.CancelledError:
            await self.kill()
            raise
        except Exception as error:
            raise await self._failed(error) from error
        except BaseException:
            self._forsake()
            raise

    async def _within(self, work: Awaitable[T], seconds: float) -> T:
        async with asyncio.timeout(seconds):
            return await work

    async def _failed(self, error: Exception) -> errors.Error:
        """The error to raise; decides whether the connection can go on."""
        self._unwatch()
        if isinstance(error, UnicodeEncodeError):
            # Raised before anything was sent.
            shard = self._shard if isinstance(self._shard, ShardId) else ShardId(self._backend.name, "")
            return wrong_parameters(error, shard)
        if isinstance(error, errors.Error):
            return error
        if of_server(error) and self._wire.is_open and not self._broken:
            self._answer = None
            return translate(error, self._shard)
        stopped, self._broken = self._broken, True
        self._wire.abort()
        if stopped:
            return self._lost()
        if isinstance(error, TimeoutError):
            # Nobody waits any more, but the server works on.
            await self.kill()
            return timed_out(self._shard)
        return translate(error, self._shard)

    def _forsake(self) -> None:
        """Nobody waits for it any more, and perhaps no loop runs: what it does on the server is stopped all the same.

        Its coroutine was closed, the program is interrupted, or an answer has been left open.
        """
        self._broken = True
        if self._reaped is None:
            self._backend.reaper.kill_unseen(f"{self._number}")

    def _reap(self) -> asyncio.Future[None]:
        """Break it off, and begin to stop on the server what it runs there."""
        self._broken = True
        self._wire.abort()
        if self._reaped is None:
            self._reaped = self._backend.reaper.kill(f"{self._number}")
        return self._reaped

    def _shards(self) -> tuple[ShardId, ...]:
        return (self._shard,) if isinstance(self._shard, ShardId) else ()
