"""What a backend must offer: connections to one server, and questions about tables. Both backends meet here.

A connection serves one statement at a time and is used by one thread at a time, except `kill` and `interrupt`, which
another thread may call. Errors leave a backend only as shardkit.errors classes, with the shard named, never as driver
errors.
Invariant: after `abandon` returned False, or after any method raised, the connection's state is unknown unless
`usable` is true; it is then discarded, never pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shardkit.flow import Collation, Column, Description, TableInfo, Task, Warned
from shardkit.values import Row, ShardId


class Started(NamedTuple):
    """The beginning of one statement's answer. `last` tells that `rows` are all there is."""

    description: Description
    rowcount: int
    lastrowid: int | None
    rows: Sequence[Row]
    last: bool


class Connection(Protocol):
    """One connection to one server."""

    state: tuple[str, ...]
    """The SET statements applied to it, in order (session state); () on a new or reset connection."""

    used_at: float
    """time.monotonic() of its last use; the pool pings a connection that was idle for long."""

    warning_count: int
    """How many warnings the answer that ended last gave."""

    @property
    def usable(self) -> bool:
        """False once it is broken, killed, closed, or left in a state nobody knows."""

    def start(self, task: Task, batch: int, timeout: float | None) -> Started:
        """Send the statement, read its head and at most `batch` rows (0: all rows). `timeout` in seconds per answer."""

    def read(self, batch: int) -> tuple[Sequence[Row], bool]:
        """At most `batch` more rows of the open answer, and whether they were the last."""

    def abandon(self, drain: int) -> bool:
        """End the open answer early, reading away at most `drain` rows. False: more were left, so discard it."""

    def fill(
        self, shard: ShardId, table: str, columns: Sequence[Column], rows: Sequence[Row], timeout: float | None
    ) -> None:
        """Put rows, as a pull's select items give them, into a workspace table."""

    def warnings(self) -> Warned:
        """The warnings of the answer that ended last; to be asked before the next statement. Never raises."""

    def run(self, shard: ShardId, sql: str) -> None:
        """Run a statement without rows (BEGIN, COMMIT, SAVEPOINT, SET)."""

    def post(self, shard: ShardId, statements: Sequence[str], timeout: float | None) -> None:
        """Send statements without rows and do not wait for them; each runs, whatever became of those before it."""

    def collect(self) -> None:
        """Wait for what was posted. Raises the first error; after it the statement that failed is not known."""

    def ping(self) -> bool:
        """Whether the server still answers."""

    def reset(self) -> None:
        """Back to the state of a new connection: no transaction, no session variables; `state` is () afterwards."""

    def interrupt(self) -> None:
        """Make the statement that another thread is running here fail; the connection and its transaction stay."""

    def kill(self) -> None:
        """Stop the statement that another thread is running here; the connection is not usable afterwards."""

    def close(self) -> None:
        """Close it; never raises."""


class Backend(Protocol):
    """One configured server."""

    def pool_of(self, shard: ShardId) -> str:
        """Connections with the same answer are interchangeable: the server's name, or a database for embedded files."""

    def connect(self, shard: ShardId) -> Connection:
        """A new connection, autocommit on, utf8mb4. Raises ShardUnavailable."""

    def workspace(self, place: ShardId) -> Connection:
        """A new connection on which temporary tables of `place`'s database can be made. Raises ShardUnavailable."""

    def describe(self, connection: Connection, shard: ShardId, table: str) -> TableInfo | None:
        """Columns, types, collations and primary key of a physical table, or None."""

    def collations(self, connection: Connection, names: Sequence[str]) -> tuple[Collation, ...]:
        """How these collations compare."""
