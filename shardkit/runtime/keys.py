"""Answers NewIds: runs the streams of the generators and gives them what they want (time, chance, leases, blocks).

One stream for each generated column, shared by all connections of the cluster, one script at a time. After a fork the
child begins anew, because leases and blocks belong to the parent.
Invariant: an id is given once by this process, also when an error or an interruption ends a script half-way.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from shardkit.backends.protocol import Backend
from shardkit.errors import GeneratorError, InterfaceError
from shardkit.flow import NewId, NewIds
from shardkit.keygen import LEASE, Ahead, Block, Chance, Generator, Now, Stream, Taking, Wait, Want, Worker
from shardkit.runtime.home import Home
from shardkit.runtime.leases import Leases
from shardkit.runtime.sequences import Sequences
from shardkit.values import ShardId

if TYPE_CHECKING:
    from shardkit.rules import Rules

Submit = Callable[[Callable[[], None]], Future[None]]


class Clock:
    """This machine's time."""

    def now(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def wait(self, milliseconds: int) -> None:
        """Let so much time pass."""
        time.sleep(milliseconds / 1000)


@dataclass(slots=True)
class _Line:
    """One stream, and the database that its leases and blocks come from."""

    stream: Stream
    home: ShardId
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class _Office:
    """What one home is asked through."""

    home: Home
    leases: Leases
    sequences: Sequences


class _Lines:
    """Streams by name, of the process that made them."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.by_name: dict[str, _Line] = {}

    def line(self, name: str, make: Callable[[], _Line]) -> _Line:
        found = self.by_name.get(name)
        if found is None:
            with self.lock:
                found = self.by_name.get(name)
                if found is None:
                    found = self.by_name[name] = make()
        return found


class Keys:
    """The generated ids of one cluster. Several threads may use it."""

    def __init__(self, rules: Rules, backend: Callable[[ShardId], Backend], submit: Submit) -> None:
        self._rules, self._backend, self._submit = rules, backend, submit
        self.clock = Clock()
        self.lease_length = LEASE
        self._closed = False
        self._begin()

    def take(self, op: NewIds) -> Sequence[NewId]:
        """New ids, as flow.NewIds says. Raises GeneratorError, IdsUnavailable, ClockError."""
        line = self._line_of(op)
        with line.lock:
            return self._run(line, line.stream.take(op.count, op.column))

    def take_soon(self, op: NewIds) -> Sequence[NewId] | Callable[[], Sequence[NewId]]:
        """The same without ever waiting: the ids, or, if something must be waited for, a function that goes on.

        That function must be called, in another thread: meanwhile it keeps everybody else waiting.
        """
        line = self._line_of(op)
        if not line.lock.acquire(blocking=False):
            return lambda: self.take(op)
        held = True
        try:
            script = line.stream.take(op.count, op.column)
            want = next(script)
            while not self._must_wait(want, line.home):
                want = script.send(self._answer(want, line.home))
            held = False  # it goes with the function
            return lambda: self._go_on(line, script, want)
        except StopIteration as end:
            found: list[NewId] = end.value
            return found
        finally:
            if held:
                line.lock.release()

    def _go_on(self, line: _Line, script: Taking, want: Want) -> Sequence[NewId]:
        try:
            return self._run(line, script, want)
        finally:
            line.lock.release()

    def _must_wait(self, want: Want, home: ShardId) -> bool:
        """Whether its answer takes a database or time."""
        match want:
            case Now() | Chance():
                return False
            case Worker(bits, at):
                office = self._offices.get(home)
                return office is None or not office.leases.has(bits, at)
            case Wait() | Block() | Ahead():
                return True
        assert_never(want)

    def _line_of(self, op: NewIds) -> _Line:
        if self._lines.pid != os.getpid():
            self._begin()
        self._check_open()
        table = self._rules.sharded.get(op.table)
        generator = table.generate.get(op.column.name.lower()) if table is not None else None
        if table is None or generator is None:
            raise GeneratorError(f"the rules generate no ids for {op.table}.{op.column.name}")
        name = f"{op.table}.{op.column.name.lower()}"
        home = self._rules.home(table)
        return self._line(generator, name, home)

    def close(self) -> None:
        """Give the leases back and end the connections."""
        with self._lines.lock:
            self._closed = True
            offices = list(self._offices.values()) if self._lines.pid == os.getpid() else []
        for office in offices:
            office.leases.close()
            office.home.close()

    @property
    def offices(self) -> object:
        """What servers are asked through; for an owner who must keep it from being collected."""
        return self._offices

    def _check_open(self) -> None:
        if self._closed:
            raise InterfaceError("the cluster is closed")

    def _begin(self) -> None:
        self._lines = _Lines()
        self._offices: dict[ShardId, _Office] = {}

    def _line(self, generator: Generator, name: str, home: ShardId) -> _Line:
        if generator.process_wide:
            kind = f"{type(generator).__module__}.{type(generator).__qualname__}"
            return _process_lines().line(kind, lambda: _Line(generator.open(name), home))
        return self._lines.line(name, lambda: _Line(generator.open(name), home))

    def _run(self, line: _Line, script: Taking, want: Want | None = None) -> Sequence[NewId]:
        answer: Any = None
        try:
            if want is not None:
                answer = self._answer(want, line.home)
            while True:
                answer = self._answer(script.send(answer), line.home)
        except StopIteration as end:
            found: list[NewId] = end.value
            return found

    def _answer(self, want: Want, home: ShardId) -> Any:
        match want:
            case Now():
                return self.clock.now()
            case Chance(bits):
                return secrets.randbits(bits)
            case Wait(milliseconds):
                return self.clock.wait(milliseconds)
            case Worker(bits, at):
                return self._office(home).leases.get(bits, at, self.clock.now())
            case Block():
                return self._office(home).sequences.block(want)
            case Ahead(block):
                return self._office(home).sequences.ahead(block)
        assert_never(want)

    def _office(self, shard: ShardId) -> _Office:
        office = self._offices.get(shard)
        if office is None:
            with self._lines.lock:
                office = self._offices.get(shard)
                if office is None:
                    self._check_open()
                    home = Home(self._backend(shard), shard)
                    leases, sequences = Leases(home, self.lease_length), Sequences(home, self._submit)
                    office = self._offices[shard] = _Office(home, leases, sequences)
        return office


_shared = _Lines()


def _process_lines() -> _Lines:
    """The streams that serve every cluster of this process."""
    global _shared
    if _shared.pid != os.getpid():
        _shared = _Lines()
    return _shared
