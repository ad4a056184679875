"""The Watch of one cluster, which tells its observers.

Invariant: of each thing that begins, one end is told, after its beginning; what an observer raises goes no further.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

from shardkit.errors import CommitInDoubt
from shardkit.flow import Head, Op, Rows
from shardkit.observe.events import (
    Event,
    Observer,
    Piece,
    PieceBegins,
    PieceEnds,
    Statement,
    StatementBegins,
    StatementEnds,
    TransactionEnds,
)
from shardkit.values import ShardId

LOG = logging.getLogger("shardkit.observe")


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
