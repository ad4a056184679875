"""The query that is running on one shardkit connection: its lanes, in the order of its sources.

Invariant: its leased connections are ended by its owner or orphaned by a finaliser, never by both (list.pop is atomic).
"""

from __future__ import annotations

from collections.abc import Sequence

from shardkit.errors import OperationalError, StatementTimeout
from shardkit.flow import RowBatch
from shardkit.runtime.fan import Submit, fan, stop_all
from shardkit.runtime.lane import Lane, all_late, time_left
from shardkit.values import ShardId

LEASED_DRAIN = 1000
"""Rows worth reading away to keep a connection that costs milliseconds to make anew."""

PINNED_DRAIN = 10_000
"""Rows read away silently on a transaction's connection before the next statement on it."""


class _Fetching:
    """One lane's next batch, as a job."""

    __slots__ = ("_lane",)

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def run(self) -> None:
        self._lane.fetch()

    def stop(self, error: BaseException) -> None:
        self._lane.stop(error)


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

    def fetch(self, submit: Submit, sources: tuple[int, ...]) -> tuple[RowBatch, ...]:
        """One more batch of each source, in parallel. After an error nothing is left open."""
        try:
            time_left(self._deadline, self.shards)
            if len(sources) == 1:
                lane = self._by_source.get(sources[0])
                if lane is not None:
                    lane.fetch()
            else:
                jobs = [_Fetching(self._by_source[source]) for source in sources if source in self._by_source]
                if jobs:
                    fan(submit, jobs)
        except StatementTimeout as error:
            late = all_late(error, self.shards)
            self.fail(error)
            if late is error:
                raise
            raise late from error
        except BaseException as error:
            self.fail(error)
            raise
        return tuple(self._take(source) for source in sources)

    def fail(self, error: BaseException) -> None:
        """End everything after `error`: stop what is open, discard what is leased."""
        lanes = [lane for lane in self._lanes if lane.streaming]
        if isinstance(error, StatementTimeout) or not isinstance(error, Exception):
            stop_all(lanes, error)
        for lane in lanes:
            settle_after(lane)

    def end(self, *, whole: bool) -> None:
        """End it before its last row.

        A transaction's connection is read to its end. If `whole` is false only some rows are read: OperationalError if
        more are left, and the query stays open.
        """
        # Nobody can close the cursor any more if it was garbage-collected.
        limit = None if whole or not self._claim else PINNED_DRAIN
        for lane in self._lanes:
            if lane.pool is None and lane.streaming and not lane.drain(limit):
                raise unread(lane.shard)
        self.end_leased()

    def end_leased(self) -> None:
        """Give back or discard the leased connections only."""
        if self._claimed():
            open_ = [lane for lane in self._lanes if lane.pool is not None and lane.streaming]
            try:
                for lane in open_:
                    lane.drop(LEASED_DRAIN)
            finally:
                for lane in open_:
                    lane.give_back()  # after an interruption, those whose turn has not come

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


def unread(shard: ShardId) -> OperationalError:
    """The error to raise when a transaction's connection is wanted while a long answer is open on it."""
    return OperationalError(
        f"shard {shard}: the former result in this transaction still has rows; read it to its end or close its cursor "
        "before the next statement",
        shards=(shard,),
    )


def settle_after(lane: Lane) -> None:
    """After an error somewhere in its query: give a leased connection back, make a transaction's one fit again."""
    if lane.pool is not None:
        lane.give_back()
        return
    if lane.streaming and not lane.drain(PINNED_DRAIN):
        lane.abort()
