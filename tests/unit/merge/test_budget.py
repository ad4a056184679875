"""Budget: each buffer is counted and refuses by name; what streams is not counted twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shardkit.errors import BudgetExceeded
from shardkit.flow import Budget, Fold, Key, MergeSpec, RowBatch, Strategy, Window
from shardkit.merge import merge
from shardkit.merge.meter import Meter, estimate
from shardkit.values import Row

KEY = (Key(0),)
SPECS = {
    "group": MergeSpec(Strategy.GROUP, 2, group=KEY, folds=(Fold(1, "count", (1,)),)),
    "distinct": MergeSpec(Strategy.CONCAT, 2, distinct=KEY),
    "ordered merge": MergeSpec(Strategy.ORDERED, 2, order=KEY),
    "concatenation": MergeSpec(Strategy.CONCAT, 2),
}


def stream(spec: MergeSpec, budget: Budget, row: Callable[[int], Row], batches: int = 50, size: int = 20) -> int:
    """Two sources without end, both with a first batch, then as wanted. Counts the rows that come out."""
    merger = merge(spec, Window(), 2, budget)
    fed = [0, 0]
    count = 0
    for _ in range(batches):
        for source in merger.wanted() if all(fed) else (0, 1):
            rows = [row(fed[source] + at) for at in range(size)]
            fed[source] += size
            merger.feed(RowBatch(source, rows, last=False))
        count += len(merger.take())
    return count


@pytest.mark.parametrize("step", ["group", "distinct"])
def test_rows_are_counted(step: str) -> None:
    with pytest.raises(BudgetExceeded, match=rf"the {step} step .* more than 500 rows \(budget.rows\)"):
        stream(SPECS[step], Budget(rows=500), lambda n: (n, 1))


@pytest.mark.parametrize("step", ["group", "distinct"])
def test_bytes_are_counted(step: str) -> None:
    with pytest.raises(BudgetExceeded, match=rf"the {step} step .* more than 90,000 bytes"):
        stream(SPECS[step], Budget(memory=90_000), lambda n: (str(n) * 50, 1))


@pytest.mark.parametrize("step", ["ordered merge", "concatenation"])
def test_one_batch_over_the_budget_is_refused(step: str) -> None:
    with pytest.raises(BudgetExceeded, match=step):
        stream(SPECS[step], Budget(rows=30), lambda n: (n, 1))
    with pytest.raises(BudgetExceeded, match=step):
        stream(SPECS[step], Budget(memory=1000), lambda n: (n, b"x" * 40))


@pytest.mark.parametrize("step", ["ordered merge", "concatenation"])
def test_streams_stay_within_a_small_budget(step: str) -> None:
    assert stream(SPECS[step], Budget(rows=60, memory=20_000), lambda n: (n, 1)) >= 900


def test_few_groups_and_few_values_need_little() -> None:
    for step in ("group", "distinct"):
        stream(SPECS[step], Budget(rows=60, memory=20_000), lambda n: (n % 5, 1))


def test_distinct_over_its_own_order_holds_one_cluster() -> None:
    spec = MergeSpec(Strategy.ORDERED, 2, order=KEY, distinct=(Key(0), Key(1)))
    assert stream(spec, Budget(rows=120, memory=40_000), lambda n: (n // 7, n)) >= 450  # both sources give the same


def test_the_message_says_what_to_do() -> None:
    with pytest.raises(BudgetExceeded, match=r"raise the budget: defaults\.budget in the rules, or a hint") as caught:
        Meter(Budget(rows=1)).hold("group", 2, 0)
    assert caught.value.code == "SK5001"


def test_estimates_are_of_the_right_size() -> None:
    assert estimate([]) == 0
    wide = estimate([(b"x" * 10_000, n) for n in range(1000)])
    assert 10_000 < wide < 10_300
    assert estimate([b"x" * 100]) > 100
