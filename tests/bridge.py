"""shardkit.aio as an ordinary connection: each call runs the event loop until it is done.

For tests that were written for the sync interpreter and are to hold under the other one too.
Invariant: every call goes through shardkit.aio; nothing of the sync interpreter is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, TypeVar

import shardkit.aio
from shardkit.rules import Rules, loads

T = TypeVar("T")


class BridgedCursor:
    """See dbapi.cursor.Cursor."""

    def __init__(self, run: Any, cursor: shardkit.aio.Cursor) -> None:
        self._run, self.real = run, cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def execute(self, sql: str, params: Any = None) -> BridgedCursor:
        """See Cursor.execute."""
        self._run(self.real.execute(sql, params))
        return self

    def executemany(self, sql: str, rows: Sequence[Any]) -> int:
        """See Cursor.executemany."""
        return self._run(self.real.executemany(sql, rows))  # type: ignore[no-any-return]

    def explain(self, sql: str, params: Any = None, *, analyze: bool = False) -> Any:
        """See Cursor.explain."""
        return self._run(self.real.explain(sql, params, analyze=analyze))

    def fetchone(self) -> Any:
        """See Cursor.fetchone."""
        return self._run(self.real.fetchone())

    def fetchmany(self, size: int | None = None) -> Any:
        """See Cursor.fetchmany."""
        return self._run(self.real.fetchmany(size))

    def fetchall(self) -> Any:
        """See Cursor.fetchall."""
        return self._run(self.real.fetchall())

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row

    def close(self) -> None:
        """See Cursor.close."""
        self._run(self.real.close())


class Bridge:
    """A connection of shardkit.aio with a cluster and an event loop of its own."""

    def __init__(self, rules: Rules, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.real: shardkit.aio.Connection = self.run(shardkit.aio.connect(rules, **options))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the loop until this is done."""
        return self.loop.run_until_complete(work)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if not asyncio.iscoroutinefunction(found):
            return found
        return lambda *args, **named: self.run(found(*args, **named))

    def cursor(self) -> BridgedCursor:
        """See Connection.cursor."""
        return BridgedCursor(self.run, self.real.cursor())

    def close(self) -> None:
        """Close the connection and the loop."""
        if not self.loop.is_closed():
            self.run(self.real.close())
            self.run(self.loop.shutdown_asyncgens())
            self.run(self.loop.shutdown_default_executor())
            self.loop.close()


def connect(rules: str, driver: str = "asyncmy", **options: Any) -> Any:
    """A bridged connection from the text of a rules file, over this driver."""
    text = rules.replace("mysql+pymysql:", f"mysql+{driver}:")
    return Bridge(loads(text, file="<world>", environ={}), **options)
