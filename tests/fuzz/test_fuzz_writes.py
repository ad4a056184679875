"""The short, seeded part of the fuzzer of writes.

Invariant: after every write both sides hold the same rows, each on its own shard; few writes are refused.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.differential.conftest import connect
from tests.differential.world import build
from tests.fuzz.verdict import Moody
from tests.fuzz.write_main import MOST_REFUSED
from tests.fuzz.write_run import run
from tests.servers import ServerUrl

SEED, COUNT = 20091202, 300
SIZES = ("3", "4x4")


@pytest.fixture(scope="module")
def worlds(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[list[Moody]]:
    """Two of the worlds."""
    found = [Moody(size, mysql_servers, servers.new_prefix(), connect) for size in SIZES]
    try:
        for world in found:
            build(world)
        yield found
    finally:
        for world in found:
            world.reconnect()
            servers.drop_databases(mysql_servers, world.prefix)


def test_random_writes_leave_what_one_unsharded_mysql_has(worlds: list[Moody]) -> None:
    tally = run(worlds, SEED, range(COUNT), lambda tally: None)
    assert not tally.problems, "\n".join(tally.problems)
    assert tally.share("refused") <= MOST_REFUSED, tally.reasons
