"""The short, seeded part of the fuzzer of writes.

Invariant: after every write both sides hold the same rows, each on its own shard; few writes are refused.
"""

from __future__ import annotations

from tests.fuzz.verdict import Moody
from tests.fuzz.write_main import MOST_REFUSED
from tests.fuzz.write_run import run

SEED, COUNT = 20091202, 300
SIZES = ("3", "4x4")


def test_random_writes_leave_what_one_unsharded_mysql_has(worlds: list[Moody]) -> None:
    tally = run(worlds, SEED, range(COUNT), lambda tally: None)
    assert not tally.problems, "\n".join(tally.problems)
    assert tally.share("refused") <= MOST_REFUSED, tally.reasons
