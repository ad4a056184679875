"""Which worker number a process takes, and how plug-ins join the generators."""

from __future__ import annotations

import pytest

from shardkit.keygen import MUTEX, WorkerRow, choose, generators

NOW = 1_000_000
LOCK = WorkerRow(MUTEX, 0, 0)


@pytest.mark.parametrize(
    ("rows", "number", "allowed"),
    [
        ([LOCK], 0, 0),
        ([LOCK, WorkerRow(0, NOW + 1, NOW + 1)], 1, 0),
        ([LOCK, WorkerRow(0, NOW, NOW - 1), WorkerRow(1, 0, 5)], 0, NOW - 1),
        ([LOCK, WorkerRow(0, NOW + 1, NOW + 1), WorkerRow(1, 0, 5)], 1, 5),
        ([LOCK, WorkerRow(0, 0, NOW)], 1, 0),  # this machine's clock is not past what number 0 allowed
        ([LOCK, WorkerRow(0, 0, NOW + 9), WorkerRow(1, 0, NOW + 5)], 1, NOW + 5),
        ([LOCK, WorkerRow(3, 0, 0)], 0, 0),  # of a layout with more bits
    ],
)
def test_the_number_that_is_taken(rows: list[WorkerRow], number: int, allowed: int) -> None:
    found = choose(rows, 1, NOW, NOW)
    assert found is not None
    assert (found.worker, found.allowed) == (number, allowed)


def test_no_number_is_left() -> None:
    assert choose([LOCK, WorkerRow(0, NOW + 1, 0), WorkerRow(1, NOW + 1, 0)], 1, NOW, NOW) is None


def test_the_names() -> None:
    assert {"snowflake", "segment", "uuid7", "gene"} <= set(generators.names())
