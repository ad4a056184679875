"""The short ways under asyncio; the twin of dbapi.short, which says what they are.

Invariant: each does what the script would do, and steps aside for everything else.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from shardkit.dbapi.alone import Alone, check_committed
from shardkit.errors import UnknownColumn
from shardkit.flow import Enlist, Finish, NewId, NewIds, Opened, Script, Task
from shardkit.runtime.aio.drive import Drive, drive
from shardkit.runtime.aio.lanes import Lanes
from shardkit.session.reading import failed

if TYPE_CHECKING:
    from shardkit.plan import Filling


class ShortWays(Alone, ABC):
    """The part of a connection that takes them."""

    _lanes: Lanes

    @abstractmethod
    async def run_whole(self, script: Script) -> None:
        """Run a script to its end although the caller be cancelled meanwhile."""

    async def point(self, sql: str, params: tuple[Any, ...]) -> Opened | None:
        """Answer a statement by key at once, when nothing else is going on; None: go the long way."""
        session = self._session
        if self._closed or self._streaming is not None:
            return None
        planner = session.planner
        task, first = planner.point(sql, params), None
        if not session.plain:
            if task is None or not session.suits(task.shard):
                return None
            return await self._joined(sql, task)
        if task is None:
            filling = self._lacking(sql, params)
            if filling is None:
                return None
            task, first = await self._filled(filling, params)
            if task is None:
                return None
        if session.warned:
            session.warned = ()
        lanes = self._lanes
        if lanes.taken:
            lanes.check_free()
        lanes.taken = True
        try:
            opened = await lanes.start(task, planner.time)
        except UnknownColumn:
            planner.catalog.forget_all()
            raise
        finally:
            lanes.taken = False
        if opened[1][3] is not None:
            session.note(opened[1][3])
        return opened if first is None else opened._replace(lastrowid=first)

    async def commit_alone(self) -> bool:
        """Commit a transaction of one shard; False: there is none, go the long way."""
        self._lanes.check_free()  # before the session forgets a transaction that another task is working on
        ending = self._ending()
        if ending is None:
            return False
        shard, written = ending
        (error,) = await self._lanes.alone(Finish((shard,), "COMMIT"))
        check_committed(shard, written, error)
        return True

    def rest(self) -> Drive:
        """The rows of a short way's SELECT that are still on its shard."""
        running = drive(self._rest_script(), self._lanes)
        running.adopt(self._lanes.running)
        return running

    async def _joined(self, sql: str, task: Task) -> Opened:
        """A statement of a transaction that no other shard has joined."""
        session, shard = self._session, task.shard
        if shard not in session.enlisted:
            await self._lanes.alone(Enlist((shard,), session.opening()))
            session.enlisted[shard] = None
        if session.planner.writes(sql):
            session.written[shard] = None
        if session.warned:
            session.warned = ()
        self._lanes.enter()
        try:
            opened = await self._started(task)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, UnknownColumn):
                session.planner.catalog.forget_all()
            await self.run_whole(failed(session, 1, error))
            raise
        if opened.first.warned is not None:
            session.note(opened.first.warned)
        return opened

    async def _started(self, task: Task) -> Opened:
        try:
            return await self._lanes.start(task, self._session.planner.time)
        finally:
            self._lanes.leave()

    async def _filled(self, filling: Filling, params: tuple[Any, ...]) -> tuple[Task | None, NewId | None]:
        """The task of an INSERT that only lacks its ids, and the first of them."""
        table, ids = filling.table.name, {}
        for column, count in filling.wanted(params):
            ids[column.name.lower()] = await self._lanes.perform(NewIds(table, column, count))
        return self._complete(filling, params, ids)
