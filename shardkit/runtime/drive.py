"""Runs a session script: gives it the answers to its Ops, throws errors into it, hands its rows out.

An object and not a generator, because Python closes a lost generator by running its clean-up, which would be I/O in a
finaliser. Invariant: a script never reads another statement's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shardkit.errors import InterfaceError
from shardkit.flow import CloseQuery, CloseWorkspace, Fetch, Head, Op, OpenWorkspace, Query, Rows, Script

if TYPE_CHECKING:
    from shardkit.runtime.recording import Recording
    from shardkit.runtime.running import Running
    from shardkit.runtime.sync import Lanes


EMITTED = (Head, Rows)


class Drive(Iterator[Head | Rows]):
    """One script on one shardkit connection. `close` ends it early."""

    __slots__ = ("_done", "_lanes", "_query", "_script", "_workspace")

    def __init__(self, script: Script, lanes: Lanes | Recording) -> None:
        self._script = script
        self._lanes = lanes
        self._query: Running | None = None
        self._workspace = False  # one that this script opened and has not closed
        self._done = False

    def __next__(self) -> Head | Rows:
        if self._done:
            raise StopIteration
        try:
            step = self._script.send(None)
            while not isinstance(step, EMITTED):
                try:
                    answer = self._perform(step)
                except BaseException as error:
                    step = self._script.throw(error)
                else:
                    step = self._script.send(answer)
            return step
        except BaseException:
            # StopIteration too: what the script left open is ended with it.
            self._done = True
            if self._query is not None or self._workspace:
                self._end_query()
            raise

    def adopt(self, query: Running | None) -> None:
        """The script goes on with a query that was started before it."""
        self._query = query

    def close(self) -> None:
        """End the script and what it has open. A second call does nothing."""
        if self._done:
            return
        self._done = True
        try:
            self._script.close()
        finally:
            self._end_query()

    def __del__(self) -> None:
        if self._done:
            return
        if self._query is not None:
            self._query.orphan()
        if self._workspace:
            self._lanes.orphan_workspace()

    def _perform(self, op: Op) -> Any:
        lanes = self._lanes
        if isinstance(op, Query):
            answer = lanes.perform(op)
            self._query = lanes.running
            return answer
        if isinstance(op, (Fetch, CloseQuery)) and (self._query is None or lanes.running is not self._query):
            return without_query(op)
        if isinstance(op, OpenWorkspace):
            place = lanes.perform(op)
            self._workspace = True
            return place
        if isinstance(op, CloseWorkspace):
            self._workspace = False
        return lanes.perform(op)

    def _end_query(self) -> None:
        query, self._query = self._query, None
        if self._workspace:
            self._workspace = False
            self._lanes.perform(CloseWorkspace())
        if query is not None and self._lanes.running is query:
            self._lanes.perform(CloseQuery())


def without_query(op: Fetch | CloseQuery) -> None:
    """The answer to an Op about a query that is not there any more: InterfaceError, unless it was to be closed."""
    if isinstance(op, CloseQuery):
        return
    raise InterfaceError(
        "the rest of this result is gone, because another statement was run on its connection; read a result to "
        "its end first, or use a second connection"
    )


def drive(script: Script, lanes: Lanes) -> Drive:
    """An iterator over what the script emits; closing it early ends the running query."""
    return Drive(script, lanes)
