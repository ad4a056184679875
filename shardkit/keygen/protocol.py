"""What a generator of ids is: a description of how ids are made, and the stream of one process that makes them.

A stream does no I/O and knows no clock. It is a script that yields what it wants (the time, chance, a worker's lease, a
block of numbers) and is sent the answer; the runtime answers, threads and asyncio alike.

    stream = generator.open("member.memberid")
    script = stream.take(3, column)            # yields Now(), Worker(...), … and returns three ids

Invariant: one stream gives an id once; streams of several processes differ by their leases and blocks.
"""

from __future__ import annotations

from collections.abc import Generator as Script
from typing import Any, NamedTuple, Protocol, TypeAlias

from shardkit.flow import Column, NewId
from shardkit.options import Options


class Lease(NamedTuple):
    """A worker number that no other process has. Ids may bear times from after `floor` up to `ceiling` (ms since 1970).

    The intervals of successive holders of one number never overlap, whatever their clocks do.
    """

    worker: int
    floor: int
    ceiling: int


class Now(NamedTuple):
    """Answer: this machine's time, in milliseconds since 1970."""


class Chance(NamedTuple):
    """Answer: a number of that many bits that nobody can foresee."""

    bits: int


class Wait(NamedTuple):
    """Answer: None, after about so many milliseconds."""

    milliseconds: int


class Worker(NamedTuple):
    """Answer: a Lease of a worker number of that many bits whose ceiling is at least `at`.

    Ids that are made with the answer bear the time `at`, or an earlier one: what was asked for counts as used.
    """

    bits: int
    at: int


class Block(NamedTuple):
    """Answer: a range of `size` numbers from the sequence of that name, which nobody else gets."""

    name: str
    size: int
    start: int  # where the sequence begins when it is new


class Ahead(NamedTuple):
    """Answer: None at once; the block is fetched meanwhile and answers the next Block of its name."""

    block: Block


Want: TypeAlias = Now | Chance | Wait | Worker | Block | Ahead
Taking: TypeAlias = Script[Want, Any, list[NewId]]


class Stream(Protocol):
    """The state of one process for one sequence of ids. Its caller runs one script at a time."""

    def take(self, count: int, column: Column) -> Taking:
        """A script that returns `count` new ids as the column stores them."""


class Generator(Protocol):
    """How the ids of a column are made. Immutable; made from the rules."""

    @property
    def process_wide(self) -> bool:
        """Whether one stream serves all columns of all clusters of the process."""

    def unfit(self, column: Column) -> str | None:
        """What kind of column it needs, if this one cannot hold its ids; None if it can."""

    def stand_ins(self, count: int, column: Column) -> list[NewId]:
        """Values like its ids, for explain; the same each time."""

    def open(self, name: str) -> Stream:
        """A new stream for the column `table.column` of that name."""


class Factory(Protocol):
    """Makes a generator from its options; raises OptionMistakes with every mistake at once."""

    def __call__(self, options: Options) -> Generator: ...
