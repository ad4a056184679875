"""What the short ways of both interpreters decide without waiting; dbapi.short says what they are.

The way of every statement stands in each interpreter as a whole, because a call there costs what it was to save.
Invariant: nothing here does I/O.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shardkit.flow import NewId, Script, Task
from shardkit.session import Session
from shardkit.session.keys import first_of
from shardkit.session.reading import minded, rest_of_one
from shardkit.session.two_phase import failed_commit
from shardkit.values import ShardId

if TYPE_CHECKING:
    from shardkit.plan import Filling


class Alone:
    """A statement, or a transaction, that concerns one shard alone."""

    _session: Session
    _streaming: weakref.ref[Any] | None
    _closed: bool

    def _lacking(self, sql: str, params: tuple[Any, ...]) -> Filling | None:
        """The INSERT of this text, if it is known and lacks nothing but ids."""
        filling = self._session.planner.filling(sql)
        return filling if filling is not None and filling.suits(params) else None

    def _complete(
        self, filling: Filling, params: tuple[Any, ...], ids: Mapping[str, Sequence[NewId]]
    ) -> tuple[Task | None, NewId | None]:
        """The task of an INSERT with its ids, and the first of them."""
        complete = filling.fill(params, ids)
        assert isinstance(complete, tuple)
        return filling.point(complete), first_of(ids)

    def _ending(self) -> tuple[ShardId, bool] | None:
        """The shard of a transaction that is about to be committed there, and whether it wrote; the session forgets it.

        None: there is no transaction, or it concerns more than that.
        """
        session = self._session
        if len(session.enlisted) != 1 or self._closed or self._streaming is not None:
            return None
        (shard,) = session.enlisted
        if not session.suits(shard):
            return None
        written = shard in session.written
        session.forget_transaction()
        return shard, written

    def _rest_script(self) -> Script:
        """What reads the rows of a short way's SELECT that are still on its shard."""
        script = rest_of_one(self._session)
        return minded(self._session, 1, script) if self._session.enlisted else script


def check_committed(shard: ShardId, written: bool, error: BaseException | None) -> None:
    """Raise what this error of a COMMIT means; it means nothing where nothing was written."""
    if written and error is not None:
        raise failed_commit(shard, error) from error
