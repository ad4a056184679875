"""Choices: seeded, remembered, and replayed when a statement is made smaller.

A statement is a function of its choices, each a number from 0 up; 0 is always the plainest choice ("no", "the first").
A replay with fewer or smaller choices therefore gives a plainer statement that is still a valid one.
Invariant: the same choices give the same statement; a choice beyond the end of a replay is 0.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

T = TypeVar("T")
MARK = re.compile("\ue000(\\d+)\ue001")
"""Where a value stands in text that is being made: two characters that no text of ours holds, a number between."""


class Dice:
    """Where choices come from. `choices` and `spans` (of the statement's parts) tell what was chosen."""

    def __init__(self, source: random.Random | None, replay: Sequence[int] = ()) -> None:
        self._source, self._replay = source, replay
        self.choices: list[int] = []
        self.spans: list[tuple[int, int]] = []

    def number(self, low: int, high: int) -> int:
        """A number from low to high."""
        at = len(self.choices)
        if self._source is not None:
            chosen = self._source.randint(0, high - low)
        else:
            chosen = min(self._replay[at], high - low) if at < len(self._replay) else 0
        self.choices.append(chosen)
        return low + chosen

    def part(self, make: Callable[[], T]) -> T:
        """Make one part of the statement, and remember which choices made it."""
        start = len(self.choices)
        made = make()
        self.spans.append((start, len(self.choices)))
        return made


class Maker:
    """One statement in the making: its dice, the server's flavor, its values and the names it has given."""

    def __init__(self, dice: Dice, flavor: str) -> None:
        self.dice, self.flavor = dice, flavor
        self.values: list[tuple[Any, bool]] = []
        self.names = 0
        self.tables: list[Any] = []  # CTEs that may be used from here on
        self.nest: Any = None  # makes a query in brackets that can stand in FROM
        self.bound = self.chance(30)
        self.spells = True
        self.named = self.bound and self.chance(20)

    @property
    def mysql(self) -> bool:
        """Whether the statement may use what only MySQL has."""
        return self.flavor == "mysql"

    def number(self, low: int, high: int) -> int:
        """A number from low to high."""
        return self.dice.number(low, high)

    def pick(self, values: Sequence[T]) -> T:
        """One of the values; the first is the plainest."""
        return values[self.dice.number(0, len(values) - 1)]

    def chance(self, percent: int) -> bool:
        """True in that many of a hundred."""
        return self.dice.number(0, 99) >= 100 - percent

    def several(self, make: Callable[[], T], low: int, high: int, percent: int = 50) -> list[T]:
        """From `low` to `high` things; each can be left out on its own when the statement is made smaller."""
        made: list[T] = []
        while len(made) < high:
            start = len(self.dice.choices)
            if not self.chance(percent) and len(made) >= low:
                break
            made.append(make())
            self.dice.spans.append((start, len(self.dice.choices)))
        return made

    def distinct(self, values: Sequence[T], low: int, high: int) -> list[T]:
        """Different values in any order."""
        left = list(values)
        return self.several(lambda: left.pop(self.number(0, len(left) - 1)), low, min(high, len(left)))

    def name(self, prefix: str) -> str:
        """A name that nothing else in the statement has."""
        self.names += 1
        return f"{prefix}{self.names}"

    def value(self, value: Any, always: bool = False) -> str:
        """A mark for a value: a literal, or a parameter in statements that have them (`always`: in each of those)."""
        self.values.append((value, self.bound and (always or self.chance(60))))
        return f"\ue000{len(self.values) - 1}\ue001"

    def finish(self, text: str) -> tuple[str, tuple[Any, ...] | dict[str, Any] | None]:
        """SQL and parameters of a text with marks, in one of several spellings."""
        text = spelled(text, self.number(0, 24)) if self.spells else text
        params: list[Any] = []
        parts = MARK.split(text)
        for place in range(1, len(parts), 2):
            value, as_param = self.values[int(parts[place])]
            if as_param:
                params.append(value)
            mark = f"%(p{len(params)})s" if self.named else "%s"
            parts[place] = mark if as_param else self._percent(literal(value))
        parts[::2] = map(self._percent, parts[::2])
        if self.named:
            return "".join(parts), {f"p{number}": value for number, value in enumerate(params, 1)}
        return "".join(parts), tuple(params) if self.bound else None

    def _percent(self, text: str) -> str:
        return text.replace("%", "%%") if self.bound else text


KEYWORDS = re.compile(
    r"\b(SELECT|FROM|WHERE|GROUP|ORDER|BY|HAVING|LIMIT|JOIN|LEFT|ON|AS|AND|OR|UNION|ALL|WITH|IN|OVER)\b"
)
REFERENCE = re.compile(r"\b([tx]\d+)\.(\w+)\b")


def spelled(text: str, form: int) -> str:
    """The same statement in another spelling: backticks, capitals, small letters, comments, line ends."""
    match form:
        case 24:
            return REFERENCE.sub(r"`\1`.`\2`", text)
        case 23:
            return REFERENCE.sub(lambda found: f"{found[1]}.{found[2].upper()}", text)
        case 22:
            marks = iter(range(10**6))
            return REFERENCE.sub(
                lambda found: f"{found[1]}.{found[2]}" if next(marks) % 2 else f"{found[1]} . `{found[2]}`", text
            )
        case 21:
            return KEYWORDS.sub(lambda found: found[1].lower(), text)
        case 20:
            commented = text.replace(" FROM ", "\n  FROM /* it's; `here */ ").replace(
                " WHERE ", " -- 'not yet\n WHERE "
            )
            return f"/* all */ {commented} # the end"
        case 19:
            return f"  {text} ; "
        case _:
            return text


def literal(value: Any) -> str:
    """A value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value!r}e0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, (date, datetime)):
        return f"'{value}'"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    return str(value)
