"""The query that is running on one shardkit connection; the twin of runtime.running.

Invariant: its leased connections are ended by its owner or orphaned by a finaliser, never by both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shardkit.backends.aio.shelter import sheltered
from shardkit.errors import StatementTimeout
from shardkit.flow import RowBatch
from shardkit.runtime.aio.fan import fan
from shardkit.runtime.aio.lane import Lane
from shardkit.runtime.lane import all_late, time_left
from shardkit.runtime.running import LEASED_DRAIN, PINNED_DRAIN, unread
from shardkit.values import ShardId


class _Fetching:
    """One lane's next batch, as a job."""

    __slots__ = ("_lane",)

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def run(self) -> None:
        await self._lane.fetch()

    def spared(self, error: BaseException) -> bool:
        return self._lane.spared(error)

    async def interrupt(self) -> None:
        await self._lane.interrupt()


class Running:
    """The open answers of one query."""

    __slots__ = ("_by_source", "_claim", "_deadline", "_lanes")

    def __init__(self, lanes: Sequence[Lane], deadline: float | None) -> None:
        self._lanes = [lane for lane in lanes if lane.streaming]
        self._by_source = {lane.batch.source: lane for lane in self._lanes}
        self._deadline = deadline
        self._claim = [True]

    @property
    def shards(self) -> tuple[ShardId, ...]:
        """Shards whose answers are still open."""
        return tuple(lane.shard for lane in self._lanes if lane.streaming)

    async def fetch(self, sources: tuple[int, ...]) -> tuple[RowBatch, ...]:
        """One more batch of each source, in parallel. After an error nothing is left open."""
        try:
            time_left(self._deadline, self.shards)
            if len(sources) == 1:
                lane = self._by_source.get(sources[0])
                if lane is not None:
                    await lane.fetch()
            else:
                jobs = [_Fetching(self._by_source[source]) for source in sources if source in self._by_source]
                if jobs:
                    await fan(jobs)
        except StatementTimeout as error:
            late = all_late(error, self.shards)
            await self.fail(error)
            if late is error:
                raise
            raise late from error
        except GeneratorExit:
            self.orphan()
            raise
        except BaseException as error:
            await self.fail(error)
            raise
        return tuple(self._take(source) for source in sources)

    async def fail(self, error: BaseException) -> None:
        """End everything after `error`: stop what is open, discard what is leased."""
        lanes = [lane for lane in self._lanes if lane.streaming]
        await sheltered(settle_all(lanes, stop=isinstance(error, StatementTimeout) or not isinstance(error, Exception)))

    async def end(self, *, whole: bool) -> None:
        """End it before its last row.

        A transaction's connection is read to its end. If `whole` is false only some rows are read: OperationalError if
        more are left, and the query stays open.
        """
        # Nobody can close the cursor any more if it was garbage-collected.
        limit = None if whole or not self._claim else PINNED_DRAIN
        for lane in self._lanes:
            if lane.pool is None and lane.streaming and not await lane.drain(limit):
                raise unread(lane.shard)
        await self.end_leased()

    async def end_leased(self) -> None:
        """Give back or discard the leased connections only."""
        if self._claimed():
            open_ = [lane for lane in self._lanes if lane.pool is not None and lane.streaming]
            try:
                for lane in open_:
                    await lane.drop(LEASED_DRAIN)
            finally:
                for lane in open_:
                    lane.give_back()  # after a cancellation, those whose turn has not come

    def forsake(self, shard: ShardId) -> bool:
        """Forget the open answer of a pinned connection that is about to be closed; whether there was one."""
        open_ = [lane for lane in self._lanes if lane.pool is None and lane.shard == shard and lane.streaming]
        for lane in open_:
            lane.streaming = False
        return bool(open_)

    def orphan(self) -> None:
        """The owner was garbage-collected: mark leased connections for discard. No I/O."""
        if self._claimed():
            for lane in self._lanes:
                lane.orphan()

    def _claimed(self) -> bool:
        try:
            return self._claim.pop()
        except IndexError:
            return False

    def _take(self, source: int) -> RowBatch:
        """The batch read last; it is handed out once."""
        lane = self._by_source.get(source)
        if lane is None:
            return RowBatch(source, (), True)
        batch = lane.batch
        if batch.last:
            del self._by_source[source]
        return batch


async def settle_all(lanes: Sequence[Lane], *, stop: bool) -> None:
    """After an error in a query: give leased connections back, make a transaction's fit again.

    `stop`: whatever is open is stopped on its server, all at the same time.
    """
    if stop:
        await asyncio.gather(*(lane.stop() for lane in lanes if lane.streaming))
    for lane in lanes:
        if lane.pool is not None:
            lane.give_back()
        elif lane.streaming and not await lane.drain(PINNED_DRAIN):
            await lane.abort()
