"""The clock of running statements."""

from __future__ import annotations

import threading
import time

from shardkit.backends.mysql_watch import Watch


class Statement:
    """Something with a deadline, which notes when it was stopped."""

    def __init__(self) -> None:
        self.expired = threading.Event()
        self.killed = threading.Event()

    def expire(self) -> None:
        self.expired.set()

    def kill(self) -> None:
        assert self.expired.is_set()
        self.killed.set()


def test_a_late_statement_is_stopped_once_and_cannot_be_removed_any_more() -> None:
    watch, late = Watch(), Statement()
    began = time.monotonic()
    watch.add(late, began + 0.1)
    assert late.killed.wait(5)
    assert time.monotonic() - began >= 0.1
    assert not watch.remove(late)


def test_a_statement_that_ended_in_time_is_left_alone() -> None:
    watch, quick = Watch(), Statement()
    watch.add(quick, time.monotonic() + 0.1)
    assert watch.remove(quick)
    time.sleep(0.2)
    assert not quick.expired.is_set()


def test_an_earlier_deadline_wakes_a_sleeping_clock() -> None:
    watch, far, near = Watch(), Statement(), Statement()
    watch.add(far, time.monotonic() + 60)
    time.sleep(0.05)
    watch.add(near, time.monotonic() + 0.1)
    assert near.killed.wait(5)
    assert not far.expired.is_set()
    assert watch.remove(far)


def test_a_clock_that_was_idle_serves_again() -> None:
    watch = Watch()
    for _ in range(3):
        late = Statement()
        watch.add(late, time.monotonic() + 0.02)
        assert late.killed.wait(5)
        time.sleep(0.05)
