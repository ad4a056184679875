"""Rivals take turns, blocks are bounded, and the figures are those of the samples."""

from __future__ import annotations

import pytest

from benchmarks.measure import Bounds, Clocks, Rival, difference, ratio, summarize, take_turns


class FakeTime:
    """Three clocks that move only when an operation says so."""

    def __init__(self) -> None:
        self.wall = self.process = self.thread = 0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.process, lambda: self.thread)

    def spend(self, wall: int, process: int, thread: int) -> None:
        self.wall += wall
        self.process += process
        self.thread += thread


def rival(name: str, time: FakeTime, micros: int, log: list[tuple[str, int]]) -> Rival:
    def run(index: int) -> None:
        log.append((name, index))
        time.spend(micros * 1000, micros * 500, micros * 250)

    return Rival(name, run)


def test_samples_are_costs_per_operation_on_each_clock() -> None:
    time = FakeTime()
    samples = take_turns([rival("a", time, 400, [])], Bounds(3, 0.01, 100), time.clocks())
    assert [tuple(sample) for sample in samples[0]] == [(400.0, 200.0, 100.0)] * 3


def test_blocks_alternate_and_every_operation_has_its_own_number() -> None:
    time, log = FakeTime(), list[tuple[str, int]]()
    take_turns([rival("a", time, 10_000, log), rival("b", time, 20_000, log)], Bounds(2, 0.02, 100), time.clocks())
    for name in "ab":
        numbers = [number for found, number in log if found == name]
        assert numbers == list(range(len(numbers)))
    measured = "".join(name for name, _ in log)[-6:]
    assert measured == "aabaab"


def test_a_block_is_bounded_by_the_count() -> None:
    time, log = FakeTime(), list[tuple[str, int]]()
    take_turns([rival("a", time, 1, log)], Bounds(rounds=2, seconds=60, count=7), time.clocks())
    assert len(log) <= 7 * 2 + 2 * 7


def test_a_slow_operation_is_still_done_once_a_block() -> None:
    time, log = FakeTime(), list[tuple[str, int]]()
    take_turns([rival("a", time, 5_000_000, log)], Bounds(rounds=3, seconds=0.1, count=50), time.clocks())
    assert len(log) == 2 + 3


def test_a_first_operation_that_connects_and_plans_does_not_make_the_blocks_short() -> None:
    time, log = FakeTime(), list[tuple[str, int]]()
    quick = rival("a", time, 100, log)

    def run(index: int) -> None:
        if index == 0:
            time.spend(5_000_000_000, 0, 0)
        quick.run(index)

    take_turns([Rival("a", run)], Bounds(rounds=1, seconds=0.1, count=5_000), time.clocks())
    assert len(log) > 1_000


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5.0], (5.0, 5.0)), ([3.0, 1.0, 2.0], (2.0, 3.0)), ([float(n) for n in range(1, 101)], (50.5, 95.0))],
)
def test_median_and_nearest_rank_p95(values: list[float], expected: tuple[float, float]) -> None:
    assert summarize(values) == expected


def test_drift_cancels_out_of_difference_and_ratio() -> None:
    drift = [0.0, 100.0, 200.0, 300.0, 400.0]
    assert difference([20 + d for d in drift], [5 + d for d in drift]) == 15
    assert ratio([2.0, 4.0, 8.0], [1.0, 2.0, 4.0]) == 2
