"""MIN and MAX: by key, NULL skipped, ties to the lowest rank, companions follow the winner."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from shardkit.aggregates import aggregates
from shardkit.flow import Fold
from shardkit.values import Row


def fold(function: str, ranked: list[tuple[int, Row]]) -> list[Any]:
    """Rows are (value, weight); the weight is the key."""
    running = aggregates.get(function).start(Fold(0, function, (0, 1)))
    for rank, row in ranked:
        running.add(row, row[1], rank)
    cells: list[Any] = ["?", "?"]
    running.write(cells)
    return cells


def test_the_companion_column_travels_with_the_winner() -> None:
    rows: list[tuple[int, Row]] = [(0, ("b", b"B")), (1, ("a", b"A")), (2, ("c", b"C"))]
    assert fold("min", rows) == ["a", b"A"]
    assert fold("max", rows) == ["c", b"C"]


def test_ties_go_to_the_lowest_rank_in_any_order_of_arrival() -> None:
    rows: list[tuple[int, Row]] = [(7, ("A", b"A")), (3, ("a", b"A")), (5, ("ä", b"A")), (9, (None, None))]
    for order in permutations(rows):
        assert fold("min", list(order)) == ["a", b"A"]
        assert fold("max", list(order)) == ["a", b"A"]


def test_null_never_wins_and_nothing_is_null() -> None:
    assert fold("min", [(0, (None, None)), (1, ("x", b"X"))]) == ["x", b"X"]
    assert fold("max", [(0, (None, None))]) == [None, None]
    assert fold("min", []) == [None, None]
