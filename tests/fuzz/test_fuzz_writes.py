"""The short, seeded part of the fuzzer of writes.

Invariant: after every write both sides hold the same rows, each on its own shard; few writes are refused.
"""

from __future__ import annotations

import random

from tests.fuzz.dice import Dice, Maker
from tests.fuzz.shrink import Way, shrink
from tests.fuzz.verdict import Moody
from tests.fuzz.write_main import MOST_REFUSED
from tests.fuzz.write_run import run
from tests.fuzz.writes import write

SEED, COUNT = 20091202, 300
SIZES = ("3", "4x4")


def test_random_writes_leave_what_one_unsharded_mysql_has(worlds: list[Moody]) -> None:
    tally = run(worlds, SEED, range(COUNT), lambda tally: None)
    assert not tally.problems, "\n".join(tally.problems)
    assert tally.share("refused") <= MOST_REFUSED, tally.reasons


def test_a_failing_write_is_made_small() -> None:
    made = (Maker(Dice(random.Random(f"writes:1:{number}")), "mysql") for number in range(500))
    dice, given = next((one.dice, found) for one in made if " LIMIT " in (found := write(one)).sql)
    small = shrink(dice.choices, Way("mysql", write, lambda found: " LIMIT " in found.sql))
    assert " LIMIT " in small.sql
    assert len(small.sql) <= min(80, len(given.sql))
