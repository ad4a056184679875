"""`shardkit verify` finds out by itself how a statement's answers are compared; the corpus says it by hand. They agree.

Invariant: no case whose answer is fixed has any verdict but equal or refused; ties, limits and collations included.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shardkit.backends.plain import PlainConnection
from shardkit.parse import is_select
from shardkit.verify import Judge
from tests.differential import corpus
from tests.differential.corpus import Case
from tests.differential.world import World

CASES = [
    case
    for case in corpus.load()
    if case.params is None and not case.errno and not case.before and not case.is_write and is_select(case.sql)
]


@pytest.fixture(scope="module")
def judge(world: World) -> Iterator[Judge]:
    oracle = PlainConnection(world.servers[0].url.set(database=world.oracle_database))
    yield Judge(oracle, world.subject())
    oracle.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(world: World, judge: Judge, case: Case) -> None:
    foreign = case.flavor not in ("", world.flavor)
    if foreign and case.unlike:
        pytest.skip(case.unlike)
    world.clean()
    judge.subject = world.subject()
    found = judge.verdict(case.sql)
    if foreign and found.status == "error":
        assert found.text.startswith("both fail"), f"{case.sql}: {found}"
        return
    # What has no fixed answer may differ, and the verdict says why.
    assert found.status in ("equal", "refused") or found.notes, f"{case.sql}: {found}"
