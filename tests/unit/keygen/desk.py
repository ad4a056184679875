"""Answers what a stream of ids wants, from a clock, a lease and a sequence that the test holds in its hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, assert_never

from shardkit.flow import Column, Family, NewId
from shardkit.keygen import Ahead, Block, Chance, Lease, Now, Stream, Wait, Want, Worker

BIGINT = Column("id", Family.INTEGER, "bigint", nullable=False)
NOON = 1_767_225_600_000  # 2026-01-01, in milliseconds


@dataclass
class Desk:
    """`now` moves by `tick` with each look at it and by every wait; `chance` answers all Chances."""

    now: int = NOON
    tick: int = 0
    chance: int = 0
    lease: Lease = field(default_factory=lambda: Lease(5, 0, 2**62))
    next: int = 1
    wants: list[Want] = field(default_factory=list)

    def take(self, stream: Stream, count: int, column: Column = BIGINT) -> list[NewId]:
        """Run one script to its end."""
        script = stream.take(count, column)
        answer: Any = None
        while True:
            try:
                want = script.send(answer)
            except StopIteration as end:
                found: list[NewId] = end.value
                return found
            self.wants.append(want)
            answer = self._answer(want)

    def numbers(self, stream: Stream, count: int) -> list[int]:
        """The same of a stream of numbers."""
        return [number for number in self.take(stream, count) if isinstance(number, int)]

    def waited(self) -> int:
        """Milliseconds that were waited for."""
        return sum(want.milliseconds for want in self.wants if isinstance(want, Wait))

    def _answer(self, want: Want) -> Any:
        match want:
            case Now():
                self.now += self.tick
                return self.now
            case Chance(bits):
                return self.chance % 2**bits
            case Wait(milliseconds):
                self.now += milliseconds
                return None
            case Worker():
                return self.lease
            case Block(_, size, start):
                first = max(self.next, start)
                self.next = first + size
                return range(first, first + size)
            case Ahead():
                return None
        assert_never(want)
