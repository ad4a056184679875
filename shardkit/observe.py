"""What happens, told to whoever wants to hear it: the events, the Observer, and the Watch that tells them.

    def observer(event): print(event)
    cluster = shardkit.Cluster("shard-rules.yaml", observers=[observer])

A cluster without observers has no Watch, and nothing of this runs. An observer is called in the thread, or on the loop,
in which the thing happened, while the caller waits: it must be quick, must not block, and may be called by several
threads at once. What it raises is logged and goes no further.
Invariant: of each thing that begins, one end is told, after its beginning; no event holds parameters.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter, time_ns
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from shardkit.errors import CommitInDoubt
from shardkit.flow import Head, Op, Rows
from shardkit.values import ShardId

LOG = logging.getLogger("shardkit.observe")
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


@dataclass(frozen=True, slots=True)
class Planned:
    """What a session knows of a statement once it is planned."""

    kind: str
    cached: bool
    scatter: bool = False
    tables: tuple[str, ...] = ()


CURRENT: ContextVar[Statement | None] = ContextVar("shardkit_statement", default=None)
"""The statement that is being worked on here. Whoever hands work to another thread hands its context over too."""

S = TypeVar("S", bound=Op | Head | Rows)


class Watch:
    """Tells the observers of one cluster."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)
        self._lost: deque[Statement] = deque()

    def tell(self, event: Event) -> None:
        """Every observer hears it."""
        while self._lost:
            try:
                lost = self._lost.popleft()
            except IndexError:
                break
            self._tell(StatementEnds(lost, complete=False))
        self._tell(event)

    def planned(self, found: Planned) -> None:
        """The statement that is being worked on has a plan; of several in one the first counts."""
        statement = CURRENT.get()
        if statement is not None and statement.cached is None:
            statement.kind, statement.cached = found.kind, found.cached
            statement.scatter, statement.tables = found.scatter, found.tables

    def statement(
        self, text: str, script: Generator[S, Any, None], batch: int | None = None, kind: str = ""
    ) -> Generator[S, Any, None]:
        """The script as a statement that is watched. Within another statement it is a part of that one."""
        if CURRENT.get() is not None:
            yield from script
            return
        one = Statement(text, batch)
        one.kind = kind
        self.tell(StatementBegins(one))
        try:
            yield from self._steps(one, script)
        except GeneratorExit:
            # This may be a finaliser, which must not call observers: the end is told before the next event.
            if one.end():
                self._lost.append(one)
            raise
        except BaseException as error:
            one.error = error
            self._ended(one)
            raise
        finally:
            script.close()
        self._ended(one)

    def ending(
        self, outcome: str, shards: tuple[ShardId, ...], steps: Generator[S, Any, None]
    ) -> Generator[S, Any, None]:
        """Steps that end a transaction. Outside of a statement they are one themselves: COMMIT or ROLLBACK."""
        started = perf_counter()
        try:
            text = "COMMIT" if outcome == "committed" else "ROLLBACK"
            yield from self.statement(text, steps, None, "transaction")
        except GeneratorExit:
            raise
        except BaseException as error:
            outcome = "in doubt" if isinstance(error, CommitInDoubt) else "aborted"
            self.tell(TransactionEnds(outcome, shards, perf_counter() - started, error))
            raise
        self.tell(TransactionEnds(outcome, shards, perf_counter() - started))

    def begin(self, shard: ShardId, sql: str) -> Piece:
        """A piece of the statement that is being worked on begins."""
        statement = CURRENT.get()
        if statement is not None:
            statement.pieces.setdefault(shard, 0.0)
        piece = Piece(statement, shard, sql)
        self.tell(PieceBegins(piece))
        return piece

    def end(self, piece: Piece, error: BaseException | None = None) -> None:
        """It ends. A second end is not told."""
        if piece.end():
            piece.error = error
            if piece.statement is not None:
                piece.statement.pieces[piece.shard] += piece.seconds
            self.tell(PieceEnds(piece))

    def _steps(self, one: Statement, script: Generator[S, Any, None]) -> Generator[S, Any, None]:
        """Run the script on; while an Op is carried out the statement is the current one."""
        answer: Any = None
        error: BaseException | None = None
        while True:
            CURRENT.set(one)
            try:
                try:
                    step = script.send(answer) if error is None else script.throw(error)
                except StopIteration:
                    return
                answer = error = None
                if not isinstance(step, (Head, Rows)):
                    try:
                        answer = yield step
                    except GeneratorExit:
                        raise
                    except BaseException as raised:
                        error = raised
                    continue
            finally:
                CURRENT.set(None)
            self._emitted(one, step)
            yield step

    def _emitted(self, one: Statement, step: Head | Rows) -> None:
        one.rows += len(step.rows)
        if isinstance(step, Head):
            if step.description is None:
                one.affected = step.rowcount
            if step.complete:  # nobody resumes a script that has nothing more to say
                self._ended(one)

    def _ended(self, one: Statement) -> None:
        if one.end():
            self.tell(StatementEnds(one))

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception:
                LOG.exception("an observer failed on %s", type(event).__name__)
