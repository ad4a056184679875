"""Generated SELECTs: each equals the oracle's answer or is refused, and few are refused.

`SHARDKIT_GENERATED` (statements per world, default 600) and `SHARDKIT_SEED` make other runs; a failure prints the
smallest statement that hypothesis finds, and the seed.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from shardkit.verify import Failure
from tests.differential import grammar
from tests.differential.answers import ask
from tests.differential.corpus import Case
from tests.differential.run import judge
from tests.differential.world import World

T = TypeVar("T")
COUNT = int(os.environ.get("SHARDKIT_GENERATED", "600"))
SEED = int(os.environ.get("SHARDKIT_SEED", "20091201"))
REFUSED = 0.15
"""The share of statements of this grammar that may be refused."""


class Drawn:
    """Dice whose choices hypothesis makes, remembers and shrinks."""

    def __init__(self, draw: Callable[[st.SearchStrategy[T]], T]) -> None:
        self._draw = draw

    def pick(self, values: Sequence[T]) -> T:
        """One of the values; shrinks to the first."""
        return values[self.number(0, len(values) - 1)]

    def number(self, low: int, high: int) -> int:
        """A number from low to high; shrinks to low."""
        return self._draw(st.integers(low, high))  # type: ignore[arg-type,return-value]


@st.composite
def statements(draw: st.DrawFn) -> Case:
    """Statements of the grammar."""
    return grammar.statement(Drawn(draw))


def test_generated_selects_equal_one_unsharded_mysql(world: World) -> None:
    world.clean()
    tally: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    number = SEED + zlib.crc32(world.size.encode())

    @seed(number)
    @settings(
        max_examples=COUNT,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(statements())
    def holds(case: Case) -> None:
        tally["asked"] += 1
        oracle, subject = ask(world.oracle(), case.sql, case.params), ask(world.subject(), case.sql, case.params)
        note(f"over {world.size}, SHARDKIT_SEED={SEED}: {case.sql}\nwith {case.params!r}")
        if isinstance(subject, Failure) and subject.refused:
            assert not isinstance(oracle, Failure), f"the grammar made a wrong statement: {oracle}"
            tally["refused"] += 1
            refusals[subject.text.split(" is not supported")[0][:80]] += 1
            return
        problem = judge(world, case, oracle, subject)
        assert not problem, f"{case.sql}\nwith {case.params!r}: {problem}"

    holds()
    assert tally["refused"] <= REFUSED * tally["asked"], f"{tally}: {refusals.most_common(8)}"
