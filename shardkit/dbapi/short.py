"""The short ways: what services do all day, done by the connection itself without a script.

A statement by key that was planned before, alone or in a transaction of its shard alone, and the end of such a
transaction. Behind a real server every call costs about a microsecond, because the wait has emptied the processor's
caches; these ways have few. Invariant: each does what the script would do, and steps aside for everything else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from shardkit.dbapi.alone import Alone, check_committed
from shardkit.errors import UnknownColumn
from shardkit.flow import Enlist, Finish, NewId, NewIds, Opened, Script, Task
from shardkit.runtime.sync import Drive, Lanes, drive
from shardkit.session.reading import failed

if TYPE_CHECKING:
    from shardkit.plan import Filling


class ShortWays(Alone, ABC):
    """The part of a connection that takes them."""

    _lanes: Lanes

    @abstractmethod
    def run(self, script: Script) -> None:
        """Run a script to its end."""

    def point(self, sql: str, params: tuple[Any, ...]) -> Opened | None:
        """Answer a statement by key at once, when nothing else is going on; None: go the long way."""
        session = self._session
        if self._closed or self._streaming is not None:
            return None
        planner = session.planner
        task, first = planner.point(sql, params), None
        if not session.plain:
            if task is None or not session.suits(task.shard):
                return None
            return self._joined(sql, task)
        if task is None:
            filling = self._lacking(sql, params)
            if filling is None:
                return None
            task, first = self._filled(filling, params)
            if task is None:
                return None
        if session.warned:
            session.warned = ()
        try:
            opened = self._lanes.start(task, planner.time)
            if opened.first.warned is not None:
                session.note(opened.first.warned)
            return opened if first is None else opened._replace(lastrowid=first)
        except UnknownColumn:
            planner.catalog.forget_all()
            raise

    def commit_alone(self) -> bool:
        """Commit a transaction of one shard; False: there is none, go the long way."""
        ending = self._ending()
        if ending is None:
            return False
        shard, written = ending
        (error,) = self._lanes.perform(Finish((shard,), "COMMIT"))
        check_committed(shard, written, error)
        return True

    def rest(self) -> Drive:
        """The rows of a short way's SELECT that are still on its shard."""
        running = drive(self._rest_script(), self._lanes)
        running.adopt(self._lanes.running)
        return running

    def _joined(self, sql: str, task: Task) -> Opened:
        """A statement of a transaction that no other shard has joined."""
        session, shard = self._session, task.shard
        if shard not in session.enlisted:
            self._lanes.perform(Enlist((shard,), session.opening()))
            session.enlisted[shard] = None
        if session.planner.writes(sql):
            session.written[shard] = None
        if session.warned:
            session.warned = ()
        try:
            opened = self._lanes.start(task, session.planner.time)
        except BaseException as error:
            if isinstance(error, UnknownColumn):
                session.planner.catalog.forget_all()
            self.run(failed(session, 1, error))
            raise
        if opened.first.warned is not None:
            session.note(opened.first.warned)
        return opened

    def _filled(self, filling: Filling, params: tuple[Any, ...]) -> tuple[Task | None, NewId | None]:
        """The task of an INSERT that only lacks its ids, and the first of them."""
        perform, table = self._lanes.perform, filling.table.name
        ids = {column.name.lower(): perform(NewIds(table, column, count)) for column, count in filling.wanted(params)}
        return self._complete(filling, params, ids)
