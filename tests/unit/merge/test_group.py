"""GROUP: partial groups become whole ones, whatever shard speaks first."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from shardkit.errors import ProgrammingError
from shardkit.flow import Budget, Compare, Fold, Key, MergeSpec, RowBatch, Strategy, Window
from shardkit.merge import merge
from shardkit.values import Row
from tests.unit.merge.feeding import run

# SELECT COUNT(*), SUM(x), AVG(x), MIN(x), MAX(x) FROM t
WHOLE = MergeSpec(
    Strategy.GROUP,
    5,
    hidden=("SUM(x)", "COUNT(x)"),
    folds=(
        Fold(0, "count", (0,)),
        Fold(1, "sum", (1,)),
        Fold(2, "avg", (2, 5, 6)),
        Fold(3, "min", (3,)),
        Fold(4, "max", (4,)),
    ),
)
# SELECT name, COUNT(*), MAX(city) FROM t GROUP BY name ORDER BY MAX(city) DESC
NAMES = MergeSpec(
    Strategy.GROUP,
    3,
    hidden=("WEIGHT_STRING(name)", "WEIGHT_STRING(MAX(city))"),
    group=(Key(3, Compare.WEIGHT, blank=b" "),),
    folds=(Fold(1, "count", (1,)), Fold(2, "max", (2, 4), (Key(4, Compare.WEIGHT, blank=b" "),))),
    order=(Key(4, Compare.WEIGHT, descending=True, blank=b" "),),
)


def test_aggregates_without_group_by_are_one_row() -> None:
    sources: list[list[Row]] = [
        [(2, Decimal(3), Decimal("1.5000"), 1, 2, Decimal(3), 2)],
        [(1, None, None, None, None, None, 0)],
        [(1, Decimal(7), Decimal("7.0000"), 7, 7, Decimal(7), 1)],
    ]
    assert run(WHOLE, sources) == [(4, Decimal(10), Decimal("3.3333"), 1, 7)]


@pytest.mark.parametrize("sources", [[], [[]], [[], [], []], [[(0, None, None, None, None, None, 0)]] * 3])
def test_aggregates_of_nothing_are_still_one_row(sources: list[list[Row]]) -> None:
    assert run(WHOLE, sources) == [(0, None, None, None, None)]


def test_the_one_row_obeys_the_window() -> None:
    assert run(WHOLE, [], Window(limit=1)) == [(0, None, None, None, None)]
    assert run(WHOLE, [], Window(offset=1)) == []
    assert run(WHOLE, [], Window(limit=0)) == []


def test_groups_of_nothing_are_no_rows() -> None:
    assert run(NAMES, []) == []
    assert run(NAMES, [[], []]) == []


def test_the_order_in_which_shards_answer_does_not_matter() -> None:
    sources: list[list[Row]] = [
        [("ann", 1, "Rome", b"ANN", b"ROME"), ("Cy", 2, None, b"CY", None)],
        [("Ann ", 2, "rome", b"ANN ", b"ROME"), ("bob", 1, "Ulm", b"BOB", b"ULM")],
        [("ANN", 4, "Bonn", b"ANN", b"BONN"), ("BOB", 1, "ULM ", b"BOB", b"ULM ")],
    ]
    batches = [RowBatch(source, rows, last=True) for source, rows in enumerate(sources)]
    for arrival in permutations(batches):
        merger = merge(NAMES, Window(), 3, Budget())
        for batch in arrival:
            assert merger.take() == []
            merger.feed(batch)
        assert merger.wanted() == ()
        assert merger.take() == [("bob", 2, "Ulm"), ("ann", 7, "Rome"), ("Cy", 2, None)]
        assert merger.done


def test_order_refers_to_the_folded_row_and_ties_go_by_first_row() -> None:
    spec = MergeSpec(
        Strategy.GROUP, 2, group=(Key(0),), folds=(Fold(1, "sum", (1,)),), order=(Key(1, descending=True),)
    )
    sources: list[list[Row]] = [[(1, 5), (2, 4)], [(2, 6), (3, 7), (4, 7)], [(None, None)]]
    want = [(2, 10), (3, 7), (4, 7), (1, 5), (None, None)]
    assert run(spec, sources) == want
    assert run(spec, sources, Window(1, 2)) == want[1:3]


def test_without_order_groups_come_by_source_and_position() -> None:
    spec = MergeSpec(Strategy.GROUP, 2, group=(Key(0),), folds=(Fold(1, "count", (1,)),))
    sources: list[list[Row]] = [[(3, 1)], [(1, 1), (3, 1), (0, 1)]]
    assert run(spec, sources, arrival=lambda wanted: wanted[::-1]) == [(3, 2), (1, 1), (0, 1)]


def test_distinct_after_folding() -> None:
    spec = MergeSpec(
        Strategy.GROUP, 1, ("k",), group=(Key(1),), folds=(Fold(0, "count", (0,)),), distinct=(Key(0),), order=(Key(0),)
    )
    assert run(spec, [[(1, "a"), (2, "b")], [(1, "a"), (1, "c")]]) == [(1,), (2,)]


def test_several_rows_of_one_group_from_one_source() -> None:
    spec = MergeSpec(Strategy.GROUP, 2, group=(Key(0),), folds=(Fold(1, "min", (1,)),))
    assert run(spec, [[(1, 5), (1, 3), (1, None), (1, 4)]], size=1) == [(1, 3)]


def test_an_unknown_aggregate_is_refused() -> None:
    with pytest.raises(ProgrammingError, match="unknown aggregate 'median'"):
        merge(MergeSpec(Strategy.GROUP, 1, folds=(Fold(0, "median", (0,)),)), Window(), 1, Budget())
