"""What a backend offers to the asyncio interpreter: the same as backends.protocol, awaited.

A connection serves one task at a time, in the loop that opened it. A method that is cancelled stops its statement on
the server before the cancellation goes on, and leaves the connection not usable.
Invariant: a connection that is not `usable` is closed, never pooled; `close` never waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shardkit.backends.protocol import Started
from shardkit.flow import Collation, Column, TableInfo, Task, Warned
from shardkit.values import Row, ShardId


class Connection(Protocol):
    """One connection to one server; what is not explained here is as in backends.protocol."""

    state: tuple[str, ...]
    used_at: float
    warning_count: int

    @property
    def usable(self) -> bool:
        """False once it is broken, killed, closed, or left in a state nobody knows."""

    async def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """Send the statement, read its head and at most `batch` rows (0: all rows)."""

    async def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """At most `batch` more rows of the open answer, and whether they were the last."""

    async def abandon(self, drain: int) -> bool:
        """End the open answer early, reading away at most `drain` rows. False: more were left, so discard it."""

    async def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """Put rows, as a pull's select items give them, into a workspace table."""

    async def warnings(self) -> Warned:
        """The warnings of the answer that ended last; to be asked before the next statement. Never raises."""

    async def run(self, shard: ShardId, sql: str) -> None:
        """Run a statement without rows (BEGIN, COMMIT, SAVEPOINT, SET)."""

    async def run_all(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """Send statements without rows at once; each runs whatever became of those before. Raises the first error."""

    async def ping(self) -> bool:
        """Whether the server still answers."""

    async def reset(self) -> None:
        """Back to the state of a new connection; `state` is () afterwards."""

    async def interrupt(self) -> None:
        """Make the statement that another task is running here fail; the connection and its transaction stay."""

    async def kill(self) -> None:
        """Stop whatever it runs on the server, and wait (not for long) until it is told; not usable afterwards."""

    def close(self) -> None:
        """Close it; never raises, never waits. What it still runs is stopped on the server."""


class Backend(Protocol):
    """One configured server, used from one event loop."""

    def pool_of(self, shard: ShardId) -> str:
        """Connections with the same answer are interchangeable."""

    async def connect(self, shard: ShardId) -> Connection:
        """A new connection, autocommit on, utf8mb4. Raises ShardUnavailable."""

    async def workspace(self, place: ShardId) -> Connection:
        """A new connection on which temporary tables of `place`'s database can be made. Raises ShardUnavailable."""

    async def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """Columns, types, collations and primary key of a physical table, or None."""

    async def close(self) -> None:
        """Wait, not for long, until the connections that were closed are gone."""

    async def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """How these collations compare."""
