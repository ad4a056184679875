"""MIN and MAX: the smallest or largest partial value, compared by keys the caller computes.

Text is compared by its weight, which travels in a hidden column beside the value; both follow the winner, so that
an ORDER BY over the result finds the right weight.
Invariant: among equal values the one of the lowest rank wins.
"""

from __future__ import annotations

from typing import Any, Literal

from shardkit.aggregates.protocol import Rank
from shardkit.flow import Fold
from shardkit.values import Row


class Extreme:
    """MIN(x) or MAX(x)."""

    compares = True

    def __init__(self, function: Literal["MIN", "MAX"]) -> None:
        self._function = function

    def partials(self, argument_sql: str, text: bool) -> tuple[str, ...]:
        """The weight of the result for text, nothing otherwise: ("WEIGHT_STRING(MIN(name))",)."""
        return (f"WEIGHT_STRING({self._function}({argument_sql}))",) if text else ()

    def start(self, fold: Fold) -> RunningExtreme:
        """A fold over no rows: NULL."""
        return RunningExtreme(fold, largest=self._function == "MAX")


class RunningExtreme:
    """The best row so far. NULL never wins and never counts."""

    __slots__ = ("_best", "_fold", "_key", "_largest", "_rank")

    def __init__(self, fold: Fold, largest: bool) -> None:
        self._fold = fold
        self._largest = largest
        self._best: Row | None = None
        self._key: Any = None
        self._rank: Rank = 0

    def add(self, row: Row, key: Any, rank: Rank) -> None:
        """Keep `row` if it beats the best one so far."""
        if row[self._fold.operands[0]] is None:
            return
        if self._best is None or self._beats(key, rank):
            self._best, self._key, self._rank = row, key, rank

    def write(self, cells: list[Any]) -> None:
        """The winner's value, and its companion columns as they stand in its row."""
        value, *companions = self._fold.operands
        cells[self._fold.column] = None if self._best is None else self._best[value]
        for column in companions:
            cells[column] = None if self._best is None else self._best[column]

    def _beats(self, key: Any, rank: Rank) -> bool:
        better, worse = (self._key < key, key < self._key) if self._largest else (key < self._key, self._key < key)
        return better or (not worse and rank < self._rank)
