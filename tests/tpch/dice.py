"""Dice that fall the same everywhere: numbers, money, days and texts from one seed.

Invariant: only `random.random()` of a generator seeded with text is used, whose numbers Python promises never to
change, so a seed makes the same rows in every process and every version.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from tests.tpch import words

T = TypeVar("T")


class Dice:
    """A source of chance of its own for each table, so that one table's rows do not hang on another's."""

    def __init__(self, seed: int, table: str) -> None:
        self._random = random.Random(f"{seed} {table}").random

    def number(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, values: Sequence[T]) -> T:
        """One of the values, all equally likely."""
        return values[int(self._random() * len(values))]

    def several(self, count: int, values: Sequence[T]) -> list[T]:
        """`count` different ones of the values."""
        left = list(values)
        return [left.pop(int(self._random() * len(left))) for _ in range(count)]

    def money(self, low: int, high: int) -> Decimal:
        """An amount between two numbers of cents."""
        return cents(self.number(low, high))

    def day(self, first: date, last: date) -> date:
        """A day from first to last."""
        return date.fromordinal(self.number(first.toordinal(), last.toordinal()))

    def phone(self, nation: int) -> str:
        """A telephone number, which begins with the country's code."""
        return f"{nation + 10}-{self.number(100, 999)}-{self.number(100, 999)}-{self.number(1000, 9999)}"

    def address(self) -> str:
        """10 to 40 letters, digits, commas and blanks, with none of the last two at the ends."""
        middle = "".join(self.pick(words.LETTERS) for _ in range(self.number(8, 38)))
        return f"{self.pick(words.LETTERS[:20])}{middle}{self.pick(words.LETTERS[:20])}"

    def text(self, low: int, high: int) -> str:
        """A comment of low to high characters, cut off anywhere but without blanks at its end."""
        length, said = self.number(low, high), ""
        lists = (words.QUALITIES, words.THINGS, words.DEEDS, words.MANNERS)
        place = self.number(0, 3)
        while len(said) < length:
            said += self.pick(lists[place % 4]) + " "
            place += 1
        return said[:length].rstrip().ljust(low, ".")


def cents(count: int) -> Decimal:
    """A number of cents as an amount."""
    return Decimal(count).scaleb(-2)
