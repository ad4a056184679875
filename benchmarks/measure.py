"""Blocks of operations, taken in turns: A B A B, so that whatever drifts on the machine hits every rival alike.

A block is a bounded number of operations; a sample is its cost per operation. Invariant: rivals differ only in the
operation they run: same loop, same clocks, same number of blocks.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

CALIBRATION = 0.05
"""Seconds that the block must take from whose length the others are reckoned."""


class Rival(NamedTuple):
    """One way to do a piece of work; `run(i)` does its i-th operation and returns what it found."""

    name: str
    run: Callable[[int], object]


class Clocks(NamedTuple):
    """The three clocks: wall, CPU of the process (all threads), CPU of this thread. All in nanoseconds."""

    wall: Callable[[], int] = time.perf_counter_ns
    process: Callable[[], int] = time.process_time_ns
    thread: Callable[[], int] = time.thread_time_ns


class Sample(NamedTuple):
    """The cost of one operation in one block, in microseconds."""

    wall: float
    cpu: float
    thread: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to measure: rounds, and for each block of a round the seconds aimed at and the operations allowed."""

    rounds: int = 15
    seconds: float = 0.5
    count: int = 5_000


class Summary(NamedTuple):
    """Median and 95th percentile over the rounds, in microseconds per operation."""

    median: float
    p95: float


def take_turns(rivals: Sequence[Rival], bounds: Bounds, clocks: Clocks = Clocks()) -> list[list[Sample]]:  # noqa: B008
    """The samples of each rival, in the order of the rounds."""
    counts, done = zip(*(_calibrate(rival, bounds, clocks) for rival in rivals), strict=True)
    positions = list(done)
    samples: list[list[Sample]] = [[] for _ in rivals]
    for _ in range(bounds.rounds):
        for index, rival in enumerate(rivals):
            gc.collect()
            samples[index].append(_block(rival, positions[index], counts[index], clocks))
            positions[index] += counts[index]
    return samples


def summarize(values: Sequence[float]) -> Summary:
    """Median and nearest-rank 95th percentile of the values; there must be one at least."""
    ordered = sorted(values)
    return Summary(median(ordered), ordered[max(0, -(-95 * len(ordered) // 100) - 1)])


def difference(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of ours minus theirs, round by round: drift that lasts longer than a round cancels out."""
    return median(a - b for a, b in zip(ours, theirs, strict=True))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of ours over theirs, round by round."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def _calibrate(rival: Rival, bounds: Bounds, clocks: Clocks) -> tuple[int, int]:
    """Operations that fill one block, and how many were used to find that out (they also warm caches).

    The first one connects, describes tables and plans: it says nothing about the others, so it counts for nothing.
    """
    done, size = 1, 1
    _block(rival, 0, 1, clocks)
    while True:
        sample = _block(rival, done, size, clocks)
        done += size
        if sample.wall * size / 1e6 >= CALIBRATION or done >= bounds.count:
            break
        size *= 2
    per_operation = max(sample.wall / 1e6, 1e-9)
    return max(1, min(bounds.count, int(bounds.seconds / per_operation))), done


def _block(rival: Rival, start: int, count: int, clocks: Clocks) -> Sample:
    run = rival.run
    wall, process, thread = clocks.wall(), clocks.process(), clocks.thread()
    for index in range(start, start + count):
        run(index)
    thread, process, wall = clocks.thread() - thread, clocks.process() - process, clocks.wall() - wall
    per = count * 1000
    return Sample(wall / per, process / per, thread / per)
