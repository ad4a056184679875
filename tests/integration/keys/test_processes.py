"""Four processes through crashes, restarts and clock steps give no id twice, and their ids spread over all slots.

`make chaos-keys` runs it with 200,000 ids of each kind for each process; SHARDKIT_CHAOS_IDS says another number.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.keys.family import Child, children
from tests.integration.keys.world import World

PROCESSES = 4
IDS = int(os.environ.get("SHARDKIT_CHAOS_IDS", "3000"))
LEASE = 30_000


def numbers(file: Path) -> list[int]:
    """What a child has written."""
    data = file.read_bytes()
    return list(struct.unpack(f">{len(data) // 8}Q", data[: len(data) // 8 * 8]))


def live_on(world: World, table: str, number: int) -> list[int]:
    """One worker's ids: a process that dies is started again until there are enough."""
    file = world.rules.parent / f"{table}-{number}"
    for life in range(1000):  # each is killed once in the middle, and again when its dice say so
        child = Child(world.rules, LEASE)
        try:
            if child.ask("chaos", table, IDS, file, number * 1000 + life) == "done":
                child.say("end")
                child.process.wait(timeout=60)
                return numbers(file)
        finally:
            child.end()
    raise AssertionError("it died a thousand times")


@pytest.mark.parametrize("table", ["wide", "dense"])
def test_no_id_comes_twice(world: World, table: str) -> None:
    with ThreadPoolExecutor(PROCESSES) as threads:
        found = [one for part in threads.map(lambda n: live_on(world, table, n), range(PROCESSES)) for one in part]
    assert len(found) == PROCESSES * IDS
    assert len(set(found)) == len(found)
    assert all(0 < one < 2**63 for one in found)
    for modulus in (2, 4, 8, 16, 64):
        counts = Counter(one % modulus for one in found)
        assert max(counts.values()) < 1.1 * min(counts[rest] for rest in range(modulus))


def test_clock_steps_are_waited_for_or_refused(world: World) -> None:
    with children(world.rules, 1, LEASE) as (child,):
        first = child.number("few")
        child.ask("step", -300)
        second = child.number("few")
        assert first < second
        child.ask("step", -5000)
        assert child.ask("take", "few", 1) == "ClockError"
        child.ask("step", 5000 + 300)
        assert child.number("few") > second
        child.ask("step", 3_600_000)
        assert child.ask("take", "few", 1) == "ClockError"
        child.ask("step", -3_600_000)
        assert child.number("few") > second
