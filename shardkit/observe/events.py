"""The events: what begins, what ends, and what is told of it.

Invariant: no event holds parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, time_ns
from typing import NamedTuple, Protocol, TypeAlias

from shardkit.values import ShardId

WORKSPACE = " (workspace)"
"""How the name of a workspace ends, which is a shard to those who send it texts."""


class _Timed:
    """Something that begins when it is made and ends once."""

    __slots__ = ("_clock", "began", "ended", "error", "rows", "seconds")

    def __init__(self) -> None:
        self.began, self.ended = time_ns(), 0  # nanoseconds since 1970
        self.seconds = 0.0
        self.rows = 0
        self.error: BaseException | None = None
        self._clock = perf_counter()

    def end(self) -> bool:
        """Note the end; False if it was noted before."""
        if self.ended:
            return False
        self.seconds = perf_counter() - self._clock
        self.ended = self.began + int(self.seconds * 1e9)
        return True


class Statement(_Timed):
    """One statement of the user's while it runs. The same object is in its beginning, its pieces and its end."""

    __slots__ = ("affected", "batch", "cached", "kind", "pieces", "scatter", "tables", "text")

    def __init__(self, text: str, batch: int | None = None) -> None:
        super().__init__()
        self.text = text  # as the user wrote it, with the values that stand in it
        self.batch = batch  # the number of parameter sets of executemany
        self.kind = ""  # of its plan: pass, merge, federate, write, ddl, session, transaction; "" until it is planned
        self.cached: bool | None = None  # whether the plan cache had it
        self.scatter = False  # nothing narrowed it down: all shards of its tables
        self.tables: tuple[str, ...] = ()  # logical names
        self.pieces: dict[ShardId, float] = {}  # seconds that each shard has worked for it
        self.affected = -1  # by a write; `rows` counts those that were handed out

    @property
    def shards(self) -> tuple[ShardId, ...]:
        """The shards that it has reached so far, in the order of their beginning; workspaces are none."""
        return tuple(shard for shard in self.pieces if not shard.database.endswith(WORKSPACE))


class Piece(_Timed):
    """What one connection does for a statement: one SQL text on one shard, until its last row is read."""

    __slots__ = ("shard", "sql", "statement")

    def __init__(self, statement: Statement | None, shard: ShardId, sql: str) -> None:
        super().__init__()
        self.statement = statement  # None: nothing of the user's (a probe, a lease, recovery)
        self.shard, self.sql = shard, sql


class StatementBegins(NamedTuple):
    """A statement is about to be planned."""

    statement: Statement


class StatementEnds(NamedTuple):
    """Its last row was handed out, it failed, or it was given up (`complete` False)."""

    statement: Statement
    complete: bool = True


class PieceBegins(NamedTuple):
    """A shard is about to be sent a text."""

    piece: Piece


class PieceEnds(NamedTuple):
    """Its last row was read, it failed, or it was given up."""

    piece: Piece


class PoolWait(NamedTuple):
    """A statement had to wait for a connection; `granted` False: until its time was over."""

    server: str
    seconds: float
    granted: bool


class ConnectionOpens(NamedTuple):
    """A pool has connected to a server, or failed to."""

    server: str
    seconds: float
    error: BaseException | None = None


class ConnectionLapses(NamedTuple):
    """An idle connection was found dead; another one takes its place."""

    server: str


class TransactionEnds(NamedTuple):
    """`outcome`: committed, rolled back, aborted (it was to be committed and was rolled back), in doubt."""

    outcome: str
    shards: tuple[ShardId, ...]
    seconds: float
    error: BaseException | None = None


class BranchRecovered(NamedTuple):
    """Recovery met a prepared branch: committed, rolled back or left."""

    gtrid: str
    place: str
    outcome: str
    reason: str


class ServerAddress(NamedTuple):
    """Where a server of the rules is; an embedded one has no host."""

    host: str | None
    port: int | None
    embedded: bool


class PoolState(NamedTuple):
    """One pool at this moment."""

    name: str  # the server's; workspaces and embedded files have pools of their own
    size: int
    in_use: int
    idle: int
    waiting: int


class ClusterOpens(NamedTuple):
    """Told first: the servers, and a way to ask for the pools as they are."""

    servers: Mapping[str, ServerAddress]
    pools: Callable[[], Sequence[PoolState]]


class ClusterCloses(NamedTuple):
    """Told last, with what was told first."""

    opened: ClusterOpens


Event: TypeAlias = (
    StatementBegins | StatementEnds | PieceBegins | PieceEnds | PoolWait | ConnectionOpens | ConnectionLapses
    | TransactionEnds | BranchRecovered | ClusterOpens | ClusterCloses
)  # fmt: skip


class Observer(Protocol):
    """Whatever can be called with an event."""

    def __call__(self, event: Event, /) -> None:
        """Hear it. Quick, thread-safe; errors are logged."""
