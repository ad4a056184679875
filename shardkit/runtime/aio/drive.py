"""Runs a session script under asyncio; the twin of runtime.drive.

A cancellation is thrown into the script, and what the script does about it is done to its end.
Invariant: a script never reads another statement's rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from shardkit.backends.aio.shelter import sheltered
from shardkit.flow import CloseQuery, CloseWorkspace, Fetch, Head, Op, OpenWorkspace, Query, Rows, Script
from shardkit.runtime.drive import EMITTED, without_query

if TYPE_CHECKING:
    from shardkit.runtime.aio.lanes import Lanes
    from shardkit.runtime.aio.recording import Recording
    from shardkit.runtime.aio.running import Running

GRACE = 5.0
"""Seconds that a script may take to clean up after a cancellation; then what it still runs is stopped."""


class Drive(AsyncIterator[Head | Rows]):
    """One script on one shardkit connection. `close` ends it early."""

    __slots__ = ("_done", "_lanes", "_query", "_script", "_workspace")

    def __init__(self, script: Script, lanes: Lanes | Recording) -> None:
        self._script = script
        self._lanes = lanes
        self._query: Running | None = None
        self._workspace = False  # one that this script opened and has not closed
        self._done = False

    async def __anext__(self) -> Head | Rows:
        if self._done:
            raise StopAsyncIteration
        self._lanes.enter()
        try:
            step = await self._emitted()
            if step is not None:
                return step
        except GeneratorExit:
            self._orphan()
            raise
        except BaseException:
            await self._end()
            raise
        else:
            await self._end()
        finally:
            self._lanes.leave()
        raise StopAsyncIteration

    async def _emitted(self) -> Head | Rows | None:
        """What the script emits next; None at its end."""
        try:
            step = self._script.send(None)
            while not isinstance(step, EMITTED):
                try:
                    answer = await self._perform(step)
                except asyncio.CancelledError as error:
                    return await self._unwound(error)
                except GeneratorExit:
                    raise
                except BaseException as error:
                    step = self._script.throw(error)
                else:
                    step = self._script.send(answer)
            return step
        except StopIteration:
            return None

    async def _unwound(self, error: asyncio.CancelledError) -> Head | Rows | None:
        """Let the script clean up after a cancellation, whatever comes meanwhile; then go on with it."""
        return await sheltered(self._unwind(error), GRACE)

    async def _unwind(self, error: BaseException) -> Head | Rows | None:
        try:
            step = self._script.throw(error)
            while not isinstance(step, EMITTED):
                try:
                    answer = await self._perform(step)
                except BaseException as later:
                    step = self._script.throw(later)
                else:
                    step = self._script.send(answer)
            return step
        except StopIteration:
            return None

    def adopt(self, query: Running | None) -> None:
        """The script goes on with a query that was started before it."""
        self._query = query

    async def close(self) -> None:
        """End the script and what it has open. A second call does nothing."""
        if self._done:
            return
        self._lanes.enter()
        try:
            self._script.close()
        finally:
            try:
                await self._end()
            finally:
                self._lanes.leave()

    def __del__(self) -> None:
        if not self._done:
            self._orphan()

    def _orphan(self) -> None:
        self._done = True
        if self._query is not None:
            self._query.orphan()
        if self._workspace:
            self._lanes.orphan_workspace()

    async def _perform(self, op: Op) -> Any:
        lanes = self._lanes
        if isinstance(op, Query):
            answer = await lanes.perform(op)
            self._query = lanes.running
            return answer
        if isinstance(op, (Fetch, CloseQuery)) and (self._query is None or lanes.running is not self._query):
            return without_query(op)
        if isinstance(op, OpenWorkspace):
            place = await lanes.perform(op)
            self._workspace = True
            return place
        if isinstance(op, CloseWorkspace):
            self._workspace = False
        return await lanes.perform(op)

    async def _end(self) -> None:
        self._done = True
        if self._query is not None or self._workspace:
            await sheltered(self._end_query(), GRACE)

    async def _end_query(self) -> None:
        query, self._query = self._query, None
        if self._workspace:
            self._workspace = False
            await self._lanes.perform(CloseWorkspace())
        if query is not None and self._lanes.running is query:
            await self._lanes.perform(CloseQuery())


def drive(script: Script, lanes: Lanes) -> Drive:
    """An iterator over what the script emits; closing it early ends the running query."""
    return Drive(script, lanes)
