"""The SQL corpus against one unsharded MySQL, in every world.

Invariant: each case either agrees with MySQL, is refused where it says so, or stands in the list of known differences,
which fails as soon as an entry is no longer needed.
"""

from __future__ import annotations

import pytest

from tests.differential import corpus, data
from tests.differential.corpus import Case
from tests.differential.placement import misplaced
from tests.differential.run import run
from tests.differential.world import World


def known(world: World, case: Case) -> str:
    """Why this case differs in this world, if that is known; '' otherwise."""
    entry = corpus.known_differences().get(case.name)
    if entry is None or entry.get("flavor", world.flavor) != world.flavor:
        return ""
    return str(entry["why"]) if world.size in entry.get("worlds", [world.size]) else ""


def test_loaded_rows_lie_where_shardkit_looks_for_them(world: World) -> None:
    world.clean()
    problems = [misplaced(world, table) for table in data.rows()]
    assert not any(problems), "\n".join(filter(None, problems))


@pytest.mark.parametrize("case", corpus.load(), ids=lambda case: case.name)
def test_case(world: World, case: Case) -> None:
    if case.flavor and case.flavor != world.flavor:
        pytest.skip(f"only on {case.flavor}")
    problem = run(world, case)
    reason = known(world, case)
    if reason:
        assert problem, f"no longer differs, take it out of known_differences.yaml: {case.name}"
        pytest.xfail(reason)
    assert not problem, f"{case.sql}\nwith {case.params!r} over {world.size}: {problem}"


def test_known_differences_name_cases_that_exist() -> None:
    names = {case.name for case in corpus.load()}
    assert sorted(set(corpus.known_differences()) - names) == []


def test_the_corpus_is_large_enough() -> None:
    assert len(corpus.load()) >= 150
