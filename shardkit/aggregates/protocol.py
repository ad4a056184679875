"""What an aggregate must offer: the SQL of its partial values, and a running fold of one group.

The visible column always stays in the shard's SELECT as the user wrote it; `partials` names only what is added.
A `Fold` for it has `operands` = (visible column, hidden column of each partial in the order of `partials`).
Invariant: an Aggregate holds no state; all state of one group is in its Running.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from shardkit.flow import Fold
from shardkit.values import Row

Rank: TypeAlias = int
"""Where a partial row stands: lower source first, then earlier in its source. Breaks ties the same way every time."""


class Running(Protocol):
    """The fold of one column of one group while its partial rows come in, in any order."""

    def add(self, row: Row, key: Any, rank: Rank) -> None:
        """Take in one shard's row. `key` compares by `<` (only for an aggregate that `compares`, else None)."""

    def write(self, cells: list[Any]) -> None:
        """Put the result into its column, and into the columns that travel with it."""


class Aggregate(Protocol):
    """One aggregate function: both halves."""

    @property
    def compares(self) -> bool:
        """True if rows are compared by `Fold.keys` (MIN, MAX), so that the caller must compute keys."""

    def partials(self, argument_sql: str, text: bool) -> tuple[str, ...]:
        """SQL of the hidden columns that folding needs, for example ("SUM(x)", "COUNT(x)") for AVG(x).

        `text` says that the argument is compared under a collation.
        """

    def start(self, fold: Fold) -> Running:
        """A fold that has seen no row yet; writing it then gives the aggregate of nothing."""
