"""The SQL corpus against one unsharded MySQL, in every world.

Invariant: each case agrees with MySQL or is refused where it says so; none is known to differ. A case of one kind of
server runs on the other too, where the shards fail if the one server does; only a stated reason keeps it out.
"""

from __future__ import annotations

import pytest

from tests.differential import corpus, data
from tests.differential.corpus import Case
from tests.differential.placement import misplaced
from tests.differential.run import elsewhere, run
from tests.differential.world import World


def test_loaded_rows_lie_where_shardkit_looks_for_them(world: World) -> None:
    world.clean()
    problems = [misplaced(world, table) for table in data.rows()]
    assert not any(problems), "\n".join(filter(None, problems))


@pytest.mark.parametrize("case", corpus.load(), ids=lambda case: case.name)
def test_case(world: World, case: Case) -> None:
    foreign = case.flavor not in ("", world.flavor)
    if foreign and case.unlike:
        pytest.skip(case.unlike)
    problem = (elsewhere if foreign else run)(world, case)
    assert not problem, f"{case.sql}\nwith {case.params!r} over {world.size}: {problem}"


def test_the_corpus_is_large_enough() -> None:
    assert len(corpus.load()) >= 150
