"""What a scripted server answers, and what has happened on it; see backends.scripted.

Invariant: everything that happens is written down, in its order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from shardkit.flow import Collation, Description, TableInfo, Warned
from shardkit.values import Row, ShardId

if TYPE_CHECKING:
    from shardkit.backends.scripted import Scripted

C = TypeVar("C", bound="Scripted")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `error` comes after `good_rows` rows (None: in place of the head); `breaks` ends the connection."""

    rows: Sequence[Row] = ()
    description: Description = None
    rowcount: int = 0
    lastrowid: int | None = None
    delay: float = 0.0
    error: BaseException | None = None
    good_rows: int | None = None
    breaks: bool = False
    warned: Warned = Warned(0, ())  # noqa: RUF009


class Noted(NamedTuple):
    """One thing that happened: `connect`, `start`, `read`, `run`, `ping`, `reset`, `kill`, `abandon` or `close`."""

    what: str
    connection: int
    text: str = ""


class Scripts(Generic[C]):
    """What is known of one server: its answers, its connections, and all that has happened."""

    def __init__(self, name: str, *, pool_per_shard: bool = False) -> None:
        self.name = name
        self.log: list[Noted] = []
        self.connections: list[C] = []
        self.tables: dict[tuple[ShardId, str], TableInfo] = {}
        self.known_collations: dict[str, Collation] = {}
        self.connect_errors: list[BaseException] = []
        self.connect_delay = 0.0
        self.ticks = 0  # passes of the event loop that each answer takes, under asyncio
        self.otherwise: Callable[[str], Reply] = lambda sql: Reply()
        self._pool_per_shard = pool_per_shard
        self._replies: dict[tuple[str, ShardId | None], list[Reply]] = {}
        self._lock = threading.Lock()

    def on(self, sql: str, *replies: Reply, shard: ShardId | None = None) -> None:
        """Answer `sql` (on this shard only, if given) with these replies in turn; the last one stays."""
        self._replies[sql, shard] = list(replies)

    def reply(self, sql: str, shard: ShardId) -> Reply:
        """The next reply to `sql`; that of `otherwise` if none was given."""
        with self._lock:
            replies = self._replies.get((sql, shard)) or self._replies.get((sql, None)) or [self.otherwise(sql)]
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def happened(self, what: str) -> list[str]:
        """The texts of all events of this kind, in order."""
        return [noted.text for noted in self.log if noted.what == what]

    @property
    def open_count(self) -> int:
        """Connections that are not closed."""
        return sum(not connection.closed for connection in self.connections)

    def pool_of(self, shard: ShardId) -> str:
        """See protocol.Backend.pool_of."""
        return str(shard) if self._pool_per_shard else self.name

    def opened(self, shard: ShardId, make: Callable[[Scripts[C], int], C]) -> C:
        """A new connection, or the next of `connect_errors`."""
        with self._lock:
            if self.connect_errors:
                raise self.connect_errors.pop(0)
            connection = make(self, len(self.connections))
            self.connections.append(connection)
        connection.note("connect", str(shard))
        return connection
