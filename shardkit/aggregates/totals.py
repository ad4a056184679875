"""COUNT, SUM and AVG: totals that come out the same whatever order the partials arrive in.

Integers and decimals are added exactly, in a decimal context of their own. Doubles are kept and added once by
`math.fsum`. AVG is the total by the count, never a mean of means, and ends in MySQL's own digits: MySQL divides in
words of nine decimals and cuts there, then rounds half up to the scale of AVG(x). A scale of 9, 18 or 27 is therefore
cut, not rounded: the average of 0.00001, 0.00001 and 0 is 0.000006666 on MySQL and on MariaDB.
Invariant: no result depends on the caller's decimal context.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any, TypeAlias

from shardkit.aggregates.protocol import Rank
from shardkit.errors import DataError
from shardkit.flow import Fold
from shardkit.values import Row

Number: TypeAlias = int | float | Decimal

# MySQL's decimals have at most 65 digits; 200 leave room for every sum of them, and Inexact would betray a lost digit
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP, traps=[Inexact, InvalidOperation, Overflow])
_DIVIDE = Context(prec=200, rounding=ROUND_DOWN, traps=[InvalidOperation, Overflow])
_WORD = 9
_OUT_OF_RANGE = 1690


class Total:
    """A sum that skips NULL; None if there was nothing else."""

    __slots__ = ("_exact", "_floats")

    def __init__(self) -> None:
        self._exact: int | Decimal | None = None
        self._floats: list[float] = []

    def add(self, value: Number | None) -> None:
        """Add one partial sum."""
        if isinstance(value, float):
            self._floats.append(value)
        elif isinstance(value, int) and not isinstance(self._exact, Decimal):
            self._exact = value + (self._exact or 0)
        elif value is not None:
            self._exact = _EXACT.add(Decimal(value), self._exact or 0)

    def result(self) -> Number | None:
        """The sum: a float if any partial was one. DataError if it leaves the range of a double."""
        if not self._floats:
            return self._exact
        exact = [] if self._exact is None else [float(self._exact)]
        try:
            return math.fsum(sorted([*self._floats, *exact]))
        except OverflowError as error:
            raise DataError("a DOUBLE sum over several shards is out of range", errno=_OUT_OF_RANGE) from error


def divide(total: Number, count: int, scale: int | None) -> Number:
    """total / count as AVG gives it: a Decimal of that scale, or a float when there is none or the total is one."""
    if isinstance(total, float):
        return total / count
    quotient = _DIVIDE.divide(Decimal(total), count)
    if scale is None:
        return float(quotient)
    words = -(-scale // _WORD)
    cut = quotient.quantize(Decimal(1).scaleb(-words * _WORD), ROUND_DOWN, _DIVIDE)
    rounded = cut.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _DIVIDE)
    return rounded or rounded.copy_abs()  # MySQL has no negative zero


class Count:
    """COUNT(x) and COUNT(*): the counts add up; nothing counts 0."""

    compares = False

    def partials(self, argument_sql: str, text: bool) -> tuple[str, ...]:
        """None: the visible COUNT is the partial value."""
        return ()

    def start(self, fold: Fold) -> RunningCount:
        """A fold over no rows: 0."""
        return RunningCount(fold)


class RunningCount:
    """How many so far."""

    __slots__ = ("_count", "_fold")

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._count = 0

    def add(self, row: Row, key: Any, rank: Rank) -> None:
        """Add the shard's count."""
        self._count += row[self._fold.operands[0]]

    def write(self, cells: list[Any]) -> None:
        """The count."""
        cells[self._fold.column] = self._count


class Sum:
    """SUM(x): the sums add up; nothing, or only NULLs, sum up to NULL."""

    compares = False

    def partials(self, argument_sql: str, text: bool) -> tuple[str, ...]:
        """None: the visible SUM is the partial value."""
        return ()

    def start(self, fold: Fold) -> RunningSum:
        """A fold over no rows: NULL."""
        return RunningSum(fold)


class RunningSum:
    """The sum so far."""

    __slots__ = ("_fold", "_total")

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._total = Total()

    def add(self, row: Row, key: Any, rank: Rank) -> None:
        """Add the shard's sum."""
        self._total.add(row[self._fold.operands[0]])

    def write(self, cells: list[Any]) -> None:
        """The sum."""
        cells[self._fold.column] = self._total.result()


class Avg:
    """AVG(x): each shard's own AVG(x) shows type and scale, the value comes from SUM(x) and COUNT(x)."""

    compares = False

    def partials(self, argument_sql: str, text: bool) -> tuple[str, ...]:
        """("SUM(x)", "COUNT(x)")."""
        return (f"SUM({argument_sql})", f"COUNT({argument_sql})")

    def start(self, fold: Fold) -> RunningAvg:
        """A fold over no rows: NULL."""
        return RunningAvg(fold)


class RunningAvg:
    """The sum and the count so far, and the widest scale any shard has shown."""

    __slots__ = ("_count", "_fold", "_scale", "_total")

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._total = Total()
        self._count = 0
        self._scale: int | None = None

    def add(self, row: Row, key: Any, rank: Rank) -> None:
        """Add the shard's sum and count."""
        *_, total, count = self._fold.operands
        self._total.add(row[total])
        self._count += row[count]
        shown = row[self._fold.column]
        if isinstance(shown, Decimal):
            self._scale = max(-int(shown.as_tuple().exponent), self._scale or 0)

    def write(self, cells: list[Any]) -> None:
        """The average; NULL if there was nothing to add, which is when the count is 0."""
        total = self._total.result()
        cells[self._fold.column] = None if total is None else divide(total, self._count, self._scale)
