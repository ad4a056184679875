"""`segment`: dense numbers, taken in blocks from a sequence in the database.

    generate: { accountId: segment }
    generate: { accountId: { type: segment, step: 1000, start: 1 } }

When half of a block is used up the next one is asked for, so that nobody waits for it. A block that is not used up when
the process ends leaves a gap. Source: the segment mode of Meituan's Leaf, with its double buffer.
Invariant: a number comes from a block that nobody else gets, and is taken off it before it is given.
"""

from __future__ import annotations

from shardkit.flow import Column, Family, NewId
from shardkit.keygen.protocol import Ahead, Block, Generator, Stream, Taking
from shardkit.options import Mistake, OptionMistakes, Options, number_option, unknown_options

STEP = 1000


def make(options: Options) -> Generator:
    """The segment generator from `step` and `start`."""
    mistakes = unknown_options(options, ("step", "start"))
    step = number_option(options, "step", STEP, range(1, 10_000_001))
    start = number_option(options, "start", 1, range(1, 2**62))
    mistakes += [one for one in (step, start) if isinstance(one, Mistake)]
    if mistakes or isinstance(step, Mistake) or isinstance(start, Mistake):
        raise OptionMistakes(mistakes)
    return Segment(step, start)


class Segment:
    """See the module."""

    __slots__ = ("start", "step")

    process_wide = False

    def __init__(self, step: int, start: int) -> None:
        self.step, self.start = step, start

    def unfit(self, column: Column) -> str | None:
        """Any integer column; one that is too small says so when its last number is used up."""
        return None if column.family is Family.INTEGER else "an integer column"

    def stand_ins(self, count: int, column: Column) -> list[NewId]:
        """start, start + 1 …"""
        return list(range(self.start, self.start + count))

    def open(self, name: str) -> Stream:
        """A stream of the sequence of that name."""
        return SegmentStream(self, name)


class SegmentStream:
    """What is left of the present block."""

    __slots__ = ("_asked", "_left", "_name", "_segment")

    def __init__(self, segment: Segment, name: str) -> None:
        self._segment, self._name = segment, name
        self._left = range(0)
        self._asked = False  # the next block was asked for ahead

    def take(self, count: int, column: Column) -> Taking:
        """Numbers of the present block, and of as many more as it takes."""
        segment, found = self._segment, list[NewId]()
        while True:
            part, self._left = self._left[: count - len(found)], self._left[count - len(found) :]
            found += part
            if len(found) == count:
                break
            size = segment.step if self._asked else max(segment.step, count - len(found))
            self._asked = False
            self._left = yield Block(self._name, size, segment.start)
        if not self._asked and len(self._left) <= segment.step // 2:
            self._asked = True
            yield Ahead(Block(self._name, segment.step, segment.start))
        return found
